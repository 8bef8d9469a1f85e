//! Handshakes under way, by where they come from: whoever connects and says nothing holds up only neighbours.

use parking_lot::Mutex;
use std::{collections::HashMap, net::IpAddr, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Where a connection comes from: an IPv4 address, or the 64 bits of an IPv6 address that one subscriber has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    V4(u32),
    V6(u64),
}

/// 256 IPv4 addresses, or the 48 bits of IPv6 that one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Range {
    V4(u32),
    V6(u64),
}

impl Source {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }

    pub(crate) fn range(self) -> Range {
        match self {
            Self::V4(bits) => Range::V4(bits >> 8),
            Self::V6(bits) => Range::V6(bits >> 16),
        }
    }
}

pub(crate) struct Sources {
    at_once: usize,
    all: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    sources: HashMap<Source, (usize, Arc<Semaphore>)>,
    ranges: HashMap<Range, usize>,
}

/// A connection that has not shown yet whose it is. Its place is given back when dropped.
pub(crate) struct Place {
    sources: Arc<Sources>,
    source: Source,
    turns: Arc<Semaphore>,
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    Source,
    Range,
    Door,
}

impl Crowded {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Range => "range",
            Self::Door => "door",
        }
    }
}

impl Sources {
    /// One source shakes hands `at_once` times at most; a range has half of `all` places.
    pub(crate) fn new(at_once: usize, all: usize) -> Arc<Self> {
        Arc::new(Self { at_once, all, held: Mutex::default() })
    }

    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Crowded> {
        let source = Source::of(address);
        let mut held = self.held.lock();
        let Held { all, sources, ranges } = &mut *held;
        if *all >= self.all {
            return Err(Crowded::Door);
        }
        if ranges.get(&source.range()).is_some_and(|count| *count >= self.all.div_ceil(2)) {
            return Err(Crowded::Range);
        }
        let (count, turns) =
            sources.entry(source).or_insert_with(|| (0, Arc::new(Semaphore::new(self.at_once))));
        if *count >= self.at_once * WAITING {
            return Err(Crowded::Source);
        }
        *count += 1;
        *all += 1;
        *ranges.entry(source.range()).or_default() += 1;
        Ok(Place { sources: Arc::clone(self), source, turns: turns.clone() })
    }
}

impl Place {
    /// Waits until the source has few enough handshakes under way.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        self.turns.clone().acquire_owned().await.ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.sources.held.lock();
        held.all -= 1;
        if let Some((count, _)) = held.sources.get_mut(&self.source) {
            *count -= 1;
            if *count == 0 {
                held.sources.remove(&self.source);
            }
        }
        let range = self.source.range();
        if let Some(count) = held.ranges.get_mut(&range) {
            *count -= 1;
            if *count == 0 {
                held.ranges.remove(&range);
            }
        }
    }
}

/// For each that shakes hands so many may wait, so that a dispatcher can open many connections at once.
const WAITING: usize = 4;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn take(sources: &Arc<Sources>, address: &str) -> Result<Place, Crowded> {
        sources.take(address.parse().unwrap())
    }

    #[test]
    fn one_source_leaves_places_to_its_range_and_a_range_to_others() {
        let sources = Sources::new(2, 40);
        let first: Vec<_> = std::iter::from_fn(|| take(&sources, "192.0.2.1").ok()).collect();
        assert_eq!(first.len(), 8);
        assert_eq!(take(&sources, "::ffff:192.0.2.1").err(), Some(Crowded::Source));
        let second: Vec<_> = std::iter::from_fn(|| take(&sources, "192.0.2.2").ok()).collect();
        let third: Vec<_> = std::iter::from_fn(|| take(&sources, "192.0.2.3").ok()).collect();
        assert_eq!((second.len(), third.len()), (8, 4));
        assert_eq!(take(&sources, "192.0.2.4").err(), Some(Crowded::Range));
        let mut other = vec![take(&sources, "192.0.3.1").unwrap()];
        other.extend((0..19).map_while(|n| take(&sources, &format!("198.51.{n}.1")).ok()));
        assert_eq!(other.len(), 20);
        assert_eq!(take(&sources, "203.0.113.1").err(), Some(Crowded::Door));
        drop((first, second, third, other));
        let held = sources.held.lock();
        assert!(held.all == 0 && held.sources.is_empty() && held.ranges.is_empty());
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_source_with_all_its_addresses() {
        let sources = Sources::new(1, 40);
        let own: Vec<_> = (0..9).map_while(|n| take(&sources, &format!("2001:db8:0:7::{n}")).ok()).collect();
        assert_eq!(own.len(), 4);
        let others: Vec<_> =
            (0..99).map_while(|n| take(&sources, &format!("2001:db8:0:{n:x}00::1")).ok()).collect();
        assert_eq!(others.len(), 16, "a /48 is one range");
        assert!(take(&sources, "2001:db8:1::1").is_ok());
    }

    #[tokio::test]
    async fn those_over_the_number_at_once_wait_for_their_turn() {
        let sources = Sources::new(1, 40);
        let one = take(&sources, "::1").unwrap();
        let two = take(&sources, "::1").unwrap();
        let turn = one.turn().await.unwrap();
        let waiting = tokio::spawn(async move { two.turn().await.is_some() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(turn);
        assert!(waiting.await.unwrap());
    }
}
