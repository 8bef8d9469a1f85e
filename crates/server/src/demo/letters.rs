//! The letters that are already there when the demo starts: from both senders, over three months.

use super::pdf;
use anyhow::{Context, Result};
use domain::{Time, letter::AttachmentType};
use sender_tools::compose::{Draft, File};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// A letter of the demo's past.
pub struct Seed {
    /// How long ago it was sent.
    pub days_ago: u64,
    /// Whether its recipient has opened it.
    pub opened: bool,
    /// Whether it comes as a delivery of Mina Meddelanden instead of by the agency API.
    pub soap: bool,
    pub draft: Draft,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Past {
    letter: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    days_ago: u64,
    #[serde(default)]
    opened: bool,
    #[serde(default)]
    soap: bool,
    from: String,
    to: String,
    subject: String,
    reply_by_days: Option<u32>,
    body: String,
    /// Other members, as the API names them.
    #[serde(default)]
    more: Map<String, Value>,
    #[serde(default)]
    pdf: Vec<Document>,
    calendar: Option<Calendar>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    heading: String,
    lines: Vec<String>,
    bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calendar {
    name: String,
    lines: Vec<String>,
}

/// All of them, oldest first. Dates to answer by count from `now`.
pub fn all(now: Time) -> Result<Vec<Seed>> {
    let past: Past = toml::from_str(include_str!("letters.toml")).context("letters.toml")?;
    Ok(past.letter.into_iter().map(|entry| entry.seed(now)).collect())
}

impl Entry {
    fn seed(self, now: Time) -> Seed {
        let mut more = self.more;
        if let Some(days) = self.reply_by_days {
            more.insert("reply_by".to_owned(), now.plus(days * DAY).date().to_string().into());
        }
        let documents = self.pdf.into_iter().map(Document::file);
        Seed {
            days_ago: self.days_ago,
            opened: self.opened,
            soap: self.soap,
            draft: Draft {
                reference: format!("demo-{}", self.days_ago),
                sender: self.from,
                recipient: self.to,
                subject: self.subject,
                html: self.body.starts_with('<'),
                body: self.body,
                attachments: documents.chain(self.calendar.map(Calendar::file)).collect(),
                more,
            },
        }
    }
}

impl Document {
    fn file(self) -> File {
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        let content = pdf::document(&self.heading, &lines, self.bytes).into();
        File { name: self.name, media_type: AttachmentType::Pdf, content }
    }
}

impl Calendar {
    /// Lines end as RFC 5545 §3.1 has it.
    fn file(self) -> File {
        let content = self.lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
        File { name: self.name, media_type: AttachmentType::Calendar, content: content.into() }
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
