//! How much of something in how much time.

use domain::Time;
use std::{collections::HashMap, hash::Hash};

/// A bucket that fills steadily and is emptied by use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Thousandths of a token.
    left: u64,
    at: Time,
}

/// How a bucket fills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    per_second_thousandths: u64,
    most: u64,
}

impl Rate {
    /// `count` in `seconds`, and as many at once.
    pub(crate) fn new(count: u32, seconds: u32) -> Self {
        Self {
            per_second_thousandths: u64::from(count) * 1000 / u64::from(seconds.max(1)),
            most: u64::from(count) * 1000,
        }
    }

    /// `per_second` on average, `burst` at once.
    pub(crate) fn with_burst(per_second: u32, burst: u32) -> Self {
        Self { per_second_thousandths: u64::from(per_second) * 1000, most: u64::from(burst) * 1000 }
    }
}

impl Bucket {
    pub(crate) fn full(rate: Rate, now: Time) -> Self {
        Self { left: rate.most, at: now }
    }

    /// Takes all of `count` or nothing.
    pub(crate) fn take(&mut self, rate: Rate, count: u64, now: Time) -> bool {
        let passed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let filled = passed.saturating_mul(rate.per_second_thousandths) / 1000;
        // An instant is not used up before it has given something: many small steps are as good as a large one.
        if filled > 0 || now < self.at {
            self.left = self.left.saturating_add(filled).min(rate.most);
            self.at = now;
        }
        let wanted = count.saturating_mul(1000);
        let enough = self.left >= wanted;
        if enough {
            self.left -= wanted;
        }
        enough
    }

    fn is_full(&mut self, rate: Rate, now: Time) -> bool {
        self.take(rate, 0, now);
        self.left == rate.most
    }
}

/// One bucket for each caller. A caller that was silent long enough is forgotten, since its bucket is full.
#[derive(Debug)]
pub(crate) struct Meter<K> {
    rate: Rate,
    buckets: HashMap<K, Bucket>,
}

impl<K: Eq + Hash> Meter<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: HashMap::new() }
    }

    pub(crate) fn take<Q>(&mut self, caller: &Q, count: u64, now: Time) -> bool
    where
        K: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(bucket) = self.buckets.get_mut(caller) {
            return bucket.take(self.rate, count, now);
        }
        let mut bucket = Bucket::full(self.rate, now);
        let enough = bucket.take(self.rate, count, now);
        self.buckets.insert(caller.to_owned(), bucket);
        enough
    }

    pub(crate) fn forget_silent(&mut self, now: Time) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: Time = Time::from_millis(1_700_000_000_000);

    #[test]
    fn sixty_in_ten_seconds_and_then_six_a_second() {
        let rate = Rate::new(60, 10);
        let mut bucket = Bucket::full(rate, START);
        assert!((0..60).all(|_| bucket.take(rate, 1, START)));
        assert!(!bucket.take(rate, 1, START));
        let later = START.plus(Duration::from_secs(1));
        assert_eq!((0..60).filter(|_| bucket.take(rate, 1, later)).count(), 6);
    }

    #[test]
    fn many_small_steps_fill_as_much_as_a_large_one() {
        let rate = Rate::new(1, 10);
        let mut bucket = Bucket::full(rate, START);
        assert!(bucket.take(rate, 1, START));
        let taken =
            (1..=20_000).filter(|ms| bucket.take(rate, 1, START.plus(Duration::from_millis(*ms)))).count();
        assert_eq!(taken, 2);
    }

    #[test]
    fn what_is_too_much_takes_nothing_and_a_clock_set_back_does_no_harm() {
        let rate = Rate::with_burst(10, 100);
        let mut bucket = Bucket::full(rate, START);
        assert!(!bucket.take(rate, 101, START));
        assert!(bucket.take(rate, 100, START));
        assert!(!bucket.take(rate, 1, START.minus(Duration::from_secs(60))));
        assert!(bucket.take(rate, 10, START.minus(Duration::from_secs(59))));
    }

    #[test]
    fn callers_are_metered_apart_and_forgotten_when_silent() {
        let mut meter = Meter::<String>::new(Rate::with_burst(1, 2));
        assert!(meter.take("a", 2, START) && !meter.take("a", 1, START) && meter.take("b", 2, START));
        meter.forget_silent(START.plus(Duration::from_secs(1)));
        assert_eq!(meter.buckets.len(), 2);
        meter.forget_silent(START.plus(Duration::from_secs(2)));
        assert!(meter.buckets.is_empty());
    }
}
