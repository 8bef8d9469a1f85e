//! The one symmetric format, whole buffers.
//!
//! `"KV1"`, suite 1, key id (8), then C2SP chunked-encryption instantiated as Cobblestone-256:
//! salt (24), commitment (32), chunks. The first twelve bytes and the [`Place`] are its context.

use crate::{
    chunks::{CHUNK_BYTES, HEADER_BYTES, Schedule, TAG_BYTES, chunk_count, sealed_bytes},
    key::{Key, KeyId, Opaque},
    place::Place,
};
use domain::{Random, chance};
use zeroize::Zeroizing;

pub(crate) const PREFIX_BYTES: usize = 12;
const MAGIC: [u8; 3] = *b"KV1";
const SUITE: u8 = 1;

/// Seals `plain` for `place` under `key`, whose name goes in front.
pub fn seal(key_id: KeyId, key: &Key, place: &Place, plain: &[u8], random: &dyn Random) -> Vec<u8> {
    let (schedule, header) = Schedule::new(&prefix(key_id), key, place, chance::bytes(random));
    let mut out = Vec::with_capacity(sealed_bytes(plain.len() as u64) as usize);
    out.extend_from_slice(&header);
    let mut chunks = plain.chunks_exact(CHUNK_BYTES);
    let mut index = 0;
    for chunk in &mut chunks {
        schedule.seal_chunk(index, chunk, &mut out);
        index += 1;
    }
    schedule.seal_chunk(index, chunks.remainder(), &mut out);
    out
}

/// Opens what [`seal`] or [`Sealer`](crate::stream::Sealer) made for the same place.
pub fn open(key: &Key, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Opaque> {
    let (header, body) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(Opaque)?;
    // From the length alone, before anything is opened: the last chunk is the one that is short, so one that
    // was cut off at a chunk's edge has no valid count.
    let count = chunk_count(body.len() as u64)?;
    let schedule = Schedule::from_header(header, key, place)?;
    // Capacity for the ciphertext too: each chunk is opened where it lands, and the buffer never moves.
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    for (index, chunk) in (0..count).zip(chunks_of(body)) {
        schedule.open_chunk(index, chunk, &mut plain)?;
    }
    Ok(plain)
}

/// The name of the key that opens `sealed`.
pub fn key_id(sealed: &[u8]) -> Result<KeyId, Opaque> {
    let (start, rest) = sealed.split_first_chunk::<4>().ok_or(Opaque)?;
    if start[..3] != MAGIC || start[3] != SUITE {
        return Err(Opaque);
    }
    KeyId::from_slice(rest.get(..8).ok_or(Opaque)?)
}

pub(crate) fn prefix(key_id: KeyId) -> [u8; PREFIX_BYTES] {
    let mut prefix = [0; PREFIX_BYTES];
    prefix[..3].copy_from_slice(&MAGIC);
    prefix[3] = SUITE;
    prefix[4..].copy_from_slice(key_id.as_bytes());
    prefix
}

/// All full chunks, then the short one that must follow (its tag alone when it is empty).
fn chunks_of(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.chunks(CHUNK_BYTES + TAG_BYTES)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
