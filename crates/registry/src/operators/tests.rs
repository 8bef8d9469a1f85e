#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    version,
    world::{BREVEN, KOMMUNEN, LADAN, VERKET, World, org},
};
use std::time::Duration;
use store::{Store, both};

both!(
    every_change_raises_the_version_and_nothing_else_does,
    an_operator_is_found_by_number_and_by_domain,
    what_cannot_be_shown_or_reached_is_refused,
    one_that_has_ended_leaves_its_domain_and_can_come_back,
    we_are_who_the_configuration_says,
    we_do_not_become_another_that_is_there,
    we_can_become_another,
);

fn new<'a>(number: &'a OrgNumber, domain: &'a str, name: &'a str) -> NewOperator<'a> {
    let ui_address = Some("https://ladan.example");
    NewOperator { number, domain, name, service_address: "https://ladan.example/service/v3", ui_address }
}

async fn every_change_raises_the_version_and_nothing_else_does(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let ladan = org(LADAN);
    let verket = org(VERKET);
    let mut before = version(&mut tx).await.unwrap();
    macro_rules! raises {
        ($by:literal, $change:expr, $answer:literal) => {
            assert_eq!($change.await.unwrap(), $answer, stringify!($change));
            let after = version(&mut tx).await.unwrap();
            assert_eq!(after - before, $by, stringify!($change));
            before = after;
        };
    }
    raises!(1, add(&mut tx, &new(&ladan, "ladan.example", "Lådan"), world.now()), true);
    raises!(0, add(&mut tx, &new(&ladan, "other.example", "En annan"), world.now()), false);
    raises!(1, rename(&mut tx, &ladan, "  Brevlådan "), true);
    raises!(0, rename(&mut tx, &verket, "Ingen"), false);
    raises!(1, change(&mut tx, &new(&ladan, "ladan.example", "Lådan")), true);
    raises!(0, change(&mut tx, &new(&verket, "verket.example", "Ingen")), false);
    raises!(1, set_own(&mut tx, &new(&verket, "verket.example", "Vi"), world.now()), true);
    raises!(0, set_own(&mut tx, &new(&verket, "verket.example", "Vi"), world.now()), false);
    raises!(1, set_own(&mut tx, &new(&verket, "verket.example", "Vi själva"), world.now()), true);
    raises!(1, end(&mut tx, &ladan, world.now()), true);
    raises!(0, end(&mut tx, &ladan, world.now()), false);
    raises!(0, rename(&mut tx, &ladan, "Död"), false);
    raises!(0, change(&mut tx, &new(&ladan, "ladan.example", "Död")), false);
    raises!(0, end(&mut tx, &org(KOMMUNEN), world.now()), false);
    assert!(before > 1);
}

async fn an_operator_is_found_by_number_and_by_domain(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.operators(&mut tx).await;
    let ladan = find(&mut tx, &org(LADAN)).await.unwrap().unwrap();
    let wanted = Operator {
        number: org(LADAN),
        domain: "ladan.example".into(),
        name: "Lådan".into(),
        service_address: "https://ladan.example/service/v3".into(),
        ui_address: None,
        own: false,
        added_at: world.now(),
        ended_at: None,
    };
    assert_eq!(ladan, wanted);
    assert_eq!(by_domain(&mut tx, " Ladan.Example ").await.unwrap(), Some(wanted));
    assert!(by_domain(&mut tx, "example").await.unwrap().is_none());
    assert!(find(&mut tx, &org(KOMMUNEN)).await.unwrap().is_none());
    let own = own(&mut tx).await.unwrap().unwrap();
    assert!(own.own);
    let numbers: Vec<_> = list(&mut tx).await.unwrap().into_iter().map(|one| one.number).collect();
    let mut wanted = vec![org(LADAN), org(BREVEN), own.number];
    wanted.sort();
    assert_eq!(numbers, wanted);
}

async fn what_cannot_be_shown_or_reached_is_refused(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let ladan = org(LADAN);
    let now = world.now();
    for domain in
        ["", "ladan", "lådan.example", "a b.example", ".example", "a..b", "-a.example", "a-.b", "a/b.c"]
    {
        let refused = add(&mut tx, &new(&ladan, domain, "Lådan"), now).await;
        assert!(matches!(refused, Err(OperatorError::Domain)), "{domain}");
    }
    for name in ["", "  ", "Lå\u{202E}dan", &"å".repeat(101)] {
        let refused = add(&mut tx, &new(&ladan, "ladan.example", name), now).await;
        assert!(matches!(refused, Err(OperatorError::Name(_))), "{name}");
    }
    let long = format!("https://{}", "a".repeat(250));
    for address in
        ["", "ladan.example", "http://ladan.example", "https://", "https:///x", "https://a b", &long]
    {
        let service = NewOperator { service_address: address, ..new(&ladan, "ladan.example", "Lådan") };
        assert!(matches!(add(&mut tx, &service, now).await, Err(OperatorError::Address)), "{address}");
        let ui = NewOperator { ui_address: Some(address), ..new(&ladan, "ladan.example", "Lådan") };
        assert!(matches!(add(&mut tx, &ui, now).await, Err(OperatorError::Address)), "{address}");
    }
    assert!(list(&mut tx).await.unwrap().is_empty());
    assert!(add(&mut tx, &new(&ladan, "Ladan.Example", "Lådan"), now).await.unwrap());
    let verket = org(VERKET);
    let taken = add(&mut tx, &new(&verket, "LADAN.example", "Verket"), now).await;
    assert!(matches!(taken, Err(OperatorError::DomainTaken(by)) if by == ladan));
    assert!(add(&mut tx, &new(&verket, "verket.example", "Verket"), now).await.unwrap());
    let taken = change(&mut tx, &new(&verket, "ladan.example", "Verket")).await;
    assert!(matches!(taken, Err(OperatorError::DomainTaken(by)) if by == ladan));
}

