//! How much of a door one party may hold, so that a single hacked system cannot shut out all others.

use crate::sources::{Range, Source};
use domain::OrgNumber;
use parking_lot::Mutex;
use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};
use tokio::{sync::Notify, time::timeout};

/// Whose a connection is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// An organisation by a certificate that is registered for it, whichever of them.
    Organisation(OrgNumber),
    /// Whoever has a certificate that is not registered, by the organisation that it names.
    Stranger(Option<OrgNumber>),
    /// On a door without client certificates.
    Source(Source),
    /// A proxy that is trusted, behind which are many.
    Proxy(Source),
}

/// A door's connections by whose they are.
pub(crate) struct Shares {
    most: usize,
    held: Mutex<Held>,
    freed: Notify,
}

#[derive(Default)]
struct Held {
    all: usize,
    strangers: usize,
    by_holder: HashMap<Holder, usize>,
    /// Of sources, all of one network together.
    by_range: HashMap<Range, usize>,
}

/// One connection; given back when dropped.
pub(crate) struct Share {
    shares: Arc<Shares>,
    holder: Holder,
}

impl Holder {
    /// The network whose addresses together have one share: whoever has a /48 has 65,536 sources.
    fn range(&self) -> Option<Range> {
        match self {
            Self::Source(source) => Some(source.range()),
            Self::Organisation(_) | Self::Stranger(_) | Self::Proxy(_) => None,
        }
    }
}

impl Shares {
    pub(crate) fn of(connections: usize) -> Arc<Self> {
        Arc::new(Self { most: connections.max(2), held: Mutex::default(), freed: Notify::new() })
    }

    /// A connection for this holder, as soon as there is one, but not later.
    pub(crate) async fn take_within(self: &Arc<Self>, time: Duration, holder: &Holder) -> Option<Share> {
        let one = async {
            loop {
                let mut freed = std::pin::pin!(self.freed.notified());
                // Before it is looked whether there is one: what is freed in between must not be missed.
                freed.as_mut().enable();
                if let Some(share) = self.take(holder) {
                    return share;
                }
                freed.await;
            }
        };
        timeout(time, one).await.ok()
    }

