//! What a register said, for a while and in bounded memory. Recipients are known here by keyed hashes alone, with a key
//! of this process.

use domain::{Expiring, Identity, OrgNumber, Random, Time};
use intake::whereabouts::{OperatorAddress, Place};
use std::{collections::HashMap, sync::Arc, time::Duration};
use vault::mac::Mac;

/// Stands for a sender and a recipient.
pub(super) type Key = [u8; 32];

pub(super) struct Cache {
    mac: Mac,
    kept: Expiring<Key, Kept>,
    /// Operators' addresses, each kept once.
    addresses: HashMap<String, Arc<OperatorAddress>>,
}

#[derive(Clone)]
enum Kept {
    Nowhere,
    Here,
    At(Arc<OperatorAddress>),
    Declined,
}

impl Cache {
    /// Nothing in it counts for longer than `longest`.
    pub(super) fn new(longest: Duration, random: &dyn Random) -> Self {
        Self::of_size(MOST, longest, random)
    }

    fn of_size(most: usize, longest: Duration, random: &dyn Random) -> Self {
        let mac = Mac::new(vault::Key::from_bytes(domain::chance::bytes(random)));
        Self { mac, kept: Expiring::new(most, longest), addresses: HashMap::new() }
    }

    pub(super) fn key(&self, sender: &OrgNumber, recipient: &Identity) -> Key {
        self.mac.tag("whereabouts", &[sender.as_str().as_bytes(), recipient.expose().as_bytes()])
    }

    /// What was said at most so long ago.
    pub(super) fn find(&self, key: &Key, now: Time, within: Duration) -> Option<Place> {
        Some(match self.kept.within(key, now, within)? {
            Kept::Nowhere => Place::Nowhere,
            Kept::Here => Place::Here,
            Kept::At(address) => Place::At(OperatorAddress::clone(address)),
            Kept::Declined => Place::Declined,
        })
    }

    pub(super) fn put(&mut self, key: Key, place: &Place, at: Time) {
        // What is kept names fewer: so many are swept that it costs little for each.
        if self.addresses.len() > self.kept.len() * 3 / 2 + 16 {
            self.addresses.retain(|_, address| Arc::strong_count(address) > 1);
        }
        let kept = match place {
            Place::Nowhere => Kept::Nowhere,
            Place::Here => Kept::Here,
            Place::Declined => Kept::Declined,
            Place::At(address) => Kept::At(self.address(address)),
        };
        self.kept.put(key, kept, at);
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.kept.remove(key);
    }

    fn address(&mut self, address: &OperatorAddress) -> Arc<OperatorAddress> {
        if let Some(known) = self.addresses.get(&address.service_address).filter(|known| ***known == *address)
        {
            return known.clone();
        }
        let new = Arc::new(address.clone());
        self.addresses.insert(address.service_address.clone(), new.clone());
        new
    }
}

/// Answers that are kept; some 20 MB.
const MOST: usize = 200_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use testing::ANNA;

    fn cache() -> (Cache, OrgNumber) {
        (
            Cache::of_size(100, Duration::from_secs(300), &vault::SystemRandom),
            OrgNumber::parse("164020000016").unwrap(),
        )
    }

    fn second(no: i64) -> Time {
        Time::parse("2026-11-22T10:00:00.000Z").unwrap().plus(Duration::from_secs(no.unsigned_abs()))
    }

    #[test]
    fn an_answer_counts_until_its_time_is_over() {
        let (mut cache, town) = cache();
        let key = cache.key(&town, &Identity::parse(ANNA).unwrap());
        let address = OperatorAddress { number: town, service_address: "https://a.example/".to_owned() };
        let place = Place::At(address);
        cache.put(key, &place, second(0));
        let within = Duration::from_secs(300);
        assert_eq!(cache.find(&key, second(299), within), Some(place));
        assert_eq!(cache.find(&key, second(300), within), None);
        assert_eq!(cache.find(&[0; 32], second(0), within), None);
        // Zero seconds: asked each time.
        assert_eq!(cache.find(&key, second(0), Duration::ZERO), None);
    }

    #[test]
    fn a_key_depends_on_sender_recipient_and_process() {
        let (cache, town) = cache();
        let anna = Identity::parse(ANNA).unwrap();
        let other = self::cache().0;
        let office = OrgNumber::parse("164020000024").unwrap();
        assert_ne!(cache.key(&town, &anna), cache.key(&office, &anna));
        assert_ne!(cache.key(&town, &anna), cache.key(&town, &office.identity()));
        assert_ne!(cache.key(&town, &anna), other.key(&town, &anna));
    }

    #[test]
    fn it_never_holds_more_than_its_bound_and_forgets_the_oldest_first() {
        let (mut cache, town) = cache();
        let key = |no: u8| [no; 32];
        for no in 0..=200 {
            let service_address = format!("https://{no}.example/");
            let place = Place::At(OperatorAddress { number: town.clone(), service_address });
            cache.put(key(no), &place, second(0));
            assert!(cache.kept.len() <= 100);
            assert!(cache.addresses.len() <= 150, "{}", cache.addresses.len());
        }
        let found = |no| cache.find(&key(no), second(1), Duration::from_secs(300)).is_some();
        assert!(found(200) && found(151) && !found(0) && !found(99));
    }
}
