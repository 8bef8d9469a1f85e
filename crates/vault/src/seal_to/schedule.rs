//! RFC 9180 §4.1 and §5.1: from the Diffie-Hellman result to the message key. Apart, so that it can be held
//! against the published vectors.

use crate::derive::expand;
use ring::{aead::NONCE_LEN, hkdf, hmac};
use zeroize::Zeroizing;

const VERSION: &[u8] = b"HPKE-v1";
const KEM: [u8; 2] = 0x0020u16.to_be_bytes();
const KDF: [u8; 2] = 0x0001u16.to_be_bytes();
const MODE_BASE: u8 = 0;

/// The cipher at the end of the schedule.
#[derive(Clone, Copy)]
pub(super) enum Aead {
    /// Only to read the RFC's own vectors.
    #[cfg(test)]
    Aes128Gcm,
    Aes256Gcm,
}

impl Aead {
    fn id(self) -> [u8; 2] {
        match self {
            #[cfg(test)]
            Self::Aes128Gcm => 0x0001u16.to_be_bytes(),
            Self::Aes256Gcm => 0x0002u16.to_be_bytes(),
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            #[cfg(test)]
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm => 32,
        }
    }
}

/// `ExtractAndExpand` of the KEM.
pub(super) fn shared_secret(dh: &[u8], encapsulated: &[u8], to: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let suite = [b"KEM".as_slice(), &KEM].concat();
    let prk = labeled_extract(&suite, &[], b"eae_prk", dh);
    let mut secret = Zeroizing::new([0; 32]);
    labeled_expand(&suite, &prk, b"shared_secret", &[encapsulated, to].concat(), secret.as_mut_slice());
    secret
}

/// `KeySchedule` in base mode.
pub(super) fn key_and_nonce(
    aead: Aead,
    shared_secret: &[u8; 32],
    info: &[u8],
) -> (Zeroizing<Vec<u8>>, [u8; NONCE_LEN]) {
    let suite = [b"HPKE".as_slice(), &KEM, &KDF, &aead.id()].concat();
    let mut context = vec![MODE_BASE];
    context.extend_from_slice(labeled_extract(&suite, &[], b"psk_id_hash", &[]).as_slice());
    context.extend_from_slice(labeled_extract(&suite, &[], b"info_hash", info).as_slice());
    let secret = labeled_extract(&suite, shared_secret, b"secret", &[]);
    let mut key = Zeroizing::new(vec![0; aead.key_bytes()]);
    labeled_expand(&suite, &secret, b"key", &context, &mut key);
    let mut nonce = [0; NONCE_LEN];
    labeled_expand(&suite, &secret, b"base_nonce", &context, &mut nonce);
    (key, nonce)
}

fn labeled_extract(suite: &[u8], salt: &[u8], label: &[u8], ikm: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut hmac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, salt));
    for part in [VERSION, suite, label, ikm] {
        hmac.update(part);
    }
    let mut prk = Zeroizing::new([0; 32]);
    prk.copy_from_slice(hmac.sign().as_ref());
    prk
}

fn labeled_expand(suite: &[u8], prk: &[u8; 32], label: &[u8], info: &[u8], out: &mut [u8]) {
    // Never over 32 bytes here.
    let length = (out.len() as u16).to_be_bytes();
    let prk = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA256, prk);
    expand(&prk, &[&length, VERSION, suite, label, info], out);
}
