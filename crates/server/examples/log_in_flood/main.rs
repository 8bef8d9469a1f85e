//! Begins hundreds of thousands of log-ins from one network of IPv6 (a /48), as a proxy passes them on, and measures how long
//! another citizen's log-in takes before and meanwhile.
//!
//!     cargo run --release -p server --example log_in_flood -- [--starts 400000] [--rate 2000] [--data DIR]
//!         [--kuvert PROGRAM]
//!
//! Starts a demo of its own on DIR (a temporary folder by default); it trusts the proxy on this machine, as
//! `web.trusted_proxies` has it. Each start comes from an address of its own; `--rate` is how many come in a second, and how
//! idle the machine is meanwhile is printed. Exit 0 only if every start was begun or refused with the text for log-ins, the
//! citizen got in each time, and the median, the 95th and the 99th percentile of that are within three times their quiet
//! figures, taken before and after.

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
mod flood;

use anyhow::Result;
use common::{Busy, Demo, Words};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};
use testing::ANNA;

fn main() -> ExitCode {
    common::main("log_in_flood", run)
}

async fn run(words: Words) -> Result<bool> {
    let starts = words.number("--starts", 400_000)?;
    let rate = words.number("--rate", 2_000)?.max(1);
    let service = Demo::start(&words).await?;
    let web = format!("http://127.0.0.1:{}", service.base);

    for _ in 0..5 {
        citizen::log_in(&web, ANNA).await?;
    }
    println!("load of the machine: {}", common::load()?);
    let mut quiet = log_ins(&web, Instant::now() + QUIET).await?;
    let memory = service.resident("VmRSS:")?;
    let busy = Busy::since_now(&service)?;
    let began = Instant::now();
    let flooding = tokio::spawn(flood::flood(([127, 0, 0, 1], service.base).into(), starts, rate));
    let mut meanwhile = Vec::new();
    while !flooding.is_finished() {
        meanwhile.extend(log_ins(&web, Instant::now() + Duration::from_secs(1)).await?);
    }
    let answered = flooding.await??;
    let took = began.elapsed();
    let busy = busy.told(&service)?;
    let memory = (memory, service.resident("VmRSS:")?);
    // Before and after: what else the machine does is not the same all the time.
    quiet.extend(log_ins(&web, Instant::now() + QUIET).await?);
    println!("load of the machine: {}", common::load()?);
    service.stop().await?;

    println!(
        "{starts} log-ins begun from one /48 in {:.0} s ({:.0} a second; {busy}): {} sent on, {} refused, {} answered \
         otherwise",
        took.as_secs_f64(),
        f64::from(starts) / took.as_secs_f64(),
        answered.begun,
        answered.refused,
        answered.other,
    );
    println!("memory: {} MiB before, {} MiB after", memory.0, memory.1);
    let mut held = answered.other == 0;
    for (name, share) in [("median", 50), ("p95", 95), ("p99", 99)] {
        let before = percentile(&quiet, share);
        let after = percentile(&meanwhile, share);
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
        took.push(citizen::log_in(web, ANNA).await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(took)
}

/// In milliseconds.
fn percentile(of: &[Duration], share: usize) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * share / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

/// Of the demo.
/// How long the quiet figure is taken.
const QUIET: Duration = Duration::from_secs(15);
