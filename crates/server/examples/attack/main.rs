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

#[path = "../../../delivery/tests/attacks/corpus/mod.rs"]
mod corpus;
mod door;
mod stage;
mod wire;

use anyhow::{Context, Result, bail, ensure};
use corpus::Forge;
use delivery::{Sealed, letter};
use domain::letter::Limits;
use door::{Door, Outcome, Request};
use server::config::Config;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // The service is this very program.
    if words.first().is_some_and(|word| word == "demo") {
        return server::cli::run();
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match runtime.block_on(run(&words)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("attack: {error:#}");
            ExitCode::FAILURE
        }
    }
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

async fn run(words: &[String]) -> Result<bool> {
    let word = |name: &str| words.iter().position(|w| w == name).and_then(|at| words.get(at + 1)).cloned();
    let run = format!("{:x}", std::process::id());
    let temporary = word("--data").is_none();
    let folder = word("--data")
        .map_or_else(|| std::env::temp_dir().join(format!("kuvert-attack-{run}")), PathBuf::from);
    let rounds: usize = word("--rounds").map_or(Ok(5), |n| n.parse())?;
    let base = free_ports()?;
    let mut service = start(&folder, base).await?;
    let pid = service.id().context("the service has ended")?;
    let config = Config::read(&folder.join("kuvert.toml"))?;
    let door = Door::new(base + 1, base + 2, &folder.join("pki"));
    let forge = Forge::new(stage::cast(&config, &folder.join("pki")).await?, &run, MOST);

    let good = || door.send(Request::post(forge.good().into_bytes()));
    let first = good().await;
    ensure!(first.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken: {first:?}");
    let start_mib = resident(pid, "VmRSS:")?;
    let large = large(&forge, &door).await?;
    let before = stage::rows(&config).await?;
    let attacks = stage::attacks(&forge, &door)?;
    let reading: Vec<Duration> = attacks.iter().map(|(_, request)| read(&request.body)).collect();
    let before_mib = resident(pid, "VmRSS:")?;
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").ok();
    println!("{} attacks, {rounds} times each; a good delivery is taken; {before:?} rows", attacks.len());
    println!("load of the machine: {}", load()?);
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
                let (client, door) = (Vec::new(), Vec::new());
                let (bytes, read) = (request.body.len(), reading[at]);
                lines.push(Line { name: name.clone(), bytes, answer, accepted: false, read, client, door });
            }
            lines[at].accepted |= accepted;
            lines[at].client.push(client);
            lines[at].door.push(Duration::from_secs_f64((later - seconds).max(0.0)));
            if let Ok(Some(status)) = service.try_wait() {
                bail!("the service ended with {status} at: {name}");
            }
        }
        after_rounds.push(resident(pid, "VmRSS:")?);
        println!("memory: {} MiB after round {}", after_rounds[round], round + 1);
    }
    let after = stage::rows(&config).await?;
    let last = good().await;
    let peak = resident(pid, "VmHWM:")?;
    stop(&mut service, pid).await?;
    if temporary {
        std::fs::remove_dir_all(&folder)?;
    }
    let held = report(&large, &lines, (before, after), (before_mib, &after_rounds, peak));
    println!("load of the machine: {}", load()?);
    ensure!(last.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken any more: {last:?}");
    println!("a good delivery is taken before and after");
    Ok(held)
}

/// Good deliveries, nearly as large as the door reads: what the way there and the work for them cost.
async fn large(forge: &Forge, door: &Door) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, end) in corpus::LINE_ENDS {
        let (mut client, mut inside, mut bytes, mut reading) = (Vec::new(), Vec::new(), 0, Duration::ZERO);
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
        let (name, answer) = (format!("good: base64 with {name}"), "200".into());
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
        let (bytes, name, answer) = (line.bytes, &line.name, &line.answer);
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

async fn start(folder: &Path, base: u16) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("demo").arg("--data").arg(folder).args(["--port-base", &base.to_string(), "--log", "error"]);
    command.stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
    while let Some(line) = lines.next_line().await? {
        if line == "ready" {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(child);
        }
    }
    bail!("the service ended before it was ready")
}

async fn stop(service: &mut Child, pid: u32) -> Result<()> {
    Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
    let status = service.wait().await?;
    ensure!(status.success(), "the service ended with {status}");
    Ok(())
}

fn load() -> Result<String> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn resident(pid: u32, line: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix(line)).context("no such line")?;
    Ok(line.split_whitespace().next().context("no number")?.parse::<u64>()? / 1024)
}

fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let chance = u16::from_be_bytes(domain::chance::bytes(&vault::SystemRandom));
        let base = 22_000 + chance % 30_000;
        if (0..5).all(|n| std::net::TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
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
