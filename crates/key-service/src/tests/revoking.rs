//! A right that is taken back while somebody opens a letter by it: either the opening is on record before, or nothing opens.

use super::world::World;
use domain::{RowsDigest, words::EventType};
use key_client::{By, Change, Changed, KeysError};
use store::{DatabaseKind, Store, args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};

both!(
    an_opening_that_has_begun_is_on_record_before_the_right_ends,
    a_right_that_has_ended_while_somebody_waits_opens_nothing,
);

/// How many wait for the one writer of SQLite, or for a row that another transaction of PostgreSQL holds.
async fn how_many_wait(store: &Store) -> u64 {
    match store.database_kind() {
        DatabaseKind::Sqlite => store.waiting().0 as u64,
        DatabaseKind::Postgres => {
            let mut tx = store.read("look").await.unwrap();
            let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
                WHERE datname = current_database() AND wait_event_type = 'Lock'";
            tx.one(waiting, &[]).await.unwrap().unwrap().number("n").unwrap()
        }
    }
}

async fn an_opening_that_has_begun_is_on_record_before_the_right_ends(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.send(anna).await;
    let mandate_id = world.mandate(anna, bo, b"note").await;
    let helper = world.log_in(Some(bo.person));
    let owner = world.log_in(Some(anna.person));
    // Holds what the opening writes after it has decided.
    let mut held = world.letters.begin("test").await.unwrap();
    let reading = "INSERT INTO reading (mailbox_id, letter_id, person_id, read_at) VALUES ($1, $2, $3, 0)";
    held.execute(reading, args![anna.mailbox, sent.letter, bo.person]).await.unwrap().exactly(1).unwrap();
    let opening = {
        let web = world.web.clone();
        let grant = helper.clone();
        tokio::spawn(async move { web.content(&grant, anna.mailbox, sent.letter).await.map(drop) })
    };
    while !opening.is_finished() && how_many_wait(&world.letters).await < 1 {
        tokio::task::yield_now().await;
    }
    let revoking = {
        let web = world.web.clone();
        let change = Change::RevokeHelper { mailbox_id: anna.mailbox, mandate_id };
        tokio::spawn(async move { web.change(By::Grant(owner), change).await })
    };
    while !revoking.is_finished() && how_many_wait(&world.letters).await < 2 {
        tokio::task::yield_now().await;
    }
    assert!(
        !revoking.is_finished() && !opening.is_finished(),
        "the right has ended in the midst of an opening"
    );
    held.rollback().await;
    assert_eq!(opening.await.unwrap(), Ok(()));
    assert_eq!(revoking.await.unwrap(), Ok(Changed::Done(true)));
    assert_eq!(world.chain(anna.mailbox, sent.letter).await, [EventType::Accepted, EventType::Opened]);
    let again = world.web.content(&helper, anna.mailbox, sent.letter).await;
    assert_eq!(again.err(), Some(KeysError::Gone));
}

async fn a_right_that_has_ended_while_somebody_waits_opens_nothing(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.send(anna).await;
    world.mandate(anna, bo, b"note").await;
    let helper = world.log_in(Some(bo.person));
    // As a change does it: the row is held, and what it leads to is taken down before it is committed.
    let subject = registry::sets::Subject::mailbox(anna.mailbox);
    let mut held = world.letters.begin("test").await.unwrap();
    registry::boxes::hold(&mut held, anna.mailbox).await.unwrap();
    let end = "UPDATE mandate SET revoked_at = $1";
    held.execute(end, args![world.clock_now()]).await.unwrap().exactly(1).unwrap();
    let after = registry::sets::read(&mut held, std::slice::from_ref(&subject)).await.unwrap();
    let next = after[&subject].digests(&subject);
    let take_down = "UPDATE vouched SET next = $1, next_at = $2 WHERE kind = 'mailbox' AND id = $3";
    world
        .keys_store
        .tamper(take_down, args![&RowsDigest::flatten(&next), world.clock_now(), &subject.id])
        .await;
    let opening = {
        let web = world.web.clone();
        tokio::spawn(async move { web.content(&helper, anna.mailbox, sent.letter).await.map(drop) })
    };
    while !opening.is_finished() && how_many_wait(&world.letters).await < 1 {
        tokio::task::yield_now().await;
    }
    assert!(!opening.is_finished(), "it has not waited for whoever ends the right");
    held.commit().await.unwrap();
    assert_eq!(opening.await.unwrap(), Err(KeysError::Gone));
    assert_eq!(world.chain(anna.mailbox, sent.letter).await, [EventType::Accepted]);
}
