#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::world::World;
use store::{Store, both};

both!(
    one_request_of_each_kind_waits,
    a_signature_is_added_to_what_was_read_and_to_nothing_else,
    a_request_lives_thirty_days,
);

async fn one_request_of_each_kind_waits(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (address, other) = (world.address("bolaget"), world.address("another"));
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

async fn a_signature_is_added_to_what_was_read_and_to_nothing_else(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (kind, address) = (PendingKind::Register, world.address("bolaget"));
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
    let (kind, address) = (PendingKind::Preferences, world.address("bolaget"));
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
