//! A sender's place in the feed after a restore: never silently another one.

use crate::{
    process::{Demo, until},
    sender::{ANNA, Sender, TOWN, letter},
};
use reqwest::Method;
use std::{collections::HashSet, path::Path};
use store::DatabaseKind;

/// The whole feed from a cursor on, and the cursor behind it.
async fn rest(town: &Sender, after: &str) -> Result<(HashSet<String>, String), String> {
    let (mut ids, mut after) = (HashSet::new(), after.to_owned());
    loop {
        let path = format!("/v1/events?limit=1000{after}");
        let page = town.client.ask(Method::GET, &path, None).await.map_err(|error| error.to_string())?;
        after = format!("&after={}", page["next"].as_str().unwrap());
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            return Ok((ids, after));
        }
        ids.extend(events.iter().map(|event| event["letter_id"].as_str().unwrap().to_owned()));
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
