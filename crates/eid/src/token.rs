//! A signed token of a provider: a compact JWS (RFC 7515 §7.1) under a pinned algorithm and a published key.

use crate::{Algorithm, Rejection, json, json::NotAnObject, jwks::Jwks};
use serde_json::{Map, Value};
use vault::jws::{self, CompactJws};

/// The claims of a token whose signature held.
pub(crate) struct Signed {
    pub claims: Map<String, Value>,
    pub algorithm: Algorithm,
}

/// Checks form, header, algorithm, key and signature, in this order; claims are read only after that.
pub(crate) fn open(token: &str, pinned: &[Algorithm], keys: &Jwks) -> Result<Signed, Rejection> {
    if token.len() > MOST_BYTES {
        return Err(Rejection::TokenMalformed);
    }
    let jws = CompactJws::parse(token).map_err(|error| match error {
        jws::Error::Algorithm | jws::Error::Missing("alg") => Rejection::AlgorithmRefused,
        jws::Error::Forbidden(_) | jws::Error::Duplicate => Rejection::HeaderRefused,
        _ => Rejection::TokenMalformed,
    })?;
    // Another `typ` means a token made for something else (RFC 8725 §3.11).
    if jws.header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Rejection::HeaderRefused);
    }
    let named = Algorithm::parse(jws.header.alg.as_str());
    let algorithm = named.filter(|named| pinned.contains(named)).ok_or(Rejection::AlgorithmRefused)?;
    let key = keys.find(jws.header.kid.as_deref().ok_or(Rejection::KeyUnknown)?, algorithm)?;
    jws.verify(key, &[jws.header.alg]).map_err(|_| Rejection::SignatureBad)?;
    let claims = json::object(&jws.payload).map_err(|why| match why {
        NotAnObject::Malformed => Rejection::ClaimsMalformed,
        NotAnObject::Duplicated => Rejection::ClaimsDuplicated,
    })?;
    Ok(Signed { claims, algorithm })
}

const MOST_BYTES: usize = 64 * 1024;
