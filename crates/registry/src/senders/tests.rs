#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    dispatch, version,
    world::{FORMEDLAREN, KOMMUNEN, VERKET, World, org},
};
use std::time::Duration;
use store::{Store, both};

both!(
    every_change_raises_the_version_and_nothing_else_does,
    names_that_could_deceive_are_refused,
    listings_are_kept_when_they_are_taken_back,
);

async fn every_change_raises_the_version_and_nothing_else_does(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let number = org(KOMMUNEN);
    let mut before = version(&mut tx).await.unwrap();
    macro_rules! raises {
        ($by:literal, $change:expr, $answer:literal) => {
            assert_eq!($change.await.unwrap(), $answer, stringify!($change));
            let after = version(&mut tx).await.unwrap();
            assert_eq!(after - before, $by, stringify!($change));
            before = after;
        };
    }
    raises!(1, add(&mut tx, &number, "Exempelkommunen", true, world.now()), true);
    raises!(0, add(&mut tx, &number, "En annan", false, world.now()), false);
    raises!(1, rename(&mut tx, &number, "  Exempelkommun  "), true);
    raises!(0, rename(&mut tx, &org(VERKET), "Exempelverket"), false);
    raises!(1, suspend(&mut tx, &number, world.now()), true);
    raises!(0, suspend(&mut tx, &number, world.now()), false);
    raises!(1, resume(&mut tx, &number), true);
    raises!(0, resume(&mut tx, &number), false);
    raises!(1, set_may_send(&mut tx, &number, false), true);
    raises!(0, dispatch::list(&mut tx, &number, &org(FORMEDLAREN), world.now()), false);
    raises!(0, dispatch::unlist(&mut tx, &number, &org(FORMEDLAREN), world.now()), false);
    assert!(before > 1);
    let found = find(&mut tx, &number).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.may_send, found.suspended_at), ("Exempelkommun", false, None));
    assert_eq!(list(&mut tx).await.unwrap(), [found]);
    assert!(find(&mut tx, &org(VERKET)).await.unwrap().is_none());
}

async fn names_that_could_deceive_are_refused(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    for name in ["", "   ", "Exempel\u{202E}kommunen", "två\nrader", &"å".repeat(101)] {
        assert!(matches!(
            add(&mut tx, &org(KOMMUNEN), name, true, world.now()).await,
            Err(SenderError::Name(_))
        ));
    }
    assert!(list(&mut tx).await.unwrap().is_empty());
}

async fn listings_are_kept_when_they_are_taken_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    let sender = org(KOMMUNEN);
    let dispatcher = org(FORMEDLAREN);
    let first = world.now();
    assert!(!dispatch::list(&mut tx, &sender, &dispatcher, world.now()).await.unwrap());
    assert!(!dispatch::list(&mut tx, &sender, &sender, world.now()).await.unwrap());
    world.later(Duration::from_secs(60));
    assert!(dispatch::unlist(&mut tx, &sender, &dispatcher, world.now()).await.unwrap());
    assert!(!dispatch::unlist(&mut tx, &sender, &dispatcher, world.now()).await.unwrap());
    let until = world.now();
    world.later(Duration::from_secs(60));
    assert!(dispatch::list(&mut tx, &sender, &dispatcher, world.now()).await.unwrap());
    let listings = dispatch::of_sender(&mut tx, &sender).await.unwrap();
    let times: Vec<_> = listings.iter().map(|listing| (listing.valid_from, listing.valid_to)).collect();
    assert_eq!(times, [(first, Some(until)), (world.now(), None)]);
    assert_eq!(dispatch::all(&mut tx).await.unwrap(), listings);
}
