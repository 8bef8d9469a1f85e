#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{Walks, chain_holds, read_chain};
use std::sync::Arc;
use store::{Store, both};
use vault::SystemRandom;

both!(
    a_chain_begins_at_zero_and_holds,
    time_in_a_chain_never_runs_backwards,
    a_batch_may_name_a_chain_twice,
    many_at_once_stand_behind_each_other,
    batches_over_the_same_chains_do_not_deadlock,
    an_event_whose_parts_disagree_is_not_written,
    a_person_stands_in_the_row_and_not_in_the_bytes,
    a_walk_opens_one_chain_and_goes_along_all,
);

fn ring() -> Arc<EventRing> {
    Arc::new(KeyRing::random(&SystemRandom).into())
}

fn at(millis: i64) -> Time {
    Time::from_millis(millis)
}

fn listed(millis: i64) -> NewEvent {
    NewEvent::by_service(EventType::Listed, at(millis))
}

async fn a_chain_begins_at_zero_and_holds(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let mut last = [0; 32];
    for seq in 0..5 {
        let mut tx = store.begin("test").await.unwrap();
        let appended =
            append(&mut tx, &ring, mailbox, mailbox.own_chain(), listed(10), &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(appended.seq, seq);
        assert_ne!(appended.entry, last);
        last = appended.entry;
    }
    let mut tx = store.read("test").await.unwrap();
    assert_eq!(chain_holds(&mut tx, &ring, mailbox, mailbox.own_chain()).await.unwrap(), 5);
}

async fn time_in_a_chain_never_runs_backwards(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let mut tx = store.begin("test").await.unwrap();
    for (given, written) in [(100, 100), (50, 100), (101, 101)] {
        let appended =
            append(&mut tx, &ring, mailbox, mailbox.own_chain(), listed(given), &SystemRandom).await.unwrap();
        assert_eq!(appended.at, at(written));
    }
    let walked = Walks::new(mailbox).page(&mut tx, &ring).await.unwrap().unwrap();
    let times: Vec<_> = walked.iter().map(|one| (one.at, one.pushed)).collect();
    assert_eq!(times, [(at(100), false), (at(100), true), (at(101), false)]);
}

async fn a_batch_may_name_a_chain_twice(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let chains: Vec<_> = (0..70).map(|n| LetterId::new(at(n), &SystemRandom)).collect();
    let batch: Vec<_> = chains
        .iter()
        .chain(&chains[..3])
        .chain(&chains[..1])
        .zip(0..)
        .map(|(chain, n)| (mailbox, *chain, listed(n)))
        .collect();
    let mut tx = store.begin("test").await.unwrap();
    let appended = append_many(&mut tx, &ring, &batch, &SystemRandom).await.unwrap();
    let seqs: Vec<_> = appended.iter().map(|appended| appended.seq).collect();
    assert_eq!(seqs.len(), 74);
    assert!(seqs[..70].iter().all(|seq| *seq == 0));
    assert_eq!(seqs[70..], [1, 1, 1, 2]);
    assert_eq!(appended[73].at, at(73));
    for (chain, events) in [(chains[0], 3), (chains[2], 2), (chains[69], 1)] {
        assert_eq!(chain_holds(&mut tx, &ring, mailbox, chain).await.unwrap(), events);
    }
}

async fn many_at_once_stand_behind_each_other(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let store = store.clone();
            let ring = Arc::clone(&ring);
            tokio::spawn(async move {
                let mut tx = store.begin("test").await.unwrap();
                let chain = mailbox.own_chain();
                let appended =
                    append(&mut tx, &ring, mailbox, chain, listed(n), &SystemRandom).await.unwrap();
                // Others meet this transaction before it has ended.
                tokio::task::yield_now().await;
                tx.commit().await.unwrap();
                appended.seq
            })
        })
        .collect();
    let mut seqs = Vec::new();
    for task in tasks {
        seqs.push(task.await.unwrap());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (0..12).collect::<Vec<_>>());
    let mut tx = store.read("test").await.unwrap();
    assert_eq!(chain_holds(&mut tx, &ring, mailbox, mailbox.own_chain()).await.unwrap(), 12);
}

