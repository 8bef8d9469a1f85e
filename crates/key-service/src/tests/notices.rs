//! Which addresses the notifier is given.

use super::world::{Citizen, START, World};
use crate::{Settings, purpose::Purpose};
use domain::{
    AddressMac, AnnouncementId, Clock, ContactId, LetterId, MailboxId, OrgNumber, Time,
    jobs::{JobSubject, NoticeJob},
    words::EventType,
};
use evidence::{NewEvent, Writer};
use key_client::{Access, AnnouncedTo, Column, KeysError, NoticeFor, announcement_words, contact_address};
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::SystemRandom;

both!(
    an_address_is_opened_for_a_letter_that_waits_for_its_notice,
    rows_that_somebody_wrote_open_nothing,
    once_the_notice_has_ended_nothing_is_opened,
    a_mailbox_that_was_given_another_owner_opens_nobodys_address,
    an_announcement_opens_what_it_was_taken_for,
    a_move_is_told_when_somebody_signed_for_it,
    a_move_is_told_to_whom_the_number_belongs,
    the_notifier_has_a_budget,
);

impl World {
    async fn contact(&self, of: Citizen, address: &str) -> (ContactId, Vec<u8>) {
        let id = ContactId::new(&SystemRandom);
        let item = (Column::Contact, contact_address(id), address.as_bytes().to_vec());
        let sealed = self.web.seal_columns(vec![item]).await.unwrap().remove(0);
        let sql = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
            confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, 0, 0)";
        let mac: AddressMac = AddressMac::from_bytes(domain::chance::bytes(&SystemRandom));
        self.change(sql, args![id, of.person, &sealed, &mac]).await;
        (id, sealed)
    }

    /// Which of these are opened.
    async fn opens(&self, notices: Vec<NoticeFor>, contacts: &[(ContactId, Vec<u8>)]) -> Vec<bool> {
        let item =
            |(id, sealed): &(ContactId, Vec<u8>)| (Column::Contact, contact_address(*id), sealed.clone());
        let items = contacts.iter().map(item).collect();
        let opened = self.notifier.open_columns(Access::Notifier(notices), items).await.unwrap();
        opened.into_iter().map(|text| text.is_some()).collect()
    }

    async fn appends(&self, of: MailboxId, letter: LetterId, kind: EventType, by: Writer) {
        let ring = self.service.0.keks.ring(Purpose::EventsOf(by), self.clock.now()).unwrap();
        let event = NewEvent::by_service(kind, self.clock.now());
        let mut tx = self.letters.begin("test").await.unwrap();
        evidence::append(&mut tx, &ring.into(), of, letter, event, &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn of(mailbox: MailboxId, letter: LetterId) -> Vec<NoticeFor> {
    vec![NoticeFor::Letter { mailbox, letter }]
}

async fn an_address_is_opened_for_a_letter_that_waits_for_its_notice(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contacts = [world.contact(anna, "anna@example.se").await, world.contact(bo, "bo@example.se").await];
    let sent = world.send(anna).await;
    assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [true, false]);
    assert_eq!(world.opens(vec![], &contacts).await, [false, false]);
    // Hers under his mailbox, and one that nobody sent.
    assert_eq!(world.opens(of(bo.mailbox, sent.letter), &contacts).await, [false, false]);
    let none = LetterId::new(START, &SystemRandom);
    assert_eq!(world.opens(of(anna.mailbox, none), &contacts).await, [false, false]);
    // An address that does not count any more.
    world.change("UPDATE contact SET failed_at = 1 WHERE contact_id = $1", args![contacts[0].0]).await;
    assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [false, false]);
    let note =
        world.web.seal_columns(vec![(Column::Note, contact_address(contacts[0].0), b"x".to_vec())]).await;
    let item = (Column::Note, contact_address(contacts[0].0), note.unwrap().remove(0));
    let access = Access::Notifier(of(anna.mailbox, sent.letter));
    assert!(world.notifier.open_columns(access, vec![item]).await.unwrap()[0].is_none(), "no other column");
}

