//! The command line.

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Plays the administrator of the letter database against a demo, and says what was noticed.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "administrator",
    after_help = "\
Examples:
  administrator                                         a demo of its own on SQLite, and on PostgreSQL if one is named
  administrator --random 200 --honest 200               some minutes on each database
  administrator --cases C1,12b,H1 --random 0 --honest 0
  administrator --data kuvert-demo --log demo.log       a demo that runs; its log tells more than its metrics
  administrator --kuvert OLD --expect broken --random 0 --honest 0

The exit code is 0 only if all held: nothing read, nothing forged shown as genuine, no access given, each change noticed,
and no alarm about what was honest. With --expect broken: only if C1, C2 and H1 succeed, and nothing notices what the
audit lists as undetected."
)]
pub struct Options {
    /// The folder of a demo that runs; without it demos of its own are started in temporary folders
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The letter database of that demo, where it is another than its kuvert.toml says
    #[arg(long, value_name = "URL", requires = "data")]
    pub database: Option<String>,
    /// Where that demo's standard error goes
    #[arg(long, value_name = "FILE", requires = "data")]
    pub log: Option<PathBuf>,
    /// The program, for its commands and for demos of its own [default: kuvert, beside this example]
    #[arg(long, value_name = "PROGRAM")]
    pub kuvert: Option<PathBuf>,
    /// A superuser's address of the PostgreSQL to make a database for a demo of its own in
    #[arg(long, value_name = "URL", env = "KUVERT_TEST_POSTGRES", hide_env_values = true)]
    pub postgres: Option<String>,
    /// Only one of the two databases
    #[arg(long, value_name = "WHICH")]
    pub only: Option<Which>,
    /// Only these of the listed cases; none: leave them out
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub cases: Vec<String>,
    /// Random tamperings on each database
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub random: usize,
    /// Mailboxes that the random ones are done to, side by side
    #[arg(long, value_name = "N", default_value_t = 48)]
    pub boxes: usize,
    /// What the random ones are chosen by; each run says its own
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Honest letters, openings, moves, rotations, restores and kills on each database
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub honest: usize,
    /// Whether everything must hold, or the attacks succeed as in 290313e
    #[arg(long, value_name = "WHAT", default_value = "holds")]
    pub expect: Expect,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Leave folder, log and database of a demo of its own where they are
    #[arg(long)]
    pub keep: bool,
}

/// One of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    Sqlite,
    Postgres,
}

/// What is expected of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expect {
    Holds,
    Broken,
}

impl Options {
    /// The program under attack.
    pub fn program(&self) -> Result<PathBuf> {
        if let Some(program) = &self.kuvert {
            return Ok(program.clone());
        }
        let own = std::env::current_exe()?;
        let folder = own.parent().and_then(|examples| examples.parent()).context("no folder")?;
        Ok(folder.join("kuvert"))
    }

    pub fn is_broken(&self) -> bool {
        self.expect == Expect::Broken
    }

    pub fn plays_listed(&self) -> bool {
        self.cases.iter().all(|case| case != "none")
    }
}
