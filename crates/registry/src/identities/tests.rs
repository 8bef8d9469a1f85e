#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{organisations, world::World};
use domain::AddressMac;
use std::time::Duration;
use store::{Store, both};
use vault::SystemRandom;

both!(
    a_number_belongs_to_one_at_a_time,
    an_organisation_is_registered_once,
    organisations_at_once_become_one,
);

async fn a_number_belongs_to_one_at_a_time(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let anna = Owner::Person(anna);
    let bo = Owner::Person(bo);
    let mac = world.address("anna");
    let to =
        |owner, valid_from| NewIdentity { mac: &mac, kind: IdentityKind::Personnummer, owner, valid_from };
    let first = world.now();
    world.later(Duration::from_secs(9));
    assert!(!add(&mut tx, &to(bo, world.now())).await.unwrap());
    assert!(!end(&mut tx, &mac, bo, world.now()).await.unwrap(), "only the owner's row ends");
    assert!(end(&mut tx, &mac, anna, world.now()).await.unwrap());
    assert!(!end(&mut tx, &mac, anna, world.now()).await.unwrap());
    // Not while it was still anna's.
    assert!(!add(&mut tx, &to(bo, first)).await.unwrap());
    assert!(add(&mut tx, &to(bo, world.now())).await.unwrap());
    let past = of_owner(&mut tx, anna).await.unwrap();
    assert_eq!((past.len(), past[0].valid_from, past[0].valid_to), (1, first, Some(world.now())));
    let macs: Vec<_> = of_owner(&mut tx, bo).await.unwrap().into_iter().map(|row| row.mac).collect();
    assert_eq!(macs.len(), 2);
    assert!(macs.contains(&mac));
}

async fn an_organisation_is_registered_once(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let mac = world.address("bolaget");
    let (first, is_new) =
        organisations::register(&mut tx, &mac, b"sealed", world.now(), &SystemRandom).await.unwrap();
    assert!(is_new);
    let again = organisations::register(&mut tx, &mac, b"other", world.now(), &SystemRandom).await.unwrap();
    assert_eq!(again, (first, false));
    assert_eq!(organisations::find(&mut tx, first).await.unwrap().unwrap().profile, b"sealed");
    world.later(Duration::from_secs(1));
    assert!(organisations::end(&mut tx, first, world.now()).await.unwrap());
    assert!(!organisations::end(&mut tx, first, world.now()).await.unwrap());
    assert!(organisations::by_address(&mut tx, &mac, world.now()).await.unwrap().is_none());
    // Its successor may get the number.
    let (next, is_new) =
        organisations::register(&mut tx, &mac, b"next", world.now(), &SystemRandom).await.unwrap();
    assert!(is_new && next != first);
}

async fn organisations_at_once_become_one(store: Store) {
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut tx = store.begin("test").await.unwrap();
                // Their clocks do not quite agree.
                let now = Time::from_millis(9 - n);
                let answer = organisations::register(
                    &mut tx,
                    &AddressMac::from_bytes([3; 32]),
                    b"x",
                    now,
                    &SystemRandom,
                )
                .await
                .unwrap();
                tx.commit().await.unwrap();
                answer
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().filter(|(_, is_new)| *is_new).count(), 1);
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0));
}