/// Whoever writes rows has no key of the door.
async fn rows_that_somebody_wrote_open_nothing(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contacts = [world.contact(anna, "anna@example.se").await];
    let real = world.send(bo).await;
    let forged = LetterId::new(START, &SystemRandom);
    let letter = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, \
        confidential, tells_opened, parts, notice_state) SELECT $1, $2, accepted_at, visible_from, header, sender_mac, \
        confidential, tells_opened, parts, notice_state FROM letter WHERE letter_id = $3";
    world.change(letter, args![anna.mailbox, forged, real.letter]).await;
    let key = "INSERT INTO letter_key (mailbox_id, letter_id, epoch, sealed) SELECT $1, $2, epoch, sealed \
        FROM letter_key WHERE letter_id = $3";
    world.change(key, args![anna.mailbox, forged, real.letter]).await;
    let subject = NoticeJob { mailbox_id: anna.mailbox, letter_id: forged }.encode();
    let job = "INSERT INTO job (job_id, kind, subject, run_at, attempts) VALUES ($1, 'notice', $2, 0, 0)";
    world.change(job, args![domain::JobId::new(START, &SystemRandom), &subject]).await;
    assert_eq!(world.opens(of(anna.mailbox, forged), &contacts).await, [false], "no event");
    let event = "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) \
        SELECT $1, $2, seq, at, type, actor, because, body, entry FROM event WHERE letter_id = $3";
    world.change(event, args![anna.mailbox, forged, real.letter]).await;
    assert_eq!(world.opens(of(anna.mailbox, forged), &contacts).await, [false], "another letter's event");
    world.change("UPDATE event SET body = $1 WHERE letter_id = $2", args![&[7u8; 200], forged]).await;
    assert_eq!(world.opens(of(anna.mailbox, forged), &contacts).await, [false], "made up");
    world.change("DELETE FROM event WHERE letter_id = $1", args![forged]).await;
    // Sealed by roles that accept no letters.
    for role in [Writer::Web, Writer::Notifier, Writer::Keys] {
        world.appends(anna.mailbox, forged, EventType::Accepted, role).await;
        assert_eq!(world.opens(of(anna.mailbox, forged), &contacts).await, [false], "{role:?}");
        world.change("DELETE FROM event WHERE letter_id = $1", args![forged]).await;
    }
}

async fn once_the_notice_has_ended_nothing_is_opened(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let contacts = [world.contact(anna, "anna@example.se").await];
    for (kind, by) in [
        (EventType::NoticeSent, Writer::Notifier),
        (EventType::NoticeFailed, Writer::Notifier),
        (EventType::NoContactPoint, Writer::Notifier),
        (EventType::NoticeNotNeeded, Writer::Notifier),
    ] {
        let sent = world.send(anna).await;
        assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [true]);
        world.appends(anna.mailbox, sent.letter, kind, by).await;
        // Whatever the row says.
        world
            .change("UPDATE letter SET notice_state = 'pending' WHERE letter_id = $1", args![sent.letter])
            .await;
        assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [false], "{kind}");
    }
    let sent = world.send(anna).await;
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
    assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [false], "opened");
    // A chain with a hole is no chain.
    let sent = world.send(anna).await;
    world.appends(anna.mailbox, sent.letter, EventType::NoticeSent, Writer::Notifier).await;
    world.change("UPDATE event SET seq = 2 WHERE letter_id = $1 AND seq = 1", args![sent.letter]).await;
    assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [false]);
}

async fn a_mailbox_that_was_given_another_owner_opens_nobodys_address(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contacts = [world.contact(anna, "anna@example.se").await, world.contact(bo, "bo@example.se").await];
    let sent = world.send(anna).await;
    world.letters.tamper("DELETE FROM mailbox WHERE mailbox_id = $1", args![bo.mailbox]).await;
    world
        .letters
        .tamper("UPDATE mailbox SET owner_id = $1 WHERE mailbox_id = $2", args![bo.person, anna.mailbox])
        .await;
    assert_eq!(world.opens(of(anna.mailbox, sent.letter), &contacts).await, [false, false]);
}

