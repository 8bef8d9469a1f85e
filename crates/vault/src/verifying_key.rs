//! Public keys that verify signatures: from certificates and from JWKs.

use crate::{
    jws::{Algorithm, Error},
    sha256,
    strict::{base64url, base64url_array, to_base64url},
};
use ring::signature::{self as ring_signature, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Value, json};
use x509_parser::{
    oid_registry::{
        OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
        Oid,
    },
    prelude::FromDer,
    public_key::PublicKey,
    x509::SubjectPublicKeyInfo,
};

/// Ed25519, P-256, P-384, or RSA of 2048 to 8192 bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VerifyingKey(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Ed25519([u8; 32]),
    /// Uncompressed points.
    P256([u8; 65]),
    P384([u8; 97]),
    /// Big-endian without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// The key is of no kind or size that we take, or is not written as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a usable public key: RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519 is needed")]
pub struct UnusableKey;

impl VerifyingKey {
    /// From a certificate's SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn from_spki(der: &[u8]) -> Result<Self, UnusableKey> {
        let (rest, info) = SubjectPublicKeyInfo::from_der(der).map_err(|_| UnusableKey)?;
        let bits = &info.subject_public_key;
        if !rest.is_empty() || bits.unused_bits != 0 {
            return Err(UnusableKey);
        }
        let algorithm = &info.algorithm.algorithm;
        if *algorithm == OID_PKCS1_RSAENCRYPTION {
            match info.parsed() {
                Ok(PublicKey::RSA(key)) => Self::rsa(key.modulus, key.exponent),
                _ => Err(UnusableKey),
            }
        } else if *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY {
            let curve = info.algorithm.parameters.as_ref().and_then(|p| Oid::try_from(p.clone()).ok());
            Self::point(curve.as_ref(), &bits.data)
        } else if *algorithm == OID_SIG_ED25519 && info.algorithm.parameters.is_none() {
            bits.data.as_ref().try_into().map(|key| Self(Kind::Ed25519(key))).map_err(|_| UnusableKey)
        } else {
            Err(UnusableKey)
        }
    }

    /// From a JWK (RFC 7517, 7518 §6, 8037). `use`, when present, must be `sig`; `kid` and `alg` are the
    /// caller's to judge.
    pub fn from_jwk(jwk: &Value) -> Result<Self, UnusableKey> {
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return Err(UnusableKey);
        }
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).ok_or(UnusableKey);
        match (text("kty")?, jwk.get("crv").and_then(Value::as_str)) {
            ("RSA", _) => {
                let number = |name| base64url(text(name)?).ok_or(UnusableKey);
                Self::rsa(&number("n")?, &number("e")?)
            }
            ("EC", Some("P-256")) => {
                let x = coordinate::<32>(text("x")?)?;
                let y = coordinate::<32>(text("y")?)?;
                Self::point(Some(&OID_EC_P256), &[&[4], &x[..], &y].concat())
            }
            ("EC", Some("P-384")) => {
                let x = coordinate::<48>(text("x")?)?;
                let y = coordinate::<48>(text("y")?)?;
                Self::point(Some(&OID_NIST_EC_P384), &[&[4], &x[..], &y].concat())
            }
            ("OKP", Some("Ed25519")) => Ok(Self(Kind::Ed25519(coordinate(text("x")?)?))),
            _ => Err(UnusableKey),
        }
    }

    /// From the 32 bytes of an Ed25519 key.
    pub const fn ed25519(key: [u8; 32]) -> Self {
        Self(Kind::Ed25519(key))
    }

    /// The public JWK: the required members alone.
    pub fn jwk(&self) -> Value {
        match &self.0 {
            Kind::Ed25519(key) => json!({"kty": "OKP", "crv": "Ed25519", "x": to_base64url(key)}),
            Kind::P256(point) => ec_jwk("P-256", &point[1..]),
            Kind::P384(point) => ec_jwk("P-384", &point[1..]),
            Kind::Rsa { modulus, exponent } => {
                json!({"kty": "RSA", "n": to_base64url(modulus), "e": to_base64url(exponent)})
            }
        }
    }

    /// RFC 7638 with SHA-256, base64url: what `kid` is.
    pub fn thumbprint(&self) -> String {
        let ec = |curve, point: &[u8]| {
            let (x, y) = point.split_at(point.len() / 2);
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{}","y":"{}"}}"#, to_base64url(x), to_base64url(y))
        };
        let members = match &self.0 {
            Kind::Ed25519(key) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, to_base64url(key)),
            Kind::P256(point) => ec("P-256", &point[1..]),
            Kind::P384(point) => ec("P-384", &point[1..]),
            Kind::Rsa { modulus, exponent } => {
                format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, to_base64url(exponent), to_base64url(modulus))
            }
        };
        to_base64url(&sha256(members.as_bytes()))
    }

    /// Verifies with exactly `algorithm`, which must be one this kind of key is for.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let verified = match (&self.0, algorithm) {
            (Kind::Ed25519(key), Algorithm::EdDsa | Algorithm::Ed25519) => {
                UnparsedPublicKey::new(&ring_signature::ED25519, key).verify(message, signature)
            }
            (Kind::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ring_signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
            }
            (Kind::P384(point), Algorithm::Es384) => {
                UnparsedPublicKey::new(&ring_signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature)
            }
            (Kind::Rsa { modulus, exponent }, Algorithm::Ps256 | Algorithm::Rs256) => {
                let parameters = if algorithm == Algorithm::Ps256 {
                    &ring_signature::RSA_PSS_2048_8192_SHA256
                } else {
                    &ring_signature::RSA_PKCS1_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(parameters, message, signature)
            }
            _ => return Err(Error::KeyDoesNotFit),
        };
        verified.map_err(|_| Error::BadSignature)
    }

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, UnusableKey> {
        let modulus = without_zeros(modulus);
        let exponent = without_zeros(exponent);
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        // ring takes exponents from 3 up to 33 bits.
        let fits = exponent.len() <= 4 && exponent != [1];
        if !(2048..=8192).contains(&bits) || !odd(modulus) || !odd(exponent) || !fits {
            return Err(UnusableKey);
        }
        Ok(Self(Kind::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() }))
    }

    fn point(curve: Option<&Oid<'_>>, point: &[u8]) -> Result<Self, UnusableKey> {
        // Uncompressed only (RFC 5480 §2.2); whether it lies on the curve is checked at each verification.
        if point.first() != Some(&4) {
            return Err(UnusableKey);
        }
        let kind = match curve {
            Some(curve) if *curve == OID_EC_P256 => point.try_into().map(Kind::P256),
            Some(curve) if *curve == OID_NIST_EC_P384 => point.try_into().map(Kind::P384),
            _ => return Err(UnusableKey),
        };
        kind.map(Self).map_err(|_| UnusableKey)
    }
}

fn coordinate<const N: usize>(text: &str) -> Result<[u8; N], UnusableKey> {
    base64url_array(text).ok_or(UnusableKey)
}

fn ec_jwk(curve: &str, coordinates: &[u8]) -> Value {
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({"kty": "EC", "crv": curve, "x": to_base64url(x), "y": to_base64url(y)})
}

fn without_zeros(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|byte| **byte == 0).count()..]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
