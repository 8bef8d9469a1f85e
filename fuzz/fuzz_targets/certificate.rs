//! Certificates, bare keys and PEM: no input panics, and what is read is told apart by its fingerprint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vault::{Certificate, VerifyingKey, jws::LetterSigner, sha256, sign::SigningKey};

fuzz_target!(|data: &[u8]| {
    let _ = VerifyingKey::from_spki(data);
    let _ = SigningKey::from_pem(data);
    let _ = Certificate::chain_from_pem(data);
    let certificate = Certificate::parse(data).or_else(|_| Certificate::from_pem(data));
    if let Ok(certificate) = certificate {
        assert_eq!(Certificate::parse(&certificate.der).as_ref(), Ok(&certificate));
        assert_eq!(certificate.sha256, sha256(&certificate.der));
        if let Ok(key) = certificate.verifying_key() {
            assert_eq!(VerifyingKey::from_jwk(&key.jwk()), Ok(key));
        }
        let _ = LetterSigner::from_pem(data, &certificate);
    }
});
