//! Tests from outside, in node: other people's libraries at the agency door, and a real browser on the pages. Each file
//! starts a service of its own.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    command::{cargo, listen, output, program, run},
    needs::where_is,
};

/// Folders with `*.test.mjs` files, for each part of `cargo xtask test`.
pub fn files(part: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    match part {
        "peers" => {
            for peer in children(Path::new("tests/peers"))? {
                files.extend(children(&peer)?);
            }
        }
        _ => files.extend(children(Path::new("tests/browser"))?),
    }
    files.retain(|file| file.to_str().is_some_and(|name| name.ends_with(".test.mjs")));
    files.sort();
    Ok(files)
}

/// Runs the files one at a time and says whether all tests held.
pub fn run_all(part: &str, variables: &[(&str, &OsStr)], hear: impl Fn(&str) + Sync) -> Result<bool> {
    let mut node = program("node");
    node.args(["--test", "--test-concurrency=1"]).args(files(part)?);
    let kuvert = kuvert()?;
    node.env("KUVERT_BINARY", &kuvert).env("KUVERT_BIN", &kuvert).envs(variables.iter().copied());
    if part == "browser" {
        let chromium = where_is("chromium").context("chromium is not here; Debian package: chromium")?;
        node.env("KUVERT_CHROMIUM", chromium).env("KUVERT_PREVIEW", target()?.join("debug/examples/preview"));
    }
    listen(&mut node, hear)
}

/// Builds the program, and the pages made of sample values, and says where it is. The whole workspace is named so that
/// libraries have the features that they have in its tests: otherwise many would be built twice.
pub fn kuvert() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--bin", "kuvert", "--example", "preview", "--locked"]))?;
    Ok(target()?.join("debug/kuvert"))
}

/// Where cargo builds.
pub fn target() -> Result<PathBuf> {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata has no target_directory")?;
    Ok(PathBuf::from(target))
}

fn children(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
