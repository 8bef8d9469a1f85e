//! What documents name is there: a path in code marks, from the top of the repository or, of a crate, from `crates/`.

use std::path::Path;

use anyhow::{Result, bail};

use crate::command::{output, program};

/// Reads every document under version control; fails with each path that leads nowhere.
pub fn check() -> Result<()> {
    let files = output(program("git").args(["ls-files", "-z", "--", "*.md"]))?;
    let mut found = Vec::new();
    // What was is told there, under the names that it had.
    for file in files.split('\0').filter(|file| !file.is_empty() && *file != "CHANGELOG.md") {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let gone = named(&text).into_iter().filter(|(_, path)| !exists(path));
        found.extend(gone.map(|(line, path)| format!("  {file}:{line}: {path}")));
    }
    if !found.is_empty() {
        bail!("documents name what is not there:\n{}", found.join("\n"));
    }
    Ok(())
}

/// What stands in code marks and can only be a path of ours, with its line.
fn named(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .flat_map(|(no, line)| {
            line.split('`').skip(1).step_by(2).filter(|word| is_path(word)).map(move |word| (no + 1, word))
        })
        .collect()
}

/// A folder or file of the source: what begins with `/` or `.` is another's, what has `…` or capitals alone stands for many.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let known = ["crates/", "docs/", "xtask/", "migrations/", "config/", "tests/", "deploy/"];
    let in_crate =
        ["/src/", "/tests/", "/templates/", "/examples/"].iter().any(|folder| word.contains(folder));
    let stands_for_many =
        word.split(['/', '.']).any(|part| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()));
    plain
        && !word.starts_with(['/', '.'])
        && !stands_for_many
        && (in_crate || known.iter().any(|folder| word.starts_with(folder)))
}

fn exists(path: &str) -> bool {
    Path::new(path).exists() || Path::new("crates").join(path).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_code_marks_and_is_ours_is_looked_for() {
        let text = "Look at `store/src/tx.rs`,\n`docs/none.md`, `cargo test`, `/v1/letters` and `notifier/src/CHANNEL.rs`.";
        assert_eq!(named(text), [(1, "store/src/tx.rs"), (2, "docs/none.md")]);
        assert!(
            !is_path("keys.limits.fresh_seconds")
                && !is_path("./kuvert-demo/pki")
                && !is_path("key-service/src/acts/…")
        );
        assert!(is_path("server/examples/administrator") && is_path("migrations/common/"));
    }
}
