//! The flattened JSON serialisation (RFC 7515 §7.2.2) with the header of a letter.

use super::{Algorithm, Error, forbidden};
use crate::{
    labels,
    strict::{Member, Members, base64url, base64url_array},
    verifying_key::VerifyingKey,
};
use domain::{CertificateDigest, Time};

/// A letter as signed. Parsed, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlattenedJws {
    /// The protected header; there is no other.
    pub protected: Header,
    pub payload: Vec<u8>,
    /// What is signed: both parts as they came, with a dot between.
    pub signing_input: Vec<u8>,
    pub signature: Vec<u8>,
}

/// The protected header of a letter: exactly `alg`, `typ`, one or both names of the key, perhaps `iat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How it is signed.
    pub alg: Algorithm,
    /// SHA-256 of the signer's certificate. Looked up first when present: [`FlattenedJws::verify`] then checks
    /// that `kid` names the same key.
    pub x5t_s256: Option<CertificateDigest>,
    /// RFC 7638 thumbprint of the signer's key.
    pub kid: Option<String>,
    /// When it was signed, as the signer says.
    pub iat: Option<Time>,
}

impl FlattenedJws {
    /// Reads exactly `protected`, `payload` and `signature`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut protected = None;
        let mut payload = None;
        let mut signature = None;
        for (name, value) in Members::parse(bytes)?.0 {
            let (name, slot) = match name.as_str() {
                "protected" => ("protected", &mut protected),
                "payload" => ("payload", &mut payload),
                "signature" => ("signature", &mut signature),
                "header" => return Err(Error::UnprotectedHeader),
                _ => return Err(Error::UnknownMember),
            };
            let Member::Text(text) = value else { return Err(Error::Value(name)) };
            *slot = Some(text);
        }
        let protected = protected.ok_or(Error::Missing("protected"))?;
        let payload = payload.ok_or(Error::Missing("payload"))?;
        let signature = signature.ok_or(Error::Missing("signature"))?;
        let header = base64url(&protected).ok_or(Error::Base64("protected"))?;
        let mut signing_input = protected.into_bytes();
        signing_input.reserve_exact(1 + payload.len());
        signing_input.push(b'.');
        signing_input.extend_from_slice(payload.as_bytes());
        Ok(Self {
            protected: Header::parse(&header)?,
            payload: base64url(&payload).ok_or(Error::Base64("payload"))?,
            signing_input,
            signature: base64url(&signature).ok_or(Error::Base64("signature"))?,
        })
    }

    /// Verifies with the key that the header names, as the registry has it.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), Error> {
        if self.protected.kid.as_ref().is_some_and(|kid| *kid != key.thumbprint()) {
            return Err(Error::WrongKid);
        }
        key.verify(self.protected.alg, &self.signing_input, &self.signature)
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut alg = None;
        let mut typ = None;
        let mut x5t_s256 = None;
        let mut kid = None;
        let mut iat = None;
        for (name, value) in Members::parse(bytes)?.0 {
            let text = |name| value.text().ok_or(Error::Value(name));
            match name.as_str() {
                "alg" => alg = Some(Algorithm::parse(text("alg")?).ok_or(Error::Algorithm)?),
                "typ" => typ = Some(text("typ")? == labels::LETTER_TYP),
                "x5t#S256" => {
                    let digest = base64url_array(text("x5t#S256")?).ok_or(Error::Value("x5t#S256"))?;
                    x5t_s256 = Some(CertificateDigest::from_bytes(digest));
                }
                "kid" => {
                    base64url_array::<32>(text("kid")?).ok_or(Error::Value("kid"))?;
                    kid = Some(text("kid")?.to_owned());
                }
                "iat" => iat = Some(instant(&value).ok_or(Error::Value("iat"))?),
                other => return Err(forbidden(other).map_or(Error::UnknownHeader, Error::Forbidden)),
            }
        }
        let alg = alg.ok_or(Error::Missing("alg"))?;
        match typ {
            Some(true) => {}
            Some(false) => return Err(Error::Type),
            None => return Err(Error::Missing("typ")),
        }
        if x5t_s256.is_none() && kid.is_none() {
            return Err(Error::NoKeyNamed);
        }
        Ok(Self { alg, x5t_s256, kid, iat })
    }
}

/// Whole seconds since 1970 (NumericDate without a fraction), up to the year 9999.
fn instant(value: &Member) -> Option<Time> {
    match value {
        Member::Integer(seconds @ 0..=253_402_300_799) => Some(Time::from_millis(seconds * 1000)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
