//! Rows that are taken away, emptied or exchanged without an event: the check names each.

use super::world::{Citizen, World};
use domain::ContactId;
use key_client::{Column, contact_address};
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::SystemRandom;

both!(
    a_letter_s_key_that_was_deleted_is_missed,
    a_letter_that_was_emptied_without_an_event_is_missed,
    a_notice_that_nobody_will_send_is_missed,
    an_address_that_was_exchanged_is_named,
    another_public_key_in_the_mailbox_s_row_is_named,
);

const NONE: [&str; 0] = [];

/// Somebody with a letter, of which everything holds.
async fn with_a_letter(world: &World) -> Citizen {
    let anna = world.citizen(ANNA).await;
    world.post(anna).await;
    world.counted().await;
    assert_eq!(world.faults(None).await, NONE);
    anna
}

async fn a_letter_s_key_that_was_deleted_is_missed(database: Database) {
    let world = World::new(database).await;
    with_a_letter(&world).await;
    world.letters.tamper("DELETE FROM letter_key", &[]).await;
    assert_eq!(world.faults(None).await, ["letter"]);
}

async fn a_letter_that_was_emptied_without_an_event_is_missed(database: Database) {
    let world = World::new(database).await;
    with_a_letter(&world).await;
    let empty: &[u8] = &[];
    // As erasing does it, but for the event.
    world.letters.tamper("UPDATE letter SET header = $1", args![empty]).await;
    world.letters.tamper("DELETE FROM letter_key", &[]).await;
    world.letters.tamper("DELETE FROM part", &[]).await;
    assert_eq!(world.faults(None).await, ["letter"]);
}

async fn a_notice_that_nobody_will_send_is_missed(database: Database) {
    let world = World::new(database).await;
    with_a_letter(&world).await;
    // A letter is there to be told of from the next instant on.
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(world.faults(None).await, NONE);
    world.letters.tamper("DELETE FROM job", &[]).await;
    assert_eq!(world.faults(None).await, ["notice_job"]);
}

async fn an_address_that_was_exchanged_is_named(database: Database) {
    let world = World::new(database).await;
    let contact = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, 1, 0)";
    let mut sealed = vec![];
    let anna = with_a_letter(&world).await;
    let bo = world.citizen(BO).await;
    for of in [anna, bo] {
        let id = ContactId::new(&SystemRandom);
        let address = world.sealed(Column::Contact, contact_address(id), "name@example.se").await;
        world.change(contact, args![id, of.person, &address, &of.address_mac]).await;
        sealed.push(address);
    }
    assert_eq!(world.faults(None).await, NONE);
    let put = "UPDATE contact SET address = $1 WHERE person_id = $2";
    world.letters.tamper(put, args![&sealed[1], anna.person]).await;
    assert_eq!(world.faults(Some(anna)).await, ["contact"]);
    assert_eq!(world.faults(Some(bo)).await, NONE);
    world.letters.tamper(put, args![&sealed[0], anna.person]).await;
    assert_eq!(world.faults(None).await, NONE);
}

async fn another_public_key_in_the_mailbox_s_row_is_named(database: Database) {
    let world = World::new(database).await;
    let anna = with_a_letter(&world).await;
    let (epoch, public_key) = world.key_of(anna.mailbox).await;
    let put = "UPDATE mailbox SET epoch = $1, public_key = $2";
    for (epoch, public_key) in [(epoch, &[7u8; 32]), (epoch + 1, public_key.as_bytes())] {
        world.letters.tamper(put, args![epoch, public_key]).await;
        assert_eq!(world.faults(None).await, ["mailbox_key"]);
    }
    world.letters.tamper(put, args![epoch, public_key.as_bytes()]).await;
    assert_eq!(world.faults(None).await, NONE);
}
