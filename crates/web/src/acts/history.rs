//! What has happened in the mailboxes that the person governs.

use crate::{
    acts::letter::{by_right, who},
    dates,
    fault::Fault,
    frame::Place,
    names::{self, BoxNames},
    pages::{History, HistoryDay, HistoryRow, SettingsPlace},
    state::Web,
    visitor::{Reader, page},
};
use account::HolderNames;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domain::{LetterId, MailboxId, words::EventType};
use key_client::HistoryLine;
use mailbox::MailboxError;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// How many lines to show.
    #[serde(default)]
    show: Option<u32>,
}

/// `GET /history`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let now = web.now();
    let limit = asked.show.unwrap_or(FIRST).clamp(FIRST, MOST);
    let box_names = BoxNames::read(&web, session).await?;
    let mut lines: Vec<(MailboxId, HistoryLine)> = Vec::new();
    let mut people: HashMap<MailboxId, HolderNames> = HashMap::new();
    let mut more = false;
    let mut broken = false;
    for one in session.governed() {
        let id = one.mailbox_id;
        let found = match web.0.parts.mailboxes.mailbox_history(&reader.actor, id, limit).await {
            Ok(found) => found.unwrap_or_default(),
            Err(MailboxError::HistoryBroken) => {
                broken = true;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        more |= found.len() == limit as usize && limit < MOST;
        lines.extend(found.into_iter().map(|entry| (id, entry)));
        people.insert(id, names::people_of(&web, session, id).await?);
    }
    lines.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.at));
    let lines = merged(lines);
    let letters = subjects(&web, &reader, &lines).await?;
    let nobody = HolderNames::default();
    let mut days: Vec<HistoryDay> = Vec::new();
    for Line { mailbox, entry, times } in &lines {
        let title = dates::day_heading(entry.at, now, t);
        let letter = letters
            .get(&entry.chain)
            .map(|subject| (subject.clone(), format!("/letters/{mailbox}/{}", entry.chain)));
        let row = HistoryRow {
            when: dates::clock(entry.at, t),
            who: who(entry, &reader, people.get(mailbox).unwrap_or(&nobody), t),
            because: entry.because.and_then(|because| by_right(because, t)),
            what: t.event(entry.kind),
            times: (*times > 1).then(|| t.times(*times)),
            letter,
            owner: box_names.label(session, *mailbox),
        };
        match days.last_mut() {
            Some(day) if day.title == title => day.rows.push(row),
            _ => days.push(HistoryDay { title, rows: vec![row] }),
        }
    }
    page(History {
        f: reader.frame(Place::Settings, t.settings.history),
        here: Some(SettingsPlace::History),
        broken,
        days,
        older: more.then(|| format!("/history?show={}", (limit * 4).min(MOST))),
    })
}

/// One line, and how often the same was done.
struct Line {
    mailbox: MailboxId,
    entry: HistoryLine,
    times: usize,
}

/// The same done by the same person several times in a row on one day is one line, with its number and its last time.
fn merged(lines: Vec<(MailboxId, HistoryLine)>) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    for (mailbox, entry) in lines {
        let same = |line: &&mut Line| {
            let one = &line.entry;
            let other = &entry;
            (line.mailbox, one.chain, one.kind, one.actor, one.because)
                == (mailbox, other.chain, other.kind, other.actor, other.because)
                && one.at.date() == other.at.date()
        };
        match out.last_mut().filter(same) {
            Some(line) => line.times += 1,
            None => out.push(Line { mailbox, entry, times: 1 }),
        }
    }
    out
}

/// The subjects of the letters that are still there, for the newest lines.
async fn subjects(web: &Web, reader: &Reader, lines: &[Line]) -> Result<HashMap<LetterId, String>, Fault> {
    let mut seen = HashSet::new();
    let mut subjects = HashMap::new();
    for Line { mailbox, entry, .. } in lines {
        let of_letter = entry.chain != mailbox.own_chain() && entry.kind != EventType::Erased;
        if !of_letter || seen.len() >= MOST_LETTERS || !seen.insert(entry.chain) {
            continue;
        }
        if let Some(found) = web.0.parts.mailboxes.peek(&reader.actor, *mailbox, entry.chain).await? {
            subjects.insert(entry.chain, reader.t().subject(&found.header.subject).to_owned());
        }
    }
    Ok(subjects)
}

const FIRST: u32 = 100;
const MOST: u32 = 1000;
const MOST_LETTERS: usize = 60;
