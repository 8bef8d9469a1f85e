//! Archive, bin, erasing, and objects that nobody names.

use domain::{Clock as _, Time, words::EventType};
use mailbox::{Actor, Emptied, Erased, Folder, ListQuery};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{Rows as _, attaching, letter, with, world::World};

const END: &[u8] = b"\nstartxref\n9\n%%EOF\n";

both!(
    letters_go_to_the_archive_and_the_bin_and_come_back,
    what_is_erased_is_gone_and_its_history_stays,
    only_what_lies_in_the_bin_and_is_not_held_can_be_erased,
    emptying_the_bin_leaves_what_is_held,
    old_objects_that_no_row_names_are_collected,
);

async fn lies_in(world: &World, actor: &Actor) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, folder) in counts.iter_mut().zip([Folder::Inbox, Folder::Archive, Folder::Bin]) {
        let query = ListQuery { folder, ..ListQuery::default() };
        *count = world.mailboxes.list(actor, &query).await.unwrap().rows.len();
    }
    counts
}

async fn letters_go_to_the_archive_and_the_bin_and_come_back(database: Database) {
    let world = World::new(database).await;
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    let id = world.send(&letter("r"), &[]).await.unwrap().letter_id;
    let actor = world.actor(world.anna.0).await;
    assert_eq!(lies_in(&world, &actor).await, [1, 0, 0]);
    assert_eq!(boxes.restore(&actor, anna, id).await.unwrap(), Some(false));
    assert_eq!(boxes.archive(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(boxes.archive(&actor, anna, id).await.unwrap(), Some(false));
    assert_eq!(lies_in(&world, &actor).await, [0, 1, 0]);
    assert_eq!(boxes.bin(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(lies_in(&world, &actor).await, [0, 0, 1]);
    assert_eq!(boxes.restore(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(lies_in(&world, &actor).await, [0, 1, 0], "back to where it lay");
    assert_eq!(boxes.restore(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(lies_in(&world, &actor).await, [1, 0, 0]);
    assert_eq!(boxes.bin(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(boxes.bin(&actor, anna, id).await.unwrap(), Some(false));
    assert_eq!(boxes.archive(&actor, anna, id).await.unwrap(), Some(true));
    assert_eq!(lies_in(&world, &actor).await, [0, 1, 0]);
    let found = boxes.peek(&actor, anna, id).await.unwrap().unwrap();
    let history = boxes.history(&actor, &found.facts).await.unwrap().unwrap();
    let kinds: Vec<_> = history.iter().rev().map(|entry| entry.kind).collect();
    use EventType::{Accepted, Archived, Binned, Restored};
    assert_eq!(kinds, [Accepted, Archived, Binned, Restored, Restored, Binned, Archived]);
    let mut tx = world.store.read("check").await.unwrap();
    assert_eq!(evidence::chain_holds(&mut tx, &world.keys.events(), anna, id).await.unwrap(), 7);
}

async fn what_is_erased_is_gone_and_its_history_stays(database: Database) {
    let world = World::new(database).await;
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    let pdf = [b"%PDF-1.4\n", &vec![b'x'; 600_000][..], END].concat();
    let sent = attaching(letter("r"), &[("a.pdf", "application/pdf", &pdf)]);
    let first = world.send(&sent, &[&pdf]).await.unwrap();
    let id = first.letter_id;
    let actor = world.actor(world.anna.0).await;
    assert!(boxes.attachment(&actor, anna, id, 1).await.unwrap().is_some());
    boxes.bin(&actor, anna, id).await.unwrap();
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), Some(Erased::Done));
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), None);
    for sql in [
        "SELECT count(*) AS n FROM letter_key",
        "SELECT count(*) AS n FROM part",
        "SELECT count(*) AS n FROM letter WHERE length(header) > 0",
    ] {
        assert_eq!(world.store.count(sql).await, 0, "{sql}");
    }
    world.objects_become(0).await;
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM mailbox WHERE erased_since IS NOT NULL").await,
        1
    );
    assert!(boxes.open(&actor, anna, id).await.unwrap().is_none());
    assert!(boxes.peek(&actor, anna, id).await.unwrap().is_none());
    assert!(boxes.attachment(&actor, anna, id, 1).await.unwrap().is_none());
    assert_eq!(boxes.restore(&actor, anna, id).await.unwrap(), None);
    assert_eq!(lies_in(&world, &actor).await, [0, 0, 0]);
    let mut tx = world.store.read("check").await.unwrap();
    assert_eq!(evidence::chain_holds(&mut tx, &world.keys.events(), anna, id).await.unwrap(), 4);
    drop(tx);
    let lines = boxes.mailbox_history(&actor, anna, 10).await.unwrap().unwrap();
    assert!(lines.iter().any(|line| line.kind == EventType::Erased && line.actor == Some(world.anna.0)));
    // The sender's reference stays taken, with the same receipt.
    let again = world.send(&sent, &[]).await.unwrap();
    assert_eq!((again.repeated, again.receipt), (true, first.receipt));
}

async fn only_what_lies_in_the_bin_and_is_not_held_can_be_erased(database: Database) {
    let world = World::new(database).await;
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    let id = world.send(&letter("r"), &[]).await.unwrap().letter_id;
    let actor = world.actor(world.anna.0).await;
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), Some(Erased::NotInBin));
    boxes.archive(&actor, anna, id).await.unwrap();
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), Some(Erased::NotInBin));
    boxes.bin(&actor, anna, id).await.unwrap();
    let until = world.clock.now().plus(Duration::from_secs(3600));
    world.store.change("UPDATE letter SET hold_until = $1 WHERE letter_id = $2", args![until, id]).await;
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), Some(Erased::Held(until)));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 1);
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(boxes.erase(&actor, anna, id).await.unwrap(), Some(Erased::Done));
}

