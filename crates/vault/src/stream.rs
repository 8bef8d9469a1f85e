//! The same format piece by piece: sealing in bounded memory, opening at any position.

pub use crate::chunks::{CHUNK_BYTES, HEADER_BYTES, TAG_BYTES, sealed_bytes};

use crate::{
    chunks::{SEALED_CHUNK_BYTES, Schedule, chunk_count},
    envelope,
    key::{Key, KeyId, Opaque},
    place::Place,
};
use domain::{Random, chance};
use std::ops::Range;
use zeroize::Zeroizing;

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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
