//! Mailbox key pairs, and opening what is sealed to them. The one place that uses `hpke`.
//!
//! HPKE (RFC 9180) in base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

use domain::{Random, chance};
use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256,
    setup_receiver,
};
use vault::{
    Key, Opaque,
    seal_to::{ENCAPSULATED_BYTES, PublicKey, SUITE},
};
use zeroize::Zeroizing;

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The private half of a mailbox's key pair. Wiped when dropped.
pub(crate) struct MailboxSecret(PrivateKey);

impl MailboxSecret {
    pub(crate) fn random(random: &dyn Random) -> Result<Self, Opaque> {
        Self::from_slice(Zeroizing::new(chance::bytes::<32>(random)).as_slice())
    }

    /// From its 32 stored bytes. The format is ours: scalars are clamped when used, so any 32 bytes are a key.
    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, Opaque> {
        PrivateKey::from_bytes(bytes).map(Self).map_err(|_| Opaque)
    }

    /// To be wrapped, and nothing else.
    pub(crate) fn expose(&self) -> Zeroizing<[u8; 32]> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.0.write_exact(bytes.as_mut_slice());
        bytes
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        X25519HkdfSha256::sk_to_pk(&self.0).write_exact(&mut bytes);
        PublicKey::from_bytes(bytes)
    }

    /// Opens a letter key that [`vault::seal_to::seal_to`] sealed.
    pub(crate) fn open(&self, info: &[u8], aad: &[u8], sealed: &[u8]) -> Result<Key, Opaque> {
        let (suite, rest) = sealed.split_first().ok_or(Opaque)?;
        if *suite != SUITE {
            return Err(Opaque);
        }
        let (encapsulated, ciphertext) = rest.split_at_checked(ENCAPSULATED_BYTES).ok_or(Opaque)?;
        let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| Opaque)?;
        let mut context = setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.0,
            &encapsulated,
            info,
        )
        .map_err(|_| Opaque)?;
        let plain = Zeroizing::new(context.open(ciphertext, aad).map_err(|_| Opaque)?);
        Key::from_slice(&plain)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::{SystemRandom, seal_to::seal_to};

    #[test]
    fn what_ring_seals_hpke_opens() {
        let secret = MailboxSecret::random(&SystemRandom).unwrap();
        let key = Key::random(&SystemRandom);
        let sealed = seal_to(&secret.public_key(), b"info", b"aad", key.expose()).unwrap();
        assert_eq!(secret.open(b"info", b"aad", &sealed).unwrap().expose(), key.expose());
        let again = MailboxSecret::from_slice(secret.expose().as_slice()).unwrap();
        assert_eq!(again.open(b"info", b"aad", &sealed).unwrap().expose(), key.expose());
    }

    #[test]
    fn what_was_changed_in_any_way_does_not_open() {
        let secret = MailboxSecret::random(&SystemRandom).unwrap();
        let sealed = seal_to(&secret.public_key(), b"info", b"aad", &[7; 32]).unwrap();
        assert!(secret.open(b"other", b"aad", &sealed).is_err());
        assert!(secret.open(b"info", b"other", &sealed).is_err());
        assert!(MailboxSecret::random(&SystemRandom).unwrap().open(b"info", b"aad", &sealed).is_err());
        for length in 0..sealed.len() {
            assert!(secret.open(b"info", b"aad", &sealed[..length]).is_err(), "{length}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(secret.open(b"info", b"aad", &changed).is_err(), "{at}");
        }
        let wrong_length = seal_to(&secret.public_key(), b"info", b"aad", &[7; 31]).unwrap();
        assert!(secret.open(b"info", b"aad", &wrong_length).is_err());
    }

    /// RFC 9180 §A.1.1 (the KEM is the same): skRm and pkRm. Pins the stored format.
    #[test]
    fn the_stored_form_is_the_scalar_of_the_rfc() {
        let stored = hex::decode("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8").unwrap();
        let public = hex::decode("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d").unwrap();
        let secret = MailboxSecret::from_slice(&stored).unwrap();
        assert_eq!(secret.public_key().as_bytes().as_slice(), public);
        let mut clamped = stored;
        clamped[0] &= 248;
        clamped[31] = clamped[31] & 127 | 64;
        assert_eq!(secret.expose().as_slice(), clamped);
    }
}
