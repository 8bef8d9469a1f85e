#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    mandates, people,
    register::{self, Signatory},
    world::{World, somebody_waits},
};
use domain::{CodeMac, ContactMac, MandateId};
use store::{Store, both};
use vault::SystemRandom;

both!(
    an_address_counts_once_its_code_came_back,
    a_code_takes_five_tries_and_no_more,
    guesses_at_once_all_count,
    a_code_ends_with_its_time,
    a_code_confirms_nothing_else,
    another_code_is_given_after_a_pause,
    an_address_that_failed_is_confirmed_anew,
    a_person_has_so_many_addresses_and_no_more,
    addresses_that_come_at_once_are_no_more_either,
    an_address_is_removed_by_its_owner_alone,
    an_organisation_is_told_through_its_signatories,
    notices_say_what_the_person_chose,
);

/// An address that waits for its code.
async fn pending(world: &World, tx: &mut Tx, person_id: PersonId, address: &str) -> (ContactId, Code) {
    let channel = Channel::Email;
    let code = Code::new(&SystemRandom);
    let address_mac = address_mac(&world.mac, channel, address);
    let code_mac = code_mac(&world.mac, person_id, &address_mac, &code);
    let contact_id = ContactId::new(&SystemRandom);
    let new = NewContact {
        contact_id,
        person_id,
        channel,
        address: address.as_bytes(),
        address_mac: &address_mac,
        code_mac: &code_mac,
    };
    assert_eq!(add(tx, &new, world.now()).await.unwrap(), Added::Pending(contact_id));
    (contact_id, code)
}

/// An address that is confirmed.
pub(crate) async fn confirmed(world: &World, tx: &mut Tx, person_id: PersonId, address: &str) -> ContactId {
    let (contact, code) = pending(world, tx, person_id, address).await;
    let done = confirm(tx, &world.mac, person_id, contact, &code, &world.by(person_id)).await.unwrap();
    assert_eq!(done, Confirmation::Confirmed);
    contact
}

fn wrong(code: &Code) -> Code {
    let digit = if code.expose().starts_with('0') { "1" } else { "0" };
    Code::parse(&format!("{digit}{}", &code.expose()[1..])).unwrap()
}

async fn an_address_counts_once_its_code_came_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let (contact, code) = pending(&world, &mut tx, anna, "anna@example.se").await;
    assert!(for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
    assert_eq!(for_person(&mut tx, anna).await.unwrap()[0].confirmed_at, None);
    let by = world.by(anna);
    assert_eq!(
        confirm(&mut tx, &world.mac, anna, contact, &code, &by).await.unwrap(),
        Confirmation::Confirmed
    );
    let reach = for_mailbox(&mut tx, mailbox, world.now()).await.unwrap();
    assert_eq!((reach.len(), reach[0].contact_id, reach[0].person_id), (1, contact, anna));
    assert_eq!(
        (reach[0].channel, reach[0].address.as_slice()),
        (Channel::Email, b"anna@example.se".as_slice())
    );
    assert!(!reach[0].show_sender);
    // A code works once.
    assert_eq!(confirm(&mut tx, &world.mac, anna, contact, &code, &by).await.unwrap(), Confirmation::Ended);
    let events = world.events(&mut tx, mailbox).await;
    assert_eq!((events[1].kind, events[1].detail.as_deref()), (EventType::ContactConfirmed, Some("email")));
}

async fn a_code_takes_five_tries_and_no_more(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let (contact, code) = pending(&world, &mut tx, anna, "anna@example.se").await;
    let wrong = wrong(&code);
    for left in (1..5).rev() {
        let tried = confirm(&mut tx, &world.mac, anna, contact, &wrong, &world.by(anna)).await.unwrap();
        assert_eq!(tried, Confirmation::Wrong { left });
    }
    for code in [&wrong, &code] {
        let tried = confirm(&mut tx, &world.mac, anna, contact, code, &world.by(anna)).await.unwrap();
        assert_eq!(tried, Confirmation::Ended);
    }
    assert_eq!(for_person(&mut tx, anna).await.unwrap()[0].confirmed_at, None);
}

async fn guesses_at_once_all_count(store: Store) {
    let world = std::sync::Arc::new(World::new(store));
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let (contact, code) = pending(&world, &mut tx, anna, "anna@example.se").await;
    tx.commit().await.unwrap();
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let world = world.clone();
            let wrong = wrong(&code);
            tokio::spawn(async move {
                let mut tx = world.tx().await;
                let tried =
                    confirm(&mut tx, &world.mac, anna, contact, &wrong, &world.by(anna)).await.unwrap();
                tx.commit().await.unwrap();
                tried
            })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        wrong += usize::from(matches!(task.await.unwrap(), Confirmation::Wrong { .. }));
    }
    assert_eq!(wrong, 4, "the fifth ends it");
    let mut tx = world.tx().await;
    let tried = confirm(&mut tx, &world.mac, anna, contact, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Ended);
}

