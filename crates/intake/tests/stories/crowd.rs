//! Many at once: twins, batches, a letter that cannot be stored, too little room, clients that hang up.

use crate::world::{ANNA, BO, World, code, letter, with};
use domain::Code;
use intake::Checked;
use serde_json::json;
use std::{collections::HashSet, sync::Arc};
use store::{DatabaseKind, both, testing::Database};
use testing::Rows as _;
use tokio::sync::watch;

both!(
    a_hundred_twins_are_one_letter_with_one_receipt,
    twins_with_other_payloads_are_conflicts,
    letters_of_several_senders_are_committed_together,
    a_letter_that_cannot_be_stored_fails_alone,
    too_many_letters_are_overload_and_not_loss,
    a_client_that_hangs_up_does_not_cancel_its_letter,
    stopping_commits_what_is_on_its_way_and_takes_nothing_new,
    a_database_that_drops_its_connections_loses_and_doubles_nothing,
);

async fn a_hundred_twins_are_one_letter_with_one_receipt(database: Database) {
    let world = Arc::new(World::new(database).await);
    let sends = (0..100).map(|_| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.send(&letter("twin"), &[]).await.unwrap() })
    });
    let mut answers = Vec::new();
    for send in sends.collect::<Vec<_>>() {
        answers.push(send.await.unwrap());
    }
    let receipts: HashSet<_> = answers.iter().map(|answer| answer.receipt.as_str()).collect();
    assert_eq!(receipts.len(), 1);
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    for table in [
        "SELECT count(*) AS n FROM submission",
        "SELECT count(*) AS n FROM letter",
        "SELECT count(*) AS n FROM job",
    ] {
        assert_eq!(world.store.count(table).await, 1, "{table}");
    }
}

async fn twins_with_other_payloads_are_conflicts(database: Database) {
    let world = Arc::new(World::new(database).await);
    let sends = (0..20).map(|n| {
        let world = Arc::clone(&world);
        tokio::spawn(
            async move { world.send(&with(letter("same"), "subject", json!(format!("{n}"))), &[]).await },
        )
    });
    let mut accepted = 0;
    for send in sends.collect::<Vec<_>>() {
        match send.await.unwrap() {
            Ok(_) => accepted += 1,
            Err(error) => assert_eq!(error.refusal().code, Code::ReferenceConflict),
        }
    }
    assert_eq!((accepted, world.store.count("SELECT count(*) AS n FROM letter").await), (1, 1));
}

async fn letters_of_several_senders_are_committed_together(database: Database) {
    let world = Arc::new(World::new(database).await);
    let sends = (0..150).map(|n| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let recipient = if n % 3 == 0 { BO } else { ANNA };
            let letter = with(letter(&format!("{n}")), "recipient", recipient.into());
            match n % 2 {
                0 => world.send(&letter, &[]).await.unwrap(),
                _ => {
                    let letter = with(letter, "sender", crate::world::OFFICE.into());
                    let jws = world.office.sign(&letter);
                    world.send_as(&world.office.number, jws, &[]).await.unwrap()
                }
            }
        })
    });
    let mut ids = HashSet::new();
    for send in sends.collect::<Vec<_>>() {
        ids.insert(send.await.unwrap().letter_id);
    }
    assert_eq!(ids.len(), 150);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 150);
    let audit = evidence::audit(&world.store, &world.keys.events()).await.unwrap();
    // One chain for each letter, and those of the three mailboxes.
    assert_eq!(audit.chains, 153);
    assert_eq!(evidence::feed::place(&world.store).await.unwrap(), 150);
}

async fn a_letter_that_cannot_be_stored_fails_alone(database: Database) {
    let world = Arc::new(World::new(database).await);
    let mut drafts = Vec::new();
    for n in 0..10 {
        drafts.push(world.draft(&letter(&format!("{n}"))).await.unwrap());
    }
    // The one's row is taken already, as it never is: the same letter id in the same mailbox.
    let poisoned = drafts[4].letter_id();
    let row = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, confidential, \
        tells_opened, parts, notice_state) VALUES ($1, $2, 0, 0, $3, $3, 0, 0, 1, 'pending')";
    world.store.change(row, store::args![world.anna.1, poisoned, b"x"]).await;
    let accepts = drafts.into_iter().map(|draft| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { (draft.letter_id(), world.intake.accept(draft).await) })
    });
    for accept in accepts.collect::<Vec<_>>() {
        let (id, outcome) = accept.await.unwrap();
        assert_eq!(outcome.is_err(), id == poisoned, "{outcome:?}");
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM submission").await, 9);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 9);
}

async fn too_many_letters_are_overload_and_not_loss(database: Database) {
    let world = World::with(database, |settings| settings.room_bytes = 200_000).await;
    let mut drafts = Vec::new();
    let overloaded = loop {
        match world.draft(&letter(&format!("{}", drafts.len()))).await {
            Ok(draft) => drafts.push(draft),
            Err(error) => break error,
        }
        assert!(drafts.len() < 100);
    };
    assert_eq!(overloaded.refusal().code, Code::Overloaded);
    assert!(overloaded.retry_after().is_some());
    assert!(drafts.len() >= 5);
    // Another caller still finds room.
    let other = with(letter("other"), "sender", crate::world::OFFICE.into());
    assert!(world.send_as(&world.office.number, world.office.sign(&other), &[]).await.is_ok());
    let held = drafts.len();
    for draft in drafts {
        world.intake.accept(draft).await.unwrap();
    }
    // What was accepted has left the room.
    assert!(world.send(&letter("later"), &[]).await.is_ok());
    let letters = i64::try_from(held).unwrap() + 2;
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, letters);
}

