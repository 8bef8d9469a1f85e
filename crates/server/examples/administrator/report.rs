//! One line a case, and what it all comes to.

use crate::play::{
    listed::{Before, Case},
    seen::Seen,
};
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeMap;

/// What is counted on one database.
pub struct Report {
    pub database: &'static str,
    /// Whether this is a program of before anything was vouched for.
    broken: bool,
    json: bool,
    pub read: u32,
    pub forged: u32,
    pub access: u32,
    counts: BTreeMap<&'static str, usize>,
    pub not_noticed: Vec<String>,
    pub false_alarms: Vec<String>,
    /// What should have been otherwise, in words.
    pub faults: Vec<String>,
}

impl Report {
    pub fn new(database: &'static str, broken: bool, json: bool) -> Self {
        let (counts, not_noticed, false_alarms, faults) = Default::default();
        Self {
            database,
            broken,
            json,
            read: 0,
            forged: 0,
            access: 0,
            counts,
            not_noticed,
            false_alarms,
            faults,
        }
    }

    /// A case by name.
    pub fn listed(&mut self, case: &Case, played: &Result<Seen>, left: &[String]) {
        match played {
            Ok(seen) => {
                self.line(case.id, case.what, seen);
                if self.broken && !is_as_before(case.before, seen) {
                    self.faults.push(format!("{}: another outcome than in 290313e", case.id));
                }
            }
            Err(error) => {
                self.say("error", case.id, &format!("{}: {error:#}", case.what), &Seen::default());
                self.faults.push(format!("{}: {error:#}", case.id));
            }
        }
        self.after(case.id, left);
    }

    /// A random one.
    pub fn random(&mut self, id: &str, what: &str, seen: &Seen) {
        self.line(id, what, seen);
    }

    /// What is found when everything is as it was.
    pub fn after(&mut self, what: &str, left: &[String]) {
        for one in left {
            self.false_alarms.push(format!("{what}: {one}"));
            if !self.json {
                say(&format!("  FALSE ALARM after {what}: {one}"));
            }
        }
    }

    fn line(&mut self, id: &str, what: &str, seen: &Seen) {
        let how = seen.how();
        *self.counts.entry(how).or_default() += 1;
        self.read += seen.read;
        self.forged += seen.forged;
        self.access += seen.access;
        if !seen.is_noticed() {
            self.not_noticed.push(format!("{id} {what}"));
        }
        self.say(how, id, what, seen);
    }

    fn say(&self, how: &str, id: &str, what: &str, seen: &Seen) {
        if self.json {
            say(&json!({"database": self.database, "case": id, "what": what, "noticed": how, "read": seen.read,
                "forged": seen.forged, "access": seen.access, "unreadable": seen.unreadable, "refused": seen.refused,
                "at_once": seen.at_once, "sweep": seen.sweep})
            .to_string());
            return;
        }
        let harm = if seen.harm() > 0 {
            format!("  HARM: {} read, {} forged, {} accesses", seen.read, seen.forged, seen.access)
        } else {
            String::new()
        };
        say(&format!("{:<10} {id:<6} {how:<16} {what}  [{}]{harm}", self.database, seen.ways()));
    }

    /// Whether all held; says what it came to.
    pub fn close(&self, honest: usize) -> bool {
        let noticed: usize = self.counts.values().sum::<usize>() - self.not_noticed.len();
        let held = self.faults.is_empty()
            && (self.broken
                || self.read + self.forged + self.access == 0
                    && self.not_noticed.is_empty()
                    && self.false_alarms.is_empty());
        if self.json {
            say(&json!({"database": self.database, "held": held, "read": self.read, "forged": self.forged,
                "access": self.access, "noticed": noticed, "counts": self.counts, "not_noticed": self.not_noticed,
                "honest": honest, "false_alarms": self.false_alarms, "faults": self.faults})
            .to_string());
            return held;
        }
        say(&format!(
            "{}: {} tamperings: {} letters read, {} forged or altered ones shown as genuine, {} accesses given",
            self.database,
            noticed + self.not_noticed.len(),
            self.read,
            self.forged,
            self.access
        ));
        let counts: Vec<_> = self.counts.iter().map(|(how, count)| format!("{count} {how}")).collect();
        say(&format!(
            "  {}; {honest} honest acts, {} false alarms",
            counts.join(", "),
            self.false_alarms.len()
        ));
        for (what, lines) in [
            ("NOT NOTICED", &self.not_noticed),
            ("FALSE ALARM", &self.false_alarms),
            ("NOT HELD", &self.faults),
        ] {
            for line in lines.iter().take(60) {
                say(&format!("  {what}: {line}"));
            }
        }
        say(&format!("  {}", if held { "held" } else { "NOT HELD" }));
        held
    }
}

/// Whether a program of before anything was vouched for made of it what 290313e did.
fn is_as_before(before: Before, seen: &Seen) -> bool {
    let is_told = !seen.at_once.is_empty() || !seen.sweep.is_empty();
    match before {
        Before::Harm => seen.harm() > 0 && !seen.is_noticed(),
        Before::Unnoticed => !is_told && (seen.refused.is_empty() || seen.harm() > 0),
        Before::UntilSentAgain => seen.sweep.is_empty() && seen.unreadable.is_empty(),
        Before::Noticed => true,
    }
}

/// A line for whoever reads along.
pub fn say(line: &str) {
    println!("{line}");
}

/// How far it has come.
pub fn progress(line: &str) {
    eprintln!("{line}");
}
