#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::Sequencer;
use domain::SenderMac;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::both;
use tokio::sync::watch;
use vault::SystemRandom;

both!(
    a_reader_never_skips_what_commits_late,
    sequencers_take_turns,
    positions_follow_time_and_have_no_holes,
    each_sender_sees_its_own,
    a_page_ends_where_the_next_begins,
    a_page_with_types_of_a_later_version_is_not_taken_for_the_last,
    forgotten_positions_are_told,
    an_old_event_stays_while_one_before_it_does,
    nothing_waiting_is_nothing_placed,
    the_sequencer_wakes_when_nudged_and_tells_readers,
    a_letter_tells_its_sender_what_the_sender_may_know,
    that_a_helper_opened_is_not_told,
    an_event_is_found_by_its_position,
);

fn at(millis: i64) -> Time {
    Time::from_millis(millis)
}

fn row(millis: i64, sender: u8) -> FeedRow {
    let letter_id = LetterId::new(at(millis), &SystemRandom);
    FeedRow {
        letter_id,
        seq: 0,
        sender_mac: SenderMac::from_bytes([sender; 32]),
        at: at(millis),
        kind: EventType::Accepted,
    }
}

async fn wait_for(store: &Store, rows: &[FeedRow]) {
    let mut tx = store.begin("test").await.unwrap();
    waiting(&mut tx, rows).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(store: &Store, after: i64, senders: &[SenderMac]) -> Vec<FeedEvent> {
    let mut tx = store.read("test").await.unwrap();
    read(&mut tx, senders, after, 1000).await.unwrap()
}

/// Sixteen write at once and commit in any order, some long after they wrote; two sequencers place; a reader
/// follows by position. It must see every event once, and positions without a hole.
async fn a_reader_never_skips_what_commits_late(store: Store) {
    const WRITERS: usize = 16;
    const EACH: usize = 12;
    let done = Arc::new(AtomicBool::new(false));
    let placers: Vec<_> = (0..2)
        .map(|_| {
            let store = store.clone();
            let done = Arc::clone(&done);
            tokio::spawn(async move {
                let mut rounds = 0;
                while !done.load(Ordering::SeqCst) || place(&store).await.unwrap() > 0 {
                    rounds += usize::from(place(&store).await.unwrap() > 0);
                    tokio::task::yield_now().await;
                }
                rounds
            })
        })
        .collect();
    let reader = {
        let store = store.clone();
        let done = Arc::clone(&done);
        tokio::spawn(async move {
            let mut after = 0;
            let mut seen = Vec::new();
            loop {
                let last_round = done.load(Ordering::SeqCst);
                let mut tx = store.read("test").await.unwrap();
                let page = read(&mut tx, &[SenderMac::from_bytes([7; 32])], after, 5).await.unwrap();
                drop(tx);
                for event in &page {
                    assert_eq!(event.position, after + 1, "a position was skipped or came late");
                    after = event.position;
                    seen.push(event.letter_id);
                }
                if page.is_empty() && last_round && seen.len() >= WRITERS * EACH {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    // Commits of every other writer, which waits for nobody.
    let (quick, _) = watch::channel(0);
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let store = store.clone();
            let quick = quick.clone();
            tokio::spawn(async move {
                let mut written = Vec::new();
                for turn in 0..EACH {
                    let rows: Vec<_> = [row((turn * WRITERS + n) as i64, 7)].to_vec();
                    let mut tx = store.begin("test").await.unwrap();
                    waiting(&mut tx, &rows).await.unwrap();
                    // Written early, committed late: later writers overtake. On SQLite nobody can.
                    if n % 2 == 0 && store.database_kind() == store::DatabaseKind::Postgres {
                        let now = *quick.borrow();
                        let later = (now + 1 + n).min(WRITERS / 2 * EACH);
                        quick.subscribe().wait_for(|commits| *commits >= later).await.unwrap();
                    }
                    tx.commit().await.unwrap();
                    if n % 2 == 1 {
                        quick.send_modify(|commits| *commits += 1);
                    }
                    written.push(rows[0].letter_id);
                }
                written
            })
        })
        .collect();
    let mut written = HashSet::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    done.store(true, Ordering::SeqCst);
    let mut rounds = 0;
    for placer in placers {
        rounds += placer.await.unwrap();
    }
    assert!(rounds > 1, "all was placed at once, so nothing was tried");
    let seen = reader.await.unwrap();
    assert_eq!(seen.len(), WRITERS * EACH);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), written);
}

async fn sequencers_take_turns(store: Store) {
    let rows: Vec<_> = (0..300).map(|n| row(n, 1)).collect();
    wait_for(&store, &rows).await;
    let placers: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn({
                let store = store.clone();
                async move { place(&store).await.unwrap() }
            })
        })
        .collect();
    let mut placed = 0;
    for placer in placers {
        placed += placer.await.unwrap();
    }
    assert_eq!(placed, 300);
    let positions: Vec<_> =
        all(&store, 0, &[SenderMac::from_bytes([1; 32])]).await.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=300).collect::<Vec<_>>());
}

