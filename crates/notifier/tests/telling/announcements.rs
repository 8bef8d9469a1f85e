//! What agencies announce: words that go out as they are, at least once, and are forgotten afterwards.

use crate::world::{Citizen, HOUR, MINUTE, START, TOWN, World, message_id};
use domain::{AnnouncementId, ContactId, JobId, jobs::AnnouncementJob, words::Channel};
use key_client::{Column, announcement_words};
use notifier::{ANNOUNCEMENT, Announcer, Failure, Fault};
use std::{sync::Arc, time::Duration};
use store::{
    Store, args, both,
    jobs::{self, NewJob, Worker, WorkerSettings},
};
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

both!(
    words_go_out_as_they_are_and_are_forgotten,
    the_sender_is_named_in_every_text,
    a_repeat_is_the_same_message_to_the_byte,
    not_now_is_tried_again_and_the_others_are_not,
    after_the_last_try_it_ends_all_the_same,
    a_bad_address_is_marked,
    who_is_gone_meanwhile_gets_nothing,
    words_that_do_not_open_are_tried_again,
    many_addresses_go_out_once_each,
    a_job_that_was_given_up_and_is_revived_goes_on,
    letters_notices_do_not_take_announcements_for_theirs,
);

const WORDS: &str = r#"{"email":{"subject":"Vattnet stängs","text":"Vattnet stängs kl. 10."},"sms":"Stängt kl. 10.",
    "sender":"164020000016","at":0,"ways":""}"#;

