//! Values of signatures that no signer here makes: with SHA-1, and with a key that everybody knows.

use super::Party;
use num_bigint::BigUint;
use ring::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    hmac,
};
use vault::Certificate;

/// rsa-sha1: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1).
pub fn rsa_sha1(party: &Party, info: &[u8]) -> Vec<u8> {
    let document = party.pair().serialize_der();
    // PrivateKeyInfo: version, algorithm, and RSAPrivateKey: version, modulus, public and private exponent.
    let [_, _, key] = items(items::<1>(&document)[0]);
    let [_, modulus, _, exponent] = items(items::<1>(key)[0]);
    let [modulus, exponent] = [modulus, exponent].map(BigUint::from_bytes_be);
    let length = modulus.to_bytes_be().len();
    let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, info);
    let told = [SHA1_INFO, sum.as_ref()].concat();
    let padded = [&[0, 1][..], &vec![0xFF; length - told.len() - 3], &[0], &told].concat();
    let value = BigUint::from_bytes_be(&padded).modpow(&exponent, &modulus).to_bytes_be();
    [vec![0; length - value.len()], value].concat()
}

/// For a verifier that takes the public key for the secret of an HMAC.
pub fn hmac_of_key(party: &Party, info: &[u8]) -> Vec<u8> {
    hmac_sha256(&Certificate::parse(&party.der).unwrap().spki, info)
}
pub fn hmac_of_certificate(party: &Party, info: &[u8]) -> Vec<u8> {
    hmac_sha256(&party.der, info)
}
pub fn hmac_sha1_of_key(party: &Party, info: &[u8]) -> Vec<u8> {
    let spki = Certificate::parse(&party.der).unwrap().spki;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &spki);
    hmac::sign(&key, info).as_ref().to_vec()
}

fn hmac_sha256(key: &[u8], info: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), info).as_ref().to_vec()
}

/// The contents of the first `N` values of DER.
fn items<const N: usize>(mut der: &[u8]) -> [&[u8]; N] {
    std::array::from_fn(|_| {
        let long = der[1] & 0x80 != 0;
        let first = usize::from(der[1] & 0x7F);
        let from = if long { 2 + first } else { 2 };
        let length =
            if long { der[2..from].iter().fold(0, |n, byte| n << 8 | usize::from(*byte)) } else { first };
        let content = &der[from..from + length];
        der = &der[from + length..];
        content
    })
}

/// DigestInfo of SHA-1 (RFC 8017 §9.2, note 1).
const SHA1_INFO: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2B, 0x0E, 3, 2, 0x1A, 5, 0, 4, 0x14];
