//! The signature algorithms a provider may be pinned to. There is no `none` and nothing symmetric to choose.

use ring::digest;
use serde::{Deserialize, Serialize};

/// A JWS algorithm (RFC 7518 §3.1, RFC 8037, RFC 9864).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// Ed25519 under its older, still usual name.
    EdDSA,
}

impl Algorithm {
    /// As in a JOSE header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::PS256 => "PS256",
            Self::RS256 => "RS256",
            Self::EdDSA => "EdDSA",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::ES256),
            "ES384" => Some(Self::ES384),
            "PS256" => Some(Self::PS256),
            "RS256" => Some(Self::RS256),
            "EdDSA" | "Ed25519" => Some(Self::EdDSA),
            _ => None,
        }
    }

    /// The hash that `at_hash` is made with (OpenID Connect Core §3.1.3.6). For EdDSA no text says it; providers
    /// use the SHA-512 that is inside Ed25519.
    pub(crate) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::ES256 | Self::PS256 | Self::RS256 => &digest::SHA256,
            Self::ES384 => &digest::SHA384,
            Self::EdDSA => &digest::SHA512,
        }
    }
}
