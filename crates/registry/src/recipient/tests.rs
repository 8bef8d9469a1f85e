#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    boxes, declined, dispatch, identities,
    identities::NewIdentity,
    operators, organisations, people,
    registrations::{self, AccountType, Place},
    world::{BREVEN, FORMEDLAREN, KOMMUNEN, LADAN, VERKET, World, org},
};
use domain::{DeclinedMac, IdentityKind};
use std::time::Duration;
use store::{Store, both};

both!(
    a_mailbox_is_found_with_all_that_sealing_needs,
    each_reason_has_its_code,
    only_the_sender_that_is_turned_off_is_refused,
    a_number_that_changes_hands_moves_no_letter,
    the_version_comes_with_the_answer_even_when_nobody_is_found,
    a_thousand_are_looked_up_together,
    whoever_is_elsewhere_is_not_reached_here,
    a_row_that_cannot_be_read_is_nobodys_and_stops_no_other,
);

async fn found(world: &World, tx: &mut Tx, name: &str, sender: &str) -> Found {
    let mac = |mailbox| declined::sender_mac(&world.mac, mailbox, &org(sender));
    look_up(tx, &world.address(name), world.now(), mac).await.unwrap()
}

fn anna() -> Identity {
    Identity::parse("198101052382").unwrap()
}

async fn a_mailbox_is_found_with_all_that_sealing_needs(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (person, mailbox) = world.citizen(&mut tx, "anna").await;
    world.citizen(&mut tx, "bo").await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let theirs = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let found_anna = found(&world, &mut tx, "anna", KOMMUNEN).await.recipient.unwrap();
    assert_eq!((found_anna.mailbox_id, found_anna.owner), (mailbox, Owner::Person(person)));
    assert_eq!((found_anna.epoch, found_anna.public_key.as_bytes()), (1, &[7; 32]));
    assert!(!found_anna.closed && !found_anna.deceased && !found_anna.declined);
    let found = found(&world, &mut tx, "bolaget", KOMMUNEN).await.recipient.unwrap();
    assert_eq!((found.mailbox_id, found.owner), (theirs, Owner::Organisation(organisation)));
}

async fn each_reason_has_its_code(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (person, mailbox) = world.citizen(&mut tx, "anna").await;
    let code =
        |found: Found, identity: &Identity| found.reachable(identity, world.now()).map(|r| r.mailbox_id);
    assert_eq!(code(found(&world, &mut tx, "anna", KOMMUNEN).await, &anna()), Ok(mailbox));
    let nobody = found(&world, &mut tx, "nobody", KOMMUNEN).await;
    assert_eq!(code(nobody.clone(), &anna()), Err(Code::RecipientUnknown));
    // One was born on 22 November 2008 and is of age on the very day, the other a day later.
    let child = Identity::parse(&with_check_digit("20081123238")).unwrap();
    let adult = Identity::parse(&with_check_digit("20081122238")).unwrap();
    assert_eq!(code(nobody.clone(), &child), Err(Code::RecipientUnderAge));
    assert_eq!(code(nobody.clone(), &adult), Err(Code::RecipientUnknown));
    assert_eq!(code(nobody, &org(KOMMUNEN).identity()), Err(Code::RecipientUnknown));
    // Someone known without a mailbox is as unknown as anyone.
    world.person(&mut tx, "cleo").await;
    assert_eq!(code(found(&world, &mut tx, "cleo", KOMMUNEN).await, &anna()), Err(Code::RecipientUnknown));
    boxes::close(&mut tx, mailbox, &world.by(person)).await.unwrap();
    assert_eq!(code(found(&world, &mut tx, "anna", KOMMUNEN).await, &anna()), Err(Code::MailboxClosed));
    people::decease(&mut tx, person, world.now()).await.unwrap();
    assert_eq!(code(found(&world, &mut tx, "anna", KOMMUNEN).await, &anna()), Err(Code::RecipientDeceased));
    let reasons = [
        (Code::RecipientUnknown, Unreachable::Unknown),
        (Code::MailboxClosed, Unreachable::Closed),
        (Code::RecipientDeceased, Unreachable::Deceased),
        (Code::RecipientElsewhere, Unreachable::Elsewhere),
        (Code::RecipientUnderAge, Unreachable::UnderAge),
        (Code::SenderDeclined, Unreachable::SenderDeclined),
        (Code::IdentityInvalid, Unreachable::IdentityInvalid),
        (Code::CheckDigitInvalid, Unreachable::CheckDigitInvalid),
    ];
    assert!(
        reasons
            .iter()
            .all(|(code, reason)| unreachable(*code) == *reason && code.as_str() == reason.as_str())
    );
}

