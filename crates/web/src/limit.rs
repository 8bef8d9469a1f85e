//! How often something may be done from one place.

use domain::Time;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Counts in windows of fixed length.
pub(crate) struct Limiter {
    most: u32,
    window: Duration,
    counts: Mutex<HashMap<Key, (Time, u32)>>,
}

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An IPv4 address, or the first 64 bits of an IPv6 address: a household has as many of those as it likes.
    Address(u64),
    /// A person, however often they log in.
    Person([u8; 16]),
    /// An address that codes are sent to, by its tag.
    Contact([u8; 32]),
}

impl From<IpAddr> for Key {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::Address(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => Self::Address((u128::from(v6) >> 64) as u64 | 1 << 63),
        }
    }
}

impl Limiter {
    pub(crate) fn new(most: u32, window: Duration) -> Self {
        Self { most, window, counts: Mutex::default() }
    }

    /// Counts once more; false when that is too often.
    pub(crate) fn take(&self, key: Key, now: Time) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST_KEYS {
            counts.retain(|_, (since, _)| now.since(*since) < self.window);
        }
        if counts.len() >= MOST_KEYS && !counts.contains_key(&key) {
            return false;
        }
        let (since, count) = counts.entry(key).or_insert((now, 0));
        if now.since(*since) >= self.window {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= self.most
    }
}

/// Memory has an end; beyond this many places at once, new ones wait.
const MOST_KEYS: usize = 100_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn too_often_from_one_place_waits_and_others_do_not() {
        let limiter = Limiter::new(3, Duration::from_secs(60));
        let now = Time::from_millis(1_700_000_000_000);
        assert!((0..3).all(|_| limiter.take(key("192.0.2.1"), now)));
        assert!(!limiter.take(key("192.0.2.1"), now));
        assert!(limiter.take(key("192.0.2.2"), now));
        assert!(limiter.take(key("192.0.2.1"), now.plus(Duration::from_secs(60))));
    }

    #[test]
    fn an_address_is_the_same_in_both_families_and_a_household_is_one() {
        assert!(key("::ffff:192.0.2.1") == key("192.0.2.1"));
        assert!(key("2001:db8:1:2::1") == key("2001:db8:1:2:3::4"));
        assert!(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
    }
}
