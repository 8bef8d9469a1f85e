//! Our own signatures: receipts, checkpoints, sessions between roles. Ed25519.

use crate::{key::Key, pem, verifying_key::VerifyingKey};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::Value;

/// An Ed25519 key pair. No `Debug`, no `Clone`. The seed is wiped where we hold it; the pair that `ring` makes
/// of it lives as long as this value.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: [u8; 32],
    kid: String,
}

/// The bytes are no Ed25519 private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an Ed25519 private key")]
pub struct NotASigningKey;

impl SigningKey {
    /// From its seed of 32 bytes, as kept in the keyring.
    pub fn from_seed(seed: &Key) -> Self {
        // ring refuses a seed for its length only.
        Self::of(Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("a seed of 32 bytes"))
    }

    /// From PKCS #8, version 1 (as OpenSSL writes it) or 2.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotASigningKey> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self::of).map_err(|_| NotASigningKey)
    }

    /// From the first `PRIVATE KEY` block.
    pub fn from_pem(text: &[u8]) -> Result<Self, NotASigningKey> {
        let blocks = pem::blocks(text, "PRIVATE KEY").ok_or(NotASigningKey)?;
        Self::from_pkcs8(blocks.first().ok_or(NotASigningKey)?)
    }

    pub fn verifying_key(&self) -> [u8; 32] {
        self.public
    }

    /// The public half, ready to verify.
    pub fn public(&self) -> VerifyingKey {
        VerifyingKey::ed25519(self.public)
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public JWK with `kid`, `alg` and `use`, as published.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.public().jwk();
        jwk["kid"] = self.kid.clone().into();
        jwk["alg"] = "EdDSA".into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// The signature of `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Self { pair, public, kid: VerifyingKey::ed25519(public).thumbprint() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::jws::{Algorithm, Error};

    /// RFC 8032 §7.1, test 2.
    #[test]
    fn signs_as_the_rfc_does() {
        let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SigningKey::from_seed(&Key::from_slice(&seed).unwrap());
        assert_eq!(
            hex::encode(key.verifying_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        let signature = key.sign(&[0x72]);
        assert_eq!(
            hex::encode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert_eq!(key.public().verify(Algorithm::EdDsa, &[0x72], &signature), Ok(()));
        assert_eq!(key.public().verify(Algorithm::Ed25519, &[0x73], &signature), Err(Error::BadSignature));
    }

    /// RFC 8037 Appendix A.3.
    #[test]
    fn the_kid_is_the_thumbprint_of_rfc_8037() {
        let seed = crate::strict::base64url_array("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key = SigningKey::from_seed(&Key::from_bytes(seed));
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }
}
