#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{Accepted, Belongings, NewEvent, Rings, append, audit, feed, first, insert};
use domain::{AddressMac, CertificateDigest, Identity, OrgNumber, PersonId, SenderMac, Time};
use key_client::{EventRing, KeyRing};
use store::{Store, both};
use vault::SystemRandom;

both!(
    every_flipped_byte_is_found,
    every_changed_column_is_found,
    missing_moved_and_added_rows_are_found,
    an_end_that_was_cut_off_is_found_by_what_else_knows_of_it,
    the_audit_walks_every_chain,
    a_chain_under_another_key_does_not_hold,
    a_role_writes_its_own_kinds_of_events_alone,
    what_was_written_before_actors_were_committed_to_still_holds_under_the_key_of_then,
);

struct Chain {
    ring: EventRing,
    mailbox: MailboxId,
    letter: LetterId,
}

const EVENTS: usize = 5;

fn now() -> Time {
    Time::from_millis(1_795_340_430_500)
}

/// Accepted, told, opened by two, binned.
async fn chain(tx: &mut Tx, ring: EventRing, mailbox: MailboxId) -> Chain {
    let letter = LetterId::new(now(), &SystemRandom);
    let belongings = Belongings {
        key: [1; 32],
        mailbox_id: mailbox,
        letter_id: letter,
        accepted_at: now(),
        visible_from: now(),
        confidential: false,
        tells_opened: true,
        parts: 1,
        sender_mac: SenderMac::from_bytes([9; 32]),
    };
    let accepted = Accepted {
        belongings: &belongings,
        address_mac: &AddressMac::from_bytes([4; 32]),
        original: None,
        letter_id: letter,
        at: now(),
        recipient: &Identity::parse("198101052382").unwrap(),
        payload: b"{}",
        sender: &OrgNumber::parse("164020000016").unwrap(),
        certificate: CertificateDigest::from_bytes([3; 32]),
    };
    let event = Event::accepted(accepted, &[9; 32], &SystemRandom);
    insert(tx, &ring, &[first(&event, &[9; 32], mailbox, &ring, &SystemRandom)]).await.unwrap();
    let person = PersonId::new(&SystemRandom);
    let more = [
        NewEvent::by_service(EventType::NoticeSent, now()),
        NewEvent::by_person(EventType::Opened, now(), person, Because::Owner),
        NewEvent::by_person(EventType::Opened, now(), person, Because::Helper),
        NewEvent::by_person(EventType::Binned, now(), person, Because::Owner).with("by_hand"),
    ];
    for new in more {
        append(tx, &ring, mailbox, letter, new, &SystemRandom).await.unwrap();
    }
    Chain { ring, mailbox, letter }
}

async fn fresh(store: &Store) -> Chain {
    let mut tx = store.begin("test").await.unwrap();
    let chain = chain(&mut tx, KeyRing::random(&SystemRandom).into(), MailboxId::new(&SystemRandom)).await;
    tx.commit().await.unwrap();
    chain
}

impl Chain {
    async fn holds(&self, tx: &mut Tx) -> Result<usize, Flaw> {
        match chain_holds(tx, &self.ring, self.mailbox, self.letter).await {
            Ok(events) => Ok(events),
            Err(Broken::At { chain, flaw, .. }) => {
                assert_eq!(chain, self.letter);
                Err(flaw)
            }
            Err(Broken::Store(error)) => panic!("{error}"),
        }
    }

    /// What the check says after a change, which is then undone.
    async fn after(
        &self,
        store: &Store,
        sql: &'static str,
        args: &[store::Value<'_>],
    ) -> Result<usize, Flaw> {
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.execute(sql, args).await.unwrap().any(), "{sql}");
        let found = self.holds(&mut tx).await;
        tx.rollback().await;
        found
    }
}

