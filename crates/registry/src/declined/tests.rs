#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::world::{KOMMUNEN, VERKET, World, org};
use store::{Store, both};

both!(a_sender_is_turned_off_and_on, what_is_rolled_back_leaves_no_event);

async fn a_sender_is_turned_off_and_on(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let (_, other) = world.citizen(&mut tx, "bo").await;
    let sender = org(VERKET);
    let mac = sender_mac(&world.mac, mailbox, &sender);
    assert_ne!(mac, sender_mac(&world.mac, other, &sender));
    assert_ne!(mac, sender_mac(&world.mac, mailbox, &org(KOMMUNEN)));
    let recorder = world.by(anna);
    assert!(decline(&mut tx, mailbox, &sender, &mac, b"sealed number", &recorder).await.unwrap());
    assert!(!decline(&mut tx, mailbox, &sender, &mac, b"sealed again", &recorder).await.unwrap());
    let listed = list(&mut tx, mailbox).await.unwrap();
    assert_eq!((listed.len(), listed[0].sender_mac, listed[0].declined_at), (1, mac, world.now()));
    assert_eq!(listed[0].sender, b"sealed number");
    assert!(list(&mut tx, other).await.unwrap().is_empty());
    assert!(accept(&mut tx, mailbox, &sender, &mac, &recorder).await.unwrap());
    assert!(!accept(&mut tx, mailbox, &sender, &mac, &recorder).await.unwrap());
    assert!(list(&mut tx, mailbox).await.unwrap().is_empty());
    let events = world.events(&mut tx, mailbox).await;
    let kinds: Vec<_> = events.iter().map(|event| (event.kind, event.sender.as_ref())).collect();
    let wanted = [
        (EventType::MailboxOpened, None),
        (EventType::SenderDeclined, Some(&sender)),
        (EventType::SenderAccepted, Some(&sender)),
    ];
    assert_eq!(kinds, wanted);
    // The row of the event does not name the sender: only its sealed bytes do.
    let rows = tx.query("SELECT body FROM event", &[]).await.unwrap();
    assert!(
        rows.iter().all(|row| !row.bytes("body").unwrap().windows(12).any(|part| part == VERKET.as_bytes()))
    );
}

async fn what_is_rolled_back_leaves_no_event(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    tx.commit().await.unwrap();
    let mut tx = world.tx().await;
    let mac = sender_mac(&world.mac, mailbox, &org(VERKET));
    assert!(decline(&mut tx, mailbox, &org(VERKET), &mac, b"x", &world.by(anna)).await.unwrap());
    tx.rollback().await;
    let mut tx = world.tx().await;
    assert!(list(&mut tx, mailbox).await.unwrap().is_empty());
    assert_eq!(world.kinds(&mut tx, mailbox).await, [EventType::MailboxOpened]);
}