async fn positions_follow_time_and_have_no_holes(store: Store) {
    let mut rows = [row(30, 1), row(10, 1), row(20, 1), row(10, 1)];
    let mut later = rows[0];
    later.seq = 1;
    wait_for(&store, &[rows.as_slice(), &[later]].concat()).await;
    assert_eq!(place(&store).await.unwrap(), 5);
    wait_for(&store, &[row(5, 1)]).await;
    assert_eq!(place(&store).await.unwrap(), 1);
    rows.sort_by_key(|row| (row.at, *row.letter_id.as_bytes()));
    let events = all(&store, 0, &[SenderMac::from_bytes([1; 32])]).await;
    let placed: Vec<_> = events.iter().map(|event| (event.position, event.letter_id, event.seq)).collect();
    let mut wanted: Vec<_> = (1..).zip(&rows).map(|(position, row)| (position, row.letter_id, 0)).collect();
    wanted.push((5, later.letter_id, 1));
    assert_eq!(placed[..5], wanted);
    assert_eq!((placed[5].0, events[5].at), (6, at(5)));
    assert_eq!(events[4].public_id(), format!("{}-1", later.letter_id));
}

async fn each_sender_sees_its_own(store: Store) {
    let rows: Vec<_> = (0u8..=200).map(|n| row(i64::from(n), n)).collect();
    wait_for(&store, &rows).await;
    place(&store).await.unwrap();
    assert_eq!(
        all(&store, 0, &[SenderMac::from_bytes([9; 32])])
            .await
            .iter()
            .map(|e| e.letter_id)
            .collect::<Vec<_>>(),
        [rows[9].letter_id]
    );
    assert!(all(&store, 0, &[SenderMac::from_bytes([250; 32])]).await.is_empty());
    assert!(all(&store, 0, &[]).await.is_empty());
    let many: Vec<_> = (0u8..=150).map(|n| SenderMac::from_bytes([n; 32])).collect();
    let found: Vec<_> = all(&store, 50, &many).await.iter().map(|event| event.position).collect();
    assert_eq!(found, (51..=151).collect::<Vec<_>>());
    let mut tx = store.read("test").await.unwrap();
    let first: Vec<_> =
        read(&mut tx, &many, 0, 3).await.unwrap().iter().map(|event| event.position).collect();
    assert_eq!(first, [1, 2, 3]);
}

async fn a_page_ends_where_the_next_begins(store: Store) {
    let rows: Vec<_> = (0..25).map(|n| row(n, (n % 2) as u8)).collect();
    wait_for(&store, &rows).await;
    place(&store).await.unwrap();
    let mut after = 0;
    let mut pages = Vec::new();
    loop {
        let mut tx = store.read("test").await.unwrap();
        let page = read(&mut tx, &[SenderMac::from_bytes([1; 32])], after, 5).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        pages.push(page.len());
    }
    assert_eq!(pages, [5, 5, 2]);
}

async fn a_page_with_types_of_a_later_version_is_not_taken_for_the_last(store: Store) {
    wait_for(&store, &(0..9).map(|n| row(n, 1)).collect::<Vec<_>>()).await;
    place(&store).await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    let renamed =
        tx.execute("UPDATE feed SET type = 'of_later' WHERE position IN (2, 3, 4, 5, 9)", &[]).await;
    renamed.unwrap().exactly(5).unwrap();
    let positions = |events: Vec<FeedEvent>| events.iter().map(|event| event.position).collect::<Vec<_>>();
    assert_eq!(positions(read(&mut tx, &[SenderMac::from_bytes([1; 32])], 0, 3).await.unwrap()), [1, 6, 7]);
    assert_eq!(positions(read(&mut tx, &[SenderMac::from_bytes([1; 32])], 7, 3).await.unwrap()), [8]);
    assert!(read(&mut tx, &[SenderMac::from_bytes([1; 32])], 8, 1).await.unwrap().is_empty());
}

async fn forgotten_positions_are_told(store: Store) {
    let empty = Bounds { forgotten: 0, newest: 0, epoch: FIRST_EPOCH };
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(bounds(&mut tx).await.unwrap(), empty);
    tx.commit().await.unwrap();
    wait_for(&store, &(0..10).map(|n| row(n, 1)).collect::<Vec<_>>()).await;
    place(&store).await.unwrap();
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(bounds(&mut tx).await.unwrap(), Bounds { forgotten: 0, newest: 10, epoch: FIRST_EPOCH });
    assert_eq!(forget(&mut tx, at(4)).await.unwrap(), 4);
    assert_eq!(bounds(&mut tx).await.unwrap(), Bounds { forgotten: 4, newest: 10, epoch: FIRST_EPOCH });
    assert_eq!(forget(&mut tx, at(99)).await.unwrap(), 6);
    assert_eq!(bounds(&mut tx).await.unwrap(), Bounds { forgotten: 10, newest: 10, epoch: FIRST_EPOCH });
    tx.commit().await.unwrap();
    wait_for(&store, &[row(100, 1)]).await;
    place(&store).await.unwrap();
    assert_eq!(all(&store, 10, &[SenderMac::from_bytes([1; 32])]).await[0].position, 11);
}

