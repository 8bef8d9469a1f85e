//! The documentation of the crates.

use anyhow::{Result, bail};

use crate::command::{cargo, run as run_command};

/// Text of `cargo xtask doc --help`.
pub const HELP: &str = "
Usage: cargo xtask doc

cargo doc for the crates of the house, private items included, warnings denied: a link that leads nowhere fails.";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("doc takes no arguments, not {arguments:?}");
    }
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    run_command(doc.env("RUSTDOCFLAGS", "-D warnings"))
}
