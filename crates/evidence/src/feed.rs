//! The senders' event feed: ordered, complete, replayable.
//!
//! Positions are given after commit. Were they given inside the transactions, a reader that pages by position
//! would skip those that commit late; so events wait in a table of their own, and one sequencer at a time moves
//! what it can see behind what it placed before.

use crate::row::number;
use domain::{LetterId, MailboxId, SenderMac, Time, words::EventType};
use store::{Many, Row, Store, Tx, Value, args, row as values};

/// An event that waits for its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedRow {
    pub letter_id: LetterId,
    pub seq: u64,
    pub sender_mac: SenderMac,
    pub at: Time,
    pub kind: EventType,
}

/// An event in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEvent {
    pub position: i64,
    pub sender_mac: SenderMac,
    pub letter_id: LetterId,
    pub seq: u64,
    pub at: Time,
    pub kind: EventType,
    /// The sealed `submission.reference`, when the letter has a submission.
    pub reference: Option<Vec<u8>>,
}

/// Which positions can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Events up to here are no longer kept: a cursor below it has missed some.
    pub forgotten: i64,
    /// The newest position given. A cursor above it was given before the feed was restored.
    pub newest: i64,
    /// Another one after each restore: what cursors of an earlier one say is not true of this feed.
    pub epoch: i64,
}

/// The epoch of a feed that was never restored.
pub const FIRST_EPOCH: i64 = 1;

/// Lets events wait for their position, in the transaction that writes them.
pub async fn waiting<'r>(
    tx: &mut Tx,
    rows: impl IntoIterator<Item = &'r FeedRow>,
) -> Result<(), store::Error> {
    let values: Vec<_> = rows.into_iter().map(FeedRow::values).collect();
    tx.execute_many(&WAIT, &values).await?.exactly(values.len() as u64)
}

/// Gives positions to events that wait, a batch at most, and tells how many. Several may run: the row of the
/// head lets one at a time.
pub async fn place(store: &Store) -> Result<usize, store::Error> {
    let mut tx = store.read("look for waiting events").await?;
    let waiting = tx.one(ANY_WAITING, &[]).await?;
    drop(tx);
    if waiting.is_none() {
        return Ok(0);
    }
    let mut tx = store.begin("place events").await?;
    // An update takes the row's lock on both databases; the statements after it see what was committed before.
    let head = tx.must_one(LOCK_HEAD, &[]).await?;
    let next = head.int("next")?;
    let placed = tx.execute(PLACE, args![next, BATCH]).await?.count();
    if placed == 0 {
        tx.rollback().await;
        return Ok(0);
    }
    let end = next.saturating_add_unsigned(placed);
    // By what was placed, not by a second look at the queue: more may have come in between.
    tx.execute(UNQUEUE, args![next, end]).await?.exactly(placed)?;
    tx.execute(MOVE_HEAD, args![end]).await?.exactly(1)?;
    tx.commit().await?;
    Ok(usize::try_from(placed).unwrap_or(usize::MAX))
}