impl World {
    /// Taken from the town now, for these addresses.
    async fn announcement(&self, ways: &[(ContactId, Channel)]) -> AnnouncementId {
        let id = AnnouncementId::new(START, &SystemRandom);
        let item = (Column::Announcement, announcement_words(id), WORDS.as_bytes().to_vec());
        let words = self.keys.seal_columns(vec![item]).await.unwrap().remove(0);
        let mut tx = self.store.begin("announce").await.unwrap();
        let sql = "INSERT INTO announcement (announcement_id, sender_mac, reference_mac, payload_mac, answer, words, \
            accepted_at, sent, failed) VALUES ($1, $2, $1, $1, 'e', $3, $4, 0, 0)";
        tx.execute(sql, args![id, &self.sender_mac(TOWN), &words, START]).await.unwrap().exactly(1).unwrap();
        for (contact_id, channel) in ways {
            let sql = "INSERT INTO announcement_way (announcement_id, contact_id, channel, state, attempts) \
                VALUES ($1, $2, $3, 'waiting', 0)";
            tx.execute(sql, args![id, contact_id, channel.as_str()]).await.unwrap().exactly(1).unwrap();
        }
        let job_id = JobId::new(START, &SystemRandom);
        let run_at = domain::Clock::now(&*self.clock);
        let job = NewJob::new(job_id, &AnnouncementJob(id), run_at);
        jobs::enqueue(&mut tx, &job).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn anna(&self) -> (Citizen, [(ContactId, Channel); 2]) {
        let anna = self.citizen().await;
        let mail = self.contact(anna, Channel::Email, "anna@example.test").await;
        let phone = self.contact(anna, Channel::Sms, "+46701740605").await;
        (anna, [(mail, Channel::Email), (phone, Channel::Sms)])
    }

    async fn announce(&self) {
        let settings = WorkerSettings::new(&[ANNOUNCEMENT]);
        let worker = Worker { settings, ..self.worker() };
        let stop = CancellationToken::new();
        let announcer = Arc::new(Announcer(Arc::clone(&self.notifier)));
        while worker.once(&announcer, &stop).await.unwrap() > 0 {}
    }

    async fn announce_after(&self, time: Duration) {
        self.clock.advance(time);
        self.announce().await;
    }

    /// Sent and failed, once it has ended and nothing of it is left.
    async fn ended(&self, id: AnnouncementId) -> Option<(i64, i64)> {
        let mut tx = self.store.read("ended").await.unwrap();
        let sql = "SELECT sent, failed, words, (SELECT count(*) FROM announcement_way w \
            WHERE w.announcement_id = a.announcement_id) AS ways FROM announcement a \
            WHERE announcement_id = $1 AND ended_at IS NOT NULL";
        let row = tx.one(sql, args![id]).await.unwrap()?;
        assert!(
            row.opt_bytes("words").unwrap().is_none() && row.int("ways").unwrap() == 0,
            "words or addresses are left"
        );
        Some((row.int("sent").unwrap(), row.int("failed").unwrap()))
    }
}

/// The lines of an e-mail's text, decoded.
fn text_of(message: &str) -> String {
    let (head, body) = message.split_once("\r\n\r\n").unwrap();
    if head.contains("base64") {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        return String::from_utf8(STANDARD.decode(body.replace("\r\n", "")).unwrap()).unwrap();
    }
    let mut bytes = Vec::new();
    let soft = body.replace("=\r\n", "");
    let mut rest = soft.as_bytes();
    while let [first, more @ ..] = rest {
        if let (b'=', [a, b, after @ ..]) = (first, more) {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&[*a, *b]).unwrap(), 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

async fn words_go_out_as_they_are_and_are_forgotten(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.announce().await;
    let mail = world.mail.sent();
    let phones = world.phones.sent();
    assert_eq!((mail.len(), phones.len()), (1, 1));
    assert_eq!(
        (phones[0].address.as_str(), phones[0].text.as_str()),
        ("+46701740605", "Exempelkommunen via Kuvert: Stängt kl. 10.")
    );
    assert_eq!(mail[0].address, "anna@example.test");
    // Our own address, whatever the agency wrote.
    assert!(mail[0].text.contains("From: Kuvert <avisering@kuvert.test>\r\n"), "{}", mail[0].text);
    assert!(!mail[0].text.contains("Reply-To"));
    let text = text_of(&mail[0].text);
    let below = "Texten är skriven av Exempelkommunen och skickad genom Kuvert.";
    let whole = format!("Exempelkommunen via Kuvert:\n\nVattnet stängs kl. 10.\n\n-- \n{below}");
    assert!(text.starts_with(&whole), "{text}");
    assert_eq!(world.ended(id).await, Some((1 + 1, 0)));
    assert_eq!(world.jobs().await, 0);
}

/// Whatever the person chose for the notices of letters: these are not our words.
async fn the_sender_is_named_in_every_text(store: Store) {
    let world = World::new(store).await;
    let (anna, ways) = world.anna().await;
    world.execute("UPDATE person SET protected_at = 1 WHERE person_id = $1", args![anna.person_id]).await;
    world.announcement(&ways).await;
    world.announce().await;
    world.execute("UPDATE person SET language = 'en' WHERE person_id = $1", args![anna.person_id]).await;
    world.announcement(&ways).await;
    world.announce().await;
    let mail = world.mail.sent();
    let phones = world.phones.sent();
    assert!(phones[0].text.starts_with("Exempelkommunen via Kuvert: "), "{}", phones[0].text);
    assert!(phones[1].text.starts_with("Exempelkommunen through Kuvert: "), "{}", phones[1].text);
    for message in &mail {
        assert!(text_of(&message.text).starts_with("Exempelkommunen "));
        assert!(message.text.contains("Subject: "));
    }
    // Another tag in the row names nobody else: the number is sealed with the words.
    let id = world.announcement(&ways[1..]).await;
    let other = world.sender_mac(crate::world::AGENCY);
    world
        .execute("UPDATE announcement SET sender_mac = $2 WHERE announcement_id = $1", args![id, &other])
        .await;
    world.announce().await;
    assert!(world.phones.sent()[2].text.starts_with("Exempelkommunen "));
}

/// The answer was lost, and then the worker died before it could write anything down.
async fn a_repeat_is_the_same_message_to_the_byte(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways[..1]).await;
    world.mail.fault("anna@example.test", Fault::Lost);
    world.announce().await;
    assert_eq!(world.ended(id).await, None);
    world.mail.heal();
    world.announce_after(2 * MINUTE).await;
    let sent = world.mail.sent();
    assert_eq!((sent.len(), world.ended(id).await), (2, Some((1, 0))));
    assert_eq!(sent[0].text, sent[1].text);
    // The next announcement to the same address is another message.
    world.announcement(&ways[..1]).await;
    world.announce().await;
    assert_ne!(message_id(&sent[0].text), message_id(&world.mail.sent()[2].text));
}

async fn not_now_is_tried_again_and_the_others_are_not(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
    world.announce().await;
    let mut tx = world.store.read("job").await.unwrap();
    let row = tx.one("SELECT last_code, run_at FROM job", &[]).await.unwrap().unwrap();
    assert_eq!(row.text("last_code").unwrap(), "smtp_not_now");
    assert!(row.time("run_at").unwrap().since(START) >= Duration::from_secs(54));
    drop(tx);
    assert_eq!((world.phones.sent().len(), world.ended(id).await), (1, None));
    world.mail.heal();
    world.announce_after(2 * MINUTE).await;
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (1, 1));
    assert_eq!(world.ended(id).await, Some((2, 0)));
}

async fn after_the_last_try_it_ends_all_the_same(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
    let mut tries = 0;
    while world.ended(id).await.is_none() {
        world.announce_after(27 * HOUR).await;
        tries += 1;
        assert!(tries <= 8, "one try and seven repeats");
    }
    assert_eq!((tries, world.ended(id).await), (8, Some((1, 1))));
    assert_eq!((world.jobs().await, world.backlog().await.dead), (0, 0));
}

async fn a_bad_address_is_marked(store: Store) {
    let world = World::new(store).await;
    let (anna, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    let bad = Failure::BadAddress("smtp_no_such_mailbox");
    let refused = Failure::Never("sms_failed");
    world.mail.fault("anna@example.test", Fault::Fail(bad));
    world.phones.fault("+46701740605", Fault::Fail(refused));
    world.announce().await;
    assert_eq!(world.ended(id).await, Some((0, 2)));
    assert!(world.contact_failed(anna, ways[0].0).await && !world.contact_failed(anna, ways[1].0).await);
}

async fn who_is_gone_meanwhile_gets_nothing(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.execute("DELETE FROM contact WHERE contact_id = $1", args![ways[0].0]).await;
    world.execute("UPDATE contact SET failed_at = 1 WHERE contact_id = $1", args![ways[1].0]).await;
    world.announce().await;
    assert_eq!(world.ended(id).await, Some((0, 2)));
    let (bo, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.execute("UPDATE person SET deceased_at = 1 WHERE person_id = $1", args![bo.person_id]).await;
    world.announce().await;
    assert_eq!(world.ended(id).await, Some((0, 2)));
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (0, 0));
}

async fn words_that_do_not_open_are_tried_again(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    let other = world.announcement(&[]).await;
    // Moved from another announcement: they open in their own place alone.
    const SWAP: &str = "UPDATE announcement SET words = (SELECT o.words FROM announcement o WHERE o.announcement_id = $2) \
        WHERE announcement_id = $1";
    world.execute(SWAP, args![id, other]).await;
    world.announce().await;
    assert_eq!((world.ended(id).await, world.ended(other).await), (None, Some((0, 0))));
    let mut tx = world.store.read("job").await.unwrap();
    let row = tx.one("SELECT last_code FROM job", &[]).await.unwrap().unwrap();
    assert_eq!((row.text("last_code").unwrap(), world.phones.sent().len()), ("words_sealed", 0));
}

async fn many_addresses_go_out_once_each(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let mut ways = Vec::new();
    for n in 0..150 {
        let address = format!("{n}@example.test");
        ways.push((world.contact(anna, Channel::Email, &address).await, Channel::Email));
    }
    let id = world.announcement(&ways).await;
    world.mail.fault("7@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
    world.announce().await;
    assert_eq!((world.mail.sent().len(), world.ended(id).await), (149, None));
    world.mail.heal();
    world.announce_after(2 * MINUTE).await;
    let mut to: Vec<_> = world.mail.sent().into_iter().map(|message| message.address).collect();
    assert_eq!((to.len(), world.ended(id).await), (150, Some((150, 0))));
    to.sort();
    to.dedup();
    assert_eq!(to.len(), 150);
}

/// An operator finds it dead, because the database failed at the last try of all.
async fn a_job_that_was_given_up_and_is_revived_goes_on(store: Store) {
    let world = World::new(store).await;
    let (_, ways) = world.anna().await;
    let id = world.announcement(&ways).await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
    world.announce().await;
    world.execute("UPDATE announcement_way SET attempts = 8 WHERE state = 'waiting'", &[]).await;
    world.execute("UPDATE job SET dead_at = 1, attempts = 8", &[]).await;
    let mut tx = world.store.begin("revive").await.unwrap();
    let job = tx.one("SELECT job_id FROM job", &[]).await.unwrap().unwrap().id("job_id").unwrap();
    assert!(jobs::revive(&mut tx, job, START).await.unwrap());
    tx.commit().await.unwrap();
    world.mail.heal();
    world.announce().await;
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (1, 1));
    assert_eq!(world.ended(id).await, Some((2, 0)));
}

/// A letter's notice that comes moments after an announcement is sent as if there had been none.
async fn letters_notices_do_not_take_announcements_for_theirs(store: Store) {
    let world = World::new(store).await;
    let (anna, ways) = world.anna().await;
    world.announcement(&ways).await;
    world.announce().await;
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    assert_eq!(world.state(letter).await, "sent");
    assert_eq!((world.mail.sent().len(), world.phones.sent().len()), (2, 2));
}
