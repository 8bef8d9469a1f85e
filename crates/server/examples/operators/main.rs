//! Two operators with one register of addresses, as two processes with databases of their own: letters by either to
//! either, a mailbox that moves, and an operator that is down for a minute.
//!
//!     cargo run --release -p server --example operators -- [--seconds N] [--letters N]
//!
//! Prints each step with what was counted. Exit 0 only if every letter of the ledger lies once in the mailbox where it must.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    dead_code,
    reason = "a test that is run by hand, with the parts of another"
)]

#[path = "../../tests/program/browser.rs"]
mod browser;
#[path = "../../tests/program/one_register/pair.rs"]
mod pair;
#[path = "../../tests/program/process.rs"]
mod process;
#[path = "../../tests/program/sender.rs"]
mod sender;
#[path = "../../tests/program/one_register/story.rs"]
mod story;

use sender::{ANNA, BO};
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};
use story::{AT_A, AT_B, Story};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Both operators are this very program.
    if words.first().is_some_and(|word| !word.starts_with("--")) {
        return server::cli::run();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let number = |name: &str, otherwise: usize| {
        let at = words.iter().position(|word| word == name).map(|at| at + 1);
        at.map_or(otherwise, |at| {
            words.get(at).and_then(|n| n.parse().ok()).expect("a number after each word")
        })
    };
    let seconds = number("--seconds", 60);
    let letters = number("--letters", 60);
    runtime.block_on(run(Duration::from_secs(seconds as u64), letters));
    ExitCode::SUCCESS
}

async fn run(down: Duration, letters: usize) {
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let say = |what: String| println!("{:>6.1} s  {what}", began.elapsed().as_secs_f64());
    let mut story = Story::begin(folder.path()).await;
    say(format!(
        "A ({}) keeps the register and Anna's mailbox; B ({}) has Bo's, and asks A's register",
        story.at(AT_A).door(),
        story.at(AT_B).door()
    ));

    story.sends(AT_A, ANNA, "anna-home", AT_A).await;
    story.sends(AT_A, BO, "bo-away", AT_B).await;
    story.sends(AT_B, ANNA, "anna-away", AT_A).await;
    story.sends(AT_B, BO, "bo-home", AT_B).await;
    story.settles().await;
    story.reads(AT_B, BO, "bo-away").await;
    story.reads(AT_A, ANNA, "anna-away").await;
    say("letters sent to A for Bo are read at B, and sent to B for Anna at A: 201 at home, 202 away".into());

    story.pair.b.kill();
    let killed = Instant::now();
    for no in 0..letters {
        let due = down.mul_f64(no as f64 / letters as f64);
        tokio::time::sleep(due.saturating_sub(killed.elapsed())).await;
        story.sends(AT_A, BO, &format!("bo-down-{no}"), AT_B).await;
    }
    tokio::time::sleep(down.saturating_sub(killed.elapsed())).await;
    let forwarded = story.forwarded(AT_A).await;
    say(format!(
        "B was down for {:.1} s by SIGKILL; A took {letters} letters in charge meanwhile, and had handed over {forwarded} before",
        killed.elapsed().as_secs_f64()
    ));
    story.pair.b.start();
    let started = Instant::now();
    story.settles().await;
    say(format!("all have ended {:.1} s after B's start", started.elapsed().as_secs_f64()));
    say(held(&story).await);

    story.pair.b.kill();
    for no in 0..letters {
        story.sends(AT_A, BO, &format!("bo-moving-{no}"), AT_A).await;
    }
    story.tells_register("move", BO, "a.example");
    let moved = Instant::now();
    story.settles().await;
    say(format!(
        "Bo moved from B to A while {letters} letters were on their way to B: they came home in {:.1} s",
        moved.elapsed().as_secs_f64()
    ));
    story.pair.b.start();
    story.at(AT_B).kuvert(&["mailbox", "close"], BO).good();
    story.at(AT_B).kuvert(&["mailbox", "open", "--name", "Anna Exempel"], ANNA).good();
    story.tells_register("move", ANNA, "b.example");
    story.sends(AT_A, ANNA, "anna-moved", AT_B).await;
    story.sends(AT_B, ANNA, "anna-moved-by-b", AT_B).await;
    story.settles().await;
    say("Anna moved from A to B: new letters go there, by either".into());
    say(held(&story).await);

    let (done, all) = story.kills_a_while_it_hands_over(ANNA, letters.max(24)).await;
    say(format!(
        "A was killed by SIGKILL while it handed {all} letters over; {done} were done then, and all are now"
    ));
    say(held(&story).await);
    story.pair.a.stop();
    story.pair.b.stop();
    story.pair.end();
    say("every promise was kept: nothing lost, nothing doubled".into());
}

async fn held(story: &Story) -> String {
    let counts = story.is_held_to_the_ledger().await;
    let counts: Vec<_> =
        counts.iter().filter(|(_, n)| **n > 0).map(|(who, n)| format!("{who} {n}")).collect();
    format!("the ledger's {} letters lie once each: {}", story.promised(), counts.join(", "))
}
