//! Chance that a test knows beforehand.

use domain::Random;
use std::sync::atomic::{AtomicU64, Ordering};

/// Different at every call, and the same in every run.
pub struct Counting(AtomicU64);

impl Counting {
    pub fn from(start: u64) -> Self {
        Self(AtomicU64::new(start))
    }
}

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// The same byte for ever.
pub struct Always(pub u8);

impl Random for Always {
    fn fill(&self, out: &mut [u8]) {
        out.fill(self.0);
    }
}