async fn one_that_has_ended_leaves_its_domain_and_can_come_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let ladan = org(LADAN);
    let verket = org(VERKET);
    assert!(add(&mut tx, &new(&ladan, "ladan.example", "Lådan"), world.now()).await.unwrap());
    world.later(Duration::from_secs(1));
    assert!(end(&mut tx, &ladan, world.now()).await.unwrap());
    assert_eq!(find(&mut tx, &ladan).await.unwrap().unwrap().ended_at, Some(world.now()));
    assert!(by_domain(&mut tx, "ladan.example").await.unwrap().is_none());
    assert!(add(&mut tx, &new(&verket, "ladan.example", "Nya lådan"), world.now()).await.unwrap());
    assert_eq!(by_domain(&mut tx, "ladan.example").await.unwrap().unwrap().number, verket);
    let taken = add(&mut tx, &new(&ladan, "ladan.example", "Lådan"), world.now()).await;
    assert!(matches!(taken, Err(OperatorError::DomainTaken(by)) if by == verket));
    world.later(Duration::from_secs(1));
    assert!(add(&mut tx, &new(&ladan, "gamla.example", "Gamla lådan"), world.now()).await.unwrap());
    let back = find(&mut tx, &ladan).await.unwrap().unwrap();
    assert_eq!((back.ended_at, back.added_at, back.name.as_str()), (None, world.now(), "Gamla lådan"));
}

async fn we_are_who_the_configuration_says(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    assert!(own(&mut tx).await.unwrap().is_none());
    let number = org(VERKET);
    let plain = NewOperator {
        service_address: "http://127.0.0.1:8081/Service/v3",
        ui_address: None,
        ..new(&number, "verket.example", "Vi")
    };
    assert!(set_own(&mut tx, &plain, world.now()).await.unwrap());
    assert!(set_own(&mut tx, &new(&number, "verket.example", "Vi"), world.now()).await.unwrap());
    let found = own(&mut tx).await.unwrap().unwrap();
    assert_eq!((found.number, found.ui_address.as_deref()), (number.clone(), Some("https://ladan.example")));
    // It is not the operator's commands that say who we are.
    let new = new(&number, "verket.example", "Någon annan");
    assert!(matches!(add(&mut tx, &new, world.now()).await, Err(OperatorError::Own)));
    assert!(matches!(change(&mut tx, &new).await, Err(OperatorError::Own)));
    assert!(matches!(rename(&mut tx, &number, "Någon annan").await, Err(OperatorError::Own)));
    assert!(matches!(end(&mut tx, &number, world.now()).await, Err(OperatorError::Own)));
    assert_eq!(own(&mut tx).await.unwrap().unwrap().name, "Vi");
}

async fn we_do_not_become_another_that_is_there(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let ladan = org(LADAN);
    let verket = org(VERKET);
    assert!(add(&mut tx, &new(&ladan, "ladan.example", "Lådan"), world.now()).await.unwrap());
    let refused = set_own(&mut tx, &new(&ladan, "vi.example", "Vi"), world.now()).await;
    assert!(matches!(refused, Err(OperatorError::NumberTaken(by)) if by == ladan));
    let refused = set_own(&mut tx, &new(&verket, "ladan.example", "Vi"), world.now()).await;
    assert!(matches!(refused, Err(OperatorError::DomainTaken(by)) if by == ladan));
    // Not any more.
    assert!(end(&mut tx, &ladan, world.now()).await.unwrap());
    assert!(set_own(&mut tx, &new(&ladan, "ladan.example", "Vi"), world.now()).await.unwrap());
    let found = own(&mut tx).await.unwrap().unwrap();
    assert_eq!((found.number, found.name.as_str(), found.ended_at), (ladan, "Vi", None));
}

async fn we_can_become_another(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let before = org(KOMMUNEN);
    let after = org(VERKET);
    assert!(set_own(&mut tx, &new(&before, "vi.example", "Vi"), world.now()).await.unwrap());
    world.later(Duration::from_secs(1));
    assert!(set_own(&mut tx, &new(&after, "vi.example", "Vi"), world.now()).await.unwrap());
    assert_eq!(own(&mut tx).await.unwrap().unwrap().number, after);
    let left = find(&mut tx, &before).await.unwrap().unwrap();
    assert_eq!((left.own, left.ended_at), (false, Some(world.now())));
    // And back.
    assert!(set_own(&mut tx, &new(&before, "vi.example", "Vi"), world.now()).await.unwrap());
    assert_eq!(own(&mut tx).await.unwrap().unwrap().number, before);
    assert_eq!(by_domain(&mut tx, "vi.example").await.unwrap().unwrap().number, before);
}
