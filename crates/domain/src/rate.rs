//! How much of something in how much time.

use crate::Time;
use std::{borrow::Borrow, collections::HashMap, hash::Hash, time::Duration};

/// How a bucket fills: `count` tokens in `seconds`.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    count: u64,
    seconds: u64,
    /// Thousandths of a token that a full bucket has.
    most: u64,
}

/// A bucket that fills steadily and is emptied by use.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Thousandths of a token.
    left: u64,
    at: Time,
}

/// One bucket for each of those that are counted. Whoever was silent long enough is forgotten, since its bucket is full.
#[derive(Debug)]
pub struct RateLimiter<K> {
    rate: Rate,
    most: usize,
    buckets: HashMap<K, Bucket>,
    swept_at: Option<Time>,
}

/// What came of asking for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Yes,
    TooMuch,
    /// Let through without being counted: there are more to tell apart than there is room for, and this one was not known.
    Uncounted,
}

impl Rate {
    /// `count` in `seconds`, and as many at once.
    pub fn new(count: u32, seconds: u32) -> Self {
        Self { count: count.into(), seconds: seconds.max(1).into(), most: u64::from(count) * 1000 }
    }

    /// `per_second` on average, `burst` at once.
    pub fn with_burst(per_second: u32, burst: u32) -> Self {
        Self { count: per_second.into(), seconds: 1, most: u64::from(burst) * 1000 }
    }

    /// Thousandths of a token that come in so many milliseconds, and the milliseconds of the last one that is not whole.
    fn thousandths(self, milliseconds: u64) -> (u64, u64) {
        let parts = milliseconds.saturating_mul(self.count);
        (parts / self.seconds, (parts % self.seconds).checked_div(self.count).unwrap_or_default())
    }
}

impl Bucket {
    pub fn full(rate: Rate, now: Time) -> Self {
        Self { left: rate.most, at: now }
    }

    /// Takes all of `count` or nothing.
    pub fn take(&mut self, rate: Rate, count: u64, now: Time) -> bool {
        let passed = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let (filled, rest) = rate.thousandths(passed);
        // An instant is not used up before it has given something: many small steps are as good as a large one.
        if filled > 0 || now < self.at {
            self.left = self.left.saturating_add(filled).min(rate.most);
            self.at = now.minus(Duration::from_millis(rest));
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

impl<K: Eq + Hash> RateLimiter<K> {
    /// Tells `most` apart at the same time. When there are more, those that are not known yet are let through: a flood must
    /// not be what keeps everybody else out.
    pub fn new(rate: Rate, most: usize) -> Self {
        Self { rate, most, buckets: HashMap::new(), swept_at: None }
    }

    /// Takes all of `count` or nothing.
    pub fn take<Q>(&mut self, key: &Q, count: u64, now: Time) -> Taken
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let answer = |enough| if enough { Taken::Yes } else { Taken::TooMuch };
        if let Some(bucket) = self.buckets.get_mut(key) {
            return answer(bucket.take(self.rate, count, now));
        }
        if self.buckets.len() >= self.most && !self.make_room(now) {
            return Taken::Uncounted;
        }
        let mut bucket = Bucket::full(self.rate, now);
        let enough = bucket.take(self.rate, count, now);
        self.buckets.insert(key.to_owned(), bucket);
        answer(enough)
    }

    /// Whether nothing is left for it now.
    pub fn is_spent<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, now: Time) -> bool
    where
        K: Borrow<Q>,
    {
        let rate = self.rate;
        self.buckets.get_mut(key).is_some_and(|bucket| {
            bucket.take(rate, 0, now);
            bucket.left < 1000
        })
    }

    /// How many are told apart now.
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    pub fn forget_silent(&mut self, now: Time) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| !bucket.is_full(rate, now));
    }

    /// Looks through all of them now and then only: a flood must not buy a look at each of them with each call.
    fn make_room(&mut self, now: Time) -> bool {
        let lately = |at: Time| now.since(at).max(at.since(now)) < SWEPT_EVERY;
        if !self.swept_at.is_some_and(lately) {
            self.swept_at = Some(now);
            self.forget_silent(now);
        }
        self.buckets.len() < self.most
    }
}

const SWEPT_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut bucket = Bucket::full(rate, START);
        assert!(bucket.take(rate, 1, START));
        let steps = (19..=200_000).step_by(19);
        let taken = steps.filter(|ms| bucket.take(rate, 1, START.plus(Duration::from_millis(*ms)))).count();
        assert_eq!(taken, 19, "of 20 that come in 200 seconds, the last has a step to go");
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
    fn those_counted_are_metered_apart_and_forgotten_when_silent() {
        let mut limiter = RateLimiter::<String>::new(Rate::with_burst(1, 2), 10);
        assert_eq!(limiter.take("a", 2, START), Taken::Yes);
        assert_eq!(limiter.take("a", 1, START), Taken::TooMuch);
        assert_eq!(limiter.take("b", 2, START), Taken::Yes);
        assert!(limiter.is_spent("a", START) && !limiter.is_spent("c", START));
        limiter.forget_silent(START.plus(Duration::from_secs(1)));
        assert!(!limiter.is_spent("a", START.plus(Duration::from_secs(1))));
        assert_eq!(limiter.len(), 2);
        limiter.forget_silent(START.plus(Duration::from_secs(2)));
        assert!(limiter.is_empty());
    }

    #[test]
    fn a_full_table_lets_those_through_that_it_does_not_know() {
        let mut limiter = RateLimiter::<u32>::new(Rate::new(1, 60), 100);
        assert!((0..100).all(|n| limiter.take(&n, 1, START) == Taken::Yes));
        assert_eq!(limiter.take(&0, 1, START), Taken::TooMuch, "who is known is still counted");
        assert!((0..10).all(|_| limiter.take(&100, 1, START) == Taken::Uncounted));
        assert_eq!(limiter.len(), 100);
        let later = START.plus(Duration::from_secs(60));
        assert_eq!(limiter.take(&100, 1, later), Taken::Yes, "there is room again");
        assert_eq!(limiter.take(&100, 1, later), Taken::TooMuch);
    }
}
