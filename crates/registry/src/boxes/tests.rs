#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{organisations, world::World};
use domain::PersonId;
use std::{collections::HashSet, time::Duration};
use store::{Store, both};
use vault::SystemRandom;

both!(
    a_mailbox_is_opened_closed_and_opened_again,
    an_owner_has_one_mailbox,
    openings_at_once_make_one_mailbox,
    those_who_may_not_have_a_mailbox_get_none,
);

async fn a_mailbox_is_opened_closed_and_opened_again(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let found = find(&mut tx, mailbox).await.unwrap().unwrap();
    assert_eq!((found.owner, found.opened_at, found.closed_at), (Owner::Person(anna), world.now(), None));
    assert_eq!((found.epoch, found.public_key.as_bytes(), found.erased_since), (1, &[7; 32], None));
    assert_eq!(count_open(&mut tx).await.unwrap(), 1);
    world.later(Duration::from_secs(1));
    assert!(close(&mut tx, mailbox, &world.by(anna)).await.unwrap());
    assert!(!close(&mut tx, mailbox, &world.by(anna)).await.unwrap());
    assert_eq!(find(&mut tx, mailbox).await.unwrap().unwrap().closed_at, Some(world.now()));
    assert_eq!(count_open(&mut tx).await.unwrap(), 0);
    world.later(Duration::from_secs(1));
    assert_eq!(world.open(&mut tx, Owner::Person(anna)).await, mailbox);
    let again = of_owner(&mut tx, Owner::Person(anna)).await.unwrap().unwrap();
    assert_eq!((again.mailbox_id, again.closed_at, again.opened_at), (mailbox, None, world.now()));
    let events = world.events(&mut tx, mailbox).await;
    let kinds: Vec<_> = events.iter().map(|event| (event.kind, event.detail.as_deref())).collect();
    let wanted = [
        (EventType::MailboxOpened, None),
        (EventType::MailboxClosed, None),
        (EventType::MailboxOpened, Some("again")),
    ];
    assert_eq!(kinds, wanted);
    assert!(events.iter().all(|event| event.actor == evidence::Actor::Owner));
}

async fn an_owner_has_one_mailbox(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    assert_eq!(world.open(&mut tx, Owner::Person(anna)).await, mailbox);
    assert_eq!(
        world.kinds(&mut tx, mailbox).await,
        [EventType::MailboxOpened],
        "an open one is left as it is"
    );
    let (_, other) = world.citizen(&mut tx, "bo").await;
    assert_ne!(other, mailbox);
}

async fn openings_at_once_make_one_mailbox(store: Store) {
    let world = std::sync::Arc::new(World::new(store));
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    tx.commit().await.unwrap();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move {
                let mut tx = world.tx().await;
                let mailbox = world.open(&mut tx, Owner::Person(anna)).await;
                tx.commit().await.unwrap();
                mailbox
            })
        })
        .collect();
    let mut opened = HashSet::new();
    for task in tasks {
        opened.insert(task.await.unwrap());
    }
    assert_eq!(opened.len(), 1);
    let mut tx = world.tx().await;
    assert_eq!(world.kinds(&mut tx, *opened.iter().next().unwrap()).await, [EventType::MailboxOpened]);
}

async fn those_who_may_not_have_a_mailbox_get_none(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let public_key = PublicKey::from_bytes([7; 32]);
    let new = |owner, adult| NewBox {
        mailbox_id: MailboxId::new(&SystemRandom),
        owner,
        epoch: 1,
        public_key: &public_key,
        adult,
    };
    let person = Owner::Person(anna);
    assert!(matches!(open(&mut tx, &new(person, false), &world.by(anna)).await, Err(BoxError::UnderAge)));
    let nobody = Owner::Person(PersonId::new(&SystemRandom));
    assert!(matches!(open(&mut tx, &new(nobody, true), &world.by(anna)).await, Err(BoxError::UnknownOwner)));
    people::decease(&mut tx, anna, world.now()).await.unwrap();
    assert!(matches!(open(&mut tx, &new(person, true), &world.by(anna)).await, Err(BoxError::Deceased)));
    organisations::end(&mut tx, organisation, world.now()).await.unwrap();
    let ended = Owner::Organisation(organisation);
    assert!(matches!(open(&mut tx, &new(ended, true), &world.service()).await, Err(BoxError::UnknownOwner)));
    assert_eq!(count_open(&mut tx).await.unwrap(), 0);
}