async fn a_code_ends_with_its_time(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let (contact, code) = pending(&world, &mut tx, anna, "anna@example.se").await;
    world.later(CODE_LIFE);
    let tried = confirm(&mut tx, &world.mac, anna, contact, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Ended);
    let (other, code) = pending(&world, &mut tx, anna, "anna@other.example").await;
    world.later(CODE_LIFE - Duration::from_millis(1));
    let tried = confirm(&mut tx, &world.mac, anna, other, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Confirmed);
}

async fn a_code_confirms_nothing_else(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let (first, code) = pending(&world, &mut tx, anna, "anna@example.se").await;
    let (second, _) = pending(&world, &mut tx, anna, "annan@example.se").await;
    let (bos, _) = pending(&world, &mut tx, bo, "anna@example.se").await;
    let mut tries = Vec::new();
    for (person, contact) in [(anna, second), (bo, bos), (bo, first), (anna, ContactId::new(&SystemRandom))] {
        tries.push(confirm(&mut tx, &world.mac, person, contact, &code, &world.by(person)).await.unwrap());
    }
    let one_off = Confirmation::Wrong { left: 4 };
    assert_eq!(tries, [one_off, one_off, Confirmation::Unknown, Confirmation::Unknown]);
    let tried = confirm(&mut tx, &world.mac, anna, first, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Confirmed);
}

async fn another_code_is_given_after_a_pause(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    let (contact, old) = pending(&world, &mut tx, anna, "anna@example.se").await;
    for _ in 0..5 {
        let _ = confirm(&mut tx, &world.mac, anna, contact, &wrong(&old), &world.by(anna)).await.unwrap();
    }
    let address_mac = address_mac(&world.mac, Channel::Email, "anna@example.se");
    let code = wrong(&old);
    let again = NewContact {
        contact_id: ContactId::new(&SystemRandom),
        person_id: anna,
        channel: Channel::Email,
        address: b"sealed for another id",
        address_mac: &address_mac,
        code_mac: &code_mac(&world.mac, anna, &address_mac, &code),
    };
    world.later(CODE_PAUSE - Duration::from_millis(1));
    let free = world.now().plus(Duration::from_millis(1));
    assert_eq!(add(&mut tx, &again, world.now()).await.unwrap(), Added::TooSoon(free));
    world.later(Duration::from_millis(1));
    assert_eq!(add(&mut tx, &again, world.now()).await.unwrap(), Added::Pending(again.contact_id));
    let contacts = for_person(&mut tx, anna).await.unwrap();
    assert_eq!((contacts.len(), contacts[0].address.as_slice()), (1, again.address));
    // The id that the row had is nobody's.
    let tried = confirm(&mut tx, &world.mac, anna, contact, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Unknown);
    let contact = again.contact_id;
    let tried = confirm(&mut tx, &world.mac, anna, contact, &old, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Wrong { left: 4 });
    let tried = confirm(&mut tx, &world.mac, anna, contact, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Confirmed);
    assert_eq!(add(&mut tx, &again, world.now()).await.unwrap(), Added::Confirmed(contact));
}

async fn an_address_that_failed_is_confirmed_anew(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let contact = confirmed(&world, &mut tx, anna, "anna@example.se").await;
    assert!(failed(&mut tx, contact, world.now()).await.unwrap());
    assert!(!failed(&mut tx, contact, world.now()).await.unwrap());
    assert!(for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
    assert_eq!(for_person(&mut tx, anna).await.unwrap()[0].failed_at, Some(world.now()));
    let address_mac = address_mac(&world.mac, Channel::Email, "anna@example.se");
    let code = Code::new(&SystemRandom);
    let again = NewContact {
        contact_id: ContactId::new(&SystemRandom),
        person_id: anna,
        channel: Channel::Email,
        address: b"x",
        address_mac: &address_mac,
        code_mac: &code_mac(&world.mac, anna, &address_mac, &code),
    };
    assert_eq!(add(&mut tx, &again, world.now()).await.unwrap(), Added::Pending(contact));
    let tried = confirm(&mut tx, &world.mac, anna, contact, &code, &world.by(anna)).await.unwrap();
    assert_eq!(tried, Confirmation::Confirmed);
    assert_eq!(for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().len(), 1);
}

async fn a_person_has_so_many_addresses_and_no_more(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    for n in 0..MAX_CONTACTS {
        pending(&world, &mut tx, anna, &format!("anna{n}@example.se")).await;
    }
    let new = NewContact {
        contact_id: ContactId::new(&SystemRandom),
        person_id: anna,
        channel: Channel::Sms,
        address: b"x",
        address_mac: &ContactMac::from_bytes([1; 32]),
        code_mac: &CodeMac::from_bytes([2; 32]),
    };
    assert_eq!(add(&mut tx, &new, world.now()).await.unwrap(), Added::TooMany);
}

async fn addresses_that_come_at_once_are_no_more_either(store: Store) {
    let world = std::sync::Arc::new(World::new(store));
    let mut tx = world.tx().await;
    let anna = world.person(&mut tx, "anna").await;
    for n in 1..MAX_CONTACTS {
        pending(&world, &mut tx, anna, &format!("anna{n}@example.se")).await;
    }
    tx.commit().await.unwrap();
    let mut first = world.tx().await;
    pending(&world, &mut first, anna, "anna@example.se").await;
    let second = {
        let world = world.clone();
        tokio::spawn(async move {
            let new = NewContact {
                contact_id: ContactId::new(&SystemRandom),
                person_id: anna,
                channel: Channel::Sms,
                address: b"x",
                address_mac: &ContactMac::from_bytes([1; 32]),
                code_mac: &CodeMac::from_bytes([2; 32]),
            };
            add(&mut world.tx().await, &new, world.now()).await.unwrap()
        })
    };
    while !second.is_finished() && !somebody_waits(&world.store).await {
        tokio::task::yield_now().await;
    }
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), Added::TooMany);
}

