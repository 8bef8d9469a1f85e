//! The source of chance that runs.

use domain::Random;
use ring::rand::SecureRandom;

/// The operating system's random bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// Ends the process when the system has no random bytes to give: nothing sealed without them would be safe.
    fn fill(&self, out: &mut [u8]) {
        ring::rand::SystemRandom::new().fill(out).expect("the operating system gives random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        assert_ne!(domain::chance::bytes::<32>(&SystemRandom), domain::chance::bytes::<32>(&SystemRandom));
    }
}
