//! What is wrong, and what to do about it. Each check says the fact it found.

pub mod delivery;
pub mod listing;
pub mod sender;

use crate::out;
use anyhow::Result;
use domain::{Code, Refusal};
use serde::Serialize;

/// One check and what came of it.
#[derive(Serialize)]
pub struct Finding {
    check: &'static str,
    /// Null where it could not be judged.
    good: Option<bool>,
    /// What the door would answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The fact, or what is wrong and what to do.
    says: String,
}

/// What was found so far.
#[derive(Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// A check that says the fact it found, or fails without a code of the door's. True where it holds.
    pub fn add(&mut self, check: &'static str, result: Result<String>) -> bool {
        match result {
            Ok(says) => self.good(check, says),
            Err(error) => {
                self.0.push(Finding { check, good: Some(false), code: None, says: format!("{error:#}") });
                false
            }
        }
    }

    pub fn good(&mut self, check: &'static str, says: impl Into<String>) -> bool {
        self.0.push(Finding { check, good: Some(true), code: None, says: says.into() });
        true
    }

    /// What the door would refuse with this code.
    pub fn bad(&mut self, check: &'static str, code: Code, says: impl Into<String>) {
        self.0.push(Finding { check, good: Some(false), code: Some(code.as_str()), says: says.into() });
    }

    /// The same, in the catalogue's words.
    pub fn refused(&mut self, check: &'static str, refusal: &Refusal) {
        let Refusal { code, detail, pointer } = refusal;
        let said =
            [pointer.as_deref(), detail.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        self.bad(check, *code, format!("{}{said}. {}", code.title(), code.mend()));
    }

    /// What cannot be said, and why.
    pub fn unknown(&mut self, check: &'static str, says: impl Into<String>) {
        self.0.push(Finding { check, good: None, code: None, says: says.into() });
    }

    /// All of them, for people or as one JSON value.
    pub fn report(&self, json: bool) {
        if json {
            return out::json(&self.0);
        }
        let width = self.0.iter().map(|finding| finding.check.len()).max().unwrap_or_default().max(12);
        self.0.iter().for_each(|finding| out::line(&finding.line(width)));
    }

    /// The first step that is broken.
    pub fn into_broken(self) -> Option<Finding> {
        self.0.into_iter().find(|finding| finding.good == Some(false))
    }
}

impl Finding {
    /// On one line, its check as wide as the others'.
    pub fn line(&self, width: usize) -> String {
        let word = match self.good {
            Some(true) => "good",
            Some(false) => "BAD ",
            None => "?   ",
        };
        let code = self.code.map(|code| format!(" [{code}]")).unwrap_or_default();
        format!("{word}  {:<width$} {}{code}", self.check, self.says)
    }
}
