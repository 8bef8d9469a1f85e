//! Sends every attack of `crates/delivery/tests/attacks` to a running service over its real door, and more that only a
//! connection can carry, and measures what each costs.
//!
//!     cargo run --release -p server --example attack -- [--data DIR] [--rounds N]
//!
//! Starts a demo of its own on DIR (a temporary folder by default). Each attack is sent N times (5); times are medians.
//! `door` is the time in the SOAP door as the service's own metrics have it, from the first byte of the message to the
//! fault; `read` is that of reading and verifying in this process. Good deliveries of 10 MiB are measured in the same
//! way, for comparison. Exit 0 only if good deliveries are taken before and after, each attack is refused for its own
//! reason, nothing else is stored, the slowest attack takes less than 50 ms in the door, and memory does not grow from
//! the second round to the last.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../delivery/tests/attacks/corpus/mod.rs"]
mod corpus;
mod door;
mod stage;
mod wire;

use anyhow::{Context, Result, ensure};
use common::{Demo, Words};
use corpus::Forge;
use delivery::{Sealed, letter};
use domain::letter::Limits;
use door::{Door, Outcome, Request};
use server::config::Config;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

fn main() -> ExitCode {
    common::main("attack", run)
}

/// One line of the table.
struct Line {
    name: String,
    bytes: usize,
    answer: String,
    accepted: bool,
    read: Duration,
    client: Vec<Duration>,
    door: Vec<Duration>,
}

async fn run(words: Words) -> Result<bool> {
    let run = format!("{:x}", std::process::id());
    let rounds: usize = words.number("--rounds", 5)?;
    let mut service = Demo::start(&words).await?;
    let config = Config::read(&service.path().join("kuvert.toml"))?;
    let pki = service.path().join("pki");
    let door = Door::new(service.base + 1, service.base + 2, &pki);
    let forge = Forge::new(stage::cast(&config, &pki).await?, &run, MOST);

    let good = || door.send(Request::post(forge.good().into_bytes()));
    let first = good().await;
    ensure!(first.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken: {first:?}");
    let start_mib = service.resident("VmRSS:")?;
    let large = large(&forge, &door).await?;
    let before = stage::rows(&config).await?;
    let attacks = stage::attacks(&forge, &door)?;
    let reading: Vec<Duration> = attacks.iter().map(|(_, request)| read(&request.body)).collect();
    let before_mib = service.resident("VmRSS:")?;
    std::fs::write(format!("/proc/{}/clear_refs", service.pid()), "5").ok();
    println!("{} attacks, {rounds} times each; a good delivery is taken; {before:?} rows", attacks.len());
    println!("load of the machine: {}", common::load()?);
    println!("memory: {start_mib} MiB at the start, {before_mib} MiB after {} large deliveries", large.len());
    let mut lines: Vec<Line> = Vec::new();
    let mut after_rounds = Vec::new();
    for round in 0..rounds {
        for (at, (name, request)) in attacks.iter().enumerate() {
            let (seconds, _) = door.handled().await?;
            let start = Instant::now();
            let outcome = door.send(request.clone()).await;
            let client = outcome.as_ref().map_or(start.elapsed(), |o| o.took);
            let (later, _) = door.handled().await?;
            let accepted = outcome.as_ref().is_ok_and(Outcome::accepted);
            let answer = outcome.map_or_else(|error| format!("no answer: {error:#}"), |o| o.said());
            if round == 0 {
                let client = Vec::new();
                let door = Vec::new();
                let bytes = request.body.len();
                let read = reading[at];
                lines.push(Line { name: name.clone(), bytes, answer, accepted: false, read, client, door });
            }
            lines[at].accepted |= accepted;
            lines[at].client.push(client);
            lines[at].door.push(Duration::from_secs_f64((later - seconds).max(0.0)));
            service.is_running().with_context(|| format!("at: {name}"))?;
        }
        after_rounds.push(service.resident("VmRSS:")?);
        println!("memory: {} MiB after round {}", after_rounds[round], round + 1);
    }
    let after = stage::rows(&config).await?;
    let last = good().await;
    let peak = service.resident("VmHWM:")?;
    service.stop().await?;
    let held = report(&large, &lines, (before, after), (before_mib, &after_rounds, peak));
    println!("load of the machine: {}", common::load()?);
    ensure!(last.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken any more: {last:?}");
    println!("a good delivery is taken before and after");
    Ok(held)
}

/// Good deliveries, nearly as large as the door reads: what the way there and the work for them cost.
async fn large(forge: &Forge, door: &Door) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, end) in corpus::LINE_ENDS {
        let mut client = Vec::new();
        let mut inside = Vec::new();
        let mut bytes = 0;
        let mut reading = Duration::ZERO;
        for _ in 0..3 {
            let message = forge.large(end).into_bytes();
            (bytes, reading) = (message.len(), read(&message));
            let (seconds, _) = door.handled().await?;
            let outcome = door.send(Request::post(message)).await?;
            ensure!(
                outcome.accepted(),
                "a letter of {bytes} bytes with {name} is not taken: {}",
                outcome.said()
            );
            client.push(outcome.took);
            inside.push(Duration::from_secs_f64((door.handled().await?.0 - seconds).max(0.0)));
        }
        let name = format!("good: base64 with {name}");
        let answer = "200".into();
        lines.push(Line { name, bytes, answer, accepted: true, read: reading, client, door: inside });
    }
    Ok(lines)
}