async fn an_old_event_stays_while_one_before_it_does(store: Store) {
    for millis in [1, 50, 2] {
        wait_for(&store, &[row(millis, 1)]).await;
        place(&store).await.unwrap();
    }
    let mut tx = store.begin("test").await.unwrap();
    assert_eq!(forget(&mut tx, at(10)).await.unwrap(), 1);
    assert_eq!(bounds(&mut tx).await.unwrap(), Bounds { forgotten: 1, newest: 3, epoch: FIRST_EPOCH });
    let kept = read(&mut tx, &[SenderMac::from_bytes([1; 32])], 1, 10).await.unwrap();
    assert_eq!(kept.iter().map(|event| event.position).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(forget(&mut tx, at(51)).await.unwrap(), 2);
}

async fn nothing_waiting_is_nothing_placed(store: Store) {
    assert_eq!(place(&store).await.unwrap(), 0);
    let mut tx = store.begin("test").await.unwrap();
    waiting(&mut tx, &[]).await.unwrap();
    waiting(&mut tx, &[row(1, 1)]).await.unwrap();
    tx.rollback().await;
    assert_eq!(place(&store).await.unwrap(), 0);
}

async fn the_sequencer_wakes_when_nudged_and_tells_readers(store: Store) {
    let sequencer = Sequencer::new(store.clone());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let sequencer = sequencer.clone();
        async move { sequencer.run(async { drop(stopped.await) }).await }
    });
    let mut rounds = sequencer.subscribe();
    for turn in 0..3 {
        rounds.mark_unchanged();
        wait_for(&store, &[row(turn, 1)]).await;
        sequencer.nudge();
        tokio::time::timeout(Duration::from_secs(10), rounds.changed()).await.unwrap().unwrap();
        assert_eq!(all(&store, turn, &[SenderMac::from_bytes([1; 32])]).await.len(), 1);
    }
    drop(stop);
    tokio::time::timeout(Duration::from_secs(10), running).await.unwrap().unwrap();
}

/// The recipient has not opened it when somebody who helps has.
async fn that_a_helper_opened_is_not_told(store: Store) {
    use crate::{NewEvent, append};
    use domain::{PersonId, words::Because};
    let ring = key_client::EventRing::from(key_client::KeyRing::random(&SystemRandom));
    let mailbox = MailboxId::new(&SystemRandom);
    let letter = LetterId::new(at(1), &SystemRandom);
    let mut tx = store.begin("test").await.unwrap();
    let opens = [(Because::Helper, 2), (Because::Owner, 3), (Because::Helper, 4)];
    let accepted = NewEvent::by_service(EventType::Accepted, at(1));
    append(&mut tx, &ring, mailbox, letter, accepted, &SystemRandom).await.unwrap();
    for (because, millis) in opens {
        let person = PersonId::new(&SystemRandom);
        let opened = NewEvent::by_person(EventType::Opened, at(millis), person, because);
        append(&mut tx, &ring, mailbox, letter, opened, &SystemRandom).await.unwrap();
    }
    let told = of_letter(&mut tx, mailbox, letter, true).await.unwrap();
    assert_eq!(told, [(at(1), EventType::Accepted), (at(3), EventType::Opened)]);
}

async fn an_event_is_found_by_its_position(store: Store) {
    let rows = [row(1, 1), row(2, 2)];
    wait_for(&store, &rows).await;
    place(&store).await.unwrap();
    let mut tx = store.read("test").await.unwrap();
    for (position, stands) in [(0, None), (1, Some(&rows[0])), (2, Some(&rows[1])), (3, None)] {
        let found = super::at(&mut tx, position).await.unwrap();
        assert_eq!(found, stands.map(|row| (row.letter_id, row.seq)), "{position}");
    }
}

async fn a_letter_tells_its_sender_what_the_sender_may_know(store: Store) {
    use crate::{NewEvent, append};
    let ring = key_client::EventRing::from(key_client::KeyRing::random(&SystemRandom));
    let mailbox = MailboxId::new(&SystemRandom);
    let letter = LetterId::new(at(1), &SystemRandom);
    let mut tx = store.begin("test").await.unwrap();
    let kinds = [
        EventType::Accepted,
        EventType::NoticeSent,
        EventType::Opened,
        EventType::Archived,
        EventType::Opened,
    ];
    for (kind, millis) in kinds.into_iter().zip(1..) {
        append(&mut tx, &ring, mailbox, letter, NewEvent::by_service(kind, at(millis)), &SystemRandom)
            .await
            .unwrap();
    }
    let told = of_letter(&mut tx, mailbox, letter, true).await.unwrap();
    assert_eq!(
        told,
        [(at(1), EventType::Accepted), (at(2), EventType::NoticeSent), (at(3), EventType::Opened)]
    );
    let told = of_letter(&mut tx, mailbox, letter, false).await.unwrap();
    assert_eq!(told, [(at(1), EventType::Accepted), (at(2), EventType::NoticeSent)]);
}