async fn every_flipped_byte_is_found(store: Store) {
    let chain = fresh(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(chain.holds(&mut tx).await, Ok(EVENTS));
    let rows = tx.query("SELECT seq, body, entry FROM event ORDER BY seq", &[]).await.unwrap();
    for row in &rows {
        let seq = row.int("seq").unwrap();
        let body = row.bytes("body").unwrap();
        let entry = row.bytes("entry").unwrap();
        // Every byte of the header and the ends; some of the middle.
        let places = (0..body.len()).filter(|at| *at < 70 || at % 37 == 0 || *at > body.len() - 3);
        for at in places {
            let mut changed = body.to_vec();
            changed[at] ^= 1;
            tx.execute("UPDATE event SET body = $1 WHERE seq = $2", args![&changed, seq])
                .await
                .unwrap()
                .exactly(1)
                .unwrap();
            assert_eq!(chain.holds(&mut tx).await, Err(Flaw::Unopenable), "byte {at} of {seq}");
        }
        tx.execute("UPDATE event SET body = $1 WHERE seq = $2", args![body, seq])
            .await
            .unwrap()
            .exactly(1)
            .unwrap();
        for at in 0..32 {
            let mut changed = entry.to_vec();
            changed[at] ^= 0x80;
            tx.execute("UPDATE event SET entry = $1 WHERE seq = $2", args![&changed, seq])
                .await
                .unwrap()
                .exactly(1)
                .unwrap();
            assert_eq!(chain.holds(&mut tx).await, Err(Flaw::WrongEntry));
        }
        tx.execute("UPDATE event SET entry = $1 WHERE seq = $2", args![entry, seq])
            .await
            .unwrap()
            .exactly(1)
            .unwrap();
    }
    assert_eq!(chain.holds(&mut tx).await, Ok(EVENTS));
}

async fn every_changed_column_is_found(store: Store) {
    let chain = fresh(&store).await;
    let changes = [
        "UPDATE event SET at = at + 1 WHERE seq = 2",
        "UPDATE event SET type = 'listed' WHERE seq = 2",
        "UPDATE event SET type = 'never' WHERE seq = 2",
        "UPDATE event SET because = 'signatory' WHERE seq = 2",
        "UPDATE event SET because = 'friend' WHERE seq = 2",
        "UPDATE event SET because = NULL WHERE seq = 2",
        "UPDATE event SET actor = NULL WHERE seq = 2",
        "UPDATE event SET actor = entry WHERE seq = 2",
        "UPDATE event SET actor = mailbox_id, because = 'owner' WHERE seq = 1",
        // Another person, by the same right: who acted is committed to as well.
        "UPDATE event SET actor = mailbox_id WHERE seq = 2",
        "UPDATE event SET actor = (SELECT x.actor FROM event x WHERE x.seq = 2 AND x.mailbox_id = event.mailbox_id), \
         because = 'owner' WHERE seq = 3",
    ];
    for sql in changes {
        assert_eq!(chain.after(&store, sql, &[]).await, Err(Flaw::Disagrees), "{sql}");
    }
}

async fn missing_moved_and_added_rows_are_found(store: Store) {
    let chain = fresh(&store).await;
    let other = fresh(&store).await;
    let letter = args![chain.letter];
    assert_eq!(
        chain.after(&store, "DELETE FROM event WHERE letter_id = $1 AND seq = 0", letter).await,
        Err(Flaw::Missing)
    );
    assert_eq!(
        chain.after(&store, "DELETE FROM event WHERE letter_id = $1 AND seq = 2", letter).await,
        Err(Flaw::Missing)
    );
    let shift = "UPDATE event SET seq = seq + 10 WHERE letter_id = $1 AND seq = 4";
    assert_eq!(chain.after(&store, shift, letter).await, Err(Flaw::Missing));
    // The last one in the place of another, and a second one of the same.
    let mut tx = store.begin("test").await.unwrap();
    tx.execute("DELETE FROM event WHERE letter_id = $1 AND seq = 2", letter)
        .await
        .unwrap()
        .exactly(1)
        .unwrap();
    tx.execute("UPDATE event SET seq = 2 WHERE letter_id = $1 AND seq = 3", letter)
        .await
        .unwrap()
        .exactly(1)
        .unwrap();
    assert_eq!(chain.holds(&mut tx).await, Err(Flaw::Unopenable));
    tx.rollback().await;
    let swap = "UPDATE event SET body = (SELECT x.body FROM event x WHERE x.letter_id = $1 AND x.seq = 5 - event.seq), \
        entry = (SELECT x.entry FROM event x WHERE x.letter_id = $1 AND x.seq = 5 - event.seq) \
        WHERE letter_id = $1 AND seq IN (2, 3)";
    assert_eq!(chain.after(&store, swap, letter).await, Err(Flaw::Unopenable));
    let add = "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) \
        SELECT mailbox_id, letter_id, 5, at, type, actor, because, body, entry FROM event \
        WHERE letter_id = $1 AND seq = 4";
    assert_eq!(chain.after(&store, add, letter).await, Err(Flaw::Unopenable));
    let from_another = "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) \
        SELECT $2, $1, 5, at, type, actor, because, body, entry FROM event WHERE letter_id = $3 AND seq = 4";
    let both = args![chain.letter, chain.mailbox, other.letter];
    assert_eq!(chain.after(&store, from_another, both).await, Err(Flaw::Unopenable));
    // One sealed with the right key for the right place, but that names another event before it: what an intruder
    // who holds the key could write.
    let mut tx = store.begin("test").await.unwrap();
    let ring = &chain.ring;
    let events = read_chain(&mut tx, ring, chain.mailbox, chain.letter).await.unwrap();
    let last = events.last().unwrap();
    let forged = Event {
        seq: 5,
        previous: [1; 32],
        detail: None,
        by: None,
        actor: crate::Actor::Service,
        ..last.clone()
    };
    insert(&mut tx, &chain.ring, &[first(&forged, &[8; 32], chain.mailbox, ring, &SystemRandom)])
        .await
        .unwrap();
    assert_eq!(chain.holds(&mut tx).await, Err(Flaw::Unlinked));
    tx.rollback().await;
    let mut tx = store.read("test").await.unwrap();
    assert_eq!(chain.holds(&mut tx).await, Ok(EVENTS));
    assert_eq!(other.holds(&mut tx).await, Ok(EVENTS));
}

async fn an_end_that_was_cut_off_is_found_by_what_else_knows_of_it(store: Store) {
    let chain = fresh(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    let letter = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, confidential, \
        tells_opened, parts, notice_state, opened_at) VALUES ($1, $2, 1, 1, $3, $3, 0, 1, 1, 'sent', 2)";
    tx.execute(letter, args![chain.mailbox, chain.letter, &[0u8; 32]]).await.unwrap().exactly(1).unwrap();
    let row = feed::FeedRow {
        letter_id: chain.letter,
        seq: 4,
        sender_mac: SenderMac::from_bytes([1; 32]),
        at: now(),
        kind: EventType::Binned,
    };
    tx.commit().await.unwrap();
    let cut = "DELETE FROM event WHERE letter_id = $1 AND seq >= $2";
    // Only the binning is gone, of which nothing else speaks.
    assert_eq!(chain.after(&store, cut, args![chain.letter, 4]).await, Ok(EVENTS - 1));
    // The openings are gone, but the letter is marked as opened.
    assert_eq!(chain.after(&store, cut, args![chain.letter, 2]).await, Err(Flaw::Missing));
    assert_eq!(chain.after(&store, cut, args![chain.letter, 0]).await, Err(Flaw::Missing));
    let mut tx = store.begin("test").await.unwrap();
    feed::waiting(&mut tx, &[row]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(chain.after(&store, cut, args![chain.letter, 4]).await, Err(Flaw::Missing));
}

async fn the_audit_walks_every_chain(store: Store) {
    let ring = EventRing::from(KeyRing::random(&SystemRandom));
    let mut tx = store.begin("test").await.unwrap();
    let mut ring = ring;
    let mut last = None;
    for _ in 0..3 {
        let mailbox = MailboxId::new(&SystemRandom);
        for _ in 0..2 {
            let made = chain(&mut tx, ring, mailbox).await;
            ring = made.ring;
            last = Some((made.mailbox, made.letter));
        }
        append(
            &mut tx,
            &ring,
            mailbox,
            mailbox.own_chain(),
            NewEvent::by_service(EventType::Listed, now()),
            &SystemRandom,
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(audit(&store, &ring).await.unwrap(), crate::Audit { chains: 9, events: 6 * EVENTS + 3 });
    let (mailbox, letter) = last.unwrap();
    // A letter whose whole chain is gone is no chain to walk, and is missed all the same.
    let mut tx = store.begin("test").await.unwrap();
    let sql = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, confidential, \
        tells_opened, parts, notice_state) VALUES ($1, $2, 1, 1, $3, $3, 0, 1, 1, 'sent')";
    tx.execute(sql, args![mailbox, letter, &[0u8; 32]]).await.unwrap().exactly(1).unwrap();
    tx.commit().await.unwrap();
    assert!(audit(&store, &ring).await.is_ok());
    // A changed row anywhere is found, and named.
    for (sql, flaw) in [
        ("UPDATE event SET at = at + 1 WHERE letter_id = $1 AND seq = 3", Flaw::Disagrees),
        ("UPDATE event SET seq = seq + 1 WHERE letter_id = $1 AND seq = 4", Flaw::Missing),
        ("UPDATE letter SET opened_at = 1, letter_id = mailbox_id WHERE letter_id = $1", Flaw::Missing),
    ] {
        let mut tx = store.begin("test").await.unwrap();
        tx.execute(sql, args![letter]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
        let found = audit(&store, &ring).await;
        assert!(matches!(found, Err(Broken::At { flaw: found, .. }) if found == flaw), "{sql}");
        let back = [
            "UPDATE event SET at = at - 1 WHERE letter_id = $1 AND seq = 3 AND at > $2",
            "UPDATE event SET seq = 4 WHERE letter_id = $1 AND seq = 5 AND at >= $2",
            "UPDATE letter SET opened_at = NULL, letter_id = $1 WHERE opened_at < $2",
        ];
        let mut tx = store.begin("test").await.unwrap();
        for sql in back {
            tx.execute(sql, args![letter, now()]).await.unwrap().ignore();
        }
        tx.commit().await.unwrap();
        assert!(audit(&store, &ring).await.is_ok(), "{sql}");
    }
    let mut tx = store.begin("test").await.unwrap();
    tx.execute("DELETE FROM event WHERE letter_id = $1", args![letter])
        .await
        .unwrap()
        .exactly(EVENTS as u64)
        .unwrap();
    tx.commit().await.unwrap();
    let found = audit(&store, &ring).await;
    assert!(matches!(found, Err(Broken::At { chain, seq: 0, flaw: Flaw::Missing }) if chain == letter));
}

async fn a_chain_under_another_key_does_not_hold(store: Store) {
    let chain = fresh(&store).await;
    let other = Chain { ring: KeyRing::random(&SystemRandom).into(), ..chain };
    let mut tx = store.read("test").await.unwrap();
    assert_eq!(other.holds(&mut tx).await, Err(Flaw::Unopenable));
}

fn rings() -> Rings {
    let rings = crate::Writer::ALL.iter().map(|writer| (*writer, KeyRing::random(&SystemRandom))).collect();
    Rings { rings, before_until: Some(now()) }
}

async fn a_role_writes_its_own_kinds_of_events_alone(store: Store) {
    let rings = rings();
    for (writer, ring) in &rings.rings {
        for kind in EventType::ALL {
            let mailbox = MailboxId::new(&SystemRandom);
            let mut tx = store.begin("test").await.unwrap();
            let new = NewEvent::by_service(*kind, now());
            crate::append::write(&mut tx, ring, &[(mailbox, mailbox.own_chain(), new)], &SystemRandom)
                .await
                .unwrap();
            let held = chain_holds(&mut tx, &rings, mailbox, mailbox.own_chain()).await;
            match writer.may_write(*kind) {
                true => assert_eq!(held.unwrap(), 1, "{writer:?} {kind}"),
                false => {
                    assert!(matches!(held, Err(Broken::At { flaw: Flaw::Writer, .. })), "{writer:?} {kind}")
                }
            }
        }
    }
}

async fn what_was_written_before_actors_were_committed_to_still_holds_under_the_key_of_then(store: Store) {
    let rings = rings();
    for (writer, ring) in &rings.rings {
        let mailbox = MailboxId::new(&SystemRandom);
        let person = PersonId::new(&SystemRandom);
        let event = Event {
            id: domain::EventId::new(now(), &SystemRandom),
            chain: mailbox.own_chain(),
            seq: 0,
            at: now(),
            kind: EventType::SenderDeclined,
            previous: [0; 32],
            actor: crate::Actor::Owner,
            recipient: None,
            content: None,
            sender: None,
            certificate: None,
            detail: None,
            by: None,
            letter: None,
            original: None,
            address: None,
        };
        let mut row = first(&event, &[3; 32], mailbox, ring, &SystemRandom);
        row.actor = Some(person);
        let mut tx = store.begin("test").await.unwrap();
        let told = EventRing::from(KeyRing::random(&SystemRandom));
        insert(&mut tx, &told, &[row]).await.unwrap();
        let held = chain_holds(&mut tx, &rings, mailbox, mailbox.own_chain()).await;
        let old = *writer == crate::Writer::Before;
        assert_eq!(held.is_ok(), old, "{writer:?}: {held:?}");
    }
}
