//! The repository speaks of itself alone: no path of the machine it was written on.

use anyhow::{Result, bail};

use crate::command::{output, program};

/// Text of `cargo xtask words --help`.
pub const HELP: &str = "
Usage: cargo xtask words

Fails when a file under version control names a path that exists on one machine only: a home folder, or
where somebody keeps a working copy.";

/// In two halves, so that this file does not name them. Each is looked for where a path can begin.
const PATHS: &[(&str, &str)] = &[
    ("/work", "/main/"),
    ("/work", "/shared"),
    ("/work", "/t/"),
    ("/work", "/.library"),
    ("/root/", ".cargo"),
    ("/root/", ".rustup"),
    ("/tmp/", "bash_jobs"),
];

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("words takes no arguments, not {arguments:?}");
    }
    let files = output(program("git").args(["ls-files", "-z"]))?;
    let mut found = Vec::new();
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        // A file that is deleted but not yet committed, or not text, has no words.
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        found.extend(offences(&text).into_iter().map(|(line, path)| format!("  {file}:{line}: {path}")));
    }
    if !found.is_empty() {
        bail!("paths of one machine stand in the repository:\n{}", found.join("\n"));
    }
    Ok(())
}

fn offences(text: &str) -> Vec<(usize, String)> {
    let paths: Vec<String> = PATHS.iter().map(|(head, tail)| format!("{head}{tail}")).collect();
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for path in &paths {
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

    #[test]
    fn a_path_of_one_machine_is_found_with_its_line() {
        let text = format!("first\nsee {}{}x for more", "/work", "/main/");
        assert_eq!(offences(&text), [(2, format!("{}{}", "/work", "/main/"))]);
    }

    #[test]
    fn other_paths_stand() {
        assert_eq!(
            offences(&format!(
                "..{0}{1}\nhttps://example.se{0}/tools\nnet{0}{2}a.rs",
                "/work", "/shared", "/main/"
            )),
            []
        );
    }
}