async fn an_announcement_opens_what_it_was_taken_for(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contacts = [world.contact(anna, "anna@example.se").await, world.contact(bo, "bo@example.se").await];
    let town = OrgNumber::parse("164020000016").unwrap();
    let id = |n| AnnouncementId::new(Time::from_millis(n), &SystemRandom);
    let this = id(1);
    let other = id(2);
    let to = AnnouncedTo::new(&town, START, [contacts[0].0]);
    let words = serde_json::to_vec(&to).unwrap();
    let item = (Column::Announcement, announcement_words(this), words.clone());
    let sealed = world.gateway.seal_columns(vec![item]).await.unwrap().remove(0);
    let row = "INSERT INTO announcement (announcement_id, sender_mac, reference_mac, payload_mac, answer, words, \
        accepted_at, sent, failed) VALUES ($1, $1, $1, $1, 'e', $2, 0, 0, 0)";
    world.change(row, args![this, &sealed]).await;
    // The words of one under the id of another.
    world.change(row, args![other, &sealed]).await;
    let announcement = |id| vec![NoticeFor::Announcement(id)];
    assert_eq!(world.opens(announcement(this), &contacts).await, [true, false]);
    assert_eq!(world.opens(announcement(other), &contacts).await, [false, false]);
    let opened = async |access: Access, column, id| {
        let items = vec![(column, announcement_words(id), sealed.clone())];
        world.notifier.open_columns(access, items).await.unwrap().remove(0)
    };
    let access = |id| Access::Notifier(announcement(id));
    assert_eq!(opened(access(this), Column::Announcement, this).await.as_deref(), Some(words.as_slice()));
    for (access, column, id) in [
        (access(other), Column::Announcement, this),
        (access(this), Column::Announcement, other),
        (access(this), Column::Contact, this),
        (Access::Notifier(vec![]), Column::Announcement, this),
    ] {
        assert!(opened(access, column, id).await.is_none());
    }
    // What does not say whom it is for, as words of before that did, and what came out of an old backup.
    let item = (Column::Announcement, announcement_words(other), br#"{"sms":"Hej"}"#.to_vec());
    let before = world.gateway.seal_columns(vec![item]).await.unwrap().remove(0);
    world
        .change("UPDATE announcement SET words = $1 WHERE announcement_id = $2", args![&before, other])
        .await;
    assert_eq!(world.opens(announcement(other), &contacts).await, [false, false]);
    world.days(3);
    assert_eq!(world.opens(announcement(this), &contacts).await, [false, false]);
}

async fn a_move_is_told_when_somebody_signed_for_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let contacts = [world.contact(anna, "anna@example.se").await];
    let moved = || vec![NoticeFor::Move(anna.mailbox)];
    assert_eq!(world.opens(moved(), &contacts).await, [false]);
    let agreed = "INSERT INTO agreed (address_mac, what, changed_at, exact, told) VALUES ($1, $2, $3, 0, 0)";
    world.keys_store.tamper(agreed, args![&anna.address_mac, "senders", START]).await;
    assert_eq!(world.opens(moved(), &contacts).await, [false]);
    world.keys_store.tamper(agreed, args![&anna.address_mac, "place", START]).await;
    for _ in 0..16 {
        assert_eq!(world.opens(moved(), &contacts).await, [true]);
    }
    assert_eq!(world.opens(moved(), &contacts).await, [false], "told often enough");
    world.keys_store.tamper("UPDATE agreed SET told = 0", &[]).await;
    world.days(3);
    assert_eq!(world.opens(moved(), &contacts).await, [false]);
}

async fn a_move_is_told_to_whom_the_number_belongs(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contacts = [world.contact(anna, "anna@example.se").await, world.contact(bo, "bo@example.se").await];
    let agreed =
        "INSERT INTO agreed (address_mac, what, changed_at, exact, told) VALUES ($1, 'place', $2, 0, 0)";
    world.keys_store.tamper(agreed, args![&anna.address_mac, START]).await;
    // By the letters' rows each has the other's number.
    let lead = "UPDATE identity SET owner_id = $1 WHERE mac = $2";
    world.letters.tamper(lead, args![bo.person, &anna.address_mac]).await;
    world.letters.tamper(lead, args![anna.person, &bo.address_mac]).await;
    let moved = async |of: Citizen| world.opens(vec![NoticeFor::Move(of.mailbox)], &contacts).await;
    assert_eq!(moved(anna).await, [true, false]);
    assert_eq!(moved(bo).await, [false, false]);
}

async fn the_notifier_has_a_budget(database: Database) {
    let settings =
        Settings { notice_addresses_per_second: 1, notice_addresses_per_day: 12, ..Settings::default() };
    let world = World::with(database, settings).await;
    let anna = world.citizen(ANNA).await;
    let contact = world.contact(anna, "anna@example.se").await;
    let sent = world.send(anna).await;
    let asks = async || {
        let item = (Column::Contact, contact_address(contact.0), contact.1.clone());
        world.notifier.open_columns(Access::Notifier(of(anna.mailbox, sent.letter)), vec![item]).await
    };
    for _ in 0..10 {
        assert!(asks().await.is_ok());
    }
    assert_eq!(asks().await.err(), Some(KeysError::Budget));
    world.clock.advance(std::time::Duration::from_secs(2));
    assert!(asks().await.is_ok() && asks().await.is_ok());
    world.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(asks().await.err(), Some(KeysError::Budget), "of the day");
}
