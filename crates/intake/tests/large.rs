//! A hundred MiB in and out, in bounded memory. A process of its own, so that nothing else is measured.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests")]

use futures_util::TryStreamExt;
use ring::digest::{Context, SHA256};
use serde_json::json;
use store::{DatabaseKind, testing::Database};
use testing::{letter, with, world::World};

const BYTES: usize = 100 * 1024 * 1024;
const GROWTH: u64 = 64 * 1024 * 1024;

#[test]
fn a_hundred_mebibytes_pass_through_bounded_memory() {
    store::testing::on(DatabaseKind::Sqlite, there_and_back);
}

/// The `at`th piece of a large PDF that nobody holds whole.
fn piece(at: usize, length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|n| (at * 31 + n * 7) as u8).collect();
    if at == 0 {
        bytes[..9].copy_from_slice(b"%PDF-1.4\n");
    }
    if (at + 1) * length == BYTES {
        let end = b"\nstartxref\n9\n%%EOF\n";
        bytes[length - end.len()..].copy_from_slice(end);
    }
    bytes
}

async fn there_and_back(database: Database) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    const PIECE: usize = 64 * 1024;
    let world = World::new(database).await;
    let mut hash = Context::new(&SHA256);
    (0..BYTES / PIECE).for_each(|at| hash.update(&piece(at, PIECE)));
    let sha256 = URL_SAFE_NO_PAD.encode(hash.finish());
    let entry =
        json!({"name": "stor.pdf", "media_type": "application/pdf", "bytes": BYTES, "sha256": sha256});
    // Everything once in small, so that what is only made once is not counted.
    world.send(&letter("warm"), &[]).await.unwrap();
    let sent = with(letter("large"), "attachments", json!([entry]));

    let before = reset_peak();
    let mut draft = world.draft(&sent).await.unwrap();
    let mut sink = draft.attachment(0).await.unwrap();
    for at in 0..BYTES / PIECE {
        sink.write(&piece(at, PIECE)).await.unwrap();
    }
    sink.finish().await.unwrap();
    let id = world.intake.accept(draft).await.unwrap().letter_id;
    let grown = peak() - before;
    assert!(grown < GROWTH, "{} MiB more on the way in", grown >> 20);

    let before = reset_peak();
    let anna = world.actor(world.anna.0).await;
    let reader = world.mailboxes.attachment(&anna, world.anna.1, id, 1).await.unwrap().unwrap();
    let mut hash = Context::new(&SHA256);
    let mut stream = std::pin::pin!(reader.stream(0..u64::MAX));
    let mut length = 0;
    while let Some(bytes) = stream.try_next().await.unwrap() {
        hash.update(&bytes);
        length += bytes.len();
    }
    assert_eq!((length, URL_SAFE_NO_PAD.encode(hash.finish())), (BYTES, sha256));
    let grown = peak() - before;
    assert!(grown < GROWTH, "{} MiB more on the way out", grown >> 20);
}

/// Forgets the highest memory so far; answers what is resident now.
fn reset_peak() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
