use super::*;
use crate::jws::FlattenedJws;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn signer(key: &str, certificate: &str) -> Result<LetterSigner, SignerError> {
    LetterSigner::from_pem(&file(key), &Certificate::from_pem(&file(certificate)).unwrap())
}

#[test]
fn rsa_signs_with_pss_unless_told_otherwise() {
    let pss = signer("rsa.key", "rsa.pem").unwrap();
    assert_eq!(pss.algorithm(), Algorithm::Ps256);
    let old = pss.with_algorithm(Algorithm::Rs256).unwrap();
    let jws = FlattenedJws::parse(&old.sign_flattened(b"{}").unwrap()).unwrap();
    assert_eq!(jws.protected.alg, Algorithm::Rs256);
    let key = Certificate::from_pem(&file("rsa.pem")).unwrap().verifying_key().unwrap();
    assert_eq!(jws.verify(&key), Ok(()));
}

#[test]
fn an_rsa_key_as_openssl_used_to_write_it_is_read() {
    assert!(signer("rsa-pkcs1.key", "rsa.pem").is_ok());
}

#[test]
fn a_key_and_a_certificate_that_do_not_belong_together_are_refused() {
    assert_eq!(signer("p256.key", "rsa.pem").err(), Some(SignerError::Mismatch));
    assert_eq!(signer("rsa.key", "ed25519.pem").err(), Some(SignerError::Mismatch));
    assert_eq!(signer("rsa.key", "rsa1024.pem").err(), Some(SignerError::Certificate));
    assert_eq!(signer("rsa.pem", "rsa.pem").err(), Some(SignerError::NoKey));
    let broken = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let certificate = Certificate::from_pem(&file("rsa.pem")).unwrap();
    assert_eq!(LetterSigner::from_pem(broken, &certificate).err(), Some(SignerError::Key));
}
