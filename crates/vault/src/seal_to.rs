//! Sealing to a mailbox's public key. Opening needs its private key, which only the key service holds.
//!
//! HPKE (RFC 9180) in base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. `ring`
//! draws the ephemeral key itself and cannot be given one.

mod schedule;

use crate::key::Opaque;
use ring::{aead, agreement, rand::SystemRandom};
use schedule::Aead;

/// First byte of what is sealed; room for a hybrid post-quantum suite.
pub const SUITE: u8 = 1;
/// Bytes of the encapsulated key, after the suite.
pub const ENCAPSULATED_BYTES: usize = 32;
/// What sealing adds to the plaintext.
pub const OVERHEAD_BYTES: usize = 1 + ENCAPSULATED_BYTES + 16;

/// A mailbox's X25519 public key of one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From the bytes of the key directory.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From stored bytes; any length but 32 is no key.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Opaque> {
        bytes.try_into().map(Self).map_err(|_| Opaque)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Seals `plain`; the result is suite (1), encapsulated key (32), ciphertext with its tag.
/// Refused when `to` is a point of small order, to which everyone could open.
pub fn seal_to(to: &PublicKey, info: &[u8], aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Opaque> {
    let ephemeral = agreement::EphemeralPrivateKey::generate(&agreement::X25519, &SystemRandom::new())?;
    let encapsulated = ephemeral.compute_public_key()?;
    let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, to.0);
    let secret = agreement::agree_ephemeral(ephemeral, &peer, |dh| {
        // Both public keys go into the secret (RFC 9180, section 4.1): what is sealed to one key cannot be
        // passed off as sealed to another.
        schedule::shared_secret(dh, encapsulated.as_ref(), &to.0)
    })?;
    let (key, nonce) = schedule::key_and_nonce(Aead::Aes256Gcm, &secret, info);
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &key)?);
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
    out.push(SUITE);
    out.extend_from_slice(encapsulated.as_ref());
    let start = out.len();
    out.extend_from_slice(plain);
    // The key is new with every ephemeral pair, so the one nonce it has is used once.
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), &mut out[start..])?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
