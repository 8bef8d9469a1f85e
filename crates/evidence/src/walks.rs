//! All chains of one mailbox, event by event: where one does not hold the walk says so and goes on.

use crate::{
    chain::{Flaw, Opened, event_columns, may_follow, open_row, stored},
    event::Event,
    rings::{EventKeys, Writer},
    row::EventRow,
};
use domain::{
    LetterId, MailboxId, PersonId, Time,
    words::{Because, EventType},
};
use store::{Tx, args};

/// An event in its place.
#[derive(Debug)]
pub struct Walked {
    pub chain: LetterId,
    pub seq: u64,
    /// As its row says.
    pub at: Time,
    /// As its row says; zeros where that is no entry.
    pub entry: [u8; 32],
    /// Who acted, as the row says: it fits the event, where that holds.
    pub actor: Option<PersonId>,
    pub because: Option<Because>,
    /// What happened, as the row says.
    pub kind: Option<EventType>,
    /// The event, if it opens, says what its row says and follows the one before it; `None` where only another chain's
    /// events are opened.
    pub event: Option<Result<Event, Flaw>>,
    /// It has the instant of the event before it, since the clock was not later then.
    pub pushed: bool,
}

/// A walk along the chains of a mailbox, in the order of their ids; page by page.
#[derive(Debug)]
pub struct Walks {
    mailbox_id: MailboxId,
    /// The last row that was read.
    after: (Vec<u8>, i64),
    /// What the next event of the same chain follows.
    last: Option<Last>,
    /// The chain whose events are opened; `None` for all.
    opened: Option<LetterId>,
    is_done: bool,
}

/// As its row says it.
#[derive(Debug)]
struct Last {
    chain: LetterId,
    seq: u64,
    entry: [u8; 32],
    at: Time,
    /// Whose key the chain was sealed with up to here, as far as it opened.
    writer: Option<Writer>,
}

impl Walks {
    pub fn new(mailbox_id: MailboxId) -> Self {
        Self { mailbox_id, after: (vec![], -1), last: None, opened: None, is_done: false }
    }

    /// Along all chains too, but opens the events of one alone, or of all where it is `None`: of the others their entries
    /// are enough to see that none is missing.
    pub fn opening(mailbox_id: MailboxId, chain: Option<LetterId>) -> Self {
        Self { opened: chain, ..Self::new(mailbox_id) }
    }

    /// The next events; `None` when there are no more.
    pub async fn page(
        &mut self,
        tx: &mut Tx,
        keys: &dyn EventKeys,
    ) -> Result<Option<Vec<Walked>>, store::Error> {
        if self.is_done {
            return Ok(None);
        }
        let rows = tx.query(PAGE, args![self.mailbox_id, &self.after.0, self.after.1]).await?;
        self.is_done = rows.len() < PAGE_ROWS;
        let Some(end) = rows.last() else { return Ok(None) };
        self.after = (end.bytes("letter_id")?.to_vec(), end.int("seq")?);
        let mut page = Vec::with_capacity(rows.len());
        for row in &rows {
            let chain = row.id("letter_id")?;
            let seq = u64::try_from(row.int("seq")?).unwrap_or(u64::MAX);
            let at = row.time("at")?;
            let entry = row.array("entry").unwrap_or_default();
            let before = self.last.take().filter(|last| last.chain == chain);
            let stored = stored(row, self.mailbox_id, chain)?;
            let is_opened = self.opened.is_none_or(|opened| opened == chain);
            let opened = is_opened.then(|| {
                let stored = stored.as_ref().map_err(|flaw| *flaw);
                stored.and_then(|stored| follows(keys, stored, before.as_ref()))
            });
            let pushed = before.as_ref().is_some_and(|last| last.at >= at);
            let writer = match &opened {
                Some(Ok(opened)) => opened.writer,
                Some(Err(_)) | None => before.and_then(|last| last.writer),
            };
            self.last = Some(Last { chain, seq, entry, at, writer });
            let stored = stored.as_ref().ok();
            page.push(Walked {
                chain,
                seq,
                at,
                entry,
                actor: stored.and_then(|stored| stored.actor),
                because: stored.and_then(|stored| stored.because),
                kind: stored.map(|stored| stored.kind),
                event: opened.map(|opened| opened.map(|opened| opened.event)),
                pushed,
            });
        }
        Ok(Some(page))
    }
}

fn follows(keys: &dyn EventKeys, stored: &EventRow, before: Option<&Last>) -> Result<Opened, Flaw> {
    let (next, previous) = before.map_or((0, [0; 32]), |last| (last.seq + 1, last.entry));
    if stored.seq != next {
        return Err(Flaw::Missing);
    }
    let opened = open_row(keys, stored)?;
    if opened.event.previous != previous {
        return Err(Flaw::Unlinked);
    }
    let follows = may_follow(before.and_then(|last| last.writer), opened.writer);
    if follows { Ok(opened) } else { Err(Flaw::Writer) }
}

const PAGE_ROWS: usize = 1000;
const PAGE: &str = concat!(
    "SELECT ",
    event_columns!(),
    ", letter_id FROM event WHERE mailbox_id = $1 AND (letter_id, seq) > ($2, $3) \
     ORDER BY letter_id, seq LIMIT 1000"
);
