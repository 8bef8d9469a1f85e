//! Chance is given, not taken.

/// A source of random bytes. `vault::SystemRandom` is the one that runs; tests may count.
///
/// `ring` draws its own nonces and ephemeral keys and cannot be given this source.
pub trait Random: Send + Sync {
    /// Fills `out` with bytes that nobody can guess.
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}
