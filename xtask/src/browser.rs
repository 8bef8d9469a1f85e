//! Browser tests: `tests/browser/*.test.mjs`, run by node in Debian's Chromium against a real `kuvert`.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{
    command::{cargo, listen, output, program, run},
    needs::where_is,
};

/// Every browser test, by name.
pub fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/browser").into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.to_str().is_some_and(|path| path.ends_with(".test.mjs")))
        .collect();
    files.sort();
    files
}

/// Runs them one file at a time: each starts a service and a browser of its own. They find the program in
/// `KUVERT_BINARY` and the browser in `KUVERT_CHROMIUM`.
pub fn run_all(postgres: (&str, &str), hear: impl Fn(&str) + Sync) -> Result<bool> {
    let chromium = where_is("chromium").context("chromium is not here; Debian package: chromium")?;
    let mut node = program("node");
    node.args(["--test", "--test-concurrency=1"]).args(files());
    node.env("KUVERT_BINARY", kuvert()?).env("KUVERT_CHROMIUM", chromium).env(postgres.0, postgres.1);
    listen(&mut node, hear)
}

/// Builds the program and says where it is.
pub fn kuvert() -> Result<PathBuf> {
    run(cargo().args(["build", "--package", "server", "--bin", "kuvert", "--locked"]))?;
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata has no target_directory")?;
    Ok(PathBuf::from(target).join("debug/kuvert"))
}
