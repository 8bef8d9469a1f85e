//! A PostgreSQL of our own: a fresh cluster on a free port in a temporary folder, gone when xtask is.

use crate::command::{program, run as run_command};
use anyhow::{Result, bail};
pub use temporary_postgres::Cluster;

/// Text of `cargo xtask postgres --help`.
pub const HELP: &str = "
Usage: cargo xtask postgres -- COMMAND [ARGUMENTS]

Starts a temporary PostgreSQL on a free port, runs COMMAND with KUVERT_TEST_POSTGRES set to the URL of its
superuser, and removes it again, however COMMAND ends.";

/// The variable in which tests find the server.
pub const URL_VARIABLE: &str = "KUVERT_TEST_POSTGRES";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let words = match arguments {
        [dashes, words @ ..] if dashes == "--" && !words.is_empty() => words,
        _ => bail!("say what to run: cargo xtask postgres -- COMMAND"),
    };
    let cluster = start()?;
    run_command(program(&words[0]).args(&words[1..]).env(URL_VARIABLE, &cluster.url))
}

/// One that ends with xtask.
pub fn start() -> Result<Cluster> {
    let cluster = Cluster::start()?;
    eprintln!("PostgreSQL runs on port {} in {}", cluster.port, cluster.folder.display());
    Ok(cluster)
}
