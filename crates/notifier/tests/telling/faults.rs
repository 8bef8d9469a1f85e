//! Channels that do not take a notice now, or never.

use crate::world::{HOUR, MINUTE, TOWN, World};
use domain::words::{Channel, EventType};
use notifier::{Failure, Fault};
use std::time::Duration;
use store::{Store, args, both};

both!(
    not_now_is_tried_again_with_growing_pauses,
    after_the_last_try_the_sender_learns_that_nobody_was_told,
    a_bad_address_is_marked_and_the_other_channel_used,
    a_refusal_that_is_not_about_the_address_leaves_it,
    one_that_is_stuck_does_not_hold_up_the_others,
    an_address_that_does_not_open_is_tried_again,
    a_job_that_cannot_be_done_is_buried_where_the_operator_sees_it,
);

const NOT_NOW: Fault = Fault::Fail(Failure::Later("smtp_not_now"));

async fn not_now_is_tried_again_with_growing_pauses(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.mail.fault("anna@example.test", NOT_NOW);
    world.work().await;
    let mut tx = world.store.read("job").await.unwrap();
    let sql = "SELECT run_at, attempts, last_code FROM job WHERE substr(subject, 17) = $1";
    let row = tx.one(sql, args![letter.letter_id]).await.unwrap().unwrap();
    let wait = row.time("run_at").unwrap().since(crate::world::START);
    assert!(wait >= Duration::from_secs(54) && wait <= Duration::from_secs(66), "{wait:?}");
    assert_eq!((row.int("attempts").unwrap(), row.text("last_code").unwrap()), (1, "smtp_not_now"));
    drop(tx);
    world.after(50 * Duration::from_secs(1)).await;
    world.mail.heal();
    world.work().await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("pending", 0));
    world.after(MINUTE).await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("sent", 1));
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
}

async fn after_the_last_try_the_sender_learns_that_nobody_was_told(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.mail.fault("anna@example.test", NOT_NOW);
    let mut tries = 0;
    while world.state(letter).await == "pending" {
        world.work().await;
        world.clock.advance(27 * HOUR);
        tries += 1;
        assert!(tries <= 8, "one try and seven repeats");
    }
    assert_eq!((tries, world.state(letter).await.as_str()), (8, "failed"));
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeFailed]);
    assert_eq!((world.jobs().await, world.backlog().await.dead), (0, 0));
}

async fn a_bad_address_is_marked_and_the_other_channel_used(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let mail = world.contact(anna, Channel::Email, "anna@example.test").await;
    let phone = world.contact(anna, Channel::Sms, "+46701740605").await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::BadAddress("smtp_no_such_mailbox")));
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!((world.state(letter).await.as_str(), world.phones.sent().len()), ("sent", 1));
    assert!(world.contact_failed(anna, mail).await && !world.contact_failed(anna, phone).await);
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
    // The address is passed over from now on, also when it would work again.
    world.mail.heal();
    world.clock.advance(HOUR);
    world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (0, 2));
}

async fn a_refusal_that_is_not_about_the_address_leaves_it(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let mail = world.contact(anna, Channel::Email, "anna@example.test").await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::Never("smtp_refused")));
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!(world.state(letter).await, "failed");
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeFailed]);
    assert!(!world.contact_failed(anna, mail).await);
}

async fn one_that_is_stuck_does_not_hold_up_the_others(store: Store) {
    let world = World::new(store).await;
    let stuck = world.with_mail("stuck@example.test").await;
    world.mail.fault("stuck@example.test", NOT_NOW);
    let mut others = Vec::new();
    for n in 0..20 {
        others.push(world.with_mail(&format!("citizen{n}@example.test")).await.mailbox_id);
    }
    let first = world.letter(stuck.mailbox_id, TOWN).await;
    let letters = world.letters(&others, TOWN).await;
    world.work().await;
    for letter in letters {
        assert_eq!(world.state(letter).await, "sent");
    }
    assert_eq!((world.state(first).await.as_str(), world.jobs().await), ("pending", 1));
}

async fn an_address_that_does_not_open_is_tried_again(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let contact = world.contact(anna, Channel::Email, "anna@example.test").await;
    let mut tx = world.store.read("address").await.unwrap();
    let sql = "SELECT address FROM contact WHERE contact_id = $1";
    let sealed = tx.one(sql, args![contact]).await.unwrap().unwrap().bytes("address").unwrap().to_vec();
    drop(tx);
    let put = "UPDATE contact SET address = $2 WHERE contact_id = $1";
    world.execute(put, args![contact, b"not sealed by us".as_slice()]).await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("pending", 0));
    world.execute(put, args![contact, &sealed]).await;
    world.after(2 * MINUTE).await;
    assert_eq!((world.state(letter).await.as_str(), world.mail.sent().len()), ("sent", 1));
}

/// A fault of the house, not of a channel: the evidence of one letter cannot be written.
async fn a_job_that_cannot_be_done_is_buried_where_the_operator_sees_it(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let bo = world.with_mail("bo@example.test").await;
    let broken = world.letter(anna.mailbox_id, TOWN).await;
    let fine = world.letter(bo.mailbox_id, TOWN).await;
    // Somebody put a row where the letter's next feed event belongs.
    let sql =
        "INSERT INTO feed_waiting (letter_id, seq, sender_mac, at, type) VALUES ($1, 1, $2, 1, 'opened')";
    world.execute(sql, args![broken.letter_id, &[0u8; 32]]).await;
    world.work().await;
    assert_eq!((world.state(broken).await.as_str(), world.state(fine).await.as_str()), ("pending", "sent"));
    for _ in 0..8 {
        world.after(27 * HOUR).await;
    }
    assert_eq!((world.backlog().await.dead, world.jobs().await), (1, 1));
    let addresses: Vec<_> = world.mail.sent().into_iter().map(|m| m.address).collect();
    assert_eq!(addresses.iter().filter(|a| *a == "anna@example.test").count(), 1, "told once all the same");
    // Mended and revived, it comes to its end.
    world.execute("DELETE FROM feed_waiting WHERE letter_id = $1", args![broken.letter_id]).await;
    let mut tx = world.store.begin("revive").await.unwrap();
    let row = tx.one("SELECT job_id FROM job", &[]).await.unwrap().unwrap();
    assert!(
        store::jobs::revive(&mut tx, row.id("job_id").unwrap(), domain::Clock::now(&*world.clock))
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    world.work().await;
    assert_eq!((world.state(broken).await.as_str(), world.jobs().await), ("sent", 0));
}
