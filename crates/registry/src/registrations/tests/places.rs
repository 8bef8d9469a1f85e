//! Registered, deregistered and moved.

use super::*;
use crate::{
    Recorder,
    boxes::{self, NewBox},
    identities::{self, NewIdentity},
    operators::{self, NewOperator},
    people,
};
use domain::{Clock, IdentityKind, MailboxId, ManualClock, words::EventType};
use store::both;
use vault::{SystemRandom, seal_to::PublicKey};

both!(
    somebody_whom_we_do_not_know_registers_elsewhere_and_gives_it_up,
    whoever_has_a_mailbox_moves_and_does_not_register_again,
    who_moves_away_gets_no_letters_here_and_keeps_the_old_ones,
    who_comes_back_has_the_old_mailbox,
    a_mailbox_is_not_opened_beside_one_elsewhere,
    what_is_rolled_back_moves_nobody,
    nobody_is_registered_where_no_operator_is,
    an_operator_that_ends_has_nobody_and_one_that_comes_back_has_the_rest,
    the_dead_stay_where_they_are,
    history_goes_forward_when_the_clock_goes_back,
    two_numbers_of_one_owner_lead_to_one_place,
    moves_at_once_leave_one_registration,
    opening_here_and_registering_elsewhere_at_once_leave_one_place,
);

async fn world(store: Store) -> World {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.operators(&mut tx).await;
    tx.commit().await.unwrap();
    world
}

async fn somebody_whom_we_do_not_know_registers_elsewhere_and_gives_it_up(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    assert_eq!(place(&world, &mut tx, "anna").await, None);
    assert!(register_at(&world, &mut tx, "anna", LADAN).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(LADAN)));
    assert_eq!(place(&world, &mut tx, "bo").await, None);
    let since = world.now();
    world.later(Duration::from_secs(1));
    assert!(!register_at(&world, &mut tx, "anna", LADAN).await.unwrap(), "there already");
    let found = find(&mut tx, &world.address("anna")).await.unwrap().unwrap();
    assert_eq!((found.account_type, found.registered_at), (AccountType::Secure, since));
    assert!(!leaves(&world, &mut tx, "anna", &at(BREVEN)).await, "not there");
    assert!(!leaves(&world, &mut tx, "anna", &Place::Here).await, "not here");
    assert!(leaves(&world, &mut tx, "anna", &at(LADAN)).await);
    assert!(!leaves(&world, &mut tx, "anna", &at(LADAN)).await);
    assert_eq!(place(&world, &mut tx, "anna").await, None);
    assert!(register_at(&world, &mut tx, "anna", BREVEN).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(BREVEN)));
}

async fn whoever_has_a_mailbox_moves_and_does_not_register_again(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let refused = register_at(&world, &mut tx, "anna", LADAN).await;
    assert!(matches!(refused, Err(RegistrationError::Elsewhere(Place::Here))));
    assert_eq!(place(&world, &mut tx, "anna").await, Some(Place::Here));
    register_at(&world, &mut tx, "bo", LADAN).await.unwrap();
    let refused = register_at(&world, &mut tx, "bo", BREVEN).await;
    assert!(matches!(refused, Err(RegistrationError::Elsewhere(there)) if there == at(LADAN)));
    assert!(moves(&world, &mut tx, "bo", &at(BREVEN)).await.unwrap());
    assert!(!moves(&world, &mut tx, "bo", &at(BREVEN)).await.unwrap());
    assert_eq!(place(&world, &mut tx, "bo").await, Some(at(BREVEN)));
    // A closed mailbox is none.
    assert!(boxes::close(&mut tx, mailbox, &world.by(anna)).await.unwrap());
    assert!(register_at(&world, &mut tx, "anna", LADAN).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(LADAN)));
    assert_eq!(world.kinds(&mut tx, mailbox).await, [EventType::MailboxOpened, EventType::MailboxClosed]);
}

