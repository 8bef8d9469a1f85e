//! Signed messages: no input panics, and what is read has one spelling only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use vault::{
    VerifyingKey,
    jws::{Algorithm, CompactJws, FlattenedJws},
};

fuzz_target!(|data: &[u8]| {
    let key = VerifyingKey::ed25519([9; 32]);
    if let Ok(jws) = FlattenedJws::parse(data) {
        assert!(jws.protected.kid.is_some() || jws.protected.x5t_s256.is_some());
        assert!(jws.verify(&key).is_err());
    }
    if let Ok(jws) =
        std::str::from_utf8(data).map_err(|_| ()).and_then(|text| CompactJws::parse(text).map_err(|_| ()))
    {
        assert!(jws.verify(&key, &Algorithm::ALL).is_err());
    }
    if let Ok(jwk) = serde_json::from_slice::<Value>(data)
        && let Ok(key) = VerifyingKey::from_jwk(&jwk)
    {
        assert_eq!(VerifyingKey::from_jwk(&key.jwk()), Ok(key.clone()));
        assert_eq!(key.thumbprint().len(), 43);
    }
});
