//! What a row rests on.

use std::path::Path;

use super::source;

/// Something that runs and holds, or does not.
#[derive(Clone, Copy)]
pub enum Proof {
    /// A test of a crate, on each database that it runs on.
    Rust { file: &'static str, test: &'static str },
    /// A test in node: of `peers` or `browser`.
    Node { part: &'static str, file: &'static str, test: &'static str },
    /// Another task of this program.
    Task { name: &'static str, shows: &'static str },
    /// A look at the source, in here.
    Source { name: &'static str, shows: &'static str, look: fn() -> Result<(), String> },
}

/// A test of a crate, by its file below `crates/`.
pub const fn rust(file: &'static str, test: &'static str) -> Proof {
    Proof::Rust { file, test }
}

/// A story at the agency door, told by a client that is not ours.
pub const fn peer(file: &'static str, test: &'static str) -> Proof {
    Proof::Node { part: "peers", file, test }
}

/// A walk in a real browser.
pub const fn browser(file: &'static str, test: &'static str) -> Proof {
    Proof::Node { part: "browser", file, test }
}

/// Another task.
pub const fn task(name: &'static str, shows: &'static str) -> Proof {
    Proof::Task { name, shows }
}

/// Statements are constants.
pub const SQL: Proof = Proof::Source {
    name: "sql",
    shows: "statements are constants: only `store` and tests make text into one",
    look: source::statements_are_constants,
};

/// Chance comes from one place.
pub const CHANCE: Proof = Proof::Source {
    name: "chance",
    shows: "chance is `ring`'s alone, and a log-in is 32 bytes of it",
    look: source::chance_has_one_source,
};

impl Proof {
    /// Its name in the table.
    pub fn name(&self) -> String {
        match self {
            Self::Rust { file, test } => format!("crates/{file} {test}"),
            Self::Node { part, file, test } => format!("tests/{}{file} \"{test}\"", folder(part)),
            Self::Task { name, .. } => format!("cargo xtask {name}"),
            Self::Source { name, .. } => format!("source check {name}"),
        }
    }

    /// As markdown.
    pub fn cell(&self) -> String {
        match self {
            Self::Rust { file, test } => format!("[`{test}`](../crates/{file})"),
            Self::Node { part, file, test } => format!("[{test}](../tests/{}{file})", folder(part)),
            Self::Task { name, shows } => format!("`cargo xtask {name}`: {shows}"),
            Self::Source { shows, .. } => format!("a look at the source: {shows}"),
        }
    }

    /// What is not there of it, or what the source shows to be otherwise.
    pub fn missing(&self) -> Option<String> {
        let (path, wanted) = match self {
            Self::Rust { file, test } => (format!("crates/{file}"), format!("fn {test}(")),
            Self::Node { part, file, test } => (format!("tests/{}{file}", folder(part)), (*test).to_owned()),
            Self::Task { .. } => return None,
            Self::Source { look, .. } => return look().err().map(|why| format!("{}: {why}", self.name())),
        };
        let text = std::fs::read_to_string(Path::new(&path)).unwrap_or_default();
        let there = match self {
            // In node a quote may be escaped.
            Self::Node { .. } => text.replace('\\', "").contains(&wanted),
            _ => text.contains(&wanted),
        };
        (!there).then(|| self.name())
    }
}

fn folder(part: &str) -> &'static str {
    if part == "peers" { "peers/agency/stories/" } else { "browser/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        std::env::set_current_dir(crate::root().unwrap_or_default()).unwrap_or_default();
        assert_eq!(rust("domain/src/text.rs", "subjects_that_could_deceive_are_refused").missing(), None);
        assert!(rust("domain/src/text.rs", "subjects_that").missing().is_some());
        assert!(rust("domain/src/no_such_file.rs", "x").missing().is_some());
        assert!(peer("recipients.mjs", "somebody who never was").missing().is_some());
    }
}
