//! What was erased is gone for good, though the letters database's administrator would have it otherwise.

use super::world::{Citizen, World};
use domain::{
    Clock, LetterId,
    words::{Because, EventType},
};
use evidence::NewEvent;
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, Rows as _};
use vault::SystemRandom;

both!(
    that_something_was_erased_cannot_be_taken_back,
    what_is_erased_while_the_key_changes_asks_for_another_one,
);

impl World {
    /// As the pages do it, the event with it.
    async fn erases(&self, of: Citizen, letter: LetterId) {
        self.erase(of, letter).await;
        let empty: &[u8] = &[];
        self.letters.tamper("UPDATE letter SET header = $1 WHERE letter_id = $2", args![empty, letter]).await;
        let event = NewEvent::by_person(EventType::Erased, self.clock.now(), of.person, Because::Owner);
        let mut tx = self.letters.begin("test").await.unwrap();
        let events = &self.service.0.events;
        evidence::append(&mut tx, events, of.mailbox, letter, event, &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        self.counted().await;
    }

    async fn private_keys(&self) -> i64 {
        self.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key").await
    }

    fn a_minute_later(&self) {
        self.clock.advance(Duration::from_secs(60));
    }
}

async fn that_something_was_erased_cannot_be_taken_back(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.post(anna).await;
    world.a_minute_later();
    world.erases(anna, sent.letter).await;
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    for sql in ["UPDATE mailbox SET erased_since = NULL", "UPDATE mailbox SET erased_since = 9000000000000"] {
        world.letters.tamper(sql, &[]).await;
        assert_eq!(world.faults(None).await, ["erased_since"], "{sql}");
        assert_eq!(world.faults(Some(anna)).await, ["erased_since"], "{sql}");
    }
    // The sweep comes by, and the key is destroyed as if nothing had been done to the row.
    world.service.check_some().await.unwrap();
    world.letters.tamper("UPDATE mailbox SET erased_since = NULL", &[]).await;
    assert_eq!(world.sweep().await.begun, 0, "not due yet");
    world.days(15);
    assert_eq!(world.sweep().await.begun, 1);
    world.days(1);
    assert_eq!(world.sweep().await.rolled, 1);
    assert_eq!(world.private_keys().await, 1);
    // What was erased before the key that there is now asks for nothing any more.
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    world.service.check_some().await.unwrap();
    world.days(15);
    assert_eq!(world.sweep().await.begun, 0);
}

async fn what_is_erased_while_the_key_changes_asks_for_another_one(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let first = world.post(anna).await.letter;
    let second = world.send(anna).await.letter;
    world.a_minute_later();
    world.erases(anna, first).await;
    world.days(15);
    // Cut short: the pair is made, and the mailbox has not taken it.
    world.service.0.make_epoch(anna.mailbox, 2).await.unwrap();
    world.a_minute_later();
    world.erases(anna, second).await;
    world.sweep().await;
    assert_eq!(world.key_of(anna.mailbox).await.0, 2);
    assert_eq!(
        world.letters.count("SELECT COUNT(*) AS n FROM mailbox WHERE erased_since IS NOT NULL").await,
        1
    );
    assert!(!world.faults(None).await.contains(&"erased_since"));
    world.days(15);
    assert_eq!(world.sweep().await.begun, 1);
    assert_eq!(world.key_of(anna.mailbox).await.0, 3);
}
