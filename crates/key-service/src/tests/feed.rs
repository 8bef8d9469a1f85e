//! After a restore the senders' feed is in another epoch.

use super::world::World;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    a_feed_that_has_gone_back_begins_a_new_epoch,
    an_epoch_that_the_two_databases_do_not_share_ends,
    an_operator_begins_one_and_it_is_never_one_that_was,
    a_start_sees_what_was_restored_while_nothing_ran,
);

impl World {
    async fn epochs(&self) -> (i64, i64) {
        let mut tx = self.keys_store.read("test").await.unwrap();
        let row = tx.one("SELECT epoch FROM feed_epoch", &[]).await.unwrap().unwrap();
        (row.int("epoch").unwrap(), self.letters.count("SELECT epoch AS n FROM feed_head").await)
    }

    async fn watched(&self) -> i64 {
        self.service.0.watch_feed().await.unwrap();
        let (known, copied) = self.epochs().await;
        assert_eq!(known, copied, "what readers see is what the key store says");
        known
    }

    async fn set(&self, sql: &'static str) {
        let mut tx = self.letters.begin("test").await.unwrap();
        tx.execute(sql, &[]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    }

    async fn set_known(&self, sql: &'static str) {
        let mut tx = self.keys_store.begin("test").await.unwrap();
        tx.execute(sql, &[]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    }
}

async fn a_feed_that_has_gone_back_begins_a_new_epoch(database: Database) {
    let world = World::new(database).await;
    assert_eq!(world.watched().await, 1, "nothing was restored");
    for next in ["UPDATE feed_head SET next = 100", "UPDATE feed_head SET next = 250"] {
        world.set(next).await;
        assert_eq!(world.watched().await, 1, "it went on");
    }
    world.set("UPDATE feed_head SET next = 120").await;
    assert_eq!(world.watched().await, 2);
    assert_eq!(world.watched().await, 2, "once for each restore");
    // From where it is now it goes on, and the old height is no longer what it is measured by.
    world.set("UPDATE feed_head SET next = 121").await;
    assert_eq!(world.watched().await, 2);
    world.set("UPDATE feed_head SET next = 120").await;
    assert_eq!(world.watched().await, 3);
}

async fn an_epoch_that_the_two_databases_do_not_share_ends(database: Database) {
    let world = World::new(database).await;
    // An older letter database, from before an earlier restore, that has come further than what was seen since.
    world.set("UPDATE feed_head SET next = 10").await;
    world.set_known("UPDATE feed_epoch SET epoch = 4, seen = 3").await;
    assert_eq!(world.watched().await, 5);
    // An older key store.
    world.set("UPDATE feed_head SET epoch = 9").await;
    assert_eq!(world.watched().await, 10);
    assert_eq!(world.watched().await, 10);
}

async fn an_operator_begins_one_and_it_is_never_one_that_was(database: Database) {
    let world = World::new(database).await;
    assert_eq!(world.service.begin_epoch().await.unwrap(), 2);
    assert_eq!(world.service.begin_epoch().await.unwrap(), 3);
    assert_eq!(world.watched().await, 3);
    let mut tx = world.keys_store.read("test").await.unwrap();
    let row = tx.one("SELECT began_at FROM feed_epoch", &[]).await.unwrap().unwrap();
    assert_eq!(row.opt_time("began_at").unwrap(), Some(domain::Clock::now(&*world.clock)));
}

async fn a_start_sees_what_was_restored_while_nothing_ran(database: Database) {
    let world = World::new(database).await;
    world.set("UPDATE feed_head SET next = 50").await;
    assert_eq!(world.watched().await, 1);
    let world = world.restarted(vec![]).await;
    assert_eq!(world.epochs().await, (1, 1), "a start is no restore");
    world.set("UPDATE feed_head SET next = 20").await;
    let world = world.restarted(vec![]).await;
    assert_eq!(world.epochs().await, (2, 2));
}
