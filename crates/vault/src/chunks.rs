//! The one construction under [`seal`](crate::seal) and [`stream`](crate::stream): an object's own key from a salt,
//! and its chunks.
//!
//! <https://c2sp.org/chunked-encryption> with AEAD_AES_256_GCM and HKDF-Expand over SHA-512.

use crate::{
    derive::expand_sha512,
    envelope::{self, PREFIX_BYTES},
    key::{Key, Opaque},
    place::Place,
};
use ring::aead;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Prefix, salt and commitment.
pub const HEADER_BYTES: usize = PREFIX_BYTES + SALT_BYTES + COMMITMENT_BYTES;
/// Plaintext bytes of every chunk but the last, which is shorter.
pub const CHUNK_BYTES: usize = 16 * 1024;
/// What each chunk grows by.
pub const TAG_BYTES: usize = 16;

const SALT_BYTES: usize = 24;
const COMMITMENT_BYTES: usize = 32;
const KEY_BYTES: usize = 32;
pub(crate) const SEALED_CHUNK_BYTES: u64 = (CHUNK_BYTES + TAG_BYTES) as u64;
const MAX_CHUNKS: u64 = 1 << 38;
const LABEL: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// The size of `plain_bytes` when sealed.
pub const fn sealed_bytes(plain_bytes: u64) -> u64 {
    HEADER_BYTES as u64 + plain_bytes + (plain_bytes / CHUNK_BYTES as u64 + 1) * TAG_BYTES as u64
}

/// One object's key and base nonce.
pub(crate) struct Schedule {
    key: aead::LessSafeKey,
    base_nonce: [u8; aead::NONCE_LEN],
}

impl Schedule {
    /// For sealing; the header is prefix, salt, commitment.
    pub(crate) fn new(
        prefix: &[u8; PREFIX_BYTES],
        key: &Key,
        place: &Place,
        salt: [u8; SALT_BYTES],
    ) -> (Self, [u8; HEADER_BYTES]) {
        let (schedule, commitment) = Self::derive(prefix, key, place, &salt);
        let mut header = [0; HEADER_BYTES];
        header[..PREFIX_BYTES].copy_from_slice(prefix);
        header[PREFIX_BYTES..PREFIX_BYTES + SALT_BYTES].copy_from_slice(&salt);
        header[PREFIX_BYTES + SALT_BYTES..].copy_from_slice(&commitment);
        (schedule, header)
    }

    /// For opening; refused when the commitment is not that of this key and place.
    pub(crate) fn from_header(header: &[u8; HEADER_BYTES], key: &Key, place: &Place) -> Result<Self, Opaque> {
        let prefix = envelope::prefix(envelope::key_id(header)?);
        let (salt, commitment) = header[PREFIX_BYTES..].split_first_chunk::<SALT_BYTES>().ok_or(Opaque)?;
        let (schedule, expected) = Self::derive(&prefix, key, place, salt);
        // AES-GCM alone commits to no key: a ciphertext can be made that opens under two. The commitment
        // closes that, and tells a wrong key before any chunk is tried.
        if bool::from(expected.as_slice().ct_eq(commitment)) { Ok(schedule) } else { Err(Opaque) }
    }

    fn derive(
        prefix: &[u8; PREFIX_BYTES],
        key: &Key,
        place: &Place,
        salt: &[u8; SALT_BYTES],
    ) -> (Self, [u8; COMMITMENT_BYTES]) {
        let mut okm = Zeroizing::new([0u8; KEY_BYTES + aead::NONCE_LEN + COMMITMENT_BYTES]);
        // The place goes into the key, not into each chunk: what was moved to another row gets another key,
        // and nothing of it opens.
        expand_sha512(key.expose(), &[LABEL, salt, prefix, place.as_bytes()], okm.as_mut_slice());
        let (object_key, rest) = okm.split_at(KEY_BYTES);
        let (nonce, commitment) = rest.split_at(aead::NONCE_LEN);
        let object_key = aead::UnboundKey::new(&aead::AES_256_GCM, object_key).expect("a key of 32 bytes");
        let mut schedule = Self { key: aead::LessSafeKey::new(object_key), base_nonce: [0; aead::NONCE_LEN] };
        schedule.base_nonce.copy_from_slice(nonce);
        let mut out = [0; COMMITMENT_BYTES];
        out.copy_from_slice(commitment);
        (schedule, out)
    }

    fn nonce(&self, index: u64) -> aead::Nonce {
        // The format's own bound (4 PiB), far above any limit of ours; past it nonces would repeat.
        assert!(index < MAX_CHUNKS, "more chunks than the format has room for");
        let mut nonce = self.base_nonce;
        for (byte, counter) in nonce[4..].iter_mut().zip(index.to_be_bytes()) {
            *byte ^= counter;
        }
        aead::Nonce::assume_unique_for_key(nonce)
    }

    /// Appends the sealed chunk to `out`: one copy of the plaintext, encrypted where it lies.
    pub(crate) fn seal_chunk(&self, index: u64, plain: &[u8], out: &mut Vec<u8>) {
        out.reserve(plain.len() + TAG_BYTES);
        let start = out.len();
        out.extend_from_slice(plain);
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(index), aead::Aad::empty(), &mut out[start..])
            .expect("a chunk is shorter than what AES-GCM can seal");
        out.extend_from_slice(tag.as_ref());
    }

    /// Appends the opened chunk to `plain`; nothing is appended when it does not open.
    pub(crate) fn open_chunk(&self, index: u64, sealed: &[u8], plain: &mut Vec<u8>) -> Result<(), Opaque> {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Opaque)?;
        let start = plain.len();
        plain.extend_from_slice(ciphertext);
        let opened = self.key.open_in_place_separate_tag(
            self.nonce(index),
            aead::Aad::empty(),
            aead::Tag::from(*tag),
            &mut plain[start..],
            0..,
        );
        if opened.is_err() {
            // `ring` may have decrypted in place before it knew; nothing of it is to be seen.
            plain.truncate(start);
            return Err(Opaque);
        }
        Ok(())
    }
}

/// How many chunks `body` ciphertext bytes are; refused when no message has that length.
pub(crate) fn chunk_count(body: u64) -> Result<u64, Opaque> {
    let full = body / SEALED_CHUNK_BYTES;
    let last = body % SEALED_CHUNK_BYTES;
    // Every object ends in a chunk that is not full, and be it an empty one with its tag alone.
    if last < TAG_BYTES as u64 || full >= MAX_CHUNKS { Err(Opaque) } else { Ok(full + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyId;

    #[test]
    fn nonces_of_an_object_differ() {
        let (schedule, _) = Schedule::new(
            &envelope::prefix(KeyId::from_bytes([1; 8])),
            &Key::from_bytes([1; 32]),
            &Place::new("test"),
            [0; 24],
        );
        let nonce = |index| *schedule.nonce(index).as_ref();
        let first: [u8; 12] = nonce(0);
        assert_eq!(first, schedule.base_nonce);
        for (index, differs_at) in [(1, 11), (256, 10), (1 << 37, 7)] {
            let other: [u8; 12] = nonce(index);
            assert_eq!((0..12).filter(|at| first[*at] != other[*at]).collect::<Vec<_>>(), [differs_at]);
        }
    }

    #[test]
    #[should_panic = "more chunks"]
    fn past_the_last_nonce_nothing_is_sealed() {
        let (schedule, _) =
            Schedule::new(&[0; PREFIX_BYTES], &Key::from_bytes([1; 32]), &Place::new("test"), [0; 24]);
        schedule.seal_chunk(MAX_CHUNKS, b"", &mut Vec::new());
    }
}
