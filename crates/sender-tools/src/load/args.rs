//! What is asked for.

use super::letters::Door;
use anyhow::{Result, ensure};
use std::path::PathBuf;

/// What is asked for.
#[derive(clap::Args, Clone, Debug)]
pub struct LoadArgs {
    /// The folder of a demo; prepared as `kuvert demo` does when it is empty
    #[arg(long, value_name = "DIR", default_value = "kuvert-load")]
    pub data: PathBuf,
    /// PostgreSQL instead of SQLite in DIR
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How many letters
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub letters: usize,
    /// How many connections at once
    #[arg(long, value_name = "C", default_value_t = 32)]
    pub connections: usize,
    /// Bytes of each letter's body
    #[arg(long, value_name = "B", default_value_t = 5_000)]
    pub bytes: usize,
    /// How many mailboxes the letters go to
    #[arg(long, value_name = "M", default_value_t = 1_000)]
    pub mailboxes: usize,
    /// Then open so many of them over the pages, by people who log in
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["kills", "compare"])]
    pub open: usize,
    /// How many people open letters at once
    #[arg(long, value_name = "R", default_value_t = 8)]
    pub readers: usize,
    /// Send deliverSecure messages of Mina Meddelanden to the SOAP door instead
    #[arg(long)]
    pub soap: bool,
    /// Send as many by the agency API first and by the SOAP door then, and tell how the rates compare
    #[arg(long, conflicts_with_all = ["soap", "kills"])]
    pub compare: bool,
    /// Measure the service of this `kuvert`, which may be of another version
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["check", "kills"])]
    pub service: Option<PathBuf>,
    /// Measure the service of this `kuvert` too, in turns, and tell how the figures compare
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["check", "kills", "compare"])]
    pub side_by_side: Option<PathBuf>,
    /// The PostgreSQL of the other one
    #[arg(long, value_name = "URL", requires = "side_by_side", requires = "database")]
    pub side_by_side_database: Option<String>,
    /// How often each of the two is measured
    #[arg(long, value_name = "K", default_value_t = 5, requires = "side_by_side")]
    pub rounds: usize,
    /// Compare what was promised with what is stored: lost, doubled, torn
    #[arg(long)]
    pub check: bool,
    /// Kill the service (SIGKILL) this many times at random moments and start it again; implies --check
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub kills: usize,
    /// End with one line of JSON
    #[arg(long)]
    pub json: bool,
}

impl LoadArgs {
    /// What the command line cannot say of one option by itself.
    pub fn check(&self) -> Result<()> {
        let counts = [self.letters, self.connections, self.mailboxes, self.readers, self.rounds];
        ensure!(counts.iter().all(|count| *count > 0), "give at least one of each");
        let two = self.side_by_side.is_some() && self.database.is_some();
        ensure!(!two || self.side_by_side_database.is_some(), "give the other one a database too");
        Ok(())
    }

    /// The doors that letters are sent to, one after the other.
    pub fn doors(&self) -> &'static [Door] {
        match (self.compare, self.soap) {
            (true, _) => &[Door::Rest, Door::Soap],
            (false, true) => &[Door::Soap],
            (false, false) => &[Door::Rest],
        }
    }

    /// Whether people log in: to read, or to open mailboxes where the databases may be of another version.
    pub fn needs_people(&self) -> bool {
        self.open > 0 || self.service.is_some() || self.side_by_side.is_some()
    }
}
