//! How often something may be done from one place.

use domain::{
    ContactMac, Time,
    rate::{Rate, RateLimiter, Taken},
};
use parking_lot::Mutex;
use std::net::IpAddr;

/// Counts by key; one that it cannot tell apart for want of room is let through, and that is counted.
pub(crate) struct Limiter(Mutex<RateLimiter<Key>>);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An IPv4 address, or the first 64 bits of an IPv6 address: a household has as many of those as it likes.
    Address(u64),
    /// The first 24 bits of an IPv4 address, or the first 48 of an IPv6 address: what one customer of a provider of
    /// servers has, or one mobile network's street.
    Network(u64),
    /// A person, however often they log in.
    Person([u8; 16]),
    /// An address that codes are sent to, by its tag.
    Contact(ContactMac),
}

impl Key {
    fn address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::Address(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => Self::Address((u128::from(v6) >> 64) as u64 | IS_V6),
        }
    }

    fn network(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::Network(u64::from(u32::from(v4) >> 8)),
            IpAddr::V6(v6) => Self::Network((u128::from(v6) >> 80) as u64 | IS_V6),
        }
    }
}

impl Limiter {
    /// `most` in so many seconds, and as many at once.
    pub(crate) fn new(most: u32, seconds: u32) -> Self {
        Self(Mutex::new(RateLimiter::new(Rate::new(most, seconds), MOST_KEYS)))
    }

    /// Counts once more; false when that is too often.
    pub(crate) fn take(&self, key: Key, now: Time) -> bool {
        let taken = self.0.lock().take(&key, 1, now);
        if taken == Taken::Uncounted {
            metrics::counter!("kuvert_web_uncounted_total").increment(1);
        }
        taken != Taken::TooMuch
    }

    /// Whether it has been too often already.
    fn is_full(&self, key: Key, now: Time) -> bool {
        self.0.lock().is_spent(&key, now)
    }
}

/// Log-ins that begin, by address and by the network around it.
pub(crate) struct LogInStarts {
    address: Limiter,
    network: Limiter,
}

impl LogInStarts {
    /// So many a minute.
    pub(crate) fn new(per_address: u32, per_network: u32) -> Self {
        Self { address: Limiter::new(per_address, 60), network: Limiter::new(per_network, 60) }
    }

    /// Counts once more; false when that is too often. What one address does too much is not counted against its
    /// neighbours, and a network that has done too much takes no place in the table of addresses.
    pub(crate) fn take(&self, address: IpAddr, now: Time) -> bool {
        let network = Key::network(address);
        !self.network.is_full(network, now)
            && self.address.take(Key::address(address), now)
            && self.network.take(network, now)
    }
}

/// Memory has an end: some 10 MB.
const MOST_KEYS: usize = 100_000;
/// No address that is given out begins with it.
const IS_V6: u64 = 1 << 63;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::time::Duration;

    const START: Time = Time::from_millis(1_700_000_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn key(text: &str) -> Key {
        Key::address(ip(text))
    }

    /// The n-th household of 2001:db8:7::/48.
    fn household(n: u16) -> IpAddr {
        ip(&format!("2001:db8:7:{n:x}::1"))
    }

    #[test]
    fn too_often_from_one_place_waits_and_others_do_not() {
        let limiter = Limiter::new(3, 60);
        assert!((0..3).all(|_| limiter.take(key("192.0.2.1"), START)));
        assert!(!limiter.take(key("192.0.2.1"), START));
        assert!(limiter.take(key("192.0.2.2"), START));
        assert!(limiter.take(key("192.0.2.1"), START.plus(MINUTE)));
        let set_back = (0..3).filter(|_| limiter.take(key("192.0.2.1"), START)).count();
        assert_eq!(set_back, 2, "what was left when the clock was set back");
        assert!(
            (0..3).all(|_| limiter.take(key("192.0.2.1"), START.plus(MINUTE))),
            "and it fills by the new time"
        );
    }

    #[test]
    fn an_address_is_the_same_in_both_families_and_a_household_is_one() {
        assert!(key("::ffff:192.0.2.1") == key("192.0.2.1"));
        assert!(key("2001:db8:1:2::1") == key("2001:db8:1:2:3::4"));
        assert!(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
        assert!(Key::network(ip("2001:db8:1:2::1")) == Key::network(ip("2001:db8:1:3::1")));
        assert!(Key::network(ip("2001:db8:1::1")) != Key::network(ip("2001:db8:2::1")));
        assert!(Key::network(ip("::ffff:192.0.2.1")) == Key::network(ip("192.0.2.200")));
        assert!(Key::network(ip("192.0.2.1")) != Key::network(ip("192.0.3.1")));
    }

    #[test]
    fn a_full_table_lets_those_through_that_it_does_not_know() {
        let limiter = Limiter::new(1, 60);
        for n in 0..MOST_KEYS {
            assert!(limiter.take(Key::Address(n as u64), START));
        }
        assert!(!limiter.take(Key::Address(0), START), "who is known is still counted");
        for _ in 0..10 {
            assert!(limiter.take(key("192.0.2.1"), START));
        }
        assert_eq!(limiter.0.lock().len(), MOST_KEYS);
        assert!(limiter.take(key("192.0.2.1"), START.plus(MINUTE)));
        assert!(!limiter.take(key("192.0.2.1"), START.plus(MINUTE)), "there is room again");
    }

    #[test]
    fn a_network_of_many_households_has_a_limit_of_its_own() {
        let starts = LogInStarts::new(300, 3_000);
        let taken = (0..65_536).filter(|n| starts.take(household(*n as u16), START)).count();
        assert_eq!(taken, 3_000);
        assert_eq!(starts.address.0.lock().len(), 3_000, "no place for those that were refused");
        assert!(starts.take(ip("2001:db8:8::1"), START), "the next network");
        assert!(starts.take(ip("192.0.2.1"), START));
        assert!(starts.take(household(1), START.plus(MINUTE)));
    }

    #[test]
    fn one_address_does_not_shut_the_door_for_its_neighbours() {
        let starts = LogInStarts::new(3, 30);
        assert_eq!((0..1_000).filter(|_| starts.take(ip("192.0.2.1"), START)).count(), 3);
        assert!(starts.take(ip("192.0.2.2"), START));
    }
}
