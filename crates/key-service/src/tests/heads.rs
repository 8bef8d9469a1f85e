//! An event that is taken away is missed, and one that a crash left uncounted is not an alarm.

use super::world::{Citizen, Sent, World};
use crate::{EvidenceFault, heads::Head};
use domain::{
    Clock, LetterId, MailboxId, Time,
    jobs::{JobSubject, NoticeJob},
    words::EventType,
};
use evidence::NewEvent;
use key_client::{HandedOver, History};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::SystemRandom;

both!(
    what_is_taken_away_with_all_its_rows_is_missed,
    the_newest_events_cannot_be_cut_off,
    an_opening_is_counted_before_anybody_is_answered,
    what_a_crash_left_uncounted_is_taken_up_without_an_alarm,
    what_a_crash_left_in_a_busy_mailbox_is_known_until_it_is_counted,
    an_opening_that_a_crash_cut_short_settles_either_way,
    a_batch_counts_once_however_often_it_comes,
    rows_that_say_other_than_the_chain_are_named,
    an_older_state_of_one_mailbox_is_missed,
    a_history_that_does_not_hold_is_not_shown,
    events_of_mailboxes_that_nobody_vouches_for_are_not_counted,
    every_mailbox_has_its_turn,
);

impl World {
    /// A letter with what the door writes beside it.
    pub(super) async fn post(&self, to: Citizen) -> Sent {
        let sent = self.send(to).await;
        let mut tx = self.letters.begin("test").await.unwrap();
        let submission = "INSERT INTO submission (sender_mac, reference_mac, payload_mac, letter_id, mailbox_id, \
            reference, receipt, tells_opened, visible_from, accepted_at) VALUES ($1, $2, $2, $2, $3, $2, $2, 0, 0, 0)";
        tx.execute(submission, args![&[1u8; 32], sent.letter, to.mailbox]).await.unwrap().exactly(1).unwrap();
        let subject = NoticeJob { mailbox_id: to.mailbox, letter_id: sent.letter }.encode();
        let job = "INSERT INTO job (job_id, kind, subject, run_at, attempts) VALUES ($1, 'notice', $2, 0, 0)";
        tx.execute(job, args![sent.letter, &subject]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
        sent
    }

    pub(super) async fn counted(&self) {
        self.service.count_own().await.unwrap();
    }

    pub(super) async fn faults(&self, of: Option<Citizen>) -> Vec<&'static str> {
        let checked = self.service.check_all(of.map(|one| one.mailbox), &mut |_| {}).await.unwrap();
        assert_eq!(checked.sets, []);
        let mut what: Vec<_> = checked.faults.iter().map(|fault| fault.what).collect();
        what.dedup();
        what
    }

    async fn head(&self, of: Citizen) -> Head {
        self.service.0.known_of(of.mailbox).await.unwrap().head
    }

    /// Commits an event that nobody is told of.
    async fn commit_untold(&self, of: Citizen) -> [u8; 32] {
        let mut tx = self.letters.begin("test").await.unwrap();
        let event = NewEvent::by_service(EventType::EpochRolled, self.clock.now());
        let events = &self.service.0.events;
        let chain = of.mailbox.own_chain();
        let done = evidence::append_untold(&mut tx, events, of.mailbox, chain, event, &SystemRandom).await;
        tx.commit().await.unwrap();
        done.unwrap().entry
    }

    /// Commits an event now and then; of each run of three all but the first are counted, or all.
    async fn be_busy(&self, of: Citizen, events: u32, untold: bool) {
        for no in 0..events {
            self.clock.advance(Duration::from_millis(500));
            let entry = self.commit_untold(of).await;
            if !untold || no % 3 > 0 {
                let id = *entry.first_chunk().unwrap();
                let batch = HandedOver { id, events: vec![(of.mailbox, entry)] };
                self.service.0.count_batch(&batch).await.unwrap();
            }
        }
    }

    /// When a mailbox was last settled, and how many of its events are known to be counted of late.
    async fn settled(&self, of: Citizen) -> (Time, usize) {
        let mut tx = self.keys_store.read("test").await.unwrap();
        let settled = "SELECT settled_at, recent FROM evidence_head WHERE mailbox_id = $1";
        let row = tx.one(settled, args![of.mailbox]).await.unwrap().unwrap();
        (row.time("settled_at").unwrap(), row.opt_bytes("recent").unwrap().map_or(0, <[u8]>::len) / 16)
    }
}

async fn what_is_taken_away_with_all_its_rows_is_missed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.post(anna).await;
    world.post(anna).await;
    world.post(bo).await;
    world.counted().await;
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    for table in ["event", "letter", "letter_key", "part", "submission"] {
        let sql: &'static str = match table {
            "event" => "DELETE FROM event WHERE letter_id = $1",
            "letter" => "DELETE FROM letter WHERE letter_id = $1",
            "letter_key" => "DELETE FROM letter_key WHERE letter_id = $1",
            "part" => "DELETE FROM part WHERE letter_id = $1",
            _ => "DELETE FROM submission WHERE letter_id = $1",
        };
        world.letters.tamper(sql, args![sent.letter]).await;
    }
    let checked = world.service.check_all(None, &mut |_| {}).await.unwrap();
    let missing = EvidenceFault { mailbox: anna.mailbox, chain: None, seq: None, what: "missing" };
    assert_eq!(checked.faults, [missing]);
    assert_eq!(world.faults(Some(bo)).await, [] as [&str; 0]);
}

