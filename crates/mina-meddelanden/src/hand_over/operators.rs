//! How other operators answer, as this process remembers it: one that is silent costs no letter a time-out, and no
//! operator takes all the places.

use domain::{OrgNumber, Time};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All that letters go to.
pub(super) struct Operators {
    all: Arc<Semaphore>,
    of: Mutex<HashMap<OrgNumber, Operator>>,
}

struct Operator {
    own: Arc<Semaphore>,
    /// Set: it did not answer the last time, and is not asked before this.
    silent_until: Option<Time>,
    /// The turn of the one letter that asks it after a silence.
    asks: Weak<()>,
    /// When what waits for it was last made due.
    hastened_at: Option<Time>,
}

/// A place among the letters that are worked on.
pub(super) struct Place {
    _own: Option<OwnedSemaphorePermit>,
    _all: Option<OwnedSemaphorePermit>,
}

/// Held while an operator is called.
pub(super) struct Turn {
    _asks: Arc<()>,
}

impl Operators {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(AT_ONCE)), of: Mutex::default() }
    }

    /// Waits for a place. Whoever waits for one operator holds none of the places that all share.
    pub(super) async fn place(&self, operator: &OrgNumber) -> Place {
        let own = self.with(operator, |one| Arc::clone(&one.own));
        let own = own.acquire_owned().await.ok();
        Place { _own: own, _all: Arc::clone(&self.all).acquire_owned().await.ok() }
    }

    /// Whether it may be called now: not soon after a silence, and then by one letter at a time.
    pub(super) fn turn(&self, operator: &OrgNumber, now: Time) -> Option<Turn> {
        self.with(operator, |one| {
            let asks = Arc::new(());
            if let Some(until) = one.silent_until {
                if now < until || one.asks.strong_count() > 0 {
                    return None;
                }
                one.asks = Arc::downgrade(&asks);
            }
            Some(Turn { _asks: asks })
        })
    }

    /// Whether it answered. Tells whether it had been silent before.
    pub(super) fn heard(&self, operator: &OrgNumber, answered: bool, now: Time) -> bool {
        let until = (!answered).then(|| now.plus(SILENCE));
        self.with(operator, |one| std::mem::replace(&mut one.silent_until, until).is_some())
    }

    pub(super) fn is_silent(&self, operator: &OrgNumber) -> bool {
        self.with(operator, |one| one.silent_until.is_some())
    }

    /// Whether what waits for it has not been made due just now.
    pub(super) fn may_hasten(&self, operator: &OrgNumber, now: Time) -> bool {
        self.with(operator, |one| one.hastened_at.is_none_or(|last| now >= last.plus(HASTEN_AGAIN)))
    }

    pub(super) fn hastened(&self, operator: &OrgNumber, now: Time) {
        self.with(operator, |one| one.hastened_at = Some(now));
    }

    fn with<T>(&self, operator: &OrgNumber, act: impl FnOnce(&mut Operator) -> T) -> T {
        let mut all = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        act(all.entry(operator.clone()).or_insert_with(|| Operator {
            own: Arc::new(Semaphore::new(AT_ONCE / 2)),
            silent_until: None,
            asks: Weak::new(),
            hastened_at: None,
        }))
    }
}

/// Letters on their way at the same time; half of them to one operator.
const AT_ONCE: usize = 16;
/// Less than the first wait, so that an operator with one letter is asked as often as ever.
const SILENCE: Duration = Duration::from_secs(4);
const HASTEN_AGAIN: Duration = Duration::from_secs(5);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::{future::Future, pin::pin, task};

    const NOW: Time = Time::from_millis(1_800_000_000_000);

    fn org(number: &str) -> OrgNumber {
        OrgNumber::parse(number).unwrap()
    }

    #[test]
    fn a_silent_operator_is_asked_by_one_letter_at_a_time() {
        let (operators, ladan) = (Operators::new(), org("164020000065"));
        let (one, two) = (operators.turn(&ladan, NOW), operators.turn(&ladan, NOW));
        assert!(one.is_some() && two.is_some());
        assert!(!operators.heard(&ladan, false, NOW) && operators.is_silent(&ladan));
        assert!(operators.turn(&ladan, NOW).is_none());
        assert!(operators.turn(&org("164020000073"), NOW).is_some());
        let later = NOW.plus(SILENCE);
        let asks = operators.turn(&ladan, later);
        assert!(asks.is_some() && operators.turn(&ladan, later).is_none());
        // Ended without a word, as when the service stops.
        drop(asks);
        let asks = operators.turn(&ladan, later);
        assert!(asks.is_some() && operators.heard(&ladan, true, later));
        assert!(operators.turn(&ladan, later).is_some() && !operators.is_silent(&ladan));
    }

    #[test]
    fn what_waits_is_made_due_again_when_that_went_wrong() {
        let (operators, ladan) = (Operators::new(), org("164020000065"));
        assert!(operators.may_hasten(&ladan, NOW) && operators.may_hasten(&ladan, NOW));
        operators.hastened(&ladan, NOW);
        assert!(!operators.may_hasten(&ladan, NOW) && operators.may_hasten(&ladan, NOW.plus(HASTEN_AGAIN)));
    }

    #[test]
    fn one_operator_has_half_of_the_places() {
        let (operators, ladan) = (Operators::new(), org("164020000065"));
        let now = |operator: &OrgNumber| {
            let mut context = task::Context::from_waker(task::Waker::noop());
            match pin!(operators.place(operator)).poll(&mut context) {
                task::Poll::Ready(place) => Some(place),
                task::Poll::Pending => None,
            }
        };
        let held: Vec<_> = std::iter::from_fn(|| now(&ladan)).collect();
        assert_eq!(held.len(), AT_ONCE / 2);
        assert!(now(&org("164020000073")).is_some());
        drop(held);
        assert!(now(&ladan).is_some());
    }
}