fn with_check_digit(eleven: &str) -> String {
    (0..10).map(|digit| format!("{eleven}{digit}")).find(|text| Identity::parse(text).is_ok()).unwrap()
}

async fn only_the_sender_that_is_turned_off_is_refused(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (person, mailbox) = world.citizen(&mut tx, "anna").await;
    for number in [VERKET, FORMEDLAREN] {
        let mac = declined::sender_mac(&world.mac, mailbox, &org(number));
        declined::decline(&mut tx, mailbox, &org(number), &mac, b"sealed", &world.by(person)).await.unwrap();
    }
    for (number, declined) in [(VERKET, true), (FORMEDLAREN, true), (KOMMUNEN, false)] {
        let found = found(&world, &mut tx, "anna", number).await;
        assert_eq!(found.recipient.as_ref().unwrap().declined, declined);
        let code = found.reachable(&anna(), world.now()).err();
        assert_eq!(code, declined.then_some(Code::SenderDeclined));
    }
}

async fn a_number_that_changes_hands_moves_no_letter(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (person, mailbox) = world.citizen(&mut tx, "anna, samordningsnummer").await;
    let owner = Owner::Person(person);
    let old = world.address("anna, samordningsnummer");
    let new = world.address("anna, personnummer");
    let identity =
        NewIdentity { mac: &new, kind: IdentityKind::Personnummer, owner, valid_from: world.now() };
    assert!(identities::add(&mut tx, &identity).await.unwrap());
    assert!(identities::end(&mut tx, &old, owner, world.now().plus(Duration::from_secs(60))).await.unwrap());
    let both = ["anna, samordningsnummer", "anna, personnummer"];
    for name in both {
        assert_eq!(found(&world, &mut tx, name, KOMMUNEN).await.recipient.unwrap().mailbox_id, mailbox);
    }
    world.later(Duration::from_secs(60));
    assert!(found(&world, &mut tx, both[0], KOMMUNEN).await.recipient.is_none());
    assert_eq!(found(&world, &mut tx, both[1], KOMMUNEN).await.recipient.unwrap().mailbox_id, mailbox);
    // Years later the number is somebody else's.
    let other = world.organisation(&mut tx, "another").await;
    let theirs = world.open(&mut tx, Owner::Organisation(other)).await;
    let again = NewIdentity {
        mac: &old,
        kind: IdentityKind::Organisation,
        owner: Owner::Organisation(other),
        valid_from: world.now(),
    };
    assert!(identities::add(&mut tx, &again).await.unwrap());
    assert_eq!(found(&world, &mut tx, both[0], KOMMUNEN).await.recipient.unwrap().mailbox_id, theirs);
    assert!(organisations::end(&mut tx, other, world.now()).await.unwrap());
    assert!(found(&world, &mut tx, both[0], KOMMUNEN).await.recipient.is_none());
}

async fn the_version_comes_with_the_answer_even_when_nobody_is_found(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let before = found(&world, &mut tx, "nobody", KOMMUNEN).await.version;
    world.senders(&mut tx).await;
    dispatch::unlist(&mut tx, &org(KOMMUNEN), &org(FORMEDLAREN), world.now()).await.unwrap();
    assert_eq!(found(&world, &mut tx, "nobody", KOMMUNEN).await.version, before + 5);
    world.citizen(&mut tx, "anna").await;
    assert_eq!(found(&world, &mut tx, "anna", KOMMUNEN).await.version, before + 5);
}

async fn a_thousand_are_looked_up_together(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let mut mailboxes = HashMap::new();
    let name = |n: usize| format!("person {n}");
    for n in (0..1000).step_by(20) {
        let (person, mailbox) = world.citizen(&mut tx, &name(n)).await;
        if n % 40 == 0 {
            for sender in [KOMMUNEN, VERKET] {
                let mac = declined::sender_mac(&world.mac, mailbox, &org(sender));
                declined::decline(&mut tx, mailbox, &org(sender), &mac, b"x", &world.by(person))
                    .await
                    .unwrap();
            }
        }
        mailboxes.insert(world.address(&name(n)), (mailbox, n % 40 == 0));
    }
    let asked: Vec<_> = (0..1000).map(|n| world.address(&name(n))).collect();
    let mac = |mailbox| declined::sender_mac(&world.mac, mailbox, &org(KOMMUNEN));
    let found = look_up_many(&mut tx, &asked, world.now(), mac).await.unwrap();
    let version = crate::version(&mut tx).await.unwrap();
    assert!(found.len() == 1000 && found.values().all(|found| found.version == version));
    let found: HashMap<_, _> = found
        .into_iter()
        .filter_map(|(mac, found)| found.recipient.map(|found| (mac, (found.mailbox_id, found.declined))))
        .collect();
    assert_eq!(found, mailboxes);
    assert!(look_up_many(&mut tx, &[], world.now(), mac).await.unwrap().is_empty());
}

