//! How many tests ran, read from the closing lines of nextest, libtest and node.

use std::{fmt, ops::AddAssign};

/// Tests that passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Ran and held.
    pub passed: u64,
    /// Ran and did not, or did not end.
    pub failed: u64,
    /// Were there and did not run.
    pub skipped: u64,
}

impl Tally {
    /// Counts what a line closes on. Lines that close on nothing count nothing.
    pub fn listen(&mut self, line: &str) {
        *self += read(line).unwrap_or_default();
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

fn read(line: &str) -> Option<Tally> {
    let line = without_colour(line);
    if let Some(rest) = line.trim_start().strip_prefix("Summary [") {
        let (_, counts) = rest.split_once(" run:")?;
        return Some(count(counts.split(',')));
    }
    // What stands further in is a failed test's own output, or a test within a test.
    if let Some(rest) = line.strip_prefix("test result:") {
        return Some(count(rest.split([';', '.'])));
    }
    let (mark, rest) = line.split_once(' ')?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    match word {
        _ if !matches!(mark, "#" | "ℹ") => None,
        "pass" => Some(Tally { passed: number, ..Tally::default() }),
        "fail" | "cancelled" => Some(Tally { failed: number, ..Tally::default() }),
        "skipped" | "todo" => Some(Tally { skipped: number, ..Tally::default() }),
        _ => None,
    }
}

/// Pieces such as ` 3 passed (1 slow)`, ` 1 timed out`, ` 2 ignored`.
fn count<'a>(pieces: impl Iterator<Item = &'a str>) -> Tally {
    let mut tally = Tally::default();
    for piece in pieces {
        let Some((number, word)) = piece.trim().split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        if word.starts_with("passed") {
            tally.passed += number;
        } else if word.starts_with("skipped") || word.starts_with("ignored") {
            tally.skipped += number;
        } else if word.contains("failed") || word.starts_with("timed out") {
            tally.failed += number;
        }
    }
    tally
}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> [u64; 3] {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.listen(line));
        [tally.passed, tally.failed, tally.skipped]
    }

    #[test]
    fn nextest_closes_on_one_line() {
        let line = "     Summary [  12.345s] 9 tests run: 6 passed (2 slow, 1 leaky), 2 failed, 1 timed out, 4 skipped";
        assert_eq!(tally(&[line]), [6, 3, 4]);
        assert_eq!(tally(&["     Summary [   0.012s] 1 test run: 1 passed, 0 skipped"]), [1, 0, 0]);
        let cancelled = "Summary [   0.1s] 2/10 tests run: 1 passed, 1 exec failed, 0 skipped";
        assert_eq!(tally(&[cancelled]), [1, 1, 0]);
    }

    #[test]
    fn colour_does_not_hide_a_count() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.012s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m \u{1b}[33;1mskipped\u{1b}[0m";
        assert_eq!(tally(&[line]), [2, 0, 0]);
    }

    #[test]
    fn libtest_closes_on_one_line_for_each_crate() {
        let ok =
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.1s";
        let bad = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(tally(&[ok, bad]), [4, 2, 1]);
    }

    #[test]
    fn node_closes_on_several_lines() {
        assert_eq!(
            tally(&["# tests 5", "# pass 3", "# fail 1", "# cancelled 1", "# skipped 0", "# todo 0"]),
            [3, 2, 0]
        );
        assert_eq!(tally(&["ℹ pass 8", "ℹ fail 0", "ℹ skipped 2", "ℹ duration_ms 81.5"]), [8, 0, 2]);
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(
            tally(&["", "Summary", "8 passed", "a pass 3", "PASS [ 0.1s] vault tests::seal"]),
            [0, 0, 0]
        );
    }
}
