//! Licences, banned crates, sources and known vulnerabilities, by cargo-deny and `deny.toml`.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, find, output, program, run as run_command};

/// Text of `cargo xtask deny --help`.
pub const HELP: &str = "
Usage: cargo xtask deny

cargo deny check, as deny.toml says. When ../shared/advisory-db.tar.xz lies beside the repository, that snapshot of
the RustSec database is used and nothing is fetched; else cargo-deny fetches the database itself.
Needs cargo-deny: cargo install --locked cargo-deny";

/// A snapshot of the RustSec database, for machines without a way to it.
const SNAPSHOT: &str = "../shared/advisory-db.tar.xz";
/// `db-path` in `deny.toml`.
const DATABASES: &str = "target/advisory-dbs";
/// The folder that cargo-deny derives from the database's address.
const FOLDER: &str = "advisory-db-3157b0e258782691";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("deny takes no arguments, not {arguments:?}");
    }
    let home = std::env::var_os("CARGO_HOME").map(|home| Path::new(&home).join("bin"));
    if find("cargo-deny", home.as_slice()).is_none() {
        bail!("cargo-deny is not here: cargo install --locked cargo-deny");
    }
    let mut deny = cargo();
    deny.arg("deny");
    if Path::new(SNAPSHOT).exists() {
        unpack()?;
        deny.arg("--offline");
    } else {
        println!("{SNAPSHOT} is not there: cargo-deny fetches the RustSec database");
    }
    run_command(deny.args(["--workspace", "--locked", "check"]))
}

/// cargo-deny wants a clone: a repository with a commit that was once fetched. Made anew each time; it takes a second.
fn unpack() -> Result<()> {
    let databases = Path::new(DATABASES);
    let clone = databases.join(FOLDER);
    if clone.exists() {
        std::fs::remove_dir_all(&clone)?;
    }
    std::fs::create_dir_all(&clone)?;
    run_command(program("tar").args(["--strip-components=1", "-xJf", SNAPSHOT, "-C"]).arg(&clone))
        .context("could not unpack the RustSec database")?;
    let git = |words: &[&str]| {
        let identity = [
            "-c",
            "user.name=snapshot",
            "-c",
            "user.email=snapshot@localhost",
            "-c",
            "core.hooksPath=/dev/null",
        ];
        output(program("git").arg("-C").arg(&clone).args(identity).args(words)).map(drop)
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all", "--force"])?;
    git(&["commit", "--quiet", "--no-gpg-sign", "--message", "Snapshot of the RustSec database"])?;
    git(&["fetch", "--quiet", ".", "HEAD"])
}
