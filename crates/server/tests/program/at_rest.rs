//! Nothing readable at rest: canaries in every field, everything done over the real doors with the log at TRACE,
//! and then none of them in the databases' raw files, objects, keys, logs, metrics or problems.

mod acts;
mod postgres;
mod words;

use crate::{
    process::{Demo, Service},
    search::Needles,
};
use acts::everything;
use postgres::Postgres;
use reqwest::Client;
use std::time::{Duration, Instant};
use store::{DatabaseKind, Settings, Store};
use words::{ADDRESSES, CONTENT, LARGE, SUBJECT};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_readable_on_sqlite() {
    nothing_is_readable(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_readable_on_postgres() {
    nothing_is_readable(DatabaseKind::Postgres).await;
}

async fn nothing_is_readable(kind: DatabaseKind) {
    let mut demo = Demo::on(kind).await;
    demo.log = "trace";
    let service = demo.start();
    let mut problems = Vec::new();
    let mut anna = everything(&demo, &service, &mut problems).await;
    problems.extend(metrics(&service).await);
    anna.secrets.extend(anna.cookies.values().filter(|v| v.len() >= 32).cloned());
    let words = || CONTENT.iter().chain(&ADDRESSES).copied().chain(anna.secrets.iter().map(String::as_str));
    let needles = Needles::new(&words().collect::<Vec<_>>());

    assert_none("problems and metrics", &needles.found_in(&problems));
    let stored = look(&demo, &needles).await;
    assert!(stored > 1_000_000, "only {stored} bytes were looked through");
    let log = stop(service);
    assert!(log.len() > 10_000 && log.contains("DEBUG"), "the log says too little: {} bytes", log.len());
    assert_none("the log", &needles.found_in(log.as_bytes()));
    look(&demo, &needles).await;
    let (notices, told) = Needles::new(&CONTENT).found_in_folder(&demo.path().join("outbox"), &[]);
    assert!(notices > 500, "no notices");
    assert_none("the outbox", &told);

    // The same look finds what is there: one word planted in the database, one among the objects.
    plant(&demo).await;
    std::fs::write(demo.path().join("objects/planted"), format!("…{LARGE}…")).unwrap();
    let found = found(&demo, &needles).await.1;
    for word in [SUBJECT, LARGE] {
        assert!(found.iter().any(|hit| hit.contains(word)), "{word} was planted and not found: {found:?}");
    }
    if let Some(database) = &demo.database
        && !Postgres::at(&database.url).files().is_empty()
    {
        let raw = |hit: &&String| hit.contains("/base/") || hit.contains("/pg_wal/");
        assert!(
            found.iter().any(|hit| raw(&hit)),
            "planted, and not found in the cluster's own files: {found:?}"
        );
    }
    demo.end().await;
}

async fn metrics(service: &Service) -> Vec<u8> {
    let http = Client::builder().no_proxy().build().unwrap();
    let answer = http.get(format!("{}/metrics", service.url(2))).send().await.unwrap();
    let bytes = answer.bytes().await.unwrap().to_vec();
    assert!(bytes.len() > 1000, "no metrics");
    bytes
}

fn stop(service: Service) -> String {
    let began = Instant::now();
    let log = service.stop();
    assert!(began.elapsed() < Duration::from_secs(30), "it stopped slowly");
    log
}

/// Answers how much was looked through; panics on any find.
async fn look(demo: &Demo, needles: &Needles) -> u64 {
    let (bytes, hits) = found(demo, needles).await;
    assert_none("what is stored", &hits);
    bytes
}

async fn found(demo: &Demo, needles: &Needles) -> (u64, Vec<String>) {
    // Personal numbers stand in clear in demo.json alone; notices are looked through by themselves.
    let (mut bytes, mut hits) = needles.found_in_folder(demo.path(), &["demo.json", "outbox"]);
    if let Some(database) = &demo.database {
        let postgres = Postgres::at(&database.url);
        let dump = postgres.dump();
        bytes += dump.len() as u64;
        hits.extend(needles.found_in(&dump).into_iter().map(|hit| format!("the dump: {hit}")));
        for file in postgres.files() {
            let content = std::fs::read(&file).unwrap_or_default();
            bytes += content.len() as u64;
            hits.extend(
                needles.found_in(&content).into_iter().map(|hit| format!("{}: {hit}", file.display())),
            );
        }
    }
    (bytes, hits)
}

fn assert_none(place: &str, hits: &[String]) {
    assert!(hits.is_empty(), "{} readable places in {place}:\n{}", hits.len(), hits.join("\n"));
}

async fn plant(demo: &Demo) {
    let sqlite = format!("sqlite:{}", demo.path().join("kuvert.db").display());
    let url = demo.database.as_ref().map_or(&sqlite, |database| &database.url);
    let store = Store::open(url, &Settings::letters()).await.unwrap();
    let mut tx = store.begin("plant").await.unwrap();
    tx.execute("CREATE TABLE planted (word TEXT)", &[]).await.unwrap().ignore();
    tx.execute("INSERT INTO planted VALUES ($1)", &[store::Value::from(SUBJECT)]).await.unwrap().ignore();
    tx.commit().await.unwrap();
    store.close().await;
}
