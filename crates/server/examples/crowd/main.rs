//! Whether one host, or one organisation, can shut a door: another organisation's calls and another host's pages, quiet and
//! while connections are held that say nothing.
//!
//!     cargo run --release -p server --example crowd -- [--silent N] [--idle N] [--web N] [--rate N] [--calls N]
//!         [--kuvert PROGRAM]
//!
//! Starts a demo of its own in a temporary folder, by this program or another one. Each call and each page is measured on
//! a new connection from 127.0.0.2, one every 50 ms; the crowd comes from 127.0.0.1, RATE connections a second: SILENT that
//! do not begin the handshake (4000), IDLE of one organisation with two certificates that speak HTTP/2, answer every ping
//! and ask nothing (1100), and WEB to the citizens' door that asked once (1100). Needs `ulimit -n 16384`. Exit 0 only if
//! every call and page is answered, and p99 is at most three times what it is quiet.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

mod crowd;
mod stage;

use anyhow::{Result, ensure};
use crowd::Crowd;
use stage::Stage;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // The service is this very program.
    if words.first().is_some_and(|word| !word.starts_with("--")) {
        return server::cli::run();
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match runtime.block_on(run(&words)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("crowd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[String]) -> Result<bool> {
    let word = |name: &str| words.iter().position(|w| w == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, otherwise: usize| word(name).map_or(Ok(otherwise), |text| text.parse());
    let (silent, idle, web) = (number("--silent", 4000)?, number("--idle", 1100)?, number("--web", 1100)?);
    let (rate, calls) = (number("--rate", 200)?, number("--calls", 300)?);
    ensure!(rate > 0 && calls > 0, "--rate and --calls: more than 0");
    let mut stage = Stage::open(word("--kuvert").map(String::as_str)).await?;
    println!("load of the machine: {}", load()?);
    measure("warm", calls.min(50), || stage.call()).await;
    measure("warm", calls.min(50), || stage.page()).await;
    let quiet_call = measure("quiet, a call", calls, || stage.call()).await;
    let quiet_page = measure("quiet, a page", calls, || stage.page()).await;

    let mut held = true;
    let crowd = Crowd::silent(&stage, silent, rate);
    let name = format!("{silent} silent connections of one host, a call");
    held &= measure(&name, calls, || stage.call()).await.is_within(&quiet_call);
    held &= crowd.end(silent, rate).await;

    let crowd = Crowd::idle(&stage, idle, rate);
    let name = format!("{idle} idle HTTP/2 connections of one organisation, a call");
    held &= measure(&name, calls, || stage.call()).await.is_within(&quiet_call);
    held &= crowd.end(idle, rate).await;

    let crowd = Crowd::web(&stage, web, rate);
    let name = format!("{web} connections of one host to the pages, a page");
    held &= measure(&name, calls, || stage.page()).await.is_within(&quiet_page);
    held &= crowd.end(web, rate).await;

    println!("load of the machine: {}", load()?);
    println!("resident: {} MiB", stage.resident_mib()?);
    stage.close().await?;
    println!("{}", if held { "held: p99 within three times quiet, nobody shut out" } else { "NOT HELD" });
    Ok(held)
}

/// What came of calls.
struct Measured {
    times: Vec<Duration>,
    failed: usize,
}

impl Measured {
    fn at(&self, share: f64) -> Duration {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(rank.max(1) - 1).copied().unwrap_or(Duration::MAX)
    }
    fn is_within(&self, quiet: &Self) -> bool {
        self.failed == 0 && self.at(0.99) <= quiet.at(0.99) * 3
    }
}

/// One every 50 ms, also where the one before is not answered yet.
async fn measure<F>(name: &str, count: usize, ask: impl Fn() -> F) -> Measured
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut asked = tokio::task::JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..count {
        ticks.tick().await;
        let one = ask();
        asked.spawn(async move {
            let began = Instant::now();
            let answered = tokio::time::timeout(Duration::from_secs(10), one).await;
            matches!(answered, Ok(Ok(()))).then(|| began.elapsed())
        });
    }
    let all = asked.join_all().await;
    let mut times: Vec<Duration> = all.iter().copied().flatten().collect();
    times.sort_unstable();
    let measured = Measured { failed: all.len() - times.len(), times };
    let ms = |share| measured.at(share).as_secs_f64() * 1000.0;
    let failed = measured.failed;
    println!("{name}: p50 {:.1} ms, p99 {:.1} ms, {failed} of {count} not answered", ms(0.5), ms(0.99));
    measured
}

fn load() -> Result<String> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