async fn who_moves_away_gets_no_letters_here_and_keeps_the_old_ones(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    world.later(Duration::from_secs(1));
    assert!(moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(LADAN)));
    let found = boxes::find(&mut tx, mailbox).await.unwrap().unwrap();
    assert_eq!(found.closed_at, Some(world.now()));
    let events = world.events(&mut tx, mailbox).await;
    let told: Vec<_> = events.iter().map(|event| (event.kind, event.detail.as_deref())).collect();
    assert_eq!(told, [(EventType::MailboxOpened, None), (EventType::MailboxClosed, Some("moved"))]);
    // Also one that was written beside an open mailbox closes it when it is asked for again.
    tx.execute("UPDATE mailbox SET closed_at = NULL WHERE mailbox_id = $1", args![mailbox])
        .await
        .unwrap()
        .exactly(1)
        .unwrap();
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(LADAN)));
    assert!(moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap());
    assert!(boxes::find(&mut tx, mailbox).await.unwrap().unwrap().closed_at.is_some());
}

async fn who_comes_back_has_the_old_mailbox(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap();
    moves(&world, &mut tx, "anna", &at(BREVEN)).await.unwrap();
    world.later(Duration::from_secs(1));
    let address_mac = world.address("anna");
    let back =
        move_to(&mut tx, &address_mac, &Place::Here, AccountType::Secure, &world.by(anna)).await.unwrap();
    assert!(back);
    assert!(!moves(&world, &mut tx, "anna", &Place::Here).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(Place::Here));
    let found = boxes::find(&mut tx, mailbox).await.unwrap().unwrap();
    assert_eq!((found.opened_at, found.closed_at), (world.now(), None));
    let events = world.events(&mut tx, mailbox).await;
    let last = events.last().unwrap();
    assert_eq!((last.kind, last.detail.as_deref()), (EventType::MailboxOpened, Some("moved")));
    assert_eq!((events.len(), last.actor), (3, evidence::Actor::Owner));
    // Closed by its owner, it is opened again in the same way.
    assert!(leaves(&world, &mut tx, "anna", &Place::Here).await);
    assert_eq!(place(&world, &mut tx, "anna").await, None);
    assert!(moves(&world, &mut tx, "anna", &Place::Here).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna").await, Some(Place::Here));
}

async fn a_mailbox_is_not_opened_beside_one_elsewhere(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    register_at(&world, &mut tx, "anna", LADAN).await.unwrap();
    let refused = moves(&world, &mut tx, "anna", &Place::Here).await;
    assert!(matches!(refused, Err(RegistrationError::NoMailbox)));
    let owner = Owner::Person(world.person(&mut tx, "anna").await);
    let public_key = PublicKey::from_bytes([7; 32]);
    let mailbox_id = MailboxId::new(&SystemRandom);
    let new = NewBox { mailbox_id, owner, epoch: 1, public_key: &public_key, adult: true };
    let refused = boxes::open(&mut tx, &new, &world.service()).await;
    assert!(matches!(refused, Err(BoxError::Elsewhere(there)) if there == org(LADAN)));
    assert!(boxes::of_owner(&mut tx, owner).await.unwrap().is_none());
    assert!(matches!(moves(&world, &mut tx, "anna", &Place::Here).await, Err(RegistrationError::NoMailbox)));
    assert_eq!(bring_home(&mut tx, owner, world.now()).await.unwrap(), Some(org(LADAN)));
    assert_eq!(bring_home(&mut tx, owner, world.now()).await.unwrap(), None);
    boxes::open(&mut tx, &new, &world.service()).await.unwrap();
    assert_eq!(place(&world, &mut tx, "anna").await, Some(Place::Here));
    // One that is closed is not opened either.
    assert!(moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap());
    assert!(matches!(boxes::open(&mut tx, &new, &world.service()).await, Err(BoxError::Elsewhere(_))));
    assert_eq!(place(&world, &mut tx, "anna").await, Some(at(LADAN)));
}

async fn what_is_rolled_back_moves_nobody(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    tx.commit().await.unwrap();
    let mut tx = world.tx().await;
    assert!(moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap());
    tx.rollback().await;
    let mut tx = world.tx().await;
    assert_eq!(place(&world, &mut tx, "anna").await, Some(Place::Here));
    assert_eq!(world.kinds(&mut tx, mailbox).await, [EventType::MailboxOpened]);
}

async fn nobody_is_registered_where_no_operator_is(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    operators::end(&mut tx, &org(BREVEN), world.now()).await.unwrap();
    // Unknown, ended, and we ourselves.
    for number in [KOMMUNEN, BREVEN, OWN] {
        let refused = register_at(&world, &mut tx, "anna", number).await;
        assert!(matches!(refused, Err(RegistrationError::UnknownOperator)), "{number}");
        let refused = moves(&world, &mut tx, "anna", &at(number)).await;
        assert!(matches!(refused, Err(RegistrationError::UnknownOperator)), "{number}");
        assert!(!leaves(&world, &mut tx, "anna", &at(number)).await);
    }
    assert_eq!(place(&world, &mut tx, "anna").await, None);
}

async fn an_operator_that_ends_has_nobody_and_one_that_comes_back_has_the_rest(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (cleo, _) = world.citizen(&mut tx, "cleo").await;
    for name in ["anna", "bo", "cleo", "dan"] {
        moves(&world, &mut tx, name, &at(LADAN)).await.unwrap();
    }
    world.later(Duration::from_secs(1));
    operators::end(&mut tx, &org(LADAN), world.now()).await.unwrap();
    for name in ["anna", "bo", "cleo", "dan"] {
        assert_eq!(place(&world, &mut tx, name).await, None, "{name}");
    }
    assert!(!leaves(&world, &mut tx, "anna", &at(LADAN)).await);
    assert!(register_at(&world, &mut tx, "anna", BREVEN).await.unwrap());
    assert!(moves(&world, &mut tx, "dan", &at(BREVEN)).await.unwrap());
    assert_eq!(world.open(&mut tx, Owner::Person(cleo)).await, {
        boxes::of_owner(&mut tx, Owner::Person(cleo)).await.unwrap().unwrap().mailbox_id
    });
    assert_eq!(place(&world, &mut tx, "cleo").await, Some(Place::Here));
    let ladan = org(LADAN);
    let back = NewOperator {
        number: &ladan,
        domain: "ladan.example",
        name: "Lådan",
        service_address: "https://ladan.example/service/v3",
        ui_address: None,
    };
    assert!(operators::add(&mut tx, &back, world.now()).await.unwrap());
    for (name, wanted) in [("anna", at(BREVEN)), ("dan", at(BREVEN)), ("bo", at(LADAN))] {
        assert_eq!(place(&world, &mut tx, name).await, Some(wanted), "{name}");
    }
    assert_eq!(
        place(&world, &mut tx, "cleo").await,
        Some(Place::Here),
        "who opened a mailbox here left there"
    );
}

async fn the_dead_stay_where_they_are(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap();
    for person in [anna, bo] {
        people::decease(&mut tx, person, world.now()).await.unwrap();
    }
    for to in [at(BREVEN), Place::Here] {
        let refused = moves(&world, &mut tx, "anna", &to).await;
        assert!(matches!(refused, Err(RegistrationError::Deceased)), "{to:?}");
    }
    let refused = register_at(&world, &mut tx, "bo", LADAN).await;
    assert!(matches!(refused, Err(RegistrationError::Deceased)));
    assert!(boxes::find(&mut tx, mailbox).await.unwrap().unwrap().closed_at.is_some());
    assert!(leaves(&world, &mut tx, "anna", &at(LADAN)).await);
}

async fn history_goes_forward_when_the_clock_goes_back(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    // All within one millisecond, and then an hour earlier.
    for number in [LADAN, BREVEN, LADAN] {
        assert!(moves(&world, &mut tx, "anna", &at(number)).await.unwrap());
    }
    let earlier = ManualClock::at(world.now().minus(Duration::from_secs(3600)));
    let recorder = Recorder { clock: &earlier, ..world.service() };
    let address_mac = world.address("anna");
    assert!(move_to(&mut tx, &address_mac, &at(BREVEN), AccountType::Secure, &recorder).await.unwrap());
    assert!(deregister(&mut tx, &address_mac, &at(BREVEN), &recorder).await.unwrap());
    assert!(earlier.now() < world.now());
    let rows = tx.query(HISTORY, args![&world.address("anna")]).await.unwrap();
    let times: Vec<_> =
        rows.iter().map(|row| (row.time("registered_at").unwrap(), row.time("ended_at").unwrap())).collect();
    let numbers: Vec<_> = rows.iter().map(|row| row.text("operator").unwrap()).collect();
    assert_eq!(numbers, [LADAN, BREVEN, LADAN, BREVEN]);
    assert!(times.is_sorted() && times.iter().all(|(from, to)| from <= to), "{times:?}");
}

async fn two_numbers_of_one_owner_lead_to_one_place(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna, samordningsnummer").await;
    let owner = Owner::Person(anna);
    let mac = world.address("anna, personnummer");
    let identity =
        NewIdentity { mac: &mac, kind: IdentityKind::Personnummer, owner, valid_from: world.now() };
    identities::add(&mut tx, &identity).await.unwrap();
    assert!(moves(&world, &mut tx, "anna, samordningsnummer", &at(LADAN)).await.unwrap());
    assert_eq!(place(&world, &mut tx, "anna, personnummer").await, None, "closed");
    assert!(moves(&world, &mut tx, "anna, personnummer", &Place::Here).await.unwrap());
    for name in ["anna, samordningsnummer", "anna, personnummer"] {
        assert_eq!(place(&world, &mut tx, name).await, Some(Place::Here), "{name}");
    }
    assert!(boxes::find(&mut tx, mailbox).await.unwrap().unwrap().closed_at.is_none());
}

async fn moves_at_once_leave_one_registration(store: Store) {
    let world = std::sync::Arc::new(world(store).await);
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    tx.commit().await.unwrap();
    for name in ["anna", "somebody whom we do not know"] {
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let world = world.clone();
                tokio::spawn(async move {
                    let mut tx = world.tx().await;
                    let to = at([LADAN, BREVEN][n % 2]);
                    moves(&world, &mut tx, name, &to).await.unwrap();
                    tx.commit().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let mut tx = world.tx().await;
        assert!(matches!(place(&world, &mut tx, name).await, Some(Place::At(_))), "{name}");
        let rows = tx.query(CURRENT, args![&world.address(name)]).await.unwrap();
        assert_eq!(rows.len(), 1, "{name}");
    }
    let mut tx = world.tx().await;
    assert_eq!(world.kinds(&mut tx, mailbox).await, [EventType::MailboxOpened, EventType::MailboxClosed]);
}

async fn opening_here_and_registering_elsewhere_at_once_leave_one_place(store: Store) {
    let world = std::sync::Arc::new(world(store).await);
    for round in 0..8 {
        let name: &'static str = format!("person {round}").leak();
        let mut tx = world.tx().await;
        let owner = Owner::Person(world.person(&mut tx, name).await);
        tx.commit().await.unwrap();
        let opening = {
            let world = world.clone();
            tokio::spawn(async move {
                let mut tx = world.tx().await;
                let public_key = PublicKey::from_bytes([7; 32]);
                let mailbox_id = MailboxId::new(&SystemRandom);
                let new = NewBox { mailbox_id, owner, epoch: 1, public_key: &public_key, adult: true };
                let opened = boxes::open(&mut tx, &new, &world.service()).await.is_ok();
                tx.commit().await.unwrap();
                opened
            })
        };
        let registering = {
            let world = world.clone();
            tokio::spawn(async move {
                let mut tx = world.tx().await;
                let registered = register_at(&world, &mut tx, name, LADAN).await.is_ok();
                tx.commit().await.unwrap();
                registered
            })
        };
        let opened = opening.await.unwrap();
        let registered = registering.await.unwrap();
        assert!(opened != registered, "{opened} {registered}");
        let mut tx = world.tx().await;
        let wanted = if opened { Place::Here } else { at(LADAN) };
        assert_eq!(place(&world, &mut tx, name).await, Some(wanted));
    }
}

const HISTORY: &str = "SELECT operator, registered_at, ended_at FROM registration WHERE address_mac = $1 \
    ORDER BY registered_at";
const CURRENT: &str = "SELECT 1 FROM registration WHERE address_mac = $1 AND ended_at IS NULL";
