//! Signing letters, as a sender's system does: for the command line, the load generator and the demo.

use super::Algorithm;
use crate::{certificate::Certificate, labels, pem, strict::to_base64url, verifying_key::VerifyingKey};
use ring::{
    rand::SystemRandom,
    signature::{
        self as ring_signature, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde::Serialize;
use serde_json::json;

/// A sender's private key and the name of its certificate. No `Debug`, no `Clone`.
pub struct LetterSigner {
    pair: Pair,
    alg: Algorithm,
    x5t_s256: String,
    kid: String,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why letters cannot be signed with this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    #[error("the file has no private key in PEM (PKCS #8, or PKCS #1 for RSA)")]
    NoKey,
    #[error(
        "the certificate's key is none we take: RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519 is needed"
    )]
    Certificate,
    #[error("the private key cannot be read; RSA keys to sign with have 2048 to 4096 bits")]
    Key,
    #[error("the private key is not the certificate's")]
    Mismatch,
    #[error("the algorithm is not one for this kind of key")]
    Algorithm,
    #[error("could not sign")]
    Sign,
}

impl LetterSigner {
    /// The key's PEM and the certificate that goes with it. Signs with PS256 for RSA, ES256, ES384 or EdDSA.
    pub fn from_pem(key: &[u8], certificate: &Certificate) -> Result<Self, SignerError> {
        let public = certificate.verifying_key().map_err(|_| SignerError::Certificate)?;
        let (pair, alg) = read(key)?;
        if pair.public() != Some(public.clone()) {
            return Err(SignerError::Mismatch);
        }
        Ok(Self {
            pair,
            alg,
            x5t_s256: to_base64url(certificate.sha256.as_bytes()),
            kid: public.thumbprint(),
        })
    }

    /// The same with another algorithm of its kind, such as RS256.
    pub fn with_algorithm(mut self, alg: Algorithm) -> Result<Self, SignerError> {
        let fits = match self.pair {
            Pair::Rsa(_) => matches!(alg, Algorithm::Ps256 | Algorithm::Rs256),
            Pair::Ed25519(_) => matches!(alg, Algorithm::EdDsa | Algorithm::Ed25519),
            Pair::Ecdsa(_) => alg == self.alg,
        };
        if !fits {
            return Err(SignerError::Algorithm);
        }
        self.alg = alg;
        Ok(self)
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.alg
    }

    /// Signs a letter: the JSON bytes of a flattened JWS.
    pub fn sign_flattened(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        #[derive(Serialize)]
        struct Header<'a> {
            alg: &'a str,
            typ: &'a str,
            #[serde(rename = "x5t#S256")]
            x5t_s256: &'a str,
            kid: &'a str,
        }
        let header = Header {
            alg: self.alg.as_str(),
            typ: labels::LETTER_TYP,
            x5t_s256: &self.x5t_s256,
            kid: &self.kid,
        };
        let header = serde_json::to_vec(&header).map_err(|_| SignerError::Sign)?;
        let protected = to_base64url(&header);
        let payload = to_base64url(payload);
        let signature = self.sign(format!("{protected}.{payload}").as_bytes())?;
        let jws = json!({"payload": payload, "protected": protected, "signature": to_base64url(&signature)});
        serde_json::to_vec(&jws).map_err(|_| SignerError::Sign)
    }

    /// The bare signature of `message`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ecdsa(pair) => {
                pair.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(|_| SignerError::Sign)
            }
            Pair::Rsa(pair) => {
                let padding: &dyn ring_signature::RsaEncoding = match self.alg {
                    Algorithm::Rs256 => &ring_signature::RSA_PKCS1_SHA256,
                    _ => &ring_signature::RSA_PSS_SHA256,
                };
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(|_| SignerError::Sign)?;
                Ok(signature)
            }
        }
    }
}

impl Pair {
    fn public(&self) -> Option<VerifyingKey> {
        let jwk = match self {
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": to_base64url(&public.n), "e": to_base64url(&public.e)})
            }
            Self::Ecdsa(pair) => {
                let coordinates = pair.public_key().as_ref().get(1..)?;
                let (x, y) = coordinates.split_at(coordinates.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": to_base64url(x), "y": to_base64url(y)})
            }
            Self::Ed25519(pair) => {
                return pair.public_key().as_ref().try_into().map(VerifyingKey::ed25519).ok();
            }
        };
        VerifyingKey::from_jwk(&jwk).ok()
    }
}

fn read(text: &[u8]) -> Result<(Pair, Algorithm), SignerError> {
    if let Some(der) = pem::blocks(text, "RSA PRIVATE KEY").ok_or(SignerError::NoKey)?.first() {
        let pair = RsaKeyPair::from_der(der).map_err(|_| SignerError::Key)?;
        return Ok((Pair::Rsa(Box::new(pair)), Algorithm::Ps256));
    }
    let blocks = pem::blocks(text, "PRIVATE KEY").ok_or(SignerError::NoKey)?;
    let der = blocks.first().ok_or(SignerError::NoKey)?;
    if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
        return Ok((Pair::Rsa(Box::new(pair)), Algorithm::Ps256));
    }
    if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        return Ok((Pair::Ed25519(pair), Algorithm::EdDsa));
    }
    let random = SystemRandom::new();
    for (curve, alg) in [
        (&ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::Es256),
        (&ring_signature::ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::Es384),
    ] {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve, der, &random) {
            return Ok((Pair::Ecdsa(pair), alg));
        }
    }
    Err(SignerError::Key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
