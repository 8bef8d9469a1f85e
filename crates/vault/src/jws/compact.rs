//! The compact serialisation (RFC 7515 §7.1): receipts that we sign, ID tokens that others do.

use super::{Algorithm, Error, forbidden};
use crate::{
    sign::SigningKey,
    strict::{Members, base64url, to_base64url},
    verifying_key::VerifyingKey,
};
use serde::Serialize;

/// A compact JWS. Parsed, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactJws {
    /// What the header says; members without a meaning here are passed over, as RFC 7515 §4 asks.
    pub header: CompactHeader,
    pub payload: Vec<u8>,
    signing_input: String,
    signature: Vec<u8>,
}

/// The members of the header that are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactHeader {
    /// How it is signed.
    pub alg: Algorithm,
    pub typ: Option<String>,
    /// A name of the key, for the issuer's own list of keys.
    pub kid: Option<String>,
}

impl CompactJws {
    /// Reads three parts. A header that brings its own key (`jwk`, `jku`, `x5u`) or changes the meaning
    /// (`crit`, `b64`, `zip`) is refused; certificates in it (`x5c`, `x5t`) are passed over.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::Form);
        };
        let header_bytes = base64url(header).ok_or(Error::Base64("protected"))?;
        Ok(Self {
            header: CompactHeader::parse(&header_bytes)?,
            payload: base64url(payload).ok_or(Error::Base64("payload"))?,
            signing_input: text[..header.len() + 1 + payload.len()].to_owned(),
            signature: base64url(signature).ok_or(Error::Base64("signature"))?,
        })
    }

    /// Verifies, if the algorithm is one of `allowed`. The caller has chosen `key`; the header has not.
    pub fn verify(&self, key: &VerifyingKey, allowed: &[Algorithm]) -> Result<(), Error> {
        if !allowed.contains(&self.header.alg) {
            return Err(Error::Algorithm);
        }
        key.verify(self.header.alg, self.signing_input.as_bytes(), &self.signature)
    }

    /// Verifies what [`sign_compact`] made: `typ` and `kid` must be there and right.
    pub fn verify_ours(&self, key: &VerifyingKey, typ: &str) -> Result<(), Error> {
        if self.header.typ.as_deref() != Some(typ) {
            return Err(Error::Type);
        }
        if self.header.kid.as_deref() != Some(&key.thumbprint()) {
            return Err(Error::WrongKid);
        }
        self.verify(key, &[Algorithm::EdDsa])
    }
}

impl CompactHeader {
    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut alg = None;
        let mut typ = None;
        let mut kid = None;
        for (name, value) in Members::parse(bytes)?.0 {
            let text = |name| value.text().ok_or(Error::Value(name));
            match name.as_str() {
                "alg" => alg = Some(Algorithm::parse(text("alg")?).ok_or(Error::Algorithm)?),
                "typ" => typ = Some(text("typ")?.to_owned()),
                "kid" => kid = Some(text("kid")?.to_owned()),
                "x5c" | "x5t" | "cty" => {}
                other => {
                    if let Some(name) = forbidden(other) {
                        return Err(Error::Forbidden(name));
                    }
                }
            }
        }
        Ok(Self { alg: alg.ok_or(Error::Missing("alg"))?, typ, kid })
    }
}

/// Signs `payload` as a compact JWS with `alg`, `typ` and `kid` in its header. The same input gives the same
/// text.
pub fn sign_compact(key: &SigningKey, typ: &str, payload: &[u8]) -> String {
    #[derive(Serialize)]
    struct Header<'a> {
        alg: &'a str,
        typ: &'a str,
        kid: &'a str,
    }
    let header = Header { alg: Algorithm::EdDsa.as_str(), typ, kid: key.kid() };
    let header = serde_json::to_vec(&header).expect("three texts are JSON");
    let mut text = to_base64url(&header);
    text.push('.');
    text.push_str(&to_base64url(payload));
    let signature = to_base64url(&key.sign(text.as_bytes()));
    text.push('.');
    text.push_str(&signature);
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