async fn batches_over_the_same_chains_do_not_deadlock(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let chains: Vec<_> = (0..9).map(|n| LetterId::new(at(n), &SystemRandom)).collect();
    let tasks: Vec<_> = (0..8usize)
        .map(|n| {
            let store = store.clone();
            let ring = Arc::clone(&ring);
            // Each in another order.
            let mut batch: Vec<_> = chains.iter().map(|chain| (mailbox, *chain, listed(5))).collect();
            batch.rotate_left(n);
            tokio::spawn(async move {
                let mut tx = store.begin("test").await.unwrap();
                append_many(&mut tx, &ring, &batch, &SystemRandom).await.unwrap();
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut tx = store.read("test").await.unwrap();
    for chain in chains {
        assert_eq!(chain_holds(&mut tx, &ring, mailbox, chain).await.unwrap(), 8);
    }
}

async fn an_event_whose_parts_disagree_is_not_written(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let person = PersonId::new(&SystemRandom);
    let good = NewEvent::by_person(EventType::Opened, at(1), person, Because::Helper);
    let wrong = [
        NewEvent { actor_person: None, ..good.clone() },
        NewEvent { because: None, ..good.clone() },
        NewEvent { actor: Actor::Owner, ..good.clone() },
        NewEvent { actor_person: Some(person), ..listed(1) },
        good.clone().with("Anna Andersson"),
        good.clone().with(""),
    ];
    let mut tx = store.begin("test").await.unwrap();
    for new in wrong {
        let refused = append(&mut tx, &ring, mailbox, mailbox.own_chain(), new, &SystemRandom).await;
        assert!(matches!(refused, Err(EvidenceError::Inconsistent)));
    }
    assert_eq!(
        append(&mut tx, &ring, mailbox, mailbox.own_chain(), good, &SystemRandom).await.unwrap().seq,
        0
    );
}

async fn a_person_stands_in_the_row_and_not_in_the_bytes(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let person = PersonId::new(&SystemRandom);
    let sender = OrgNumber::parse("164020000024").unwrap();
    let new = NewEvent::by_person(EventType::SenderDeclined, at(1), person, Because::Owner).about(&sender);
    let mut tx = store.begin("test").await.unwrap();
    append(&mut tx, &ring, mailbox, mailbox.own_chain(), new, &SystemRandom).await.unwrap();
    let events = read_chain(&mut tx, &ring, mailbox, mailbox.own_chain()).await.unwrap();
    assert_eq!(events[0].sender, Some(sender));
    assert_eq!(events[0].actor, Actor::Owner);
    assert!(!events[0].to_cbor().windows(16).any(|part| part == person.as_bytes()));
    let walked = Walks::new(mailbox).page(&mut tx, &ring).await.unwrap().unwrap();
    assert_eq!((walked[0].actor, walked[0].because), (Some(person), Some(Because::Owner)));
}

async fn a_walk_opens_one_chain_and_goes_along_all(store: Store) {
    let ring = ring();
    let mailbox = MailboxId::new(&SystemRandom);
    let letters: Vec<_> = (0..3).map(|n| LetterId::new(at(n), &SystemRandom)).collect();
    let mut tx = store.begin("test").await.unwrap();
    for letter in &letters {
        for millis in [1, 2] {
            append(&mut tx, &ring, mailbox, *letter, listed(millis), &SystemRandom).await.unwrap();
        }
    }
    let mut opened = async |chain| {
        let walked = Walks::opening(mailbox, chain).page(&mut tx, &ring).await.unwrap().unwrap();
        assert_eq!(walked.len(), 6, "no event is passed over");
        assert!(walked.iter().all(|one| one.event.as_ref().is_none_or(Result::is_ok)));
        walked.into_iter().filter(|one| one.event.is_some()).map(|one| one.chain).collect::<Vec<_>>()
    };
    assert_eq!(opened(Some(letters[1])).await, [letters[1]; 2]);
    assert_eq!(opened(None).await.len(), 6);
}
