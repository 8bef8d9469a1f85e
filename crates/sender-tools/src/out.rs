//! What the program says to the person at the terminal. The only place that prints.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place that talks to the terminal")]

use serde::Serialize;
use std::io::Write;

/// A line on stdout, flushed, so that whoever waits for it sees it at once.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe is the reader's choice and no error of ours.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// A line on stderr, for progress.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// What went wrong, on stderr.
pub fn error(text: &str) {
    note(&format!("error: {text}"));
}

/// One JSON value on one line.
pub fn json(value: &impl Serialize) {
    line(&serde_json::to_string(value).unwrap_or_default());
}
