//! Runs what the rows rest on, each kind in one go, and remembers how it went.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    sync::{Mutex, PoisonError},
};

use anyhow::{Result, bail};

use super::proof::Proof;
use crate::{
    command::{cargo, listen},
    needs, outside, peers,
    postgres::{self, URL_VARIABLE},
};

/// How often each proof held and failed, by its name.
#[derive(Default)]
pub struct Ran(BTreeMap<String, Count>);

#[derive(Clone, Copy, Default)]
struct Count {
    held: u32,
    failed: u32,
}

impl Ran {
    /// Runs all of these.
    pub fn all(proofs: impl Iterator<Item = &'static Proof>) -> Result<Self> {
        let proofs: Vec<&Proof> = proofs.collect();
        let mut ran = Self::default();
        needs::provide(&[])?;
        peers::install()?;
        let cluster = postgres::start()?;
        ran.rust(&proofs, &cluster.url)?;
        for part in ["peers", "browser"] {
            ran.node(&proofs, part, &cluster.url)?;
        }
        drop(cluster);
        ran.tasks(&proofs)?;
        for proof in proofs {
            if let Proof::Source { name, look, .. } = proof {
                let outcome = look();
                if let Err(why) = &outcome {
                    println!("source check {name}: {why}");
                }
                ran.count(proof, outcome.is_ok());
            }
        }
        Ok(ran)
    }

    /// Why this proof does not hold.
    pub fn flaw(&self, proof: &Proof) -> Option<String> {
        let count = self.of(proof);
        match (count.held, count.failed) {
            (_, failed) if failed > 0 => Some(format!("FAILED: {}", proof.name())),
            (0, _) => Some(format!("DID NOT RUN: {}", proof.name())),
            _ => None,
        }
    }

    /// For the table.
    pub fn outcome(&self, proof: &Proof) -> String {
        let count = self.of(proof);
        format!("{} held, {} failed", count.held, count.failed)
    }

    fn of(&self, proof: &Proof) -> Count {
        self.0.get(&proof.name()).copied().unwrap_or_default()
    }

    fn count(&mut self, proof: &Proof, held: bool) {
        let count = self.0.entry(proof.name()).or_default();
        if held {
            count.held += 1;
        } else {
            count.failed += 1;
        }
    }

    /// One run of nextest, which tells of each test in a line of JSON.
    fn rust(&mut self, proofs: &[&Proof], postgres: &str) -> Result<()> {
        let wanted = proofs.iter().filter_map(|proof| expression(proof)).collect::<BTreeSet<_>>();
        let packages: BTreeSet<_> = proofs.iter().filter_map(|proof| package(proof)).collect();
        let filter = wanted.into_iter().collect::<Vec<_>>().join(" | ");
        let mut tests = cargo();
        tests.args(["nextest", "run", "--locked", "--no-fail-fast", "--no-tests=fail"]);
        tests.args(packages.iter().flat_map(|package| ["-p", package]));
        tests.args(["-E", &filter, "--message-format", "libtest-json"]);
        tests.env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1").env(URL_VARIABLE, postgres);
        let heard = Mutex::new(Vec::new());
        // That some tests fail is told by their lines.
        let _ = listen(&mut tests, |line| {
            if let Some(outcome) = nextest(line) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            }
        })?;
        let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        if heard.is_empty() {
            bail!("nextest told of no test");
        }
        for proof in proofs.iter().filter(|proof| package(proof).is_some()) {
            let of_it = heard.iter().filter(|(name, _)| is(proof, name)).map(|(_, held)| *held);
            of_it.for_each(|held| self.count(proof, held));
        }
        Ok(())
    }

    fn node(&mut self, proofs: &[&Proof], part: &str, postgres: &str) -> Result<()> {
        let heard = Mutex::new(Vec::new());
        let variables = [(URL_VARIABLE, OsStr::new(postgres))];
        let _ = outside::run_all(part, &variables, |line| {
            if let Some(outcome) = node(line) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            }
        })?;
        let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
        for proof in proofs {
            if let Proof::Node { part: of, test, .. } = proof
                && *of == part
            {
                let of_it = heard.iter().filter(|(name, _)| name == test).map(|(_, held)| *held);
                of_it.for_each(|held| self.count(proof, held));
            }
        }
        Ok(())
    }

    fn tasks(&mut self, proofs: &[&Proof]) -> Result<()> {
        let names = proofs.iter().filter_map(|proof| match proof {
            Proof::Task { name, .. } => Some(*name),
            _ => None,
        });
        let names: BTreeSet<_> = names.collect();
        for name in names {
            let Some(task) = crate::TASKS.iter().find(|task| task.name == name) else {
                bail!("there is no task {name}");
            };
            let outcome = (task.run)(&[]);
            if let Err(error) = &outcome {
                println!("cargo xtask {name}: {error:#}");
            }
            let of_it =
                proofs.iter().find(|proof| matches!(proof, Proof::Task { name: of, .. } if *of == name));
            of_it.into_iter().for_each(|proof| self.count(proof, outcome.is_ok()));
        }
        Ok(())
    }
}

