//! After a restore: a sender's place in the feed is never silently another one, and nothing is taken that nobody could open.

use crate::{
    process::{Demo, until},
    sender::{ANNA, BO, Sender, TOWN, letter},
};
use domain::{LetterId, MailboxId};
use reqwest::Method;
use sender_tools::agency_client::Reply;
use std::{collections::HashSet, path::Path};
use store::{DatabaseKind, Settings, Store, args};

/// The letters whose acceptance stands in the feed from a cursor on, and the cursor behind it. What became of them is told
/// when it happens, so nothing here counts on it.
async fn rest(town: &Sender, after: &str) -> Result<(HashSet<String>, String), String> {
    let mut ids = HashSet::new();
    let mut after = after.to_owned();
    loop {
        let path = format!("/v1/events?limit=1000{after}");
        let page = town.client.ask(Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        after = format!("&after={}", page["next"].as_str().unwrap());
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            return Ok((ids, after));
        }
        let accepted = events.iter().filter(|event| event["type"] == "accepted");
        ids.extend(accepted.map(|event| event["letter_id"].as_str().unwrap().to_owned()));
    }
}

/// Sends, and waits until all of them stand in the feed.
async fn sends(town: &Sender, name: &str, count: usize) -> (Vec<String>, String) {
    let mut sent = Vec::new();
    for no in 0..count {
        sent.push(town.sends(&letter(TOWN, ANNA, &format!("{name}-{no}"), "Brev", "Text.")).await);
    }
    let after = until("the letters in the feed", || async {
        let (ids, after) = rest(town, "").await.unwrap();
        sent.iter().all(|id| ids.contains(id)).then_some(after)
    });
    (sent.clone(), after.await)
}

fn copy(from: &Path, to: &Path, database: &str) {
    for ending in ["", "-wal", "-shm"] {
        let name = format!("{database}{ending}");
        let _ = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_from_before_a_restore_is_refused_and_says_what_to_do() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let backup = tempfile::tempdir().unwrap();
    let service = demo.start();
    let town = Sender::of(&demo, TOWN);
    let (_, early) = sends(&town, "before", 2).await;
    service.stop();
    for database in ["kuvert.db", "keys.db"] {
        copy(demo.path(), backup.path(), database);
    }

    // The letter database alone is restored: the key store has seen more.
    let service = demo.start();
    let (_, late) = sends(&town, "lost", 5).await;
    service.stop();
    copy(backup.path(), demo.path(), "kuvert.db");
    let service = demo.start();
    for cursor in [&early, &late] {
        let refused = rest(&town, cursor).await.unwrap_err();
        assert_eq!(refused, "410 cursor_reset");
    }
    let (sent, again) = sends(&town, "new", 9).await;
    assert_eq!(rest(&town, &late).await.unwrap_err(), "410 cursor_reset", "also once its position is there");
    let (all, _) = rest(&town, "").await.unwrap();
    assert!(sent.iter().all(|id| all.contains(id)), "from the beginning nothing is missing");
    assert_eq!(rest(&town, &again).await.unwrap().0.len(), 0, "a cursor of now leads on");
    service.stop();

    // Both are restored together: neither knows, and the cursor tells by the event it names.
    for database in ["kuvert.db", "keys.db"] {
        copy(backup.path(), demo.path(), database);
    }
    let service = demo.start();
    assert_eq!(rest(&town, &late).await.unwrap_err(), "410 cursor_reset", "ahead of what there is");
    let (sent, _) = sends(&town, "newer", 12).await;
    assert_eq!(rest(&town, &late).await.unwrap_err(), "410 cursor_reset", "another event stands there");
    // What was read before the backup is there still: that reader goes on, and misses nothing.
    let (ids, _) = rest(&town, &early).await.unwrap();
    assert!(sent.iter().all(|id| ids.contains(id)));
    service.stop();
}

/// A key store of before the mailbox, or that has lost its key: what is sealed to the copy in the letters nobody could open.
async fn a_mailbox_whose_key_is_lost_takes_no_letter(kind: DatabaseKind) {
    let demo = Demo::on(kind).await;
    let service = demo.start();
    let town = Sender::of(&demo, TOWN);
    let first = town.sends(&letter(TOWN, ANNA, "before", "Brev", "Text.")).await;
    service.stop();
    let (letters, keys) = stores(&demo).await;
    let mut tx = letters.read("find mailbox").await.unwrap();
    let sql = "SELECT mailbox_id FROM letter WHERE letter_id = $1";
    let row = tx.one(sql, args![first.parse::<LetterId>().unwrap()]).await.unwrap().unwrap();
    let mailbox: MailboxId = row.id("mailbox_id").unwrap();
    drop(tx);
    for sql in [
        "DELETE FROM mailbox_key WHERE mailbox_id = $1",
        "DELETE FROM known_address WHERE owner_id = (SELECT owner_id FROM vouched WHERE id = $1)",
    ] {
        let mut tx = keys.begin("lose").await.unwrap();
        assert!(tx.execute(sql, args![mailbox]).await.unwrap().any(), "{sql}");
        tx.commit().await.unwrap();
        let before = stored(&letters).await;
        let service = demo.start();
        let lost = letter(TOWN, ANNA, &format!("lost {}", sql.len()), "Brev", "Text.");
        let reply = town.client.send(&town.sign(&lost)).await.unwrap();
        let stopped = matches!(&reply, Reply::Unknown { status: 503, code, .. } if code == "unavailable");
        assert!(stopped, "{sql}: {reply:?}");
        assert_eq!(stored(&letters).await, before, "{sql}");
        town.sends(&letter(TOWN, BO, &format!("other {}", sql.len()), "Brev", "Text.")).await;
        let log = service.stop();
        assert!(log.contains("is not vouched for"), "{log}");
    }
    letters.close().await;
    keys.close().await;
    demo.end().await;
}

/// The letters and the keys, beside a service that runs or not.
async fn stores(demo: &Demo) -> (Store, Store) {
    let open = async |name: &str, settings: Settings| {
        let file = format!("sqlite:{}", demo.path().join(name).display());
        let url = demo.database.as_ref().map_or(&file, |database| &database.url);
        Store::open(url, &settings).await.unwrap()
    };
    (open("kuvert.db", Settings::letters()).await, open("keys.db", Settings::keys()).await)
}

async fn stored(letters: &Store) -> Vec<i64> {
    let mut tx = letters.read("count").await.unwrap();
    let mut counts = vec![];
    for sql in [
        "SELECT count(*) AS n FROM letter",
        "SELECT count(*) AS n FROM submission",
        "SELECT count(*) AS n FROM part",
    ] {
        counts.push(tx.one(sql, &[]).await.unwrap().unwrap().int("n").unwrap());
    }
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_whose_key_is_lost_takes_no_letter_on_sqlite() {
    a_mailbox_whose_key_is_lost_takes_no_letter(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_whose_key_is_lost_takes_no_letter_on_postgres() {
    a_mailbox_whose_key_is_lost_takes_no_letter(DatabaseKind::Postgres).await;
}
