//! Log-in attempts under way.

use domain::{Random, Time, chance, text::hex};
use key_client::Nonce;
use std::{collections::HashMap, time::Duration};

/// The nonces that were given out and not used yet, by their SHA-256.
#[derive(Default)]
pub(crate) struct Nonces(HashMap<[u8; 32], Attempt>);

struct Attempt {
    provider: String,
    ends_at: Time,
}

impl Nonces {
    /// A new one, or `None` when too many attempts are under way.
    pub(crate) fn give(
        &mut self,
        provider: &str,
        lasts: Duration,
        now: Time,
        random: &dyn Random,
    ) -> Option<Nonce> {
        // Those that have ended are cleared away once a minute, not here: a flood must not cost more than it is.
        if self.0.len() >= MOST {
            return None;
        }
        let nonce = hex(&chance::bytes::<32>(random));
        let ends_at = now.plus(lasts);
        self.0.insert(vault::sha256(nonce.as_bytes()), Attempt { provider: provider.to_owned(), ends_at });
        Some(Nonce { nonce, ends_at })
    }
    /// Whether it was given out for `provider` and is in time. Whatever the answer, it is used up.
    pub(crate) fn take(&mut self, nonce: &str, provider: &str, now: Time) -> bool {
        let attempt = self.0.remove(&vault::sha256(nonce.as_bytes()));
        attempt.is_some_and(|attempt| attempt.provider == provider && now < attempt.ends_at)
    }
    pub(crate) fn forget_ended(&mut self, now: Time) {
        self.0.retain(|_, attempt| now < attempt.ends_at);
    }
}

/// Attempts under way at once; some 50 MB.
const MOST: usize = 400_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    const START: Time = Time::from_millis(1_700_000_000_000);
    const LASTS: Duration = Duration::from_secs(600);

    #[test]
    fn a_nonce_is_taken_once_for_its_provider_and_in_time() {
        let mut nonces = Nonces::default();
        let mut give = || nonces.give("demo", LASTS, START, &SystemRandom).unwrap();
        let (one, two, three) = (give(), give(), give());
        assert_eq!(one.nonce.len(), 64);
        assert!(nonces.take(&one.nonce, "demo", START));
        assert!(!nonces.take(&one.nonce, "demo", START), "used");
        assert!(!nonces.take(&two.nonce, "other", START), "another provider");
        assert!(!nonces.take(&two.nonce, "demo", START), "used up by the wrong try");
        assert!(!nonces.take(&three.nonce, "demo", three.ends_at), "too late");
        assert!(!nonces.take("", "demo", START) && !nonces.take("made up", "demo", START));
    }

    #[test]
    fn too_many_attempts_are_refused_until_some_have_ended() {
        let mut nonces = Nonces::default();
        (0..MOST).for_each(|_| drop(nonces.give("demo", LASTS, START, &SystemRandom)));
        assert!(nonces.give("demo", LASTS, START, &SystemRandom).is_none());
        nonces.forget_ended(START.plus(LASTS));
        assert!(nonces.give("demo", LASTS, START.plus(LASTS), &SystemRandom).is_some());
    }
}
