//! The letters of several mailboxes, merged.

use super::{Cursor, Folder, ListQuery};
use crate::{
    MailboxError, Mailboxes,
    reading::{Reading, reading},
    rights::{Actor, LetterFacts, letter_columns, may, may_box, read_facts},
};
use domain::{
    MailboxId, Time,
    words::{Act, Because},
};
use std::collections::VecDeque;
use store::{Store, args};

/// A letter that may be listed, its header still sealed.
pub(super) struct Candidate {
    pub(super) facts: LetterFacts,
    pub(super) because: Because,
    pub(super) reading: Reading,
    pub(super) sealed: Vec<u8>,
}

/// The letters of several mailboxes, merged newest first.
pub(super) struct Lines<'a> {
    actor: &'a Actor,
    sql: &'static str,
    unread: bool,
    now: Time,
    lines: Vec<Line>,
}

/// The letters of one mailbox.
struct Line {
    mailbox_id: MailboxId,
    because: Because,
    ready: VecDeque<Candidate>,
    /// Where to read on; `None` when all is read.
    from: Option<Cursor>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(actor: &'a Actor, query: &ListQuery, now: Time) -> Self {
        let start = query.before.unwrap_or(Cursor { visible_from: now, letter_id: Cursor::LAST_ID });
        let wanted = |id: MailboxId| query.mailbox.is_none_or(|only| only == id);
        let mut ids: Vec<MailboxId> =
            actor.rights.boxes.iter().map(|(id, _)| *id).filter(|id| wanted(*id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let line = |mailbox_id| {
            let because = may_box(&actor.rights, mailbox_id, Act::List)?;
            Some(Line { mailbox_id, because, ready: VecDeque::new(), from: Some(start) })
        };
        let sql = match query.folder {
            Folder::Inbox => INBOX,
            Folder::Archive => ARCHIVE,
            Folder::Bin => BIN,
        };
        Self { actor, sql, unread: query.unread, now, lines: ids.into_iter().filter_map(line).collect() }
    }

    /// The next letters, `count` unless there are no more.
    pub(super) async fn take(
        &mut self,
        house: &Mailboxes,
        count: usize,
    ) -> Result<Vec<Candidate>, MailboxError> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            for at in 0..self.lines.len() {
                if self.lines[at].ready.is_empty() && self.lines[at].from.is_some() {
                    self.read_on(at, &house.0.store, count).await?;
                }
            }
            let newest = |line: &&mut Line| line.ready.front().map(|letter| Cursor::of(&letter.facts).key());
            let Some(line) = self.lines.iter_mut().filter(|l| !l.ready.is_empty()).max_by_key(newest) else {
                break;
            };
            taken.extend(line.ready.pop_front());
        }
        Ok(taken)
    }

    async fn read_on(&mut self, at: usize, store: &Store, count: usize) -> Result<(), MailboxError> {
        let line = &mut self.lines[at];
        let Some(from) = line.from else { return Ok(()) };
        let unread = self.unread;
        let helper = line.because == Because::Helper;
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let mailbox = line.mailbox_id;
        let person = self.actor.rights.person;
        let values =
            args![person, mailbox, from.visible_from, &from.letter_id, unread, helper, limit, self.now];
        let rows = store.ask("list letters", self.sql, values).await?;
        line.from = None;
        for row in &rows {
            let facts = read_facts(row)?;
            if rows.len() == count {
                line.from = Some(Cursor::of(&facts));
            }
            // The statement already holds to it; here it is decided.
            if let Some(because) = may(&self.actor.rights, &facts, Act::List, self.now) {
                let reading = Reading::read(row)?;
                let sealed = row.bytes("header")?.to_vec();
                line.ready.push_back(Candidate { facts, because, reading, sealed });
            }
        }
        Ok(())
    }
}

/// The letters of one folder that come after a place, newest first. `$3` is not after `$8`, now; `$1` is who asks.
macro_rules! folder {
    ($lies:literal) => {
        concat!(
            "SELECT ",
            letter_columns!(),
            ", header, ",
            reading!("$1"),
            " FROM letter WHERE mailbox_id = $2 AND visible_from <= $3 AND visible_from <= $8 \
             AND (visible_from < $3 OR letter_id < $4) AND ($5 = 0 OR $6 = 0 AND opened_at IS NULL OR $6 = 1 \
             AND NOT EXISTS (SELECT 1 FROM reading r WHERE r.mailbox_id = letter.mailbox_id \
             AND r.letter_id = letter.letter_id AND r.person_id = $1)) AND (confidential = 0 OR $6 = 0) AND length(header) > 0 AND ",
            $lies,
            " ORDER BY visible_from DESC, letter_id DESC LIMIT $7"
        )
    };
}
const INBOX: &str = folder!("archived_at IS NULL AND binned_at IS NULL");
const ARCHIVE: &str = folder!("archived_at IS NOT NULL AND binned_at IS NULL");
const BIN: &str = folder!("binned_at IS NOT NULL");
