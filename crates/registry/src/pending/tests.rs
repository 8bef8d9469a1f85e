#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::world::World;
use store::{Store, both};

both!(
    one_request_of_each_kind_waits,
    many_are_asked_for_at_once,
    a_signature_is_added_to_what_was_read_and_to_nothing_else,
    a_request_lives_thirty_days,
);

async fn one_request_of_each_kind_waits(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let address = world.address("bolaget");
    let other = world.address("another");
    for kind in PendingKind::ALL {
        assert!(find(&mut tx, kind, &address, world.now()).await.unwrap().is_none());
        assert!(put(&mut tx, kind, &address, None, kind.as_str().as_bytes(), world.now()).await.unwrap());
        assert!(!put(&mut tx, kind, &address, None, b"another", world.now()).await.unwrap());
    }
    for kind in PendingKind::ALL {
        let wanted = Pending {
            kind,
            address_mac: address,
            request: kind.as_str().into(),
            created_at: world.now(),
            expires_at: world.now().plus(LIFE),
        };
        assert_eq!(find(&mut tx, kind, &address, world.now()).await.unwrap(), Some(wanted));
        assert!(find(&mut tx, kind, &other, world.now()).await.unwrap().is_none());
    }
    assert!(delete(&mut tx, PendingKind::Move, &address).await.unwrap());
    assert!(!delete(&mut tx, PendingKind::Move, &address).await.unwrap());
    assert!(find(&mut tx, PendingKind::Move, &address, world.now()).await.unwrap().is_none());
    assert!(find(&mut tx, PendingKind::Register, &address, world.now()).await.unwrap().is_some());
}

async fn many_are_asked_for_at_once(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let [one, two, three] = ["bolaget", "another", "a third"].map(|name| world.address(name));
    let begun = world.now();
    assert!(put(&mut tx, PendingKind::Register, &one, None, b"1", begun).await.unwrap());
    world.later(Duration::from_secs(60));
    assert!(put(&mut tx, PendingKind::Deregister, &one, None, b"2", world.now()).await.unwrap());
    assert!(put(&mut tx, PendingKind::Move, &two, None, b"3", world.now()).await.unwrap());
    let found = find_many(&mut tx, &[two, three, one, two], world.now()).await.unwrap();
    let told: Vec<_> = found.iter().map(|(no, one)| (*no, one.kind, one.request.as_slice())).collect();
    let moves = PendingKind::Move;
    let ends = PendingKind::Deregister;
    let register = PendingKind::Register;
    assert_eq!(
        told,
        [(0, moves, &b"3"[..]), (2, register, b"1"), (2, ends, b"2"), (3, moves, b"3")],
        "in the order of the question"
    );
    let later = find_many(&mut tx, &[one], begun.plus(LIFE)).await.unwrap();
    assert_eq!(later.len(), 1, "one whose time is over waits no more");
    assert!(find_many(&mut tx, &[], world.now()).await.unwrap().is_empty());
    assert_eq!(find_many(&mut tx, &vec![one; 1000], world.now()).await.unwrap().len(), 2000);
}

async fn a_signature_is_added_to_what_was_read_and_to_nothing_else(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let kind = PendingKind::Register;
    let address = world.address("bolaget");
    let begun = world.now();
    assert!(!put(&mut tx, kind, &address, Some(b"anna"), b"anna, bo", begun).await.unwrap(), "none is there");
    assert!(put(&mut tx, kind, &address, None, b"anna", begun).await.unwrap());
    world.later(Duration::from_secs(60));
    assert!(put(&mut tx, kind, &address, Some(b"anna"), b"anna, bo", world.now()).await.unwrap());
    // Whoever read the same a moment earlier does not undo that.
    assert!(!put(&mut tx, kind, &address, Some(b"anna"), b"anna, cleo", world.now()).await.unwrap());
    let found = find(&mut tx, kind, &address, world.now()).await.unwrap().unwrap();
    assert_eq!((found.request.as_slice(), found.created_at), (b"anna, bo".as_slice(), begun));
    assert_eq!(found.expires_at, begun.plus(LIFE));
}

async fn a_request_lives_thirty_days(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let kind = PendingKind::Preferences;
    let address = world.address("bolaget");
    assert!(put(&mut tx, kind, &address, None, b"old", world.now()).await.unwrap());
    world.later(LIFE - Duration::from_millis(1));
    assert!(put(&mut tx, PendingKind::Move, &address, None, b"young", world.now()).await.unwrap());
    assert!(find(&mut tx, kind, &address, world.now()).await.unwrap().is_some());
    assert_eq!(expire(&mut tx, world.now()).await.unwrap(), 0);
    world.later(Duration::from_millis(1));
    assert!(find(&mut tx, kind, &address, world.now()).await.unwrap().is_none());
    assert!(!put(&mut tx, kind, &address, Some(b"old"), b"older", world.now()).await.unwrap());
    // A new one takes its place, also when nobody has tidied up.
    assert!(put(&mut tx, kind, &address, None, b"new", world.now()).await.unwrap());
    assert_eq!(expire(&mut tx, world.now()).await.unwrap(), 0);
    world.later(LIFE - Duration::from_millis(1));
    assert_eq!(expire(&mut tx, world.now()).await.unwrap(), 1, "the young one of then");
    assert!(find(&mut tx, kind, &address, world.now()).await.unwrap().is_some());
}
