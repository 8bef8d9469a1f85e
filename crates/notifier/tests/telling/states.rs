//! Every letter ends in one state that the sender and the recipient can see.

use crate::world::{HOUR, MINUTE, TOWN, World};
use domain::words::{Channel, EventType};
use notifier::{Failure, Fault};
use store::{Store, args, both};

both!(
    a_person_with_an_address_is_told,
    without_an_address_the_sender_learns_it,
    a_letter_that_was_opened_needs_no_notice,
    an_erased_letter_ends_its_job,
    a_company_is_told_through_its_signatories,
    nobody_is_told_after_a_death,
    the_swedish_and_the_english_are_told_in_their_language,
    every_letter_of_a_mixed_batch_has_its_own_end,
    an_unconfirmed_address_is_not_used,
);

async fn a_person_with_an_address_is_told(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    world.contact(anna, Channel::Sms, "+46701740605").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    assert_eq!(world.state(letter).await, "pending");
    world.work().await;
    assert_eq!(world.state(letter).await, "sent");
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (1, 1));
    let mail = world.mail.sent().remove(0).text;
    assert!(mail.contains("\r\nSubject: Nytt brev i Kuvert\r\n"), "{mail}");
    assert!(!mail.contains("http") && !mail.contains("Exempel"), "no link and no sender: {mail}");
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
    assert_eq!(world.jobs().await, 0);
    world.after(HOUR * 72).await;
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (1, 1), "told once");
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
}

async fn without_an_address_the_sender_learns_it(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!(world.state(letter).await, "no_contact_point");
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoContactPoint]);
    assert_eq!(world.jobs().await, 0);
}

async fn a_letter_that_was_opened_needs_no_notice(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    let ring = &world.notifier.notifier_keys.events;
    let mut tx = world.store.begin("opened").await.unwrap();
    let event = evidence::NewEvent::by_service(EventType::Opened, crate::world::START);
    evidence::append(&mut tx, ring, letter.mailbox_id, letter.letter_id, event, &vault::SystemRandom)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.open(letter).await;
    world.work().await;
    assert_eq!(world.state(letter).await, "not_needed");
    assert!(world.mail.sent().is_empty());
    let mut tx = world.store.read("chain").await.unwrap();
    let chain = evidence::read_chain(&mut tx, ring, letter.mailbox_id, letter.letter_id).await.unwrap();
    assert_eq!(chain.last().unwrap().kind, EventType::NoticeNotNeeded);
}

async fn an_erased_letter_ends_its_job(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.execute("DELETE FROM letter WHERE letter_id = $1", args![letter.letter_id]).await;
    world.work().await;
    assert_eq!((world.jobs().await, world.mail.sent().len()), (0, 0));
}

async fn a_company_is_told_through_its_signatories(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let bo = world.with_mail("bo@example.test").await;
    let company = world.company(&[anna, bo]).await;
    let nobody = world.company(&[]).await;
    let letter = world.letter(company, TOWN).await;
    let other = world.letter(nobody, TOWN).await;
    world.work().await;
    let mut addresses: Vec<_> = world.mail.sent().into_iter().map(|m| m.address).collect();
    addresses.sort();
    assert_eq!(addresses, ["anna@example.test", "bo@example.test"]);
    assert_eq!(
        (world.state(letter).await, world.state(other).await),
        ("sent".into(), "no_contact_point".into())
    );
}

async fn nobody_is_told_after_a_death(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.execute("UPDATE person SET deceased_at = 1 WHERE person_id = $1", args![anna.person_id]).await;
    world.work().await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("no_contact_point", 0));
}

async fn the_swedish_and_the_english_are_told_in_their_language(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let bo = world.citizen().await;
    world.contact(anna, Channel::Sms, "+46701740605").await;
    world.contact(bo, Channel::Sms, "+46701740606").await;
    world.execute("UPDATE person SET language = 'en' WHERE person_id = $1", args![bo.person_id]).await;
    world.letters(&[anna.mailbox_id, bo.mailbox_id], TOWN).await;
    world.work().await;
    let sent = world.phones.sent();
    let text = |number: &str| sent.iter().find(|m| m.address == number).unwrap().text.clone();
    assert_eq!(
        text("+46701740605"),
        "Du har ett nytt brev i Kuvert. Logga in som du brukar för att läsa det. Vi skickar aldrig länkar."
    );
    assert_eq!(
        text("+46701740606"),
        "You have a new letter in Kuvert. Log in as you usually do to read it. We never send links."
    );
}

/// One batch with every kind of end; each letter ends in its own, and none is left.
async fn every_letter_of_a_mixed_batch_has_its_own_end(store: Store) {
    let world = World::new(store).await;
    let mut expected = Vec::new();
    for n in 0..12 {
        let citizen = match n % 4 {
            0 => world.with_mail(&format!("fine{n}@example.test")).await,
            1 => world.citizen().await,
            2 => {
                let address = format!("gone{n}@example.test");
                world.mail.fault(&address, Fault::Fail(Failure::BadAddress("smtp_no_such_mailbox")));
                world.with_mail(&address).await
            }
            _ => {
                let address = format!("later{n}@example.test");
                world.mail.fault(&address, Fault::Fail(Failure::Later("smtp_not_now")));
                world.with_mail(&address).await
            }
        };
        let letter = world.letter(citizen.mailbox_id, TOWN).await;
        let end = [EventType::NoticeSent, EventType::NoContactPoint, EventType::NoticeFailed];
        expected.push((letter, *end.get(n % 4).unwrap_or(&EventType::NoticeSent)));
    }
    world.work().await;
    assert_eq!(world.jobs().await, 3, "those that wait");
    world.mail.heal();
    world.after(2 * MINUTE).await;
    for (letter, event) in expected {
        assert_eq!(world.told(letter, TOWN).await, [event]);
        assert_ne!(world.state(letter).await, "pending");
    }
    assert_eq!(world.jobs().await, 0);
}

async fn an_unconfirmed_address_is_not_used(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    world.execute("UPDATE contact SET confirmed_at = NULL WHERE person_id = $1", args![anna.person_id]).await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("no_contact_point", 0));
}