    /// One holder has at most as many as are free after it (the dynamic threshold of Choudhury and Hahne): alone half,
    /// two a third each, and there is always one left for who comes late. So has one network.
    fn take(self: &Arc<Self>, holder: &Holder) -> Option<Share> {
        let mut held = self.held.lock();
        let own = held.by_holder.get(holder).copied().unwrap_or_default() + 1;
        let range = holder.range();
        let of_range = range.and_then(|range| held.by_range.get(&range)).copied().unwrap_or_default() + 1;
        let all = held.all + 1;
        let free = self.most.saturating_sub(all);
        let fits = match holder {
            // An eighth stays free for who comes past the proxy, such as whoever is to mend it.
            Holder::Proxy(_) => own <= self.most - self.most / 8 && all <= self.most,
            Holder::Organisation(_) | Holder::Source(_) => {
                own.max(of_range) <= free.max(1) && all <= self.most
            }
            Holder::Stranger(_) => {
                let few = STRANGERS.min(self.most.div_ceil(4));
                own <= STRANGER.min(free) && held.strangers < few
            }
        };
        if !fits {
            return None;
        }
        held.all = all;
        held.strangers += usize::from(matches!(holder, Holder::Stranger(_)));
        held.by_holder.insert(holder.clone(), own);
        if let Some(range) = range {
            held.by_range.insert(range, of_range);
        }
        Some(Share { shares: Arc::clone(self), holder: holder.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held.lock();
        held.all -= 1;
        held.strangers -= usize::from(matches!(self.holder, Holder::Stranger(_)));
        give_back(&mut held.by_holder, &self.holder);
        if let Some(range) = self.holder.range() {
            give_back(&mut held.by_range, &range);
        }
        drop(held);
        // All of them: which of those who wait may have it depends on whose they are.
        self.shares.freed.notify_waiters();
    }
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

/// Connections of strangers in all, and of one: enough to be told what is wrong.
const STRANGERS: usize = 32;
const STRANGER: usize = 4;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const NUMBERS: [&str; 3] = ["164020000016", "164020000024", "164020000032"];

    fn org(no: usize) -> OrgNumber {
        OrgNumber::parse(NUMBERS[no]).unwrap()
    }

    fn all(shares: &Arc<Shares>, holder: &Holder) -> Vec<Share> {
        std::iter::from_fn(|| shares.take(holder)).collect()
    }

    #[test]
    fn an_organisation_holds_half_of_a_door_and_a_late_one_finds_room() {
        let shares = Shares::of(120);
        let one = all(&shares, &Holder::Organisation(org(0)));
        assert_eq!(one.len(), 60);
        let two = all(&shares, &Holder::Organisation(org(1)));
        assert_eq!(two.len(), 30);
        assert_eq!(all(&shares, &Holder::Organisation(org(2))).len(), 15);
        drop((one, two));
        assert_eq!(shares.held.lock().all, 0);
        assert!(shares.held.lock().by_holder.is_empty());
    }

    #[test]
    fn strangers_have_few_between_them() {
        let shares = Shares::of(1024);
        let own = all(&shares, &Holder::Stranger(Some(org(0))));
        assert_eq!(own.len(), STRANGER);
        let others: Vec<_> = (0..100u32)
            .filter_map(|no| {
                let nine = format!("16402{no:06}");
                let number = (0..10).find_map(|last| OrgNumber::parse(&format!("{nine}{last}")).ok());
                shares.take(&Holder::Stranger(number))
            })
            .collect();
        assert_eq!(own.len() + others.len(), STRANGERS);
        assert!(shares.take(&Holder::Stranger(None)).is_none());
        assert!(shares.take(&Holder::Organisation(org(0))).is_some(), "its own share is another");
        drop((own, others));
        assert_eq!(shares.held.lock().strangers, 0);
    }

    #[test]
    fn a_trusted_proxy_may_have_nearly_all_and_other_sources_their_share() {
        let source = |text: &str| Holder::Source(Source::of(text.parse().unwrap()));
        let proxy = Holder::Proxy(Source::of([127, 0, 0, 1].into()));
        assert_eq!(all(&Shares::of(16), &proxy).len(), 14);
        let shares = Shares::of(8);
        let one = all(&shares, &source("192.0.2.1"));
        assert_eq!(one.len(), 4);
        assert!(shares.take(&source("198.51.100.2")).is_some());
    }

    #[test]
    fn a_network_has_the_share_of_one_however_many_addresses_it_has() {
        for (of_one, other) in [
            ("2001:db8:1", "2001:db8:2::1"),
            ("203.0.113", "198.51.100.1"),
            ("::ffff:203.0.113", "2001:db8:2::1"),
        ] {
            let source = |text: &str| Holder::Source(Source::of(text.parse().unwrap()));
            let shares = Shares::of(120);
            let held: Vec<_> = (0..256)
                .filter_map(|no| {
                    let by = if of_one.contains("db8") {
                        format!("{of_one}:{no:x}::1")
                    } else {
                        format!("{of_one}.{no}")
                    };
                    shares.take(&source(&by))
                })
                .collect();
            assert_eq!(held.len(), 60, "{of_one}");
            assert!(shares.take(&source(other)).is_some(), "{other}");
            drop(held);
            let left = shares.held.lock();
            assert!(left.all == 0 && left.by_holder.is_empty() && left.by_range.is_empty());
        }
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_a_little_for_one_that_ends() {
        let shares = Shares::of(8);
        let holder = Holder::Organisation(org(0));
        let mut held = all(&shares, &holder);
        assert!(shares.take_within(Duration::from_millis(1), &holder).await.is_none());
        let again = shares.clone();
        let wanted = holder.clone();
        let waiting =
            tokio::spawn(async move { again.take_within(Duration::from_secs(60), &wanted).await.is_some() });
        tokio::task::yield_now().await;
        held.pop();
        assert!(waiting.await.unwrap());
    }
}
