//! What the key service has lately released, kept for minutes so that turning a page or reading a range of a
//! file does not ask again. Bound to the log-in: another log-in asks anew, and stands in the history anew.

use domain::{Expiring, LetterId, Time};
use key_client::GrantToken;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

pub(crate) struct Recent<T>(Mutex<Expiring<(Login, LetterId), Arc<T>>>);

type Login = [u8; 32];

impl<T> Recent<T> {
    /// Keeps `most` at most.
    pub(crate) fn new(most: usize) -> Self {
        Self(Mutex::new(Expiring::new(most, KEPT_FOR)))
    }

    pub(crate) fn get(&self, grant: &GrantToken, letter: LetterId, now: Time) -> Option<Arc<T>> {
        self.0.lock().get(&(grant.hash(), letter), now).map(Arc::clone)
    }

    pub(crate) fn put(&self, grant: &GrantToken, letter: LetterId, now: Time, value: Arc<T>) {
        self.0.lock().put((grant.hash(), letter), value, now);
    }

    /// Forgets a letter, whoever opened it.
    pub(crate) fn forget_letter(&self, letter: LetterId) {
        self.0.lock().retain(|(_, kept), _| *kept != letter);
    }

    pub(crate) fn forget_login(&self, grant: &GrantToken) {
        let login = grant.hash();
        self.0.lock().retain(|(kept, _), _| *kept != login);
    }
}

const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

#[cfg(test)]
mod tests {
    use super::*;
    use vault::SystemRandom;

    #[test]
    fn it_is_kept_for_one_log_in_and_for_minutes_only() {
        let recent = Recent::new(8);
        let mine = GrantToken::random(&SystemRandom);
        let other = GrantToken::random(&SystemRandom);
        let now = Time::from_millis(1_700_000_000_000);
        let letter = LetterId::new(now, &SystemRandom);
        recent.put(&mine, letter, now, Arc::new(7));
        assert_eq!(recent.get(&mine, letter, now).as_deref(), Some(&7));
        assert!(recent.get(&other, letter, now).is_none());
        assert!(recent.get(&mine, letter, now.plus(KEPT_FOR)).is_none());
        recent.forget_login(&other);
        assert!(recent.get(&mine, letter, now).is_some());
        recent.forget_letter(letter);
        assert!(recent.get(&mine, letter, now).is_none());
    }

    #[test]
    fn it_never_grows_beyond_its_size() {
        let recent = Recent::new(8);
        let grant = GrantToken::random(&SystemRandom);
        for n in 0..1000 {
            let now = Time::from_millis(1_700_000_000_000 + n);
            recent.put(&grant, LetterId::new(now, &SystemRandom), now, Arc::new(n));
            assert!(recent.0.lock().len() <= 8);
        }
    }
}
