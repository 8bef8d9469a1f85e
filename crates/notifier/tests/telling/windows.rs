//! Letters that come soon after each other share a notice; a repeat of a notice is the same notice.

use crate::world::{AGENCY, HOUR, MINUTE, TOWN, World, message_id};
use domain::words::{Channel, EventType};
use notifier::Fault;
use std::{sync::Arc, time::Duration};
use store::{Store, both};
use tokio_util::sync::CancellationToken;

both!(
    many_letters_within_ten_minutes_are_one_message,
    later_letters_are_told_again,
    who_has_been_in_the_box_is_told_again,
    a_crash_between_sending_and_recording_repeats_the_same_message,
    a_lost_answer_repeats_the_same_message_however_late,
    a_notice_that_another_worker_sends_is_left_to_it,
    two_workers_send_one_message,
);

async fn many_letters_within_ten_minutes_are_one_message(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let mut letters = world.letters(&[anna.mailbox_id; 5], TOWN).await;
    world.work().await;
    for _ in 0..3 {
        world.clock.advance(2 * MINUTE);
        letters.push(world.letter(anna.mailbox_id, AGENCY).await);
        world.work().await;
    }
    assert_eq!(world.mail.sent().len(), 1);
    for letter in letters {
        assert_eq!(world.state(letter).await, "sent");
    }
}

async fn later_letters_are_told_again(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    for _ in 0..3 {
        world.letter(anna.mailbox_id, TOWN).await;
        world.work().await;
        world.clock.advance(11 * MINUTE);
    }
    let sent = world.mail.sent();
    assert_eq!(sent.len(), 3);
    assert_ne!(message_id(&sent[0].text), message_id(&sent[1].text));
}

async fn who_has_been_in_the_box_is_told_again(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let first = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    world.clock.advance(MINUTE);
    world.open(first).await;
    world.clock.advance(MINUTE);
    world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!(world.mail.sent().len(), 2);
}

/// The process dies after the mail server has taken the message and before that is written.
async fn a_crash_between_sending_and_recording_repeats_the_same_message(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.mail.fault("anna@example.test", Fault::Silent);
    let dying = tokio::spawn({
        let worker = world.worker();
        let notifier = Arc::clone(&world.notifier);
        async move { worker.once(&notifier, &CancellationToken::new()).await }
    });
    while world.mail.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    dying.abort();
    let _ = dying.await;
    world.mail.heal();
    assert_eq!(world.state(letter).await, "pending");
    // Its lease has not run out: nobody touches the job.
    world.work().await;
    assert_eq!(world.mail.sent().len(), 1);
    world.after(MINUTE).await;
    let sent = world.mail.sent();
    assert_eq!((sent.len(), world.state(letter).await.as_str()), (2, "sent"));
    assert_eq!(sent[0].text, sent[1].text, "the same bytes, Message-ID and Date too");
    assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
}

/// Tries go on for longer than letters share a notice; the repeat is still the same.
async fn a_lost_answer_repeats_the_same_message_however_late(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.mail.fault("anna@example.test", Fault::Lost);
    world.work().await;
    for wait in [2 * MINUTE, 6 * MINUTE, 17 * MINUTE, 67 * MINUTE, 5 * HOUR] {
        world.after(wait).await;
    }
    assert_eq!(world.state(letter).await, "pending");
    world.mail.heal();
    world.after(14 * HOUR).await;
    assert_eq!(world.state(letter).await, "sent");
    let sent = world.mail.sent();
    assert_eq!(sent.len(), 7);
    assert!(sent.iter().all(|m| message_id(&m.text) == message_id(&sent[0].text)));
    // The next day's letter is another notice.
    world.clock.advance(24 * HOUR);
    world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_ne!(message_id(&world.mail.sent()[7].text), message_id(&sent[0].text));
}

/// While one worker waits for the mail server, another has a second letter to the same person.
async fn a_notice_that_another_worker_sends_is_left_to_it(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    let first = world.letter(anna.mailbox_id, TOWN).await;
    world.mail.fault("anna@example.test", Fault::Silent);
    let waiting = tokio::spawn({
        let worker = world.worker();
        let notifier = Arc::clone(&world.notifier);
        async move { worker.once(&notifier, &CancellationToken::new()).await }
    });
    while world.mail.sent().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.mail.heal();
    let second = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!((world.mail.sent().len(), world.state(second).await.as_str()), (1, "pending"));
    waiting.abort();
    let _ = waiting.await;
    // The first one died after all: whoever comes next sends its notice.
    world.after(2 * MINUTE).await;
    let sent = world.mail.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(message_id(&sent[0].text), message_id(&sent[1].text));
    assert_eq!((world.state(first).await, world.state(second).await), ("sent".into(), "sent".into()));
}

async fn two_workers_send_one_message(store: Store) {
    let world = Arc::new(World::new(store).await);
    let mut citizens = Vec::new();
    for n in 0..10 {
        let citizen = world.with_mail(&format!("citizen{n}@example.test")).await;
        world.contact(citizen, Channel::Sms, &format!("+4670000000{n}")).await;
        citizens.push(citizen.mailbox_id);
    }
    let mut letters = Vec::new();
    for _ in 0..8 {
        letters.extend(world.letters(&citizens, TOWN).await);
    }
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut worker = world.worker();
                worker.settings.batch = 5;
                let stop = CancellationToken::new();
                while worker.once(&world.notifier, &stop).await.unwrap() > 0 {}
            })
        })
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    for _ in 0..8 {
        world.after(2 * MINUTE).await;
    }
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (10, 10));
    for letter in letters {
        assert_eq!(world.told(letter, TOWN).await, [EventType::NoticeSent]);
    }
}