async fn emptying_the_bin_leaves_what_is_held(database: Database) {
    let world = World::new(database).await;
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    let actor = world.actor(world.anna.0).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(
            world.send(&with(letter(&format!("{n}")), "subject", "x".into()), &[]).await.unwrap().letter_id,
        );
    }
    for id in &ids[..4] {
        boxes.bin(&actor, anna, *id).await.unwrap();
    }
    let until = world.clock.now().plus(Duration::from_secs(3600));
    world.store.change("UPDATE letter SET hold_until = $1 WHERE letter_id = $2", args![until, ids[0]]).await;
    assert_eq!(boxes.empty_bin(&actor, anna).await.unwrap(), Some(Emptied { erased: 3, held: 1 }));
    assert_eq!(lies_in(&world, &actor).await, [1, 0, 1]);
    evidence::audit(&world.store, &world.keys.events()).await.unwrap();
}

async fn old_objects_that_no_row_names_are_collected(database: Database) {
    let world = World::new(database).await;
    let pdf = [b"%PDF-1.4\n", &vec![b'x'; 600_000][..], END].concat();
    let sent = attaching(letter("r"), &[("a.pdf", "application/pdf", &pdf)]);
    let id = world.send(&sent, &[&pdf]).await.unwrap().letter_id;
    let mut orphan = world.objects.put(vec![7; 1000]).await.unwrap();
    orphan.claim();
    let mut half = world.objects.writer().await.unwrap();
    half.write(&vec![7; 2_000_000]).await.unwrap();
    std::mem::forget(half);
    assert_eq!(world.objects_stored(), 3);
    // Files have the machine's time.
    let written = std::fs::metadata(&world.objects_dir).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let now = Time::from_millis(i64::try_from(written).unwrap());
    let collect =
        |after: u64| world.objects.collect(&world.store, now.plus(Duration::from_secs(after * 3600)));
    assert_eq!(collect(23).await.unwrap(), 0);
    assert_eq!(collect(25).await.unwrap(), 2);
    assert_eq!(world.objects_stored(), 1);
    let actor = world.actor(world.anna.0).await;
    let reader = world.mailboxes.attachment(&actor, world.anna.1, id, 1).await.unwrap().unwrap();
    assert!(reader.read(0..u64::MAX).await.unwrap().as_slice() == pdf);
}
