//! JSON Web Signatures (RFC 7515), as strict as the standard allows.
//!
//! Letters are flattened JWS with a closed header; receipts and ID tokens are compact. Keys never come from
//! the message.

mod compact;
mod flattened;
mod signer;

pub use compact::{CompactHeader, CompactJws, sign_compact};
pub use flattened::{FlattenedJws, Header};
pub use signer::{LetterSigner, SignerError};

use crate::{strict::NotMembers, verifying_key::VerifyingKey};

/// The closed list of signature algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 8037, with an Ed25519 key.
    EdDsa,
    /// The same under its full name, RFC 9864.
    Ed25519,
    Es256,
    Es384,
    Ps256,
    Rs256,
}

impl Algorithm {
    /// Every algorithm that is taken.
    pub const ALL: [Self; 6] =
        [Self::EdDsa, Self::Ed25519, Self::Es256, Self::Es384, Self::Ps256, Self::Rs256];

    /// As in `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// From `alg`; letter case counts.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }
}

/// Verifies one signature; the key must be of the algorithm's kind.
pub fn verify(
    algorithm: Algorithm,
    key: &VerifyingKey,
    message: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    key.verify(algorithm, message, signature)
}

/// What is wrong with a JWS. Names of members are ours, never the message's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not a JWS in the serialisation asked for")]
    Form,
    #[error("a member stands twice")]
    Duplicate,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` is not of its form")]
    Value(&'static str),
    #[error("`{0}` is not base64url without padding")]
    Base64(&'static str),
    #[error("an unprotected `header` is not taken")]
    UnprotectedHeader,
    #[error("a member that is not in the format")]
    UnknownMember,
    #[error("the protected header may not have `{0}`")]
    Forbidden(&'static str),
    #[error("the protected header has a member that is not in the format")]
    UnknownHeader,
    #[error("`alg` is not on the list")]
    Algorithm,
    #[error("`typ` is not the one asked for")]
    Type,
    #[error("the protected header names no key: `x5t#S256` or `kid` is needed")]
    NoKeyNamed,
    #[error("`kid` is not the thumbprint of the key")]
    WrongKid,
    #[error("`alg` is not one for this kind of key")]
    KeyDoesNotFit,
    #[error("the signature does not verify")]
    BadSignature,
}

impl From<NotMembers> for Error {
    fn from(problem: NotMembers) -> Self {
        match problem {
            NotMembers::NotAnObject => Self::Form,
            NotMembers::Duplicate => Self::Duplicate,
        }
    }
}

/// Header members that would let the message choose its own key or meaning.
fn forbidden(name: &str) -> Option<&'static str> {
    ["crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "cty", "zip"].into_iter().find(|known| *known == name)
}
