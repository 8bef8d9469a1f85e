#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    mandates::{self, NewHelper},
    world::World,
};
use store::{Store, both};
use vault::SystemRandom;

both!(
    an_invitation_waits_for_whoever_has_the_number,
    a_second_one_waits_and_so_many_a_day_are_enough,
    one_that_is_answered_or_old_waits_no_longer,
);

async fn asks(world: &World, tx: &mut Tx, mailbox_id: MailboxId, whom: &str) -> (MandateId, Invited) {
    let invitation_id = MandateId::new(&SystemRandom);
    let new = NewInvitation {
        invitation_id,
        mailbox_id,
        address_mac: &world.address(whom),
        label: b"label",
        owner_name: b"owner",
        valid_to: world.now().plus(60 * DAY),
    };
    (invitation_id, invite(tx, &new, world.now()).await.unwrap())
}

async fn an_invitation_waits_for_whoever_has_the_number(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    let (id, made) = asks(&world, &mut tx, mailbox, "bo").await;
    assert_eq!(made, Invited::Made, "nobody is known by the number");
    let (bo, _) = world.citizen(&mut tx, "bo").await;
    let (cleo, _) = world.citizen(&mut tx, "cleo").await;
    let waits = to_person(&mut tx, bo, world.now()).await.unwrap();
    assert_eq!((waits.len(), waits[0].invitation_id, waits[0].mailbox_id), (1, id, mailbox));
    assert!(to_person(&mut tx, cleo, world.now()).await.unwrap().is_empty());
    assert!(!accept(&mut tx, id, cleo, b"Cleo", world.now()).await.unwrap());
    assert!(!decline(&mut tx, id, cleo, world.now()).await.unwrap());
    assert!(accept(&mut tx, id, bo, b"Bo", world.now()).await.unwrap());
    assert!(!accept(&mut tx, id, bo, b"Bo", world.now()).await.unwrap());
    assert!(to_person(&mut tx, bo, world.now()).await.unwrap().is_empty(), "answered");
    let of = of_mailbox(&mut tx, mailbox, world.now()).await.unwrap();
    assert_eq!(of[0].helper, Some((bo, b"Bo".to_vec())));
    assert!(mandates::boxes_of(&mut tx, bo, world.now()).await.unwrap().len() == 1, "no right by it");
    let new =
        NewHelper { mandate_id: id, mailbox_id: mailbox, helper: bo, note: b"Bo", valid_to: of[0].valid_to };
    mandates::grant_helper(&mut tx, &new, &world.service()).await.unwrap();
    assert!(of_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
}

async fn a_second_one_waits_and_so_many_a_day_are_enough(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    for _ in 0..MOST_A_DAY {
        let (id, made) = asks(&world, &mut tx, mailbox, "bo").await;
        assert_eq!(made, Invited::Made);
        assert_eq!(asks(&world, &mut tx, mailbox, "cleo").await.1, Invited::Another);
        assert!(withdraw(&mut tx, mailbox, id, world.now()).await.unwrap());
        assert!(!withdraw(&mut tx, mailbox, id, world.now()).await.unwrap());
    }
    assert_eq!(asks(&world, &mut tx, mailbox, "bo").await.1, Invited::TooMany);
    world.later(DAY);
    assert_eq!(asks(&world, &mut tx, mailbox, "bo").await.1, Invited::Made);
    people::protect(&mut tx, anna, &world.service()).await.unwrap();
    let (bo, _) = world.citizen(&mut tx, "bo").await;
    assert!(to_person(&mut tx, bo, world.now()).await.unwrap().is_empty(), "protected since");
    assert_eq!(asks(&world, &mut tx, mailbox, "bo").await.1, Invited::Frozen);
}

async fn one_that_is_answered_or_old_waits_no_longer(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    let (bo, _) = world.citizen(&mut tx, "bo").await;
    let (id, _) = asks(&world, &mut tx, mailbox, "bo").await;
    assert!(decline(&mut tx, id, bo, world.now()).await.unwrap());
    assert!(of_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
    let (id, made) = asks(&world, &mut tx, mailbox, "bo").await;
    assert_eq!(made, Invited::Made);
    world.later(LIFE);
    assert!(to_person(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(!accept(&mut tx, id, bo, b"Bo", world.now()).await.unwrap());
    assert_eq!(asks(&world, &mut tx, mailbox, "bo").await.1, Invited::Made);
    // One's own mailbox is nobody else's to be asked for.
    let (_, own) = world.citizen(&mut tx, "cleo").await;
    asks(&world, &mut tx, own, "cleo").await;
    let cleo = boxes::find(&mut tx, own).await.unwrap().unwrap().owner.person().unwrap();
    assert!(to_person(&mut tx, cleo, world.now()).await.unwrap().is_empty());
}
