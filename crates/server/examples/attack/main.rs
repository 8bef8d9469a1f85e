//! Sends every attack of `crates/delivery/tests/attacks` to a running service over its real door, and more that only a
//! connection can carry, and measures what each costs.
//!
//!     cargo run --release -p server --example attack -- [--data DIR] [--rounds N]
//!
//! Starts a demo of its own on DIR (a temporary folder by default). Each attack is sent N times (3); times are medians.
//! `door` is the time in the SOAP door as the service's own metrics have it, `read` that of reading and verifying in
//! this process. Exit 0 only if a good delivery is taken before and after, no attack is, and nothing else is stored.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

#[path = "../../../delivery/tests/attacks/corpus/mod.rs"]
mod corpus;
mod door;
mod wire;

use anyhow::{Context, Result, bail, ensure};
use corpus::{Cast, Forge, Party};
use delivery::{Sealed, letter};
use domain::letter::Limits;
use door::{Door, Outcome, Request};
use server::{config::Config, house::Operator};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use vault::Certificate;

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
    let rounds: usize = word("--rounds").map_or(Ok(3), |n| n.parse())?;
    let base = free_ports()?;
    let mut service = start(&folder, base).await?;
    let pid = service.id().context("the service has ended")?;
    let config = Config::read(&folder.join("kuvert.toml"))?;
    let door = Door::new(base + 1, base + 2, &folder.join("pki"));
    let forge = Forge::new(cast(&folder.join("pki"))?, &run, MOST);

    let good = || door.send(Request::post(forge.good().into_bytes()));
    let first = good().await;
    ensure!(first.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken: {first:?}");
    let before = rows(&config).await?;
    let attacks = attacks(&forge, &door)?;
    let reading: Vec<Duration> = attacks.iter().map(|(_, request)| read(&request.body)).collect();
    let start_mib = resident(pid, "VmRSS:")?;
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").ok();
    println!("{} attacks, {rounds} times each; a good delivery is taken; {before:?} rows", attacks.len());
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
    }
    let after = rows(&config).await?;
    let last = good().await;
    let peak = resident(pid, "VmHWM:")?;
    stop(&mut service, pid).await?;
    if temporary {
        std::fs::remove_dir_all(&folder)?;
    }
    let held = report(&lines, (before, after), (start_mib, &after_rounds, peak));
    ensure!(last.as_ref().is_ok_and(Outcome::accepted), "a good delivery is not taken any more: {last:?}");
    println!("a good delivery is taken before and after");
    Ok(held)
}

/// All of the corpus, and what only the wire can carry.
fn attacks(forge: &Forge, door: &Door) -> Result<Vec<(String, Request)>> {
    let of =
        |attack: corpus::Attack| (format!("{}: {}", attack.group, attack.name), Request::post(attack.body));
    let mut all: Vec<_> = corpus::all(forge).into_iter().map(of).collect();
    all.extend(wire::all(forge, door)?);
    Ok(all)
}

fn report(
    lines: &[Line],
    (before, after): ([i64; 3], [i64; 3]),
    (start, rounds, peak): (u64, &[u64], u64),
) -> bool {
    println!("{:>9} {:>9} {:>9} {:>9}  {:<58} answer", "bytes", "client ms", "door ms", "read ms", "attack");
    let mut accepted = 0;
    let mut slowest = (Duration::ZERO, "");
    for line in lines {
        let door = median(&line.door);
        accepted += usize::from(line.accepted);
        slowest = slowest.max((door, &line.name));
        let mark = if line.accepted { "ACCEPTED " } else { "" };
        println!(
            "{:>9} {:>9.2} {:>9.2} {:>9.2}  {:<58} {mark}{}",
            line.bytes,
            millis(median(&line.client)),
            millis(door),
            millis(line.read),
            line.name,
            line.answer
        );
    }
    let end = rounds.last().copied().unwrap_or(start);
    let first = rounds.first().copied().unwrap_or(start);
    println!("rows of submission, letter and part: {before:?} before, {after:?} after");
    println!(
        "memory: {start} MiB before, {first} MiB after the first round, {end} MiB after the last, {peak} MiB at most"
    );
    println!(
        "{} attacks: {accepted} accepted, slowest {:.1} ms ({}), memory grew {} MiB",
        lines.len(),
        millis(slowest.0),
        slowest.1,
        end.saturating_sub(first)
    );
    accepted == 0 && before == after
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

fn cast(pki: &Path) -> Result<Cast> {
    let text = |name: &str| std::fs::read_to_string(pki.join(name));
    let party = |number: &str| -> Result<Party> {
        let certificate = Certificate::from_pem(text(&format!("{number}.pem"))?.as_bytes())?;
        Ok(Party::new(number, &text(&format!("{number}.key"))?, &certificate.der))
    };
    let key = rcgen::KeyPair::from_pem(&text("ca.key")?)?;
    Ok(Cast {
        sender: party("164020000016")?,
        dispatcher: party("164020000032")?,
        other: party("164020000024")?,
        recipient: "198101052382".into(),
        authority: corpus::issuer("Kuvert Demo CA", key),
    })
}

async fn rows(config: &Config) -> Result<[i64; 3]> {
    let operator = Operator::open(config).await?;
    let mut tx = operator.store.read("count rows").await?;
    let mut counts = [0; 3];
    for (count, sql) in counts.iter_mut().zip(COUNTS) {
        *count = tx.one(sql, &[]).await?.map_or(Ok(0), |row| row.number(0))?;
    }
    drop(tx);
    operator.close().await;
    Ok(counts)
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
const COUNTS: [&str; 3] =
    ["SELECT COUNT(*) FROM submission", "SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM part"];
