//! How many recipients are looked up in a day, and what it looks like.

use super::world::World;
use crate::Settings;
use domain::{Clock, Identity};
use key_client::KeysError;
use std::time::Duration;
use store::{both, testing::Database};
use testing::{LADAN, OFFICE, TOWN, org};

both!(
    a_caller_has_a_quota_of_the_day_that_a_restart_does_not_give_back,
    a_caller_with_a_quota_of_its_own_is_not_held_by_that_of_all,
    names_that_are_made_up_share_a_small_quota_and_the_role_has_a_ceiling,
    invented_numbers_are_told_and_known_ones_are_not,
);

async fn world(database: Database, settings: Settings) -> World {
    let world = World::with(database, settings).await;
    let mut tx = world.letters.begin("register").await.unwrap();
    for number in [TOWN, OFFICE] {
        registry::senders::add(&mut tx, &org(number), "Namn", true, super::world::START).await.unwrap();
    }
    tx.commit().await.unwrap();
    world
}

/// People who are nobody here, so many.
fn people(count: usize) -> Vec<Identity> {
    (0..)
        .map(|no| format!("19810105{no:03}"))
        .filter_map(|eleven| (0..10).find_map(|last| Identity::parse(&format!("{eleven}{last}")).ok()))
        .take(count)
        .collect()
}

impl World {
    async fn looks_up(&self, caller: &str, count: usize) -> Result<usize, KeysError> {
        self.gateway.address_macs(caller, &people(count)).await.map(|macs| macs.len())
    }
}

fn until_midnight(answer: Result<usize, KeysError>) -> u32 {
    match answer {
        Err(KeysError::Spent(seconds)) => seconds,
        other => panic!("{other:?}"),
    }
}

async fn a_caller_has_a_quota_of_the_day_that_a_restart_does_not_give_back(database: Database) {
    let settings = Settings { lookups_per_day: 250, ..Settings::default() };
    let world = world(database, settings).await;
    assert_eq!(world.looks_up(TOWN, 200).await, Ok(200));
    let seconds = until_midnight(world.looks_up(TOWN, 100).await);
    let now = world.clock.now();
    let wait = Duration::from_secs(u64::from(seconds));
    assert_eq!(now.date().days_until(now.plus(wait).date()), 1, "the next day begins then");
    assert_eq!(now.plus(wait).date().start(), now.plus(wait));
    // The rest goes to a smaller question, and another caller has its own.
    assert_eq!(world.looks_up(TOWN, 50).await, Ok(50));
    until_midnight(world.looks_up(TOWN, 1).await);
    until_midnight(world.looks_up(TOWN, 1).await);
    assert_eq!(world.looks_up(OFFICE, 250).await, Ok(250));
    let world = world.restarted(vec![]).await;
    until_midnight(world.looks_up(TOWN, 1).await);
    let quota = world.operator.lookup_quota(&org(TOWN)).await.unwrap();
    assert_eq!((quota.daily, quota.own, quota.used_today), (250, false, 250));
    // The pages and the operator's commands are counted apart.
    assert!(world.web.address_macs("web", &people(10)).await.is_ok());
    assert!(world.operator.address_macs("operator", &people(900)).await.is_ok());
    world.clock.advance(Duration::from_secs(u64::from(seconds)));
    assert_eq!(world.looks_up(TOWN, 250).await, Ok(250), "another day");
}

async fn a_caller_with_a_quota_of_its_own_is_not_held_by_that_of_all(database: Database) {
    let settings = Settings { lookups_per_day: 10, ..Settings::default() };
    let world = world(database, settings).await;
    until_midnight(world.looks_up(TOWN, 100).await);
    world.operator.set_lookup_quota(&org(TOWN), Some(1000)).await.unwrap();
    assert_eq!(world.looks_up(TOWN, 1000).await, Ok(1000));
    until_midnight(world.looks_up(TOWN, 1).await);
    world.operator.set_lookup_quota(&org(TOWN), Some(1001)).await.unwrap();
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(world.looks_up(TOWN, 1).await, Ok(1));
    world.operator.set_lookup_quota(&org(TOWN), None).await.unwrap();
    until_midnight(world.looks_up(TOWN, 1).await);
    let quota = world.operator.lookup_quota(&org(TOWN)).await.unwrap();
    assert_eq!((quota.daily, quota.own, quota.used_today), (10, false, 1001));
    // No other role sets it.
    for keys in [&world.gateway, &world.web, &world.notifier] {
        let set = keys.set_lookup_quota(&org(TOWN), Some(1)).await;
        assert_eq!(set, Err(KeysError::NotAllowed));
    }
}

async fn names_that_are_made_up_share_a_small_quota_and_the_role_has_a_ceiling(database: Database) {
    let settings = Settings { lookups_unknown_per_day: 30, lookups_all_per_day: 500, ..Settings::default() };
    let world = world(database, settings).await;
    for (name, count) in [("a", 10), (LADAN, 10), ("unknown", 10)] {
        assert_eq!(world.looks_up(name, count).await, Ok(count));
    }
    for name in ["a", "b", LADAN, "unknown", ""] {
        until_midnight(world.looks_up(name, 1).await);
    }
    // What the role is called is no way to its ceiling.
    until_midnight(world.looks_up("role:gateway", 1).await);
    // Both are registered, and have more than that each.
    assert_eq!(world.looks_up(TOWN, 400).await, Ok(400));
    until_midnight(world.looks_up(OFFICE, 100).await);
    assert_eq!(world.looks_up(OFFICE, 70).await, Ok(70));
    until_midnight(world.looks_up(OFFICE, 1).await);
    until_midnight(world.looks_up(TOWN, 1).await);
}

async fn invented_numbers_are_told_and_known_ones_are_not(database: Database) {
    let settings = Settings { lookup_alarm_after: 400, ..Settings::default() };
    let world = world(database, settings).await;
    let anna = Identity::parse("199001012385").unwrap();
    world.citizen(anna.expose()).await;
    let suspected = async || {
        world.service.0.compare_lookups().await.unwrap();
        world.service.0.misses.lock().suspected()
    };
    world.gateway.address_macs(TOWN, &vec![anna; 800]).await.unwrap();
    assert_eq!(suspected().await, 0, "all are known");
    world.looks_up(OFFICE, 300).await.unwrap();
    assert_eq!(suspected().await, 0, "too few to say");
    world.looks_up(OFFICE, 200).await.unwrap();
    assert_eq!(suspected().await, 1);
    world.looks_up(OFFICE, 500).await.unwrap();
    assert_eq!(suspected().await, 1, "told once");
}