fn package(proof: &Proof) -> Option<&'static str> {
    match proof {
        Proof::Rust { file, .. } => file.split('/').next(),
        _ => None,
    }
}

/// The test itself, or what a macro makes of it for each database.
fn expression(proof: &Proof) -> Option<String> {
    match proof {
        Proof::Rust { test, .. } => {
            Some(format!("(package(={}) & test(/(^|::){test}(::|$)/))", package(proof)?))
        }
        _ => None,
    }
}

/// Whether a test that nextest names is this one: `crate::binary$module::test`.
fn is(proof: &Proof, name: &str) -> bool {
    let (Proof::Rust { test, .. }, Some((binary, path))) = (proof, name.split_once('$')) else {
        return false;
    };
    let of = binary.split("::").next();
    of == package(proof) && path.split("::").any(|part| part == *test)
}

/// A test that ended, and whether it held. Ignored ones did not run.
fn nextest(line: &str) -> Option<(String, bool)> {
    let line: serde_json::Value = serde_json::from_str(line.trim()).ok()?;
    let held = match (line["type"].as_str()?, line["event"].as_str()?) {
        ("test", "ok") => true,
        ("test", "failed" | "timeout") => false,
        _ => return None,
    };
    Some((line["name"].as_str()?.to_owned(), held))
}

/// A test of node that ended: in the form of a terminal or of TAP.
fn node(line: &str) -> Option<(String, bool)> {
    let line = line.trim();
    let told = |rest: &str, held| {
        // Skipped ones did not run.
        let skipped = rest.contains("# SKIP") || rest.contains("# TODO") || rest.starts_with('\u{fe63}');
        let name =
            rest.rsplit_once(" (").filter(|(_, time)| time.ends_with("ms)")).map_or(rest, |(name, _)| name);
        (!skipped).then(|| (name.trim().replace('\\', ""), held))
    };
    if let Some(rest) = line.strip_prefix("✔ ") {
        return told(rest, true);
    }
    if let Some(rest) = line.strip_prefix("✖ ") {
        return told(rest, false);
    }
    let (held, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok ")?),
    };
    told(rest.split_once(" - ")?.1, held)
}

#[cfg(test)]
mod tests {
    use super::{super::proof::rust, *};

    #[test]
    fn a_test_is_known_by_its_crate_and_its_whole_name() {
        let proof = rust("vault/src/envelope/tests.rs", "truncated");
        assert!(is(&proof, "vault$envelope::tests::truncated"));
        assert!(is(&proof, "vault::vectors$truncated::sqlite"));
        assert!(!is(&proof, "vault$envelope::tests::truncated_at_the_end"));
        assert!(!is(&proof, "store$tests::truncated"));
        let wanted = "(package(=vault) & test(/(^|::)truncated(::|$)/))";
        assert_eq!(expression(&proof).as_deref(), Some(wanted));
    }

    #[test]
    fn nextest_tells_of_each_test() {
        let ok = r#"{"type":"test","event":"ok","name":"vault$a::b","exec_time":0.1}"#;
        assert_eq!(nextest(ok), Some(("vault$a::b".into(), true)));
        assert_eq!(nextest(&ok.replace("\"ok\"", "\"failed\"")), Some(("vault$a::b".into(), false)));
        for other in ["started", "ignored"] {
            assert_eq!(nextest(&ok.replace("\"ok\"", &format!("\"{other}\""))), None);
        }
        assert_eq!(nextest(r#"{"type":"suite","event":"ok","passed":1}"#), None);
        assert_eq!(nextest("    Finished in 3 s"), None);
    }

    #[test]
    fn node_tells_of_each_test_in_two_ways() {
        for line in ["  ✔ a closed mailbox (12.3ms)", "    ok 3 - a closed mailbox"] {
            assert_eq!(node(line), Some(("a closed mailbox".into(), true)), "{line}");
        }
        for line in ["✖ a closed mailbox (12.3ms)", "not ok 3 - a closed mailbox"] {
            assert_eq!(node(line), Some(("a closed mailbox".into(), false)), "{line}");
        }
        for line in ["ok 3 - a closed mailbox # SKIP no sqlite3", "ℹ pass 3", "# pass 3", "ok"] {
            assert_eq!(node(line), None, "{line}");
        }
        assert_eq!(node("✔ a child (of seven) (1ms)"), Some(("a child (of seven)".into(), true)));
    }
}
