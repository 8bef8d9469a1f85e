//! How other operators answer, as this process remembers it: one that is silent costs no letter a time-out, and no
//! operator takes all the places.

use domain::{OrgNumber, Time};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All that letters go to.
#[derive(Default)]
pub(super) struct Operators(Mutex<HashMap<OrgNumber, Operator>>);

struct Operator {
    places: Arc<Semaphore>,
    /// Set: it did not answer the last time, and is not asked before this.
    silent_until: Option<Time>,
    /// The turn of the one letter that asks it after a silence.
    asks: Weak<()>,
    /// When what waits for it was last made due.
    hastened_at: Option<Time>,
}

/// Held while an operator is called.
pub(super) struct Turn {
    operator: OrgNumber,
    _place: OwnedSemaphorePermit,
    _asks: Arc<()>,
}

/// Why an operator is not called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoTurn {
    /// It has just not answered.
    Silent,
    /// As many letters go to it as may at a time.
    Busy,
}

impl NoTurn {
    /// Stable word for what was not sent.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Busy => "busy",
        }
    }
}

impl Turn {
    pub(super) fn is_at(&self, operator: &OrgNumber) -> bool {
        self.operator == *operator
    }
}

impl Operators {
    /// Whether it may be called now: not soon after a silence, then by one letter at a time, and never by more than its
    /// places.
    pub(super) fn turn(&self, operator: &OrgNumber, now: Time) -> Result<Turn, NoTurn> {
        self.with(operator, |one| {
            if one.silent_until.is_some_and(|until| now < until || one.asks.strong_count() > 0) {
                return Err(NoTurn::Silent);
            }
            let place = Arc::clone(&one.places).try_acquire_owned().map_err(|_| NoTurn::Busy)?;
            let asks = Arc::new(());
            one.asks = Arc::downgrade(&asks);
            Ok(Turn { operator: operator.clone(), _place: place, _asks: asks })
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

    /// Whether to make due what waits for it: false where that was done just now.
    pub(super) fn hastens(&self, operator: &OrgNumber, now: Time) -> bool {
        self.with(operator, |one| {
            let hastens = one.hastened_at.is_none_or(|last| now >= last.plus(HASTEN_AGAIN));
            if hastens {
                one.hastened_at = Some(now);
            }
            hastens
        })
    }

    /// It went wrong, and is to be done again.
    pub(super) fn not_hastened(&self, operator: &OrgNumber) {
        self.with(operator, |one| one.hastened_at = None);
    }

    fn with<T>(&self, operator: &OrgNumber, act: impl FnOnce(&mut Operator) -> T) -> T {
        let mut all = self.0.lock();
        act(all.entry(operator.clone()).or_insert_with(|| Operator {
            places: Arc::new(Semaphore::new(PLACES)),
            silent_until: None,
            asks: Weak::new(),
            hastened_at: None,
        }))
    }
}

/// Letters on their way to one operator at the same time: half of those that are worked on.
const PLACES: usize = super::AT_ONCE / 2;
/// Less than the first wait, so that an operator with one letter is asked as often as ever.
const SILENCE: Duration = Duration::from_secs(4);
const HASTEN_AGAIN: Duration = Duration::from_secs(5);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_800_000_000_000);

    fn org(number: &str) -> OrgNumber {
        OrgNumber::parse(number).unwrap()
    }

    #[test]
    fn a_silent_operator_is_asked_by_one_letter_at_a_time() {
        let operators = Operators::default();
        let ladan = org("164020000065");
        let why = |at| operators.turn(&ladan, at).err();
        let one = operators.turn(&ladan, NOW);
        let two = operators.turn(&ladan, NOW);
        assert!(one.is_ok() && two.is_ok());
        assert!(!operators.heard(&ladan, false, NOW) && operators.is_silent(&ladan));
        drop((one, two));
        assert_eq!(why(NOW), Some(NoTurn::Silent));
        assert!(operators.turn(&org("164020000073"), NOW).is_ok());
        let later = NOW.plus(SILENCE);
        let asks = operators.turn(&ladan, later);
        assert!(asks.is_ok_and(|turn| turn.is_at(&ladan) && why(later) == Some(NoTurn::Silent)));
        // Ended without a word, as when the service stops.
        let asks = operators.turn(&ladan, later);
        assert!(asks.is_ok() && operators.heard(&ladan, true, later));
        assert!(why(later).is_none() && !operators.is_silent(&ladan));
    }

    #[test]
    fn what_waits_is_made_due_again_when_that_went_wrong() {
        let operators = Operators::default();
        let ladan = org("164020000065");
        assert!(operators.hastens(&ladan, NOW) && !operators.hastens(&ladan, NOW));
        operators.not_hastened(&ladan);
        assert!(operators.hastens(&ladan, NOW) && operators.hastens(&ladan, NOW.plus(HASTEN_AGAIN)));
    }

    #[test]
    fn one_operator_has_half_of_the_places() {
        let operators = Operators::default();
        let ladan = org("164020000065");
        let held: Vec<_> = std::iter::from_fn(|| operators.turn(&ladan, NOW).ok()).collect();
        assert_eq!(held.len(), super::super::AT_ONCE / 2);
        assert_eq!(operators.turn(&ladan, NOW).err(), Some(NoTurn::Busy));
        assert!(operators.turn(&org("164020000073"), NOW).is_ok());
        drop(held);
        assert!(operators.turn(&ladan, NOW).is_ok());
    }
}
