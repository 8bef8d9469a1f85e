#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    contacts,
    mandates::{self, NewHelper},
    world::World,
};
use domain::{AddressMac, LoginMac, MandateId, words::EventType};
use std::{collections::HashSet, time::Duration};
use store::{Store, both};
use vault::SystemRandom;

both!(
    a_person_is_registered_once,
    log_ins_at_once_make_one_person,
    a_person_logs_in_by_a_new_number,
    name_and_language_are_kept,
    protection_ends_helpers_and_names_in_notices,
    death_is_noted_once_and_can_be_taken_back,
);

async fn a_person_is_registered_once(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let new = NewPerson {
        login_mac: &world.login("anna"),
        address_mac: &world.address("anna"),
        kind: IdentityKind::Samordningsnummer,
        profile: b"sealed",
        language: Language::English,
    };
    let (person, is_new) = register(&mut tx, &new, world.now(), &SystemRandom).await.unwrap();
    assert!(is_new);
    assert_eq!(register(&mut tx, &new, world.now(), &SystemRandom).await.unwrap(), (person, false));
    // Known by address alone: the log-in is added.
    let other = NewPerson { login_mac: &world.login("anna, again"), ..new };
    assert_eq!(register(&mut tx, &other, world.now(), &SystemRandom).await.unwrap(), (person, false));
    let found = by_login(&mut tx, other.login_mac).await.unwrap().unwrap();
    assert_eq!((found.person_id, found.language, found.created_at), (person, Language::English, world.now()));
    assert_eq!(found.profile, b"sealed");
    assert_eq!(login_macs(&mut tx, person).await.unwrap().len(), 2);
    assert_eq!(by_address(&mut tx, new.address_mac, world.now()).await.unwrap().unwrap().person_id, person);
    assert!(
        by_address(&mut tx, new.address_mac, world.now().minus(Duration::from_secs(1)))
            .await
            .unwrap()
            .is_none()
    );
    assert!(by_login(&mut tx, &LoginMac::from_bytes([0; 32])).await.unwrap().is_none());
    let numbers = identities::of_owner(&mut tx, Owner::Person(person)).await.unwrap();
    assert_eq!((numbers.len(), numbers[0].kind), (1, IdentityKind::Samordningsnummer));
}

async fn log_ins_at_once_make_one_person(store: Store) {
    let login = [1; 32];
    let address = [2; 32];
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let new = NewPerson {
                    login_mac: &LoginMac::from_bytes(login),
                    address_mac: &AddressMac::from_bytes(address),
                    kind: IdentityKind::Personnummer,
                    profile: b"sealed",
                    language: Language::Swedish,
                };
                let mut tx = store.begin("test").await.unwrap();
                let (person, is_new) =
                    register(&mut tx, &new, Time::from_millis(n), &SystemRandom).await.unwrap();
                tokio::task::yield_now().await;
                tx.commit().await.unwrap();
                (person, is_new)
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert_eq!(answers.iter().map(|(person, _)| *person).collect::<HashSet<_>>().len(), 1);
    assert_eq!(answers.iter().filter(|(_, is_new)| *is_new).count(), 1);
    let mut tx = store.begin("test").await.unwrap();
    for sql in [
        "SELECT count(*) AS n FROM person",
        "SELECT count(*) AS n FROM identity",
        "SELECT count(*) AS n FROM login",
    ] {
        assert_eq!(tx.one(sql, &[]).await.unwrap().unwrap().int("n").unwrap(), 1, "{sql}");
    }
}

async fn a_person_logs_in_by_a_new_number(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    assert!(add_login(&mut tx, &world.login("anna, personnummer"), anna).await.unwrap());
    assert!(!add_login(&mut tx, &world.login("anna, personnummer"), bo).await.unwrap());
    let found = by_login(&mut tx, &world.login("anna, personnummer")).await.unwrap().unwrap();
    assert_eq!(found.person_id, anna);
}