/// The events of these senders after a position, in order. Fewer than `limit` means that there are no more.
pub async fn read(
    tx: &mut Tx,
    sender_macs: &[SenderMac],
    mut after: i64,
    limit: u32,
) -> Result<Vec<FeedEvent>, store::Error> {
    let senders: Vec<_> = sender_macs.iter().map(|mac| values![mac]).collect();
    let most = limit as usize;
    let mut found = Vec::new();
    loop {
        let mut rows = Vec::new();
        for row in tx.query_many_with(&READ, args![after, limit], &senders).await? {
            rows.push((row.int("position")?, event(&row)?));
        }
        // Many senders are asked for in several statements, each with the whole limit.
        rows.sort_unstable_by_key(|(position, _)| *position);
        rows.dedup_by_key(|(position, _)| *position);
        rows.truncate(most);
        let count = rows.len();
        let last = rows.last().map(|(position, _)| *position);
        found.extend(rows.into_iter().filter_map(|(_, event)| event));
        match last {
            // Some of a full page were passed over: the page goes on, or it would look like the last one.
            Some(last) if count == most && found.len() < most => after = last,
            _ => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

/// What a sender is told of one of its letters: its events as in the feed, placed or not.
///
/// Opening is among them only when the letter asked for it; the caller knows (`submission.tells_opened`).
pub async fn of_letter(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    letter_id: LetterId,
    tells_opened: bool,
) -> Result<Vec<(Time, EventType)>, store::Error> {
    let mut told = Vec::new();
    for row in tx.query(OF_LETTER, args![mailbox_id, letter_id]).await? {
        let Some(kind) = EventType::parse(row.text("type")?) else { continue };
        if !kind.reaches_sender() || kind == EventType::Opened && (!tells_opened || was_told(&told, kind)) {
            continue;
        }
        told.push((row.time("at")?, kind));
    }
    Ok(told)
}

/// The positions that can be read.
pub async fn bounds(tx: &mut Tx) -> Result<Bounds, store::Error> {
    let row = tx.must_one(BOUNDS, &[]).await?;
    let newest = row.int("next")? - 1;
    let forgotten = row.opt_int("oldest")?.map_or(newest, |oldest| oldest - 1);
    Ok(Bounds { forgotten, newest, epoch: row.int("epoch")? })
}

/// Which event stands at a position: letter and place in its chain.
pub async fn at(tx: &mut Tx, position: i64) -> Result<Option<(LetterId, u64)>, store::Error> {
    let row = tx.one(AT, args![position]).await?;
    row.map(|row| Ok((row.id("letter_id")?, row.number("seq")?))).transpose()
}

/// Forgets placed events from before an instant, some at a time; tells how many. Always the first ones that there
/// are: an event stays while one with a lower position does, so that no cursor that is still taken has missed any.
pub async fn forget(tx: &mut Tx, before: Time) -> Result<u64, store::Error> {
    Ok(tx.execute(FORGET, args![before, BATCH]).await?.count())
}

impl FeedEvent {
    /// What `GET /v1/events` calls an event: the letter and its place in the letter's chain. The same wherever it
    /// is read, and known before it has a position.
    pub fn public_id(&self) -> String {
        format!("{}-{}", self.letter_id, self.seq)
    }
}

impl FeedRow {
    fn values(&self) -> [Value<'_>; 5] {
        values![self.letter_id, number(self.seq), &self.sender_mac, self.at, self.kind.as_str()]
    }
}

/// A type that a later version wrote is passed over by this one.
fn event(row: &Row) -> Result<Option<FeedEvent>, store::Error> {
    let Some(kind) = EventType::parse(row.text("type")?) else { return Ok(None) };
    Ok(Some(FeedEvent {
        position: row.int("position")?,
        sender_mac: row.tag("sender_mac")?,
        letter_id: row.id("letter_id")?,
        seq: row.number("seq")?,
        at: row.time("at")?,
        kind,
        reference: row.opt_bytes("reference")?.map(<[u8]>::to_vec),
    }))
}

/// Only the first opening is the sender's business.
fn was_told(told: &[(Time, EventType)], kind: EventType) -> bool {
    told.iter().any(|(_, before)| *before == kind)
}

/// Events placed in one transaction.
const BATCH: i64 = 2000;

static WAIT: Many =
    Many::new("INSERT INTO feed_waiting (letter_id, seq, sender_mac, at, type) VALUES ", 5, "");
static READ: Many = Many::new(
    "SELECT f.position, f.sender_mac, f.letter_id, f.seq, f.at, f.type, s.reference \
     FROM feed f LEFT JOIN submission s ON s.letter_id = f.letter_id \
     WHERE f.position > $1 AND f.sender_mac IN (",
    1,
    ") ORDER BY f.position LIMIT $2",
);
const ANY_WAITING: &str = "SELECT 1 FROM feed_waiting LIMIT 1";
const LOCK_HEAD: &str = "UPDATE feed_head SET next = next + 0 WHERE one = 1 RETURNING next";
const PLACE: &str = "INSERT INTO feed (position, sender_mac, letter_id, seq, at, type) \
    SELECT $1 - 1 + row_number() OVER (ORDER BY at, letter_id, seq), sender_mac, letter_id, seq, at, type \
    FROM feed_waiting ORDER BY at, letter_id, seq LIMIT $2";
const UNQUEUE: &str = "DELETE FROM feed_waiting WHERE (letter_id, seq) IN \
    (SELECT letter_id, seq FROM feed WHERE position >= $1 AND position < $2)";
const MOVE_HEAD: &str = "UPDATE feed_head SET next = $1 WHERE one = 1";
// That a helper opened it is not the sender's business: it is not the recipient who did.
const OF_LETTER: &str = "SELECT at, type FROM event WHERE mailbox_id = $1 AND letter_id = $2 \
    AND (type <> 'opened' OR COALESCE(because, '') <> 'helper') ORDER BY seq";
const BOUNDS: &str =
    "SELECT next, (SELECT MIN(position) FROM feed) AS oldest, epoch FROM feed_head WHERE one = 1";
const AT: &str = "SELECT letter_id, seq FROM feed WHERE position = $1";
// The first event that is to be kept is near the beginning, so neither look goes through the table.
const FORGET: &str = "DELETE FROM feed WHERE position IN (SELECT position FROM feed WHERE position < COALESCE(\
    (SELECT position FROM feed WHERE at >= $1 ORDER BY position LIMIT 1), \
    (SELECT next FROM feed_head WHERE one = 1)) ORDER BY position LIMIT $2)";

#[cfg(test)]
mod tests;
