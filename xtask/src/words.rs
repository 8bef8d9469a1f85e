//! The repository speaks of itself alone: no path of the machine it was written on.

use std::path::{Component, Path};

use anyhow::{Result, bail};

use crate::command::{output, program};

/// Text of `cargo xtask words --help`.
pub const HELP: &str = "
Usage: cargo xtask words

Fails when a file under version control names a path that exists on one machine only: in somebody's home, among
temporary files, or where this working copy lies.";

/// Folders in which each machine has files of its own.
const PRIVATE: &[&str] = &["home", "root", "Users", "tmp"];

/// Folders that every system has. A working copy in one of them gives it no other meaning.
const COMMON: &[&str] = &[
    "bin", "boot", "dev", "etc", "lib", "media", "mnt", "opt", "proc", "run", "sbin", "srv", "sys", "usr",
    "var",
];

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("words takes no arguments, not {arguments:?}");
    }
    let paths = paths(&std::env::current_dir()?);
    let files = output(program("git").args(["ls-files", "-z"]))?;
    let mut found = Vec::new();
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        // A file that is deleted but not yet committed, or not text, has no words.
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        found.extend(
            offences(&text, &paths).into_iter().map(|(line, path)| format!("  {file}:{line}: {path}")),
        );
    }
    if !found.is_empty() {
        bail!("paths of one machine stand in the repository:\n{}", found.join("\n"));
    }
    Ok(())
}

/// How the paths begin that nobody else has. One folder alone may stand elsewhere, as `/src/` does, so that of the working
/// copy counts with the one below it.
fn paths(working_copy: &Path) -> Vec<String> {
    let names = working_copy.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let top: Vec<&str> = names.take(2).collect();
    let own =
        (top.len() == 2 && !COMMON.contains(&top[0]) && !PRIVATE.contains(&top[0])).then(|| top.join("/"));
    let private = PRIVATE.iter().map(|name| (*name).to_owned());
    private.chain(own).map(|name| format!("/{name}/")).collect()
}

/// Each line that names one, where a path can begin.
fn offences(text: &str, paths: &[String]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for path in paths {
            let begins =
                |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '.');
            if line.match_indices(path.as_str()).any(|(at, _)| begins(at)) {
                found.push((number + 1, path.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, working_copy: &str) -> Vec<(usize, String)> {
        offences(text, &paths(Path::new(working_copy)))
    }

    #[test]
    fn a_path_of_one_machine_is_found_with_its_line() {
        for name in ["home", "root", "tmp", "Users", "src/copies"] {
            let text = format!("first\nsee `/{name}/anna/kuvert` for more");
            assert_eq!(found(&text, "/src/copies/kuvert"), [(2, format!("/{name}/"))]);
        }
    }

    #[test]
    fn other_paths_stand() {
        let text = "../home/x\nhttps://example.se/tmp/tools\nnet/src/copies/a.rs\n/src/a.rs\n/etc/kuvert/kuvert.toml\n-/root -/srv\n/srv/x";
        assert_eq!(found(text, "/src/copies/kuvert"), []);
        assert_eq!(found(text, "/src"), []);
        assert_eq!(found(text, "/srv/kuvert"), []);
    }
}