async fn name_and_language_are_kept(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    set_profile(&mut tx, anna, b"another name").await.unwrap();
    set_language(&mut tx, anna, Language::English).await.unwrap();
    let found = find(&mut tx, anna).await.unwrap().unwrap();
    assert_eq!((found.profile.as_slice(), found.language), (b"another name".as_slice(), Language::English));
    assert!(find(&mut tx, PersonId::new(&SystemRandom)).await.unwrap().is_none());
    assert!(set_language(&mut tx, PersonId::new(&SystemRandom), Language::English).await.is_err());
}

async fn protection_ends_helpers_and_names_in_notices(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let year = world.now().plus(Duration::from_secs(300 * 24 * 3600));
    let helper = NewHelper {
        mandate_id: MandateId::new(&SystemRandom),
        mailbox_id: mailbox,
        helper: bo,
        note: b"x",
        valid_to: year,
    };
    mandates::grant_helper(&mut tx, &helper, &world.by(anna)).await.unwrap();
    let contact = contacts::tests::confirmed(&world, &mut tx, anna, "anna@example.se").await;
    assert!(contacts::set_show_sender(&mut tx, anna, contact, true).await.unwrap());
    assert!(protect(&mut tx, anna, &world.service()).await.unwrap());
    assert!(!protect(&mut tx, anna, &world.service()).await.unwrap());
    assert!(find(&mut tx, anna).await.unwrap().unwrap().protected_at.is_some());
    assert!(mandates::boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(!contacts::for_person(&mut tx, anna).await.unwrap()[0].show_sender);
    assert!(!contacts::set_show_sender(&mut tx, anna, contact, true).await.unwrap());
    let refused = mandates::grant_helper(&mut tx, &helper, &world.by(anna)).await;
    assert!(matches!(refused, Err(mandates::HelperError::Protected)));
    let kinds = world.kinds(&mut tx, mailbox).await;
    let wanted = [
        EventType::MailboxOpened,
        EventType::MandateGranted,
        EventType::ContactConfirmed,
        EventType::MandateRevoked,
    ];
    assert_eq!(kinds, wanted);
    assert!(unprotect(&mut tx, anna).await.unwrap());
    assert!(!unprotect(&mut tx, anna).await.unwrap());
    assert!(mandates::boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
    assert!(contacts::set_show_sender(&mut tx, anna, contact, true).await.unwrap());
}

async fn death_is_noted_once_and_can_be_taken_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    contacts::tests::confirmed(&world, &mut tx, anna, "anna@example.se").await;
    assert!(decease(&mut tx, anna, world.now()).await.unwrap());
    assert!(!decease(&mut tx, anna, world.now()).await.unwrap());
    assert!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().is_empty());
    assert!(contacts::for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
    assert!(undo_decease(&mut tx, anna).await.unwrap());
    assert!(!undo_decease(&mut tx, anna).await.unwrap());
    assert_eq!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().len(), 1);
    assert_eq!(contacts::for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().len(), 1);
}

#[test]
fn age_is_counted_in_stockholm_to_the_day() {
    let day = |text: &str| CivilDate::parse(text).unwrap();
    for (born, today, is_grown) in [
        ("2008-11-22", "2026-11-22", true),
        ("2008-11-23", "2026-11-22", false),
        ("2008-12-01", "2026-11-30", false),
        ("2007-12-31", "2026-01-01", true),
        ("2008-02-29", "2026-02-28", false),
        ("2008-02-29", "2026-03-01", true),
    ] {
        assert_eq!(grown(day(born), day(today)), is_grown, "{born} {today}");
    }
    let cleo = Identity::parse("200001012384").unwrap();
    // 23:30 in Stockholm on the day before, and half past midnight on the day.
    assert!(!is_of_age(&cleo, Time::parse("2017-12-31T22:30:00Z").unwrap()));
    assert!(is_of_age(&cleo, Time::parse("2017-12-31T23:30:00Z").unwrap()));
    let coordination = Identity::parse("197010632391").unwrap();
    assert!(is_of_age(&coordination, Time::parse("1988-10-03T00:00:00Z").unwrap()));
    assert!(!is_of_age(&coordination, Time::parse("1988-10-02T00:00:00Z").unwrap()));
}
