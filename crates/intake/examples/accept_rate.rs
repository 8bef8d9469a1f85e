//! How many letters a second are checked and accepted, without HTTP: letters of 5 kB, signed before the clock
//! starts, to a thousand mailboxes.
//!
//! `cargo run --release -p intake --example accept_rate -- [LETTERS] [AT_ONCE] [sqlite|postgres]`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use store::{DatabaseKind, testing::Database};
use testing::{Rows as _, letter, registry::People, with, world::World};

const MAILBOXES: usize = 1000;
const BODY_BYTES: usize = 4700;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let letters: usize = arguments.next().map_or(20_000, |text| text.parse().unwrap());
    let at_once: usize = arguments.next().map_or(64, |text| text.parse().unwrap());
    let kind = match arguments.next().as_deref() {
        Some("postgres") => DatabaseKind::Postgres,
        _ => DatabaseKind::Sqlite,
    };
    let world = Arc::new(World::new(Database::fresh(kind).await.unwrap()).await);
    let recipients: Vec<String> = (0..MAILBOXES).map(personal_number).collect();
    let people = People::new(&world.store, &world.connector, &*world.clock).await;
    for recipient in &recipients {
        people.person(recipient, "Någon Exempel").await;
    }
    let body = "Vi har fattat beslut i ditt ärende. ".repeat(BODY_BYTES / 37);
    let sign = |n: usize| -> Bytes {
        let letter =
            with(letter(&format!("load-{n}")), "recipient", recipients[n % MAILBOXES].as_str().into());
        world.town.sign(&with(
            letter,
            "body",
            serde_json::json!({"media_type": "text/plain", "content": body}),
        ))
    };
    let signed: Arc<Vec<Bytes>> = Arc::new((0..letters).map(sign).collect());
    println!("{letters} letters of {} bytes, {at_once} at once, {kind:?}", signed[0].len());

    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let senders = (0..at_once).map(|_| {
        let world = Arc::clone(&world);
        let signed = Arc::clone(&signed);
        let next = Arc::clone(&next);
        tokio::spawn(async move {
            let mut took = Vec::new();
            while let Some(jws) = signed.get(next.fetch_add(1, Ordering::Relaxed)) {
                let asked = Instant::now();
                world.send_as(&world.town.number, jws.clone(), &[]).await.unwrap();
                took.push(asked.elapsed());
            }
            took
        })
    });
    let mut took: Vec<Duration> = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        took.extend(sender.await.unwrap());
    }
    let seconds = began.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let rate = letters as f64 / seconds;
    println!("{rate:.0} letters/s; p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", at(0.5), at(0.95), at(0.99));
    let stored = world.store.count("SELECT count(*) AS n FROM letter").await;
    assert_eq!(usize::try_from(stored).unwrap(), letters);
}

/// A valid number of a person born in the sixties.
fn personal_number(n: usize) -> String {
    let nine = format!("6{:01}{:02}{:02}{:03}", n % 10, n / 10 % 12 + 1, n / 120 % 28 + 1, n % 1000);
    let sum: u32 = nine
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 })
        .map(|product| product / 10 + product % 10)
        .sum();
    format!("19{nine}{}", (10 - sum % 10) % 10)
}
