#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    boxes,
    owner::Owner,
    people,
    register::{self, Signatory},
    world::{World, somebody_waits},
};
use std::time::Duration;
use store::{Store, both};
use vault::SystemRandom;

both!(
    a_helper_reads_until_the_day_that_was_set,
    one_helper_at_a_time,
    grants_at_once_make_one_helper,
    those_who_cannot_help_do_not,
    only_the_mailbox_itself_takes_a_helper_back,
    a_person_acts_for_the_own_box_first,
    the_mailbox_of_the_dead_is_nobodys,
    a_signatory_is_not_revoked_as_a_helper,
);

const DAY: Duration = Duration::from_secs(24 * 3600);

fn helper(world: &World, mailbox_id: MailboxId, person: PersonId, days: u32) -> NewHelper<'static> {
    let mandate_id = MandateId::new(&SystemRandom);
    NewHelper {
        mandate_id,
        mailbox_id,
        helper: person,
        note: b"sealed name",
        valid_to: world.now().plus(DAY * days),
    }
}

async fn a_helper_reads_until_the_day_that_was_set(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let new = helper(&world, mailbox, bo, 10);
    grant_helper(&mut tx, &new, &world.by(anna)).await.unwrap();
    let access = access(&mut tx, bo, mailbox, world.now()).await.unwrap().unwrap();
    assert_eq!((access.because, access.owner), (Because::Helper, Owner::Person(anna)));
    assert_eq!((access.mandate_id, access.ends_at), (Some(new.mandate_id), Some(new.valid_to)));
    assert_eq!(access.owner_profile, b"anna");
    let held = for_person(&mut tx, bo, world.now()).await.unwrap();
    assert_eq!(
        (held.len(), held[0].kind, held[0].note.as_slice()),
        (1, MandateKind::Helper, b"sealed name".as_slice())
    );
    assert!(held[0].holds(world.now()));
    world.later(DAY * 10 - Duration::from_millis(1));
    assert_eq!(boxes_of(&mut tx, bo, world.now()).await.unwrap().len(), 1);
    world.later(Duration::from_millis(1));
    assert!(boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(for_person(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(!of_mailbox(&mut tx, mailbox).await.unwrap()[0].holds(world.now()));
}

async fn one_helper_at_a_time(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let cleo = world.person(&mut tx, "cleo").await;
    let first = helper(&world, mailbox, bo, 10);
    grant_helper(&mut tx, &first, &world.by(anna)).await.unwrap();
    let second = helper(&world, mailbox, cleo, 20);
    assert!(matches!(grant_helper(&mut tx, &second, &world.by(anna)).await, Err(HelperError::Another)));
    assert!(revoke_helper(&mut tx, mailbox, first.mandate_id, &world.by(anna)).await.unwrap());
    grant_helper(&mut tx, &second, &world.by(anna)).await.unwrap();
    assert!(boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert_eq!(boxes_of(&mut tx, cleo, world.now()).await.unwrap().len(), 1);
    // One whose time has run out is no helper any more.
    world.later(DAY * 21);
    grant_helper(&mut tx, &helper(&world, mailbox, bo, 1), &world.by(anna)).await.unwrap();
    let events = world.events(&mut tx, mailbox).await;
    let kinds: Vec<_> = events[1..].iter().map(|event| (event.kind, event.detail.as_deref())).collect();
    let granted = EventType::MandateGranted;
    let revoked = EventType::MandateRevoked;
    let wanted = [granted, revoked, granted, granted].map(|kind| (kind, Some("helper")));
    assert_eq!(kinds, wanted);
}

async fn grants_at_once_make_one_helper(store: Store) {
    let world = std::sync::Arc::new(World::new(store));
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let cleo = world.person(&mut tx, "cleo").await;
    tx.commit().await.unwrap();
    let mut first = world.tx().await;
    grant_helper(&mut first, &helper(&world, mailbox, bo, 5), &world.by(anna)).await.unwrap();
    let second = {
        let world = world.clone();
        tokio::spawn(async move {
            let mut tx = world.tx().await;
            let granted = grant_helper(&mut tx, &helper(&world, mailbox, cleo, 5), &world.by(anna)).await;
            tx.commit().await.unwrap();
            granted
        })
    };
    while !second.is_finished() && !somebody_waits(&world.store).await {
        tokio::task::yield_now().await;
    }
    assert!(!second.is_finished(), "the second has not waited for the first");
    first.commit().await.unwrap();
    assert!(matches!(second.await.unwrap(), Err(HelperError::Another)));
    let mut tx = world.tx().await;
    let helpers = of_mailbox(&mut tx, mailbox).await.unwrap();
    assert_eq!(helpers.iter().map(|mandate| mandate.person_id).collect::<Vec<_>>(), [bo]);
}

async fn those_who_cannot_help_do_not(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let mut grant = async |new: NewHelper<'_>| grant_helper(&mut tx, &new, &world.by(anna)).await;
    assert!(matches!(grant(helper(&world, mailbox, anna, 5)).await, Err(HelperError::Oneself)));
    let stranger = PersonId::new(&SystemRandom);
    assert!(matches!(grant(helper(&world, mailbox, stranger, 5)).await, Err(HelperError::UnknownHelper)));
    let nowhere = MailboxId::new(&SystemRandom);
    assert!(matches!(grant(helper(&world, nowhere, bo, 5)).await, Err(HelperError::UnknownMailbox)));
    for days in [0, 367, 10_000] {
        assert!(matches!(grant(helper(&world, mailbox, bo, days)).await, Err(HelperError::End)));
    }
    people::decease(&mut tx, bo, world.now()).await.unwrap();
    let refused = grant_helper(&mut tx, &helper(&world, mailbox, bo, 5), &world.by(anna)).await;
    assert!(matches!(refused, Err(HelperError::UnknownHelper)));
    people::undo_decease(&mut tx, bo).await.unwrap();
    boxes::close(&mut tx, mailbox, &world.by(anna)).await.unwrap();
    let refused = grant_helper(&mut tx, &helper(&world, mailbox, bo, 5), &world.by(anna)).await;
    assert!(matches!(refused, Err(HelperError::UnknownMailbox)));
    assert!(of_mailbox(&mut tx, mailbox).await.unwrap().is_empty());
}

async fn only_the_mailbox_itself_takes_a_helper_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let (bo, other) = world.citizen(&mut tx, "bo").await;
    let new = helper(&world, mailbox, bo, 10);
    grant_helper(&mut tx, &new, &world.by(anna)).await.unwrap();
    assert!(!revoke_helper(&mut tx, other, new.mandate_id, &world.by(bo)).await.unwrap());
    assert!(!revoke_helper(&mut tx, mailbox, MandateId::new(&SystemRandom), &world.by(anna)).await.unwrap());
    assert!(revoke_helper(&mut tx, mailbox, new.mandate_id, &world.by(anna)).await.unwrap());
    assert!(!revoke_helper(&mut tx, mailbox, new.mandate_id, &world.by(anna)).await.unwrap());
    assert_eq!(of_mailbox(&mut tx, mailbox).await.unwrap()[0].revoked_at, Some(world.now()));
    assert_eq!(world.kinds(&mut tx, other).await, [EventType::MailboxOpened]);
}

async fn signatory(world: &World, tx: &mut Tx, mailbox: MailboxId, name: &str) -> MandateId {
    let mandate_id = MandateId::new(&SystemRandom);
    let signatory = Signatory { mandate_id, person_mac: world.address(name), note: name.as_bytes().to_vec() };
    register::sync(tx, mailbox, &[signatory], &world.service()).await.unwrap();
    mandate_id
}

async fn a_person_acts_for_the_own_box_first(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (bo, theirs) = world.citizen(&mut tx, "bo").await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let company = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let anna = world.person(&mut tx, "anna").await;
    grant_helper(&mut tx, &helper(&world, theirs, anna, 10), &world.by(bo)).await.unwrap();
    signatory(&world, &mut tx, company, "anna").await;
    world.later(DAY);
    let own = world.open(&mut tx, Owner::Person(anna)).await;
    let boxes = boxes_of(&mut tx, anna, world.now()).await.unwrap();
    let found: Vec<_> = boxes.iter().map(|access| (access.mailbox_id, access.because)).collect();
    let wanted = [(own, Because::Owner), (company, Because::Signatory), (theirs, Because::Helper)];
    assert_eq!(found, wanted);
    assert_eq!(boxes[1].owner, Owner::Organisation(organisation));
    assert_eq!((boxes[1].owner_profile.as_slice(), boxes[1].ends_at), (b"bolaget".as_slice(), None));
    assert!(access(&mut tx, bo, own, world.now()).await.unwrap().is_none());
    // A closed mailbox can still be read.
    boxes::close(&mut tx, own, &world.by(anna)).await.unwrap();
    assert_eq!(boxes_of(&mut tx, anna, world.now()).await.unwrap()[0].closed_at, Some(world.now()));
}

async fn the_mailbox_of_the_dead_is_nobodys(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    grant_helper(&mut tx, &helper(&world, mailbox, bo, 10), &world.by(anna)).await.unwrap();
    people::decease(&mut tx, anna, world.now()).await.unwrap();
    assert!(boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(boxes_of(&mut tx, anna, world.now()).await.unwrap().is_empty());
    people::undo_decease(&mut tx, anna).await.unwrap();
    people::decease(&mut tx, bo, world.now()).await.unwrap();
    assert!(boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert_eq!(boxes_of(&mut tx, anna, world.now()).await.unwrap().len(), 1);
}

async fn a_signatory_is_not_revoked_as_a_helper(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let company = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let anna = world.person(&mut tx, "anna").await;
    let mandate = signatory(&world, &mut tx, company, "anna").await;
    assert!(!revoke_helper(&mut tx, company, mandate, &world.by(anna)).await.unwrap());
    assert_eq!(boxes_of(&mut tx, anna, world.now()).await.unwrap().len(), 1);
}
