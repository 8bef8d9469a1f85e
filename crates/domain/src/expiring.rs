//! What is kept for a while and in bounded memory: answers that may be asked for again.

use crate::Time;
use std::{borrow::Borrow, collections::HashMap, hash::Hash, time::Duration};

/// A map of bounded size whose entries have an age. Full of young ones, it forgets the older half: so what is put in costs
/// the same however full it is. Only for what can be had again; nothing that decides may rest on an entry being there.
#[derive(Debug)]
pub struct Expiring<K, V> {
    life: Duration,
    most: usize,
    held: HashMap<K, Entry<V>>,
    /// Entries put so far.
    count: u64,
}

#[derive(Debug)]
struct Entry<V> {
    since: Time,
    /// Its place among all that were ever put: instants alone would not tell apart what came in one burst.
    no: u64,
    value: V,
}

impl<K: Eq + Hash, V> Expiring<K, V> {
    /// Entries count for `life`, and there are `most` at most.
    pub fn new(most: usize, life: Duration) -> Self {
        Self { life, most: most.max(1), held: HashMap::new(), count: 0 }
    }

    /// What was put there less than its life ago.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: Time) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.within(key, now, self.life)
    }

    /// What was put there less than `age` ago, where that is less than its life.
    pub fn within<Q: Eq + Hash + ?Sized>(&self, key: &Q, now: Time, age: Duration) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.held.get(key)?;
        (now.since(entry.since) < age.min(self.life)).then_some(&entry.value)
    }

    /// All that count now, each with when it was put there.
    pub fn iter(&self, now: Time) -> impl Iterator<Item = (Time, &V)> {
        let young = self.held.values().filter(move |entry| now.since(entry.since) < self.life);
        young.map(|entry| (entry.since, &entry.value))
    }

    pub fn put(&mut self, key: K, value: V, now: Time) {
        if self.held.len() >= self.most && !self.held.contains_key(&key) {
            self.forget_ended(now);
            // Where only a few had ended, the next ones would look through all of it again.
            if self.held.len() > self.most / 2 {
                self.forget_older_half();
            }
        }
        self.count += 1;
        self.held.insert(key, Entry { since: now, no: self.count, value });
    }

    /// Entries that are held, ended ones among them.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.held.remove(key).map(|entry| entry.value)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.held.retain(|key, entry| keep(key, &entry.value));
    }

    pub fn forget_ended(&mut self, now: Time) {
        let life = self.life;
        self.held.retain(|_, entry| now.since(entry.since) < life);
    }

    pub fn forget_oldest(&mut self) {
        let oldest = self.held.values().map(|entry| entry.no).min();
        self.held.retain(|_, entry| Some(entry.no) != oldest);
    }

    /// Half of them and, of an odd number, one more.
    pub fn forget_older_half(&mut self) {
        let mut numbers: Vec<u64> = self.held.values().map(|entry| entry.no).collect();
        if numbers.is_empty() {
            return;
        }
        let middle = (numbers.len() - 1) / 2;
        let median = *numbers.select_nth_unstable(middle).1;
        self.held.retain(|_, entry| entry.no > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(300);

    fn second(n: u64) -> Time {
        Time::from_millis(1_700_000_000_000).plus(Duration::from_secs(n))
    }

    #[test]
    fn an_entry_counts_until_its_life_is_over() {
        let mut kept = Expiring::new(8, LIFE);
        kept.put("a", 1, second(0));
        assert_eq!(kept.get("a", second(299)), Some(&1));
        assert_eq!(kept.get("a", second(300)), None);
        assert_eq!(kept.within("a", second(10), Duration::from_secs(10)), None);
        assert_eq!(kept.within("a", second(9), Duration::from_secs(10)), Some(&1));
        assert_eq!(kept.within("a", second(300), Duration::MAX), None, "no longer than its life");
        assert_eq!(kept.within("a", second(0), Duration::ZERO), None);
        assert_eq!(kept.get("b", second(0)), None);
        kept.put("a", 2, second(300));
        assert_eq!(kept.get("a", second(300)), Some(&2), "put anew");
    }

    #[test]
    fn it_never_holds_more_than_its_bound_and_forgets_the_oldest_first() {
        let mut kept = Expiring::new(8, LIFE);
        for n in 0..1000 {
            // Also where many come in one instant.
            kept.put(n, n, second(n / 100));
            assert!(kept.len() <= 8, "{n}");
            assert!((n.saturating_sub(3)..=n).all(|n| kept.get(&n, second(n / 100)).is_some()), "{n}");
            assert!(n < 8 || kept.get(&(n - 8), second(n / 100)).is_none(), "{n}");
        }
        let mut one = Expiring::new(1, LIFE);
        (0..9).for_each(|n| one.put(n, n, second(0)));
        assert_eq!((one.len(), one.get(&8, second(0))), (1, Some(&8)));
    }

    #[test]
    fn what_has_ended_goes_before_what_is_young() {
        let mut kept = Expiring::new(4, LIFE);
        (0..4).for_each(|n| kept.put(n, n, second(n)));
        kept.put(4, 4, second(302));
        assert_eq!(kept.iter(second(302)).map(|(_, n)| *n).max(), Some(4));
        assert_eq!(kept.len(), 2, "3 and 4");
        kept.retain(|key, _| *key != 3);
        assert_eq!((kept.remove(&4), kept.is_empty()), (Some(4), true));
    }
}
