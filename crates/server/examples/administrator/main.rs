//! Plays the administrator of the letter database: reads and writes every row of it, has one e-ID of their own, and neither
//! the key store nor any key of the service.
//!
//!     cargo build -p server --bin kuvert
//!     cargo run -p server --example administrator -- --help
//!
//! It does what C1, C2 and H1 of the audit of 290313e did, each of its tamperings 1 to 42, and random ones by the thousand,
//! and sees how each is noticed: as unreadable, by a refusal, by a report at once when a reader touches it, or by the sweep
//! (`kuvert evidence check`). Then it lets people send, read, move and rotate honestly, with kills and restores in between,
//! and sees that nothing is reported. It uses none of the service's crates but `vault`, and watches from outside: pages, the
//! agency door's answers, the log, metrics, commands.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that is run by hand"
)]

#[path = "play.rs"]
mod play;

use clap::Parser;
use play::options::Options;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match runtime.block_on(play::run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("administrator: {error:#}");
            ExitCode::from(2)
        }
    }
}