async fn the_newest_events_cannot_be_cut_off(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.post(anna).await;
    let grant = world.log_in(Some(anna.person));
    world.content(&grant, anna, &sent).await.unwrap();
    // At once: the opening stood in the key store before the answer.
    world.letters.tamper("DELETE FROM event WHERE type = 'opened'", &[]).await;
    world.letters.tamper("UPDATE letter SET opened_at = NULL", &[]).await;
    world.counted().await;
    assert_eq!(world.faults(None).await, ["missing"]);
}

async fn an_opening_is_counted_before_anybody_is_answered(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.post(anna).await;
    world.counted().await;
    let before = world.head(anna).await;
    let grant = world.log_in(Some(anna.person));
    world.content(&grant, anna, &sent).await.unwrap();
    let known = world.service.0.known_of(anna.mailbox).await.unwrap();
    // Counted already, if the second was over just now.
    let open = known.openings.len() as i64;
    assert_eq!(known.head.events + open, before.events + 1);
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    world.counted().await;
    let known = world.service.0.known_of(anna.mailbox).await.unwrap();
    assert_eq!((known.head.events, known.openings.len()), (before.events + 1, 0));
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
}

async fn what_a_crash_left_uncounted_is_taken_up_without_an_alarm(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    world.post(anna).await;
    world.counted().await;
    let before = world.head(anna).await;
    world.commit_untold(anna).await;
    world.service.check_some().await.unwrap();
    assert_eq!(world.head(anna).await, before, "somebody may hand it over yet");
    world.clock.advance(Duration::from_secs(121));
    world.service.check_some().await.unwrap();
    assert_eq!(world.head(anna).await.events, before.events + 1);
    world.letters.tamper("DELETE FROM event WHERE type = 'epoch_rolled'", &[]).await;
    assert_eq!(world.faults(None).await, ["missing"]);
}

/// Several doors hand over what they commit: of one that is killed what it committed stands between what the others did.
async fn what_a_crash_left_in_a_busy_mailbox_is_known_until_it_is_counted(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    world.counted().await;
    world.be_busy(anna, 60, false).await;
    world.clock.advance(Duration::from_secs(301));
    world.be_busy(anna, 40, false).await;
    assert_eq!(world.settled(anna).await.1, 40, "what was counted long ago is not kept");
    world.be_busy(anna, 30, true).await;
    world.service.note_start().await.unwrap();
    let started = world.clock.now();
    world.be_busy(anna, 120, false).await;
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    world.service.check_some().await.unwrap();
    assert!(world.settled(anna).await.0 < started, "ten events are not counted yet");
    let before = world.head(anna).await.events;
    world.be_busy(anna, 242, false).await;
    world.service.check_some().await.unwrap();
    assert_eq!(world.head(anna).await.events, before + 242 + 10);
    world.be_busy(anna, 62, false).await;
    world.service.check_some().await.unwrap();
    assert!(world.settled(anna).await.0 > started);
    // From then on it is as if there had been no start.
    world.clock.advance(Duration::from_secs(301));
    world.be_busy(anna, 1, false).await;
    assert_eq!(world.settled(anna).await.1, 1);
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    world.letters.tamper("DELETE FROM event WHERE type = 'epoch_rolled' AND seq = 20", &[]).await;
    assert!(world.faults(None).await.contains(&"missing"));
}

async fn an_opening_that_a_crash_cut_short_settles_either_way(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    world.post(anna).await;
    world.counted().await;
    let before = world.head(anna).await.events;
    let inner = &world.service.0;
    let written = world.commit_untold(anna).await;
    inner.begin_opening(anna.mailbox, &written).await.unwrap();
    inner.begin_opening(anna.mailbox, &[9; 32]).await.unwrap();
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
    world.clock.advance(Duration::from_secs(121));
    inner.settle_openings().await.unwrap();
    let known = inner.known_of(anna.mailbox).await.unwrap();
    assert_eq!((known.head.events, known.openings.len()), (before + 1, 0));
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
}

async fn a_batch_counts_once_however_often_it_comes(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    world.counted().await;
    let before = world.head(anna).await.events;
    let entry = world.commit_untold(anna).await;
    let batch = HandedOver { id: [5; 16], events: vec![(anna.mailbox, entry)] };
    for _ in 0..3 {
        world.service.0.count_batch(&batch).await.unwrap();
    }
    assert_eq!(world.head(anna).await.events, before + 1);
    assert_eq!(world.faults(None).await, [] as [&str; 0]);
}