async fn whoever_is_elsewhere_is_not_reached_here(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.operators(&mut tx).await;
    let names = ["nobody", "anna", "bo", "cleo", "dan"];
    let (person, _) = world.citizen(&mut tx, "anna").await;
    world.citizen(&mut tx, "bo").await;
    world.person(&mut tx, "cleo").await;
    for (name, operator) in [("anna", LADAN), ("cleo", BREVEN), ("dan", LADAN)] {
        let mac = world.address(name);
        let to = Place::At(org(operator));
        registrations::move_to(&mut tx, &mac, &to, AccountType::Secure, &world.by(person)).await.unwrap();
    }
    let wanted = |bo| {
        let elsewhere = Err(Code::RecipientElsewhere);
        [Err(Code::RecipientUnknown), elsewhere, bo, elsewhere, elsewhere]
    };
    let operators = [None, Some(org(LADAN)), None, Some(org(BREVEN)), Some(org(LADAN))];
    let macs = names.map(|name| world.address(name));
    let both = async |tx: &mut Tx| {
        let many = look_up_many(tx, &macs, world.now(), |_| DeclinedMac::from_bytes([0; 32])).await.unwrap();
        let mut one_by_one = Vec::new();
        for mac in &macs {
            one_by_one
                .push(look_up(tx, mac, world.now(), |_| DeclinedMac::from_bytes([0; 32])).await.unwrap());
        }
        [macs.map(|mac| many[&mac].clone()).to_vec(), one_by_one]
    };
    for found in both(&mut tx).await {
        let codes: Vec<_> = found.iter().map(|one| one.reachable(&anna(), world.now()).map(drop)).collect();
        assert_eq!(codes, wanted(Ok(())));
        assert_eq!(found.iter().map(|one| one.elsewhere().cloned()).collect::<Vec<_>>(), operators);
    }
    // A child's number is nobody's reason when the mailbox is elsewhere; a death is.
    let child = Identity::parse(&with_check_digit("20081123238")).unwrap();
    let dan = found(&world, &mut tx, "dan", KOMMUNEN).await;
    assert_eq!(dan.reachable(&child, world.now()).err(), Some(Code::RecipientElsewhere));
    people::decease(&mut tx, person, world.now()).await.unwrap();
    let dead = found(&world, &mut tx, "anna", KOMMUNEN).await;
    assert_eq!(dead.reachable(&anna(), world.now()).err(), Some(Code::RecipientDeceased));
    // An operator that has ended takes no letters.
    operators::end(&mut tx, &org(LADAN), world.now()).await.unwrap();
    for found in both(&mut tx).await {
        assert!(found.iter().all(|one| one.elsewhere() != Some(&org(LADAN))));
        assert_eq!(found[4].reachable(&anna(), world.now()).err(), Some(Code::RecipientUnknown));
    }
}

async fn a_row_that_cannot_be_read_is_nobodys_and_stops_no_other(store: Store) {
    let world = World::new(store);
    for (sql, table) in [
        ("UPDATE identity SET owner_kind = 'ghost' WHERE mac = $1", Table::Identity),
        ("UPDATE mailbox SET public_key = $1", Table::Mailbox),
    ] {
        let mut tx = world.tx().await;
        let address = world.address("anna");
        world.citizen(&mut tx, "anna").await;
        if table == Table::Identity {
            let kind = "UPDATE mailbox SET owner_kind = 'ghost'";
            tx.execute(kind, &[]).await.unwrap().exactly(1).unwrap();
        }
        let short = if table == Table::Mailbox { &address.as_bytes()[..31] } else { &address.as_bytes()[..] };
        tx.execute(sql, args![short]).await.unwrap().exactly(1).unwrap();
        world.citizen(&mut tx, "bo").await;
        let macs = [address, world.address("bo")];
        let mut many =
            look_up_many(&mut tx, &macs, world.now(), |_| DeclinedMac::from_bytes([0; 32])).await.unwrap();
        let mut one = found(&world, &mut tx, "anna", KOMMUNEN).await;
        assert!(!one.is_nobody(), "{sql}");
        for found in [&mut one, many.get_mut(&macs[0]).unwrap()] {
            assert_eq!(found.reachable(&anna(), world.now()).err(), Some(Code::Unavailable), "{sql}");
            assert_eq!(found.vouched_by(None), Err(table), "{sql}");
        }
        assert!(many[&macs[1]].reachable(&anna(), world.now()).is_ok());
        tx.rollback().await;
    }
}
