//! Begins hundreds of thousands of log-ins from one network of IPv6 (a /48), as a proxy passes them on, and measures how long
//! another citizen's log-in takes before and meanwhile.
//!
//!     cargo run --release -p server --example log_in_flood -- [--starts 400000] [--rate 2000] [--data DIR]
//!
//! Starts a demo of its own on DIR (a temporary folder by default); it trusts the proxy on this machine, as
//! `web.trusted_proxies` has it. Each start comes from an address of its own; `--rate` is how many come in a second, and how
//! idle the machine is meanwhile is told. Exit 0 only if every start was begun or refused with the text for log-ins, the
//! citizen got in each time, and the median and the 95th percentile of that are within three times their quiet figures.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

mod flood;

use anyhow::{Context, Result, bail, ensure};
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
            eprintln!("log_in_flood: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[String]) -> Result<bool> {
    let word = |name: &str| words.iter().position(|w| w == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, usual| word(name).map_or(Ok(usual), |n| n.parse::<u32>());
    let (starts, rate) = (number("--starts", 400_000)?, number("--rate", 2_000)?.max(1));
    let temporary = word("--data").is_none();
    let folder = std::env::temp_dir().join(format!("kuvert-flood-{}", std::process::id()));
    let folder = word("--data").map_or(folder, PathBuf::from);
    let base = free_ports()?;
    let mut service = start(&folder, base).await?;
    let pid = service.id().context("the service has ended")?;
    let web = format!("http://127.0.0.1:{base}");

    for _ in 0..5 {
        flood::log_in(&web, ANNA).await?;
    }
    let quiet = log_ins(&web, Instant::now() + QUIET).await?;
    let memory = resident(pid)?;
    let (cpu, began) = (Cpu::now()?, Instant::now());
    let flooding = tokio::spawn(flood::flood(([127, 0, 0, 1], base).into(), starts, rate));
    let mut meanwhile = Vec::new();
    while !flooding.is_finished() {
        meanwhile.extend(log_ins(&web, Instant::now() + Duration::from_secs(1)).await?);
    }
    let (answered, took, idle) = (flooding.await??, began.elapsed(), cpu.idle()?);
    let memory = (memory, resident(pid)?);
    stop(&mut service, pid).await?;
    if temporary {
        std::fs::remove_dir_all(&folder)?;
    }

    println!(
        "{starts} log-ins begun from one /48 in {:.0} s ({:.0} a second; the machine was {idle} % idle): {} sent on, {} \
         refused, {} answered otherwise",
        took.as_secs_f64(),
        f64::from(starts) / took.as_secs_f64(),
        answered.begun,
        answered.refused,
        answered.other,
    );
    println!("memory: {} MiB before, {} MiB after", memory.0, memory.1);
    let mut held = answered.other == 0;
    for (name, share) in [("median", 50), ("p95", 95)] {
        let (before, after) = (percentile(&quiet, share), percentile(&meanwhile, share));
        let times = after / before;
        held &= times <= 3.0;
        println!(
            "another citizen's log-in, {name}: {before:.1} ms quiet, {after:.1} ms meanwhile, {times:.2} times"
        );
    }
    println!("{} log-ins quiet, {} meanwhile, none refused", quiet.len(), meanwhile.len());
    Ok(held)
}

/// One after another, ten a second at most.
async fn log_ins(web: &str, until: Instant) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    while Instant::now() < until {
        took.push(flood::log_in(web, ANNA).await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(took)
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

fn resident(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).context("no such line")?;
    Ok(line.split_whitespace().next().context("no number")?.parse::<u64>()? / 1024)
}

/// The machine's time, all and idle, in ticks.
struct Cpu(u64, u64);

impl Cpu {
    fn now() -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("no line")?;
        let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
        Ok(Self(ticks.iter().take(8).sum(), ticks.iter().skip(3).take(2).sum()))
    }
    fn idle(&self) -> Result<u64> {
        let now = Self::now()?;
        Ok((now.1 - self.1) * 100 / (now.0 - self.0).max(1))
    }
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

/// In milliseconds.
fn percentile(of: &[Duration], share: usize) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

/// Of the demo.
const ANNA: &str = "198101052382";
/// How long the quiet figure is taken.
const QUIET: Duration = Duration::from_secs(15);