async fn rows_that_say_other_than_the_chain_are_named(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.post(anna).await;
    world.clock.advance(Duration::from_secs(60));
    let grant = world.log_in(Some(anna.person));
    world.content(&grant, anna, &sent).await.unwrap();
    world.counted().await;
    let tampered: [(&'static str, &'static str, &str); 6] = [
        (
            "UPDATE letter SET opened_at = opened_at - 1",
            "UPDATE letter SET opened_at = opened_at + 1",
            "opened_at",
        ),
        (
            "UPDATE letter SET notice_state = 'sent'",
            "UPDATE letter SET notice_state = 'pending'",
            "notice_state",
        ),
        ("UPDATE letter SET binned_at = 1", "UPDATE letter SET binned_at = NULL", "place"),
        ("UPDATE letter SET confidential = 1", "UPDATE letter SET confidential = 0", "letter"),
        ("UPDATE letter SET tells_opened = 1", "UPDATE letter SET tells_opened = 0", "letter"),
        ("UPDATE submission SET mailbox_id = letter_id", "", "submission"),
    ];
    for (change, back, what) in tampered {
        world.letters.tamper(change, &[]).await;
        assert_eq!(world.faults(None).await, [what], "{change}");
        if !back.is_empty() {
            world.letters.tamper(back, &[]).await;
            assert_eq!(world.faults(None).await, [] as [&str; 0], "{back}");
        }
    }
}

async fn an_older_state_of_one_mailbox_is_missed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.post(anna).await;
    world.counted().await;
    let copy = "CREATE TABLE event_then AS SELECT * FROM event";
    let mut tx = world.letters.begin("test").await.unwrap();
    let _ = tx.execute(copy, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let grant = world.log_in(Some(anna.person));
    world.web.headers(&grant, anna.mailbox, vec![sent.letter]).await.unwrap();
    world.counted().await;
    world.letters.tamper("DELETE FROM event", &[]).await;
    world.letters.tamper("INSERT INTO event SELECT * FROM event_then", &[]).await;
    assert_eq!(world.faults(None).await, ["missing"]);
}

async fn a_history_that_does_not_hold_is_not_shown(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.post(anna).await;
    let grant = world.log_in(Some(anna.person));
    world.content(&grant, anna, &sent).await.unwrap();
    let lines = |history| match history {
        History::Holds(lines) => Some(lines),
        History::Broken => None,
    };
    let all = world.web.history(&grant, anna.mailbox, Some(sent.letter)).await.unwrap();
    let kinds: Vec<_> = lines(all).unwrap().iter().map(|line| (line.kind, line.actor)).collect();
    assert_eq!(kinds, [(EventType::Opened, Some(anna.person)), (EventType::Accepted, None)]);
    assert!(world.web.history(&grant, bo.mailbox, None).await.is_err(), "nobody sees another's history");
    world.letters.tamper("UPDATE event SET at = at - 1000 WHERE type = 'opened'", &[]).await;
    assert_eq!(world.web.history(&grant, anna.mailbox, Some(sent.letter)).await.unwrap(), History::Broken);
    assert_eq!(world.web.history(&grant, anna.mailbox, None).await.unwrap(), History::Broken);
    world.letters.tamper("DELETE FROM event WHERE type = 'opened'", &[]).await;
    world.counted().await;
    assert_eq!(world.web.history(&grant, anna.mailbox, None).await.unwrap(), History::Broken);
}

async fn events_of_mailboxes_that_nobody_vouches_for_are_not_counted(database: Database) {
    let world = World::new(database).await;
    let letter = LetterId::new(world.clock.now(), &SystemRandom);
    let batch =
        HandedOver { id: [1; 16], events: vec![(letter.own_box(), [2; 32]), (MailboxId::OUTGOING, [3; 32])] };
    world.service.0.count_batch(&batch).await.unwrap();
    let mut tx = world.keys_store.read("test").await.unwrap();
    assert!(tx.one("SELECT 1 FROM evidence_head", &[]).await.unwrap().is_none());
}

async fn every_mailbox_has_its_turn(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    world.post(anna).await;
    world.post(bo).await;
    world.counted().await;
    world.service.check_some().await.unwrap();
    let mut tx = world.keys_store.read("test").await.unwrap();
    let never = "SELECT COUNT(*) AS n FROM evidence_head WHERE checked_at = 0";
    assert_eq!(tx.one(never, &[]).await.unwrap().unwrap().int("n").unwrap(), 0);
    drop(tx);
    world.letters.tamper("UPDATE letter SET notice_state = 'sent'", &[]).await;
    world.clock.advance(Duration::from_secs(31));
    world.service.check_some().await.unwrap();
    let mut tx = world.keys_store.read("test").await.unwrap();
    let faulty = "SELECT COUNT(*) AS n FROM evidence_head WHERE faulty > 0";
    assert_eq!(tx.one(faulty, &[]).await.unwrap().unwrap().int("n").unwrap(), 2);
}
