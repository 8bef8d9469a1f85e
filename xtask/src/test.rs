//! Every test of the house, on both databases, with real peers and a real browser.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use anyhow::{Result, bail};

use crate::{
    command::{cargo, find, listen, output},
    needs, operate, outside, peers,
    postgres::{self, URL_VARIABLE},
    tally::Tally,
};

/// Text of `cargo xtask test --help`.
pub const HELP: &str = "
Usage: cargo xtask test [--without PART]... [-- ARGUMENTS FOR NEXTEST]

Installs what the tests need (Debian packages when run as root; otherwise it says what is missing), starts one
temporary PostgreSQL, and runs
  doctests   the examples in the documentation
  rust       all tests of the workspace, with cargo-nextest where it is installed, else with cargo test
  peers      tests/peers/*/*.test.mjs: the agency door, used by other people's libraries
  browser    tests/browser/*.test.mjs: the pages in Chromium
  operate    the commands of docs/operate.md, as root
--without leaves a part out. Arguments after -- choose Rust tests (-- -p vault) and run those alone.
It ends with what was left out, by name, and with how many tests passed, failed and were skipped.

Variables the tests see: KUVERT_TEST_POSTGRES (URL of a superuser); KUVERT_TEST_ANSWERS (folder in which Rust tests leave
answers of the SOAP door, which peers hold to its schemas); KUVERT_BINARY, KUVERT_CHROMIUM and KUVERT_PREVIEW in tests/.";

const ANSWERS_VARIABLE: &str = "KUVERT_TEST_ANSWERS";

/// Where messages are that others signed, and answers of others' registers: not ours to keep in the repository.
const OTHERS: [(&str, &str); 2] = [
    ("../shared/reference/mina-meddelanden/samples/signed", "deliveries that other implementations signed"),
    ("../shared/reference/mina-meddelanden/samples/sundsvall", "answers of another register of addresses"),
];

const PARTS: &[&str] = &["doctests", "rust", "peers", "browser", "operate"];

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut session = Session::plan(arguments)?;
    needs::provide(&session.without)?;
    peers::install()?;
    let answers = session.folder_for_answers()?;
    let cluster = postgres::start()?;
    for part in PARTS {
        if session.without.iter().any(|name| name == part) {
            session.left_out.push(format!("{part}, as asked"));
            continue;
        }
        let held = match *part {
            "doctests" => {
                session.listen(cargo().args(["test", "--workspace", "--doc", "--locked", "--quiet"]))
            }
            "rust" => session.rust(&cluster.url, &answers),
            "operate" => session.operate(),
            part => session.outside(part, &cluster.url, &answers),
        };
        match held {
            Ok(true) => {}
            Ok(false) => session.failed.push((*part).to_owned()),
            Err(error) => session.failed.push(format!("{part} ({error:#})")),
        }
    }
    drop(cluster);
    session.close()
}

/// What one run is asked to do and has seen.
struct Session {
    without: Vec<String>,
    chosen: Vec<String>,
    tally: Mutex<Tally>,
    left_out: Vec<String>,
    failed: Vec<String>,
}

impl Session {
    fn plan(arguments: &[String]) -> Result<Self> {
        let mut without = Vec::new();
        let mut words = arguments.iter();
        let mut chosen = Vec::new();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--" => chosen = words.by_ref().cloned().collect(),
                "--without" => match words.next() {
                    Some(part) if PARTS.contains(&part.as_str()) => without.push(part.clone()),
                    _ => bail!("--without takes one of {}", PARTS.join(", ")),
                },
                _ => bail!("test does not know {word:?}; cargo xtask test --help says what it takes"),
            }
        }
        if !chosen.is_empty() {
            without = PARTS.iter().filter(|part| **part != "rust").map(|&part| part.to_owned()).collect();
        }
        let tally = Mutex::default();
        let left_out = Vec::new();
        let failed = Vec::new();
        Ok(Self { without, chosen, tally, left_out, failed })
    }

    /// Where Rust tests leave answers of the SOAP door for the peers to look at; empty.
    fn folder_for_answers(&self) -> Result<PathBuf> {
        let folder = outside::target()?.join("soap-answers");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    fn rust(&mut self, postgres: &str, answers: &Path) -> Result<bool> {
        let nextest = find("cargo-nextest", &cargo_bin()).is_some();
        let mut tests = cargo();
        if nextest {
            tests.args(["nextest", "run", "--locked", "--no-fail-fast", "--no-tests=fail"]);
        } else {
            println!("cargo-nextest is not installed: running with cargo test, one crate after the other");
            tests.args(["test", "--locked", "--no-fail-fast", "--all-targets"]);
        }
        if self.chosen.is_empty() {
            tests.arg("--workspace");
        }
        if nextest && std::io::IsTerminal::is_terminal(&std::io::stderr()) {
            tests.args(["--color", "always"]);
        }
        tests.env(URL_VARIABLE, postgres).env(ANSWERS_VARIABLE, answers);
        let held = self.listen(tests.args(&self.chosen))?;
        for (_, what) in OTHERS.iter().filter(|(path, _)| !Path::new(path).exists()) {
            self.left_out.push(format!("{what}, which stand beside the repository"));
        }
        if nextest && held {
            self.name_ignored()?;
        }
        Ok(held)
    }

    fn outside(&mut self, part: &str, postgres: &str, answers: &Path) -> Result<bool> {
        if outside::files(part)?.is_empty() {
            bail!("there is no test");
        }
        let mut variables = vec![(URL_VARIABLE, OsStr::new(postgres))];
        if !self.without.iter().any(|part| part == "rust") {
            variables.push((ANSWERS_VARIABLE, answers.as_os_str()));
        }
        outside::run_all(part, &variables, |line| self.hear(line))
    }

    /// One test more: the document holds or it does not.
    fn operate(&mut self) -> Result<bool> {
        if let Some(lack) = operate::lacks()? {
            self.left_out.push(format!("operate: {lack}"));
            return Ok(true);
        }
        let outcome = operate::run(&[]);
        let count = Tally { passed: outcome.is_ok().into(), failed: outcome.is_err().into(), skipped: 0 };
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner) += count;
        outcome.map(|()| true)
    }

    /// Tests marked `#[ignore]` do not run; they are named at the end.
    fn name_ignored(&mut self) -> Result<()> {
        let mut list = cargo();
        list.args([
            "nextest",
            "list",
            "--locked",
            "--run-ignored=only",
            "--message-format=json",
            "--cargo-quiet",
        ]);
        if self.chosen.is_empty() {
            list.arg("--workspace");
        }
        let list: serde_json::Value = serde_json::from_str(&output(list.args(&self.chosen))?)?;
        for (suite, tests) in list["rust-suites"].as_object().into_iter().flatten() {
            for (name, test) in tests["testcases"].as_object().into_iter().flatten() {
                if test["ignored"] == true && test["filter-match"]["status"] == "matches" {
                    self.left_out.push(format!("{suite} {name}, marked #[ignore]"));
                }
            }
        }
        Ok(())
    }

    fn listen(&self, command: &mut Command) -> Result<bool> {
        listen(command, |line| self.hear(line))
    }

    fn hear(&self, line: &str) {
        if let Ok(mut tally) = self.tally.lock() {
            tally.listen(line);
        }
    }

    fn close(mut self) -> Result<()> {
        if !Path::new("../shared").is_dir() {
            self.left_out.push("comparison with ../shared, which is not here".to_owned());
        }
        println!();
        if self.left_out.is_empty() {
            println!("Left out: nothing");
        }
        for part in &self.left_out {
            println!("Left out: {part}");
        }
        for part in &self.failed {
            println!("Failed: {part}");
        }
        let tally = *self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        println!("Tests: {tally}");
        if !self.failed.is_empty() || tally.failed > 0 {
            bail!("tests failed");
        }
        if tally.passed == 0 {
            bail!("no test ran");
        }
        Ok(())
    }
}

fn cargo_bin() -> Vec<std::path::PathBuf> {
    std::env::var_os("CARGO_HOME").map(|home| Path::new(&home).join("bin")).into_iter().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn plan(line: &str) -> Result<Session> {
        Session::plan(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_part_is_left_out_only_by_its_name() {
        assert_eq!(plan("--without browser").unwrap().without, ["browser"]);
        assert!(plan("--without postgres").is_err());
        assert!(plan("--witout browser").is_err());
    }

    #[test]
    fn chosen_tests_run_alone() {
        let session = plan("-- -p vault").unwrap();
        assert_eq!(session.chosen, ["-p", "vault"]);
        assert_eq!(session.without, ["doctests", "peers", "browser", "operate"]);
    }
}
