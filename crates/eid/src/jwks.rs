//! A provider's published keys (RFC 7517).

use crate::{Algorithm, Rejection, json};
use serde_json::Value;
use vault::VerifyingKey;

pub(crate) struct Jwks {
    keys: Vec<PublishedKey>,
}

struct PublishedKey {
    kid: String,
    kind: Kind,
    /// The key says that it is for this algorithm alone.
    only_for: Option<String>,
    key: VerifyingKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl Jwks {
    /// Reads a key set. Keys of kinds or for uses that we do not know are passed over (RFC 7517 §5).
    pub(crate) fn read(body: &[u8]) -> Result<Self, Rejection> {
        let document = json::object(body).map_err(|_| Rejection::KeysMalformed)?;
        let Some(Value::Array(keys)) = document.get("keys") else { return Err(Rejection::KeysMalformed) };
        Ok(Self { keys: keys.iter().take(MOST_KEYS).filter_map(published).collect() })
    }

    /// The one key with this id that fits this algorithm. Two would be ambiguous: none.
    pub(crate) fn find(&self, kid: &str, algorithm: Algorithm) -> Result<&VerifyingKey, Rejection> {
        let mut fitting = self.keys.iter().filter(|key| key.kid == kid && key.fits(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(&key.key),
            _ => Err(Rejection::KeyUnknown),
        }
    }
}

impl PublishedKey {
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::ES256 => Kind::P256,
            Algorithm::ES384 => Kind::P384,
            Algorithm::PS256 | Algorithm::RS256 => Kind::Rsa,
            Algorithm::EdDSA => Kind::Ed25519,
        };
        let named = self.only_for.as_deref().map(Algorithm::parse);
        self.kind == kind && named.is_none_or(|named| named == Some(algorithm))
    }
}

fn published(jwk: &Value) -> Option<PublishedKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let may_verify = match jwk.get("key_ops") {
        None => true,
        Some(acts) => acts.as_array()?.iter().any(|act| act == "verify"),
    };
    let kind = match (text("kty")?, text("crv")) {
        ("RSA", _) => Kind::Rsa,
        ("EC", Some("P-256")) => Kind::P256,
        ("EC", Some("P-384")) => Kind::P384,
        ("OKP", Some("Ed25519")) => Kind::Ed25519,
        _ => return None,
    };
    let key = VerifyingKey::from_jwk(jwk).ok().filter(|_| may_verify)?;
    Some(PublishedKey { kid: text("kid")?.to_owned(), kind, only_for: text("alg").map(str::to_owned), key })
}

const MOST_KEYS: usize = 64;