async fn a_client_that_hangs_up_does_not_cancel_its_letter(database: Database) {
    let world = Arc::new(World::new(database).await);
    for n in 0..40 {
        let draft = world.draft(&letter(&format!("{n}"))).await.unwrap();
        let client = Arc::clone(&world);
        let request = tokio::spawn(async move { client.intake.accept(draft).await });
        for _ in 0..n % 7 {
            tokio::task::yield_now().await;
        }
        request.abort();
        let _ = request.await;
    }
    // Those that got as far as accept are committed; the others left nothing. No half of a letter is there.
    world.intake.stop().await;
    let letters = world.store.count("SELECT count(*) AS n FROM letter").await;
    assert!(letters > 20, "{letters}");
    for table in [
        "SELECT count(*) AS n FROM submission",
        "SELECT count(*) AS n FROM part",
        "SELECT count(*) AS n FROM job",
    ] {
        assert_eq!(world.store.count(table).await, letters, "{table}");
    }
}

async fn stopping_commits_what_is_on_its_way_and_takes_nothing_new(database: Database) {
    let world = Arc::new(World::new(database).await);
    let mut drafts = Vec::new();
    for n in 0..50 {
        drafts.push(world.draft(&letter(&format!("{n}"))).await.unwrap());
    }
    let accepts = drafts.into_iter().map(|draft| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.intake.accept(draft).await })
    });
    // The first one is committed; the others are anywhere.
    let (first, _, others) = futures_util::future::select_all(accepts).await;
    world.intake.stop().await;
    let mut accepted = i64::from(first.unwrap().is_ok());
    for accept in others {
        accepted += i64::from(accept.await.unwrap().is_ok());
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, accepted);
    assert!(accepted > 0);
    assert_eq!(code(world.send(&letter("late"), &[]).await), Code::Unavailable);
    let checked = world.intake.check(&world.town.number, world.town.sign(&letter("late"))).await;
    assert!(!matches!(checked, Ok(Checked::Draft(_))));
}

/// PostgreSQL throws out every connection again and again, also in the middle of commits: once for every few tries.
/// Each sender repeats until it has its receipt, as the promise of 201 says.
async fn a_database_that_drops_its_connections_loses_and_doubles_nothing(database: Database) {
    const LETTERS: usize = 120;
    const THROWS: usize = 40;
    let world = Arc::new(World::new(database).await);
    let throws_out = world.store.database_kind() == DatabaseKind::Postgres;
    let (tried, mut tries_seen) = watch::channel(0);
    let sends = (0..LETTERS).map(|n| {
        let world = Arc::clone(&world);
        let tried = tried.clone();
        tokio::spawn(async move {
            let letter = letter(&format!("{n}"));
            let mut tries = 0;
            loop {
                tries += 1;
                let outcome = world.send(&letter, &[]).await;
                tried.send_modify(|tries| *tries += 1);
                match outcome {
                    Ok(answer) => return answer,
                    Err(error) => assert!(error.refusal().code.status() == 503, "{error:?}"),
                }
                assert!(tries < 200);
            }
        })
    });
    let sends: Vec<_> = sends.collect();
    let throwing = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            const THROW_OUT: &str = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity \
                WHERE pid <> pg_backend_pid() AND datname = current_database()";
            let mut thrown_out = 0;
            for no in 0..if throws_out { THROWS } else { 0 } {
                // Every letter takes one try at least, so these come.
                tries_seen.wait_for(|tries| *tries >= no * LETTERS / THROWS).await.unwrap();
                if let Ok(mut tx) = world.store.begin_urgent("throw out").await
                    && let Ok(Some(row)) = tx.one(THROW_OUT, &[]).await
                {
                    thrown_out += row.int("n").unwrap();
                }
            }
            thrown_out
        }
    });
    let mut ids = HashSet::new();
    for send in sends {
        ids.insert(send.await.unwrap().letter_id);
    }
    assert_eq!(throwing.await.unwrap() > 0, throws_out);
    assert_eq!(ids.len(), LETTERS);
    for table in [
        "SELECT count(*) AS n FROM submission",
        "SELECT count(*) AS n FROM letter",
        "SELECT count(*) AS n FROM letter_key",
        "SELECT count(*) AS n FROM part",
        "SELECT count(*) AS n FROM job",
        "SELECT count(*) AS n FROM feed_waiting",
    ] {
        assert_eq!(usize::try_from(world.store.count(table).await).unwrap(), LETTERS, "{table}");
    }
    evidence::audit(&world.store, &world.keys.events()).await.unwrap();
    for id in ids {
        let mut tx = world.store.read("look").await.unwrap();
        let row = tx.one("SELECT 1 FROM letter WHERE letter_id = $1", store::args![id]).await.unwrap();
        assert!(row.is_some(), "a receipt without its letter");
    }
}
