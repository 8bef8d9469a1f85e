//! Who gets the writer next.

use crate::{Settings, Store};
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

async fn one_writer(dir: &tempfile::TempDir) -> Store {
    let url = format!("sqlite:{}", dir.path().join("turns.db").display());
    Store::open(&url, &Settings::letters()).await.unwrap()
}

/// Lets the given lines wait behind a transaction in hand and returns the order in which they came through.
async fn order(store: &Store, lines: &[&'static str]) -> Vec<&'static str> {
    let held = store.begin("held").await.unwrap();
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut all = JoinSet::new();
    for (already, &line) in lines.iter().enumerate() {
        while store.waiting().0 < already {
            tokio::task::yield_now().await;
        }
        let store = store.clone();
        let served = Arc::clone(&served);
        all.spawn(async move {
            let tx = match line {
                "urgent" => store.begin_urgent("turn").await,
                "normal" => store.begin("turn").await,
                _ => store.begin_background("turn").await,
            };
            served.lock().unwrap().push(line);
            tx.unwrap().rollback().await;
        });
    }
    while store.waiting().0 < lines.len() {
        tokio::task::yield_now().await;
    }
    held.rollback().await;
    while all.join_next().await.is_some() {}
    Arc::try_unwrap(served).unwrap().into_inner().unwrap()
}

#[tokio::test]
async fn urgent_goes_before_normal_before_background() {
    let dir = tempfile::tempdir().unwrap();
    let store = one_writer(&dir).await;
    let served = order(&store, &["background", "normal", "urgent", "normal", "urgent"]).await;
    assert_eq!(served, ["urgent", "urgent", "normal", "normal", "background"]);
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let store = one_writer(&dir).await;
    let mut lines = vec!["background"];
    lines.extend(["urgent"; 30]);
    let served = order(&store, &lines).await;
    let at = served.iter().position(|line| *line == "background").unwrap();
    assert!((1..=8).contains(&at), "served as number {at}");
}

#[tokio::test]
async fn who_gives_up_waiting_does_not_take_the_turn_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = one_writer(&dir).await;
    let held = store.begin("held").await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.begin("gives up").await.map(drop) }
    });
    while store.waiting().0 == 0 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.is_err());
    held.rollback().await;
    store.begin("next").await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn waiting_too_long_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", dir.path().join("turns.db").display());
    let settings = Settings { wait: std::time::Duration::from_millis(50), ..Settings::letters() };
    let store = Store::open(&url, &settings).await.unwrap();
    let _held = store.begin("held").await.unwrap();
    let error = store.begin("waits").await.err().unwrap();
    assert!(error.is_transient(), "{error:?}");
}
