//! Signing of our own small tokens: client assertions, and all that the pretend e-ID issues.

use crate::Algorithm;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair},
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A private key. `ring` holds it; it is never shown.
pub(crate) struct Signer {
    pair: Pair,
    kid: String,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// The bytes are no private key that we can sign with.
#[derive(Debug, thiserror::Error)]
#[error("not a P-256, RSA (2048 bits or more) or Ed25519 private key in PKCS#8")]
pub(crate) struct NotAKey;

impl Signer {
    /// Reads a PKCS#8 PEM file's contents. Without `kid` the key is called by its thumbprint.
    pub(crate) fn from_pem(pem: &[u8], kid: Option<String>) -> Result<Self, NotAKey> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| NotAKey)?;
        Self::from_pkcs8(key.secret_pkcs8_der(), kid)
    }

    pub(crate) fn from_pkcs8(der: &[u8], kid: Option<String>) -> Result<Self, NotAKey> {
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new())
            .map(Pair::P256)
            .or_else(|_| RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rsa(Box::new(pair))))
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519))
            .map_err(|_| NotAKey)?;
        let kid = kid.unwrap_or_else(|| thumbprint(&pair));
        Ok(Self { pair, kid })
    }

    /// A new P-256 key (`ES256`).
    pub(crate) fn new_p256() -> Result<Self, NotAKey> {
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(|_| NotAKey)?;
        Self::from_pkcs8(der.as_ref(), None)
    }

    /// A new Ed25519 key (`EdDSA`).
    pub(crate) fn new_ed25519() -> Result<Self, NotAKey> {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| NotAKey)?;
        Self::from_pkcs8(der.as_ref(), None)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::P256(_) => Algorithm::ES256,
            Pair::Rsa(_) => Algorithm::PS256,
            Pair::Ed25519(_) => Algorithm::EdDSA,
        }
    }

    /// The public key as a JWK for signatures.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = required_members(&self.pair);
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().as_str().into();
        jwk
    }

    /// A compact JWS over these claims.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, ring::error::Unspecified> {
        let header = json!({"alg": self.algorithm().as_str(), "kid": self.kid, "typ": "JWT"});
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A compact JWS over any header and payload text.
    pub(crate) fn sign_text(&self, header: &str, payload: &str) -> Result<String, ring::error::Unspecified> {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature = self.sign_bytes(input.as_bytes())?;
        Ok(format!("{input}.{}", encode(&signature)))
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Zeroizing<Vec<u8>>, ring::error::Unspecified> {
        let chance = SystemRandom::new();
        let bytes = match &self.pair {
            Pair::P256(pair) => pair.sign(&chance, message)?.as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PSS_SHA256, &chance, message, &mut out)?;
                out
            }
        };
        Ok(Zeroizing::new(bytes))
    }
}

/// RFC 7638: SHA-256 over the required members in alphabetical order, which `serde_json` keeps.
fn thumbprint(pair: &Pair) -> String {
    BASE64_URL_SAFE_NO_PAD
        .encode(digest::digest(&digest::SHA256, required_members(pair).to_string().as_bytes()))
}

fn required_members(pair: &Pair) -> Value {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    match pair {
        Pair::P256(pair) => {
            let point = pair.public_key().as_ref();
            json!({"crv": "P-256", "kty": "EC", "x": encode(&point[1..33]), "y": encode(&point[33..65])})
        }
        Pair::Ed25519(pair) => {
            json!({"crv": "Ed25519", "kty": "OKP", "x": encode(pair.public_key().as_ref())})
        }
        Pair::Rsa(pair) => {
            let key = PublicKeyComponents::<Vec<u8>>::from(pair.public());
            json!({"e": encode(&key.e), "kty": "RSA", "n": encode(&key.n)})
        }
    }
}
