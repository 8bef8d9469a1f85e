//! The same format piece by piece: sealing in bounded memory, opening at any position.
//!
//! <https://c2sp.org/chunked-encryption> with AEAD_AES_256_GCM and HKDF-Expand over SHA-512.

use crate::{
    derive::expand_sha512,
    envelope::{self, PREFIX_BYTES},
    key::{Key, KeyId, Opaque},
    place::Place,
};
use domain::{Random, chance};
use ring::aead;
use std::ops::Range;
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
const SEALED_CHUNK_BYTES: u64 = (CHUNK_BYTES + TAG_BYTES) as u64;
const MAX_CHUNKS: u64 = 1 << 38;
const LABEL: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// The size of `plain_bytes` when sealed.
pub const fn sealed_bytes(plain_bytes: u64) -> u64 {
    HEADER_BYTES as u64 + plain_bytes + (plain_bytes / CHUNK_BYTES as u64 + 1) * TAG_BYTES as u64
}

/// Seals a stream, holding at most one chunk. The header goes in front of what `update` and `finish` give.
pub struct Sealer {
    schedule: Schedule,
    next: u64,
    held: Zeroizing<Vec<u8>>,
}

impl Sealer {
    /// Begins; the second value is the header, [`HEADER_BYTES`] long.
    pub fn new(key_id: KeyId, key: &Key, place: &Place, random: &dyn Random) -> (Self, Vec<u8>) {
        let (schedule, header) = Schedule::new(&envelope::prefix(key_id), key, place, chance::bytes(random));
        let held = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES));
        (Self { schedule, next: 0, held }, header.to_vec())
    }
    /// Takes more plaintext; whole sealed chunks are appended to `out`.
    pub fn update(&mut self, mut plain: &[u8], out: &mut Vec<u8>) {
        if !self.held.is_empty() {
            let (now, later) = plain.split_at(plain.len().min(CHUNK_BYTES - self.held.len()));
            self.held.extend_from_slice(now);
            plain = later;
            if self.held.len() < CHUNK_BYTES {
                return;
            }
            self.schedule.seal_chunk(self.next, &self.held, out);
            self.next += 1;
            self.held.clear();
        }
        let mut chunks = plain.chunks_exact(CHUNK_BYTES);
        for chunk in &mut chunks {
            self.schedule.seal_chunk(self.next, chunk, out);
            self.next += 1;
        }
        self.held.extend_from_slice(chunks.remainder());
    }
    /// Seals the short last chunk: without it the rest does not open.
    pub fn finish(self, out: &mut Vec<u8>) {
        self.schedule.seal_chunk(self.next, &self.held, out);
    }
}

/// Opens chunks of a sealed object in any order. All positions in sealed bytes count from the object's start,
/// header included.
///
/// The length is believed only after [`confirm_length`](Self::confirm_length): until then no other chunk opens,
/// so an object cut at a chunk's edge cannot pass for a shorter one.
pub struct Opener {
    schedule: Schedule,
    sealed_bytes: u64,
    chunks: u64,
    length_confirmed: bool,
}

