//! Formatting, clippy, and the house's own style.

mod documents;
mod style;

use anyhow::{Result, bail};

use crate::command::{cargo, run as run_command};

/// Text of `cargo xtask lint --help`.
pub const HELP: &str = "
Usage: cargo xtask lint [--fix]

cargo fmt --check and cargo clippy over every target of every crate, warnings denied; an empty line before each
method, one `let` for each value, no file of production code over 360 lines; what documents name in
code marks as a path of the repository is there. --fix formats instead of checking; what
else is found is for you to mend.";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let fix = match arguments {
        [] => false,
        [flag] if flag == "--fix" => true,
        _ => bail!("lint takes --fix and nothing else, not {arguments:?}"),
    };
    let mut format = cargo();
    format.args(["fmt", "--all"]);
    if !fix {
        format.arg("--check");
    }
    run_command(&mut format)?;
    style::check()?;
    documents::check()?;
    run_command(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}
