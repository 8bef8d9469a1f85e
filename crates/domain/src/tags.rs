//! Keyed hashes and digests of 32 bytes. Each is its own type, as ids are, so that a sender's tag never stands where a
//! reference's should.

use std::{
    fmt,
    hash::{Hash, Hasher},
};
use subtle::ConstantTimeEq;

/// The bytes are not as many as a tag has.
#[derive(Debug, thiserror::Error)]
#[error("not 32 bytes")]
pub struct NotATag;

macro_rules! tag {
    ($(#[$doc:meta])* $name:ident, keyed) => {
        tag!(@ $(#[$doc])* $name);

        impl PartialEq for $name {
            /// In constant time: whoever sends what is hashed must not learn by the clock how much of a tag was right.
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        /// By the bytes, which are equal where the tags are.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.hash(state);
            }
        }

        /// Says nothing of the bytes: who has a personal number's tag can find its rows.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
    ($(#[$doc:meta])* $name:ident, digest) => {
        tag!(@ #[derive(PartialEq, Hash)] $(#[$doc])* $name);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(")")
            }
        }
    };
    (@ $(#[$meta:meta])* $name:ident) => {
        #[derive(Clone, Copy, Eq, PartialOrd, Ord)]
        $(#[$meta])*
        pub struct $name([u8; 32]);

        impl $name {
            /// For whoever has just computed it.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes of many, one after the other, as statements take them.
            pub fn flatten(all: &[Self]) -> Vec<u8> {
                all.iter().flat_map(|one| one.0).collect()
            }

            /// The 32 bytes, as stored.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = NotATag;

            fn try_from(bytes: &[u8]) -> Result<Self, NotATag> {
                bytes.try_into().map(Self).map_err(|_| NotATag)
            }
        }

        impl TryFrom<Vec<u8>> for $name {
            type Error = NotATag;

            fn try_from(bytes: Vec<u8>) -> Result<Self, NotATag> {
                Self::try_from(bytes.as_slice())
            }
        }
    };
}

tag!(/** A personal or organisation number as letters are addressed to it; table `identity`. */ AddressMac, keyed);
tag!(/** A personal number as somebody logs in with it; table `login`. Under another key than [`AddressMac`], so that \
    the two tables cannot be joined. */ LoginMac, keyed);
tag!(/** A sender's organisation number, as letters and feeds are filed by it. */ SenderMac, keyed);
tag!(/** A sender's reference of a letter or an announcement. */ ReferenceMac, keyed);
tag!(/** The payload that came under a reference: tells a repeat from a conflict. */ PayloadMac, keyed);
tag!(/** A sender that a mailbox does not want letters from, bound to the mailbox. */ DeclinedMac, keyed);
tag!(/** A sender that a recipient has switched on or off at Mina Meddelanden, bound to the recipient. */
    PreferenceMac, keyed);
tag!(/** An e-mail address or a phone number. */ ContactMac, keyed);
tag!(/** A code that was sent to a contact point, bound to both and to the person. */ CodeMac, keyed);
tag!(/** An [`AgreementDigest`] as the key store keeps it. */ AgreementMac, keyed);
tag!(/** SHA-256 of a certificate's DER. */ CertificateDigest, digest);
tag!(/** SHA-256 of what a signed agreement says, who signs it, and how; see `docs/mina-meddelanden.md`. */
    AgreementDigest, digest);
tag!(/** SHA-256 over rows of one table that decide about one subject; see `docs/security.md`. */ RowsDigest, digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyed_tags_do_not_print_and_digests_do() {
        assert_eq!(format!("{:?}", AddressMac::from_bytes([7; 32])), "AddressMac");
        let digest = format!("{:?}", CertificateDigest::from_bytes([7; 32]));
        assert_eq!(digest, format!("CertificateDigest({})", "07".repeat(32)));
    }

    #[test]
    fn one_bit_makes_another_tag() {
        let tag = SenderMac::from_bytes([7; 32]);
        let mut other = *tag.as_bytes();
        assert_eq!(tag, SenderMac::from_bytes(other));
        other[31] ^= 1;
        assert_ne!(tag, SenderMac::from_bytes(other));
        assert!(SenderMac::try_from(&other[..31]).is_err());
    }
}