impl Opener {
    /// `header` is the first [`HEADER_BYTES`] of an object of `sealed_bytes` in all.
    pub fn new(key: &Key, place: &Place, header: &[u8], sealed_bytes: u64) -> Result<Self, Opaque> {
        let header: &[u8; HEADER_BYTES] = header.try_into().map_err(|_| Opaque)?;
        let chunks = chunk_count(sealed_bytes.checked_sub(HEADER_BYTES as u64).ok_or(Opaque)?)?;
        let schedule = Schedule::from_header(header, key, place)?;
        Ok(Self { schedule, sealed_bytes, chunks, length_confirmed: false })
    }
    /// The size of the plaintext, padding included.
    pub fn plain_bytes(&self) -> u64 {
        self.sealed_bytes - HEADER_BYTES as u64 - self.chunks * TAG_BYTES as u64
    }
    /// How many chunks there are; at least one.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }
    /// Where chunk `index` lies in the sealed object.
    pub fn chunk(&self, index: u64) -> Result<Range<u64>, Opaque> {
        if index >= self.chunks {
            return Err(Opaque);
        }
        let start = HEADER_BYTES as u64 + index * SEALED_CHUNK_BYTES;
        Ok(start..(start + SEALED_CHUNK_BYTES).min(self.sealed_bytes))
    }
    /// Where the last chunk lies: read it first and hand it to [`confirm_length`](Self::confirm_length).
    pub fn last_chunk(&self) -> Range<u64> {
        HEADER_BYTES as u64 + (self.chunks - 1) * SEALED_CHUNK_BYTES..self.sealed_bytes
    }
    /// Opens the last chunk, which proves the length.
    pub fn confirm_length(&mut self, last_chunk: &[u8]) -> Result<(), Opaque> {
        let mut plain = Zeroizing::new(Vec::with_capacity(last_chunk.len()));
        self.check_size(self.chunks - 1, last_chunk)?;
        self.schedule.open_chunk(self.chunks - 1, last_chunk, &mut plain)?;
        self.length_confirmed = true;
        Ok(())
    }
    /// Which sealed bytes hold the plaintext `offset .. offset + length`: whole chunks. Empty for an empty
    /// range; refused past the end.
    pub fn chunk_range(&self, offset: u64, length: u64) -> Result<Range<u64>, Opaque> {
        let end = offset.checked_add(length).filter(|end| *end <= self.plain_bytes()).ok_or(Opaque)?;
        if length == 0 {
            return Ok(HEADER_BYTES as u64..HEADER_BYTES as u64);
        }
        let start = self.chunk(offset / CHUNK_BYTES as u64)?.start;
        Ok(start..self.chunk((end - 1) / CHUNK_BYTES as u64)?.end)
    }
    /// Opens chunk `index` from exactly its sealed bytes.
    pub fn open_chunk(&self, index: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        self.open_into(index, sealed, &mut plain)?;
        Ok(plain)
    }
    /// Opens the plaintext `offset .. offset + length` from the sealed bytes of
    /// [`chunk_range`](Self::chunk_range).
    pub fn open_range(&self, offset: u64, length: u64, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let range = self.chunk_range(offset, length)?;
        if range.end - range.start != sealed.len() as u64 {
            return Err(Opaque);
        }
        let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
        let first = offset / CHUNK_BYTES as u64;
        for (index, chunk) in (first..).zip(sealed.chunks(CHUNK_BYTES + TAG_BYTES)) {
            self.open_into(index, chunk, &mut plain)?;
        }
        let skip = usize::try_from(offset % CHUNK_BYTES as u64).map_err(|_| Opaque)?;
        let length = usize::try_from(length).map_err(|_| Opaque)?;
        let opened = plain.len();
        plain.drain(..skip.min(opened));
        plain.truncate(length);
        Ok(plain)
    }

    fn open_into(&self, index: u64, sealed: &[u8], plain: &mut Vec<u8>) -> Result<(), Opaque> {
        if !self.length_confirmed {
            return Err(Opaque);
        }
        self.check_size(index, sealed)?;
        self.schedule.open_chunk(index, sealed, plain)
    }
    fn check_size(&self, index: u64, sealed: &[u8]) -> Result<(), Opaque> {
        let range = self.chunk(index)?;
        if range.end - range.start == sealed.len() as u64 { Ok(()) } else { Err(Opaque) }
    }
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
        if bool::from(expected.as_slice().ct_eq(commitment)) { Ok(schedule) } else { Err(Opaque) }
    }
    fn derive(
        prefix: &[u8; PREFIX_BYTES],
        key: &Key,
        place: &Place,
        salt: &[u8; SALT_BYTES],
    ) -> (Self, [u8; COMMITMENT_BYTES]) {
        let mut okm = Zeroizing::new([0u8; KEY_BYTES + aead::NONCE_LEN + COMMITMENT_BYTES]);
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
            plain.truncate(start);
            return Err(Opaque);
        }
        Ok(())
    }
}

/// How many chunks `body` ciphertext bytes are; refused when no message has that length.
pub(crate) fn chunk_count(body: u64) -> Result<u64, Opaque> {
    let (full, last) = (body / SEALED_CHUNK_BYTES, body % SEALED_CHUNK_BYTES);
    if last < TAG_BYTES as u64 || full >= MAX_CHUNKS { Err(Opaque) } else { Ok(full + 1) }
}

pub(crate) fn sealed_len(plain: usize) -> usize {
    HEADER_BYTES + plain + (plain / CHUNK_BYTES + 1) * TAG_BYTES
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