fn report(
    large: &[Line],
    lines: &[Line],
    (before, after): ([i64; 3], [i64; 3]),
    (start, rounds, peak): (u64, &[u64], u64),
) -> bool {
    println!("{:>9} {:>9} {:>9} {:>9}  {:<58} answer", "bytes", "client ms", "door ms", "read ms", "message");
    for line in large.iter().chain(lines) {
        let [client, door, read] = [median(&line.client), median(&line.door), line.read].map(millis);
        let mark = if line.accepted && line.answer != "200" { "ACCEPTED " } else { "" };
        let bytes = line.bytes;
        let name = &line.name;
        let answer = &line.answer;
        println!("{bytes:>9} {client:>9.2} {door:>9.2} {read:>9.2}  {name:<58} {mark}{answer}");
    }
    let accepted = lines.iter().filter(|line| line.accepted).count();
    let told = |line: &&Line| !EXPECTED.lines().any(|one| one == format!("{} = {}", line.name, line.answer));
    let other: Vec<_> = lines.iter().filter(told).collect();
    for line in &other {
        println!("another answer than expected: {} = {}", line.name, line.answer);
    }
    let mut by_time: Vec<_> = lines.iter().map(|line| (median(&line.door), &line.name)).collect();
    by_time.sort_unstable_by(|a, b| b.cmp(a));
    println!("the slowest in the door:");
    for (took, name) in by_time.iter().take(10) {
        let line = lines.iter().find(|line| line.name == **name);
        let least = line.and_then(|line| line.door.iter().min()).copied().unwrap_or_default();
        println!("{:>9.2} ms, at best {:>9.2}  {name}", millis(*took), millis(least));
    }
    let (slowest, name) = by_time.first().map_or((Duration::ZERO, ""), |(took, name)| (*took, name));
    let end = rounds.last().copied().unwrap_or(start);
    // In the first two rounds every thread takes what it needs.
    let warm = rounds.get(1).or(rounds.first()).copied().unwrap_or(start);
    let grown = end.saturating_sub(warm);
    println!("rows of submission, letter and part: {before:?} before, {after:?} after");
    println!("memory: {start} MiB before, {rounds:?} MiB after the rounds, {peak} MiB at most");
    println!(
        "{} attacks: {accepted} accepted, slowest {:.1} ms ({name}), memory grew {grown} MiB after round two",
        lines.len(),
        millis(slowest),
    );
    let targets = [
        (lines.len() >= LEAST, "there are fewer attacks than 60"),
        (accepted == 0, "attacks were accepted"),
        (before == after, "something was stored"),
        (other.is_empty(), "attacks were refused for another reason than theirs"),
        (slowest < SLOWEST, "an attack takes 50 ms or more"),
        (grown < FLAT_MIB, "memory grows"),
    ];
    for (_, missed) in targets.iter().filter(|(held, _)| !held) {
        println!("NOT HELD: {missed}");
    }
    targets.iter().all(|(held, _)| *held)
}

fn read(message: &[u8]) -> Duration {
    let one = || {
        let start = Instant::now();
        if let Ok(sealed) = Sealed::from_envelope(message)
            && let Ok(to) = letter::addressed(&sealed.delivery)
        {
            for message in &sealed.delivery.messages {
                let _ = letter::letter(&sealed.delivery, &to, message, &Limits::default());
            }
        }
        start.elapsed()
    };
    median(&[one(), one(), one()])
}

fn median(of: &[Duration]) -> Duration {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn millis(of: Duration) -> f64 {
    of.as_secs_f64() * 1000.0
}

/// A little less than the most that the door reads.
const MOST: usize = 10 * 1024 * 1024 - 4096;
/// What the door says to each, as the test of the same attacks has it.
const EXPECTED: &str = include_str!("../../tests/program/attacks.txt");
const LEAST: usize = 60;
const SLOWEST: Duration = Duration::from_millis(50);
const FLAT_MIB: u64 = 8;
