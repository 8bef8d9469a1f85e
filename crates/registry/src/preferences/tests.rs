#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    recipient,
    world::{FORMEDLAREN, KOMMUNEN, VERKET, World, org},
};
use domain::{PreferenceMac, words::EventType};
use std::time::Duration;
use store::{Store, both};

both!(
    a_list_takes_the_place_of_the_one_before,
    each_recipient_has_tags_of_their_own,
    hundreds_of_senders_are_stored_at_once,
    what_was_said_elsewhere_is_brought_home,
);

fn tag(world: &World, name: &str, sender: &str) -> PreferenceMac {
    sender_mac(&world.mac, &world.address(name), &org(sender))
}

async fn a_list_takes_the_place_of_the_one_before(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    let anna = world.address("anna");
    let [verket, kommunen] = [VERKET, KOMMUNEN].map(|sender| tag(&world, "anna", sender));
    let first = world.now();
    assert_eq!(super::store(&mut tx, &anna, &[verket, verket], first).await.unwrap(), 1);
    world.later(Duration::from_secs(1));
    assert_eq!(super::store(&mut tx, &anna, &[verket], world.now()).await.unwrap(), 0, "as before");
    assert_eq!(super::store(&mut tx, &anna, &[kommunen, verket], world.now()).await.unwrap(), 1);
    let of = |listed: &[Preference], tag| {
        listed.iter().find(|one| one.sender_mac == tag).map(|one| (one.accepts, one.changed_at))
    };
    let listed = list(&mut tx, &anna).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (of(&listed, verket), of(&listed, kommunen)),
        (Some((false, first)), Some((false, world.now())))
    );
    let second = world.now();
    world.later(Duration::from_secs(1));
    assert_eq!(super::store(&mut tx, &anna, &[kommunen], world.now()).await.unwrap(), 1);
    let listed = list(&mut tx, &anna).await.unwrap();
    assert_eq!(
        (of(&listed, verket), of(&listed, kommunen)),
        (Some((true, world.now())), Some((false, second)))
    );
    let off: Vec<_> =
        off(&mut tx, &world.mac, &anna).await.unwrap().into_iter().map(|one| one.number).collect();
    assert_eq!(off, [org(KOMMUNEN)]);
    world.later(Duration::from_secs(1));
    assert_eq!(super::store(&mut tx, &anna, &[verket], world.now()).await.unwrap(), 2);
    assert!(list(&mut tx, &anna).await.unwrap().iter().all(|one| one.changed_at == world.now()));
    assert!(list(&mut tx, &world.address("bo")).await.unwrap().is_empty());
}

async fn each_recipient_has_tags_of_their_own(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    let tags = [
        tag(&world, "anna", VERKET),
        tag(&world, "anna", KOMMUNEN),
        tag(&world, "bo", VERKET),
        PreferenceMac::from_bytes(*declined::sender_mac(&world.mac, mailbox, &org(VERKET)).as_bytes()),
    ];
    assert!(tags.iter().enumerate().all(|(no, tag)| !tags[..no].contains(tag)));
}

async fn hundreds_of_senders_are_stored_at_once(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.address("anna");
    let tags: Vec<PreferenceMac> =
        (0..620u32).map(|n| PreferenceMac::from_bytes(world.mac.tag("test", &[&n.to_be_bytes()]))).collect();
    assert_eq!(super::store(&mut tx, &anna, &tags, world.now()).await.unwrap(), 620);
    assert_eq!(super::store(&mut tx, &anna, &tags[..300], world.now()).await.unwrap(), 320);
    let listed = list(&mut tx, &anna).await.unwrap();
    assert_eq!((listed.len(), listed.iter().filter(|one| !one.accepts).count()), (620, 300));
}

async fn what_was_said_elsewhere_is_brought_home(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let address_mac = world.address("anna");
    let said = [VERKET, FORMEDLAREN].map(|sender| tag(&world, "anna", sender));
    super::store(&mut tx, &address_mac, &said, world.now()).await.unwrap();
    super::store(&mut tx, &address_mac, &said[..1], world.now()).await.unwrap();
    let off = off(&mut tx, &world.mac, &address_mac).await.unwrap();
    let tags: Vec<_> = off.iter().map(|one| declined::sender_mac(&world.mac, mailbox, &one.number)).collect();
    let home: Vec<_> = off
        .iter()
        .zip(&tags)
        .map(|(one, tag)| BroughtHome { sender: &one.number, sender_mac: tag, sealed_sender: b"sealed" })
        .collect();
    bring_home(&mut tx, &address_mac, mailbox, &home, &world.by(anna)).await.unwrap();
    assert!(list(&mut tx, &address_mac).await.unwrap().is_empty());
    for (sender, declined) in [(VERKET, true), (FORMEDLAREN, false), (KOMMUNEN, false)] {
        let mac = |mailbox| declined::sender_mac(&world.mac, mailbox, &org(sender));
        let found = recipient::look_up(&mut tx, &address_mac, world.now(), mac).await.unwrap();
        assert_eq!(found.recipient.unwrap().declined, declined, "{sender}");
    }
    let kinds = world.kinds(&mut tx, mailbox).await;
    assert_eq!(kinds, [EventType::MailboxOpened, EventType::SenderDeclined]);
}
