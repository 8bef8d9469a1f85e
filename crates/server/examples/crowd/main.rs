//! Whether one host, or one organisation, can shut a door: another organisation's calls and another host's pages, quiet and
//! while connections are held that say nothing.
//!
//!     cargo run --release -p server --example crowd -- [--silent N] [--idle N] [--web N] [--rate N] [--calls N]
//!         [--log-ins N] [--data DIR] [--kuvert PROGRAM]
//!
//! Starts a demo of its own in a temporary folder, by this program or another one. Each call and each page is measured on
//! a new connection from 127.0.1.2, one every 50 ms, and a citizen's log-in one every 100 ms, before, while and after the
//! crowd is there; before and after together are the quiet figure. The crowd comes from 127.0.0.1, RATE connections a
//! second: SILENT that do not begin the handshake (4000), IDLE of one organisation with two certificates that speak HTTP/2,
//! answer every ping and ask nothing (1100), and WEB to the citizens' door that asked once (1100); with 0 that part is left
//! out. Needs `ulimit -n 16384`. Exit 0 only if every call, page and log-in is answered, p99 is at most three times what it
//! is quiet, and nobody of the crowd is left.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

#[path = "../common/citizen.rs"]
mod citizen;
#[path = "../common/mod.rs"]
mod common;
mod crowd;
mod stage;

use anyhow::{Result, ensure};
use common::{Busy, Words};
use crowd::Crowd;
use stage::Stage;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

fn main() -> ExitCode {
    common::main("crowd", run)
}

async fn run(words: Words) -> Result<bool> {
    let count = |name, otherwise: usize| words.number(name, otherwise);
    let silent = count("--silent", 4000)?;
    let idle = count("--idle", 1100)?;
    let web = count("--web", 1100)?;
    let rate = count("--rate", 200)?;
    let calls = count("--calls", 300)?;
    let log_ins = count("--log-ins", 150)?;
    ensure!(rate > 0 && calls > 0 && log_ins > 0, "--rate, --calls and --log-ins: more than 0");
    let stage = Stage::open(&words).await?;
    Others::ask(&stage, 50, 20).await;
    let mut held = true;
    for (name, size, gather) in [
        ("silent connections of one host", silent, Crowd::silent as Gather),
        ("idle HTTP/2 connections of one organisation", idle, Crowd::idle as Gather),
        ("connections of one host to the pages", web, Crowd::web as Gather),
    ] {
        if size == 0 {
            continue;
        }
        println!("{size} {name}; load of the machine: {}", common::load()?);
        let mut quiet = Others::ask(&stage, calls, log_ins).await;
        let busy = Busy::since_now(&stage.service)?;
        let crowd = gather(&stage, size, rate);
        let meanwhile = Others::ask(&stage, calls, log_ins).await;
        println!("  meanwhile {}", busy.told(&stage.service)?);
        held &= crowd.end(size, rate).await;
        quiet.add(Others::ask(&stage, calls, log_ins).await);
        held &= meanwhile.are_within(&quiet);
    }
    println!("load of the machine: {}", common::load()?);
    println!("resident: {} MiB", stage.service.resident("VmHWM:")?);
    stage.service.stop().await?;
    println!("{}", if held { "held: p99 within three times quiet, nobody shut out" } else { "NOT HELD" });
    Ok(held)
}

/// Opens so many connections, so many a second.
type Gather = fn(&Stage, usize, usize) -> Crowd;

/// Whom the crowd is not to harm: another organisation, somebody who reads, and somebody who logs in.
struct Others {
    calls: Measured,
    pages: Measured,
    log_ins: Measured,
}

impl Others {
    /// All three at once.
    async fn ask(stage: &Stage, calls: usize, log_ins: usize) -> Self {
        let every = |ms| Duration::from_millis(ms);
        let (calls, pages, log_ins) = tokio::join!(
            measure(calls, every(50), || stage.call()),
            measure(calls, every(50), || stage.page()),
            measure(log_ins, every(100), || stage.log_in()),
        );
        Self { calls, pages, log_ins }
    }

    fn add(&mut self, more: Self) {
        self.calls.add(more.calls);
        self.pages.add(more.pages);
        self.log_ins.add(more.log_ins);
    }

    fn are_within(&self, quiet: &Self) -> bool {
        let all = [
            ("a call of another organisation", &self.calls, &quiet.calls),
            ("a page from another host", &self.pages, &quiet.pages),
            ("a log-in of another citizen", &self.log_ins, &quiet.log_ins),
        ];
        all.map(|(name, now, quiet)| now.is_within(name, quiet)).iter().all(|held| *held)
    }
}

/// What came of calls.
struct Measured {
    times: Vec<Duration>,
    failed: usize,
}

impl Measured {
    fn add(&mut self, more: Self) {
        self.times.extend(more.times);
        self.times.sort_unstable();
        self.failed += more.failed;
    }

    fn ms(&self, share: f64) -> f64 {
        let rank = (self.times.len() as f64 * share).ceil() as usize;
        self.times.get(rank.max(1) - 1).map_or(f64::INFINITY, |time| time.as_secs_f64() * 1000.0)
    }

    fn is_within(&self, name: &str, quiet: &Self) -> bool {
        let [p50, p99] = [0.5, 0.99].map(|s| self.ms(s));
        let [p50_quiet, p99_quiet] = [0.5, 0.99].map(|s| quiet.ms(s));
        let count = self.times.len() + self.failed;
        let failed = self.failed + quiet.failed;
        println!(
            "  {name}: p50 {p50_quiet:.1} ms quiet and {p50:.1} meanwhile, p99 {p99_quiet:.1} and {p99:.1}: {:.2} times; \
             {count} meanwhile, {failed} of all not answered",
            p99 / p99_quiet
        );
        failed == 0 && p99 <= p99_quiet * 3.0
    }
}

/// One at each tick, also where the one before is not answered yet.
async fn measure<F>(count: usize, every: Duration, ask: impl Fn() -> F) -> Measured
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut asked = tokio::task::JoinSet::new();
    let mut ticks = tokio::time::interval(every);
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
    Measured { failed: all.len() - times.len(), times }
}