async fn an_address_is_removed_by_its_owner_alone(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let (bo, _) = world.citizen(&mut tx, "bo").await;
    let contact = confirmed(&world, &mut tx, anna, "anna@example.se").await;
    let (never, _) = pending(&world, &mut tx, anna, "annan@example.se").await;
    assert!(!remove(&mut tx, bo, contact, &world.by(bo)).await.unwrap());
    assert!(!set_show_sender(&mut tx, bo, contact, true).await.unwrap());
    assert!(remove(&mut tx, anna, contact, &world.by(anna)).await.unwrap());
    assert!(!remove(&mut tx, anna, contact, &world.by(anna)).await.unwrap());
    assert!(remove(&mut tx, anna, never, &world.by(anna)).await.unwrap());
    assert!(for_person(&mut tx, anna).await.unwrap().is_empty());
    let wanted = [EventType::MailboxOpened, EventType::ContactConfirmed, EventType::ContactRemoved];
    assert_eq!(world.kinds(&mut tx, mailbox).await, wanted);
}

async fn an_organisation_is_told_through_its_signatories(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let mailbox = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let (anna, _) = world.citizen(&mut tx, "anna").await;
    let (bo, _) = world.citizen(&mut tx, "bo").await;
    for (person, address) in [(anna, "anna@example.se"), (bo, "bo@example.se")] {
        confirmed(&world, &mut tx, person, address).await;
    }
    assert!(for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
    let mandate_id = MandateId::new(&SystemRandom);
    let signatory = Signatory { mandate_id, person_mac: world.address("anna"), note: b"Anna".to_vec() };
    register::sync(&mut tx, mailbox, &[signatory], &world.service()).await.unwrap();
    // A helper reads, but is not told.
    let helper = mandates::NewHelper {
        mandate_id: MandateId::new(&SystemRandom),
        mailbox_id: mailbox,
        helper: bo,
        note: b"Bo",
        valid_to: world.now().plus(Duration::from_secs(99)),
    };
    mandates::grant_helper(&mut tx, &helper, &world.service()).await.unwrap();
    let reach = for_mailbox(&mut tx, mailbox, world.now()).await.unwrap();
    assert_eq!(reach.iter().map(|reach| reach.person_id).collect::<Vec<_>>(), [anna]);
    register::sync(&mut tx, mailbox, &[], &world.service()).await.unwrap();
    assert!(for_mailbox(&mut tx, mailbox, world.now()).await.unwrap().is_empty());
}

async fn notices_say_what_the_person_chose(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let contact = confirmed(&world, &mut tx, anna, "anna@example.se").await;
    people::set_language(&mut tx, anna, Language::English).await.unwrap();
    for show in [true, false, true] {
        assert!(set_show_sender(&mut tx, anna, contact, show).await.unwrap());
        let reach = for_mailbox(&mut tx, mailbox, world.now()).await.unwrap();
        assert_eq!((reach[0].show_sender, reach[0].language), (show, Language::English));
    }
    // Also where the choice is older than the protection.
    tx.execute("UPDATE person SET protected_at = 1", &[]).await.unwrap().exactly(1).unwrap();
    assert!(!for_mailbox(&mut tx, mailbox, world.now()).await.unwrap()[0].show_sender);
}

#[test]
fn codes_are_six_digits_evenly_and_not_shown() {
    let mut firsts = [0u32; 10];
    for _ in 0..20_000 {
        let code = Code::new(&SystemRandom);
        assert_eq!(code.expose().len(), 6);
        firsts[code.expose().chars().next().unwrap().to_digit(10).unwrap() as usize] += 1;
    }
    // Two thousand each on average, with a deviation of 42.
    assert!(firsts.iter().all(|count| (1700..2300).contains(count)), "{firsts:?}");
    let code = Code::parse(" 012 345 ").unwrap();
    assert_eq!(code.expose(), "012345");
    assert!(!format!("{code:?}").contains("012345"));
    for text in ["", "12345", "1234567", "12345a", "１２３４５６"] {
        assert!(Code::parse(text).is_none(), "{text}");
    }
}
