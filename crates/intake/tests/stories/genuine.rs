//! What is shown as verified, and what is not.

use crate::world::{ANNA, BO, World, letter, with};
use domain::{CertificateDigest, Identity, LetterId, words::EventType};
use evidence::Event;
use mailbox::Doubt;
use store::{args, both, testing::Database};
use testing::Rows as _;
use vault::SystemRandom;

both!(
    a_letter_that_the_door_accepted_is_verified_and_no_other,
    a_letter_in_the_box_of_another_is_not_verified,
);

async fn doubt(world: &World, id: LetterId) -> Option<Doubt> {
    // A new log-in: what was opened before is not opened again.
    let anna = world.actor(world.anna.0).await;
    world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap().doubt
}

/// The event that accepted it, as an intruder with the door's own key would exchange it.
async fn exchanged(
    world: &World,
    id: LetterId,
    change: impl Fn(&mut Event, &[u8; 32]) + Send + Sync,
) -> Option<Doubt> {
    let events = world.keys.events();
    let mailbox = world.anna.1;
    let mut tx = world.store.begin("test").await.unwrap();
    let found = evidence::accepting(&mut tx, &events, mailbox, &[id]).await.unwrap();
    let mut event = found[&id].event.clone();
    let nonce = found[&id].nonce;
    change(&mut event, &nonce);
    let forged = evidence::first(&event, &nonce, mailbox, &events, &SystemRandom);
    let honest = evidence::first(&found[&id].event, &nonce, mailbox, &events, &SystemRandom);
    let clear = "DELETE FROM event WHERE mailbox_id = $1 AND letter_id = $2";
    tx.execute(clear, args![mailbox, id]).await.unwrap().ignore();
    evidence::insert(&mut tx, &world.keys.events(), &[forged]).await.unwrap();
    tx.commit().await.unwrap();
    let found = doubt(world, id).await;
    let mut tx = world.store.begin("test").await.unwrap();
    tx.execute(clear, args![mailbox, id]).await.unwrap().ignore();
    evidence::insert(&mut tx, &world.keys.events(), &[honest]).await.unwrap();
    tx.commit().await.unwrap();
    found
}

async fn a_letter_that_the_door_accepted_is_verified_and_no_other(database: Database) {
    let world = World::new(database).await;
    let id = world.send(&letter("r"), &[]).await.unwrap().letter_id;
    assert_eq!(doubt(&world, id).await, None);
    let bo = Identity::parse(BO).unwrap();
    let address = world.keys.address_mac(&bo);
    type Change = Box<dyn Fn(&mut Event, &[u8; 32]) + Send + Sync>;
    let changes: [(Doubt, Change); 7] = [
        (Doubt::Content, Box::new(|event, nonce| event.content = Some(evidence::content(nonce, b"{}")))),
        (Doubt::Content, Box::new(|event, nonce| event.original = Some(evidence::original(nonce, b"other")))),
        (Doubt::Content, Box::new(|event, _| event.original = None)),
        (
            Doubt::Certificate,
            Box::new(|event, _| event.certificate = Some(CertificateDigest::from_bytes([1; 32]))),
        ),
        (
            Doubt::Recipient,
            Box::new(move |event, nonce| event.recipient = Some(evidence::recipient(nonce, &bo))),
        ),
        (
            Doubt::Recipient,
            Box::new(move |event, nonce| event.address = Some(evidence::address(nonce, &address))),
        ),
        (Doubt::Recipient, Box::new(|event, _| event.address = None)),
    ];
    for (wanted, change) in changes {
        assert_eq!(exchanged(&world, id, change).await, Some(wanted));
        assert_eq!(doubt(&world, id).await, None);
    }
    // Another letter of the same sender to the same recipient, in its place: events are sealed for their place, so
    // the intruder has to make it anew, and its commitments are the other's.
    let other = world.send(&with(letter("other"), "subject", "Avslag".into()), &[]).await.unwrap().letter_id;
    let mut tx = world.store.read("test").await.unwrap();
    let found = evidence::accepting(&mut tx, &world.keys.events(), world.anna.1, &[other]).await.unwrap();
    drop(tx);
    let of_other = found[&other].event.clone();
    let in_its_place =
        move |event: &mut Event, _: &[u8; 32]| *event = Event { chain: id, ..of_other.clone() };
    assert!(exchanged(&world, id, in_its_place).await.is_some());
}

async fn a_letter_in_the_box_of_another_is_not_verified(database: Database) {
    let world = World::new(database).await;
    let of_anna = world.keys.address_mac(&Identity::parse(ANNA).unwrap());
    // Bo's number leads to Anna's mailbox: what is sent to Bo is sealed to her.
    let move_to = "UPDATE identity SET owner_id = $1 WHERE mac = $2";
    world.store.change("DELETE FROM identity WHERE mac = $1", args![&of_anna]).await;
    let of_bo = world.keys.address_mac(&Identity::parse(BO).unwrap());
    world.store.change(move_to, args![world.anna.0, &of_bo]).await;
    let id = world.send(&with(letter("r"), "recipient", BO.into()), &[]).await.unwrap().letter_id;
    // Whose number it is cannot be seen from the letter alone; that the rows were changed back can.
    world.store.change(move_to, args![world.bo.0, &of_bo]).await;
    assert_eq!(doubt(&world, id).await, Some(Doubt::Recipient));
    let kinds = world.store.count("SELECT count(*) AS n FROM event WHERE type = 'accepted'").await;
    assert_eq!((kinds, EventType::Accepted.as_str()), (1, "accepted"));
}
