//! Whether a chain is whole: every link is made again from the sealed bytes.

use crate::{
    commitment,
    event::Event,
    row::{self, EventRow},
};
use domain::{
    LetterId, MailboxId,
    words::{Because, EventType},
};
use key_client::KeyRing;
use store::{Row, Tx, args};

/// The evidence does not hold.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the chain {chain} is broken at event {seq}: {flaw}")]
    At { chain: LetterId, seq: u64, flaw: Flaw },
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What is wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("it is missing")]
    Missing,
    #[error("its sealed bytes do not open in this place")]
    Unopenable,
    #[error("its bytes are not the encoding of an event")]
    NotAnEvent,
    #[error("its entry is not the hash of its bytes")]
    WrongEntry,
    #[error("its row says other than its bytes")]
    Disagrees,
    #[error("it does not follow the event before it")]
    Unlinked,
}

/// Checks one chain and tells how many events it has. Finds every row that was changed, moved, put in or taken
/// out, but for rows cut off the end that nothing else speaks of: those only the public log can miss.
pub async fn chain_holds(
    tx: &mut Tx,
    ring: &KeyRing,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<usize, Broken> {
    let events = read_chain(tx, ring, mailbox_id, chain).await?;
    let broken = |seq, flaw| Err(Broken::At { chain, seq, flaw });
    // What other tables know of this chain must stand in it.
    let known = tx.one(KNOWN, args![mailbox_id, chain]).await?;
    if let Some(known) = known {
        let (letter, opened, waiting) = (known.int(0)?, known.int(1)?, known.opt_int(2)?);
        let expected = waiting.map_or(u64::from(letter > 0), |seq| u64::try_from(seq).unwrap_or(0) + 1);
        if (events.len() as u64) < expected {
            return broken(events.len() as u64, Flaw::Missing);
        }
        if opened > 0 && !events.iter().any(|event| event.kind == EventType::Opened) {
            return broken(events.len() as u64, Flaw::Missing);
        }
    }
    Ok(events.len())
}

/// The events of one chain, opened, each link checked.
pub async fn read_chain(
    tx: &mut Tx,
    ring: &KeyRing,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<Vec<Event>, Broken> {
    let mut walk = Walk::begin(mailbox_id, chain);
    tx.query(READ, args![mailbox_id, chain]).await?.iter().map(|row| walk.step(ring, row)).collect()
}

/// A walk along one chain, event by event.
pub(crate) struct Walk {
    pub(crate) mailbox_id: MailboxId,
    pub(crate) chain: LetterId,
    next: u64,
    previous: [u8; 32],
}

impl Walk {
    pub(crate) fn begin(mailbox_id: MailboxId, chain: LetterId) -> Self {
        Self { mailbox_id, chain, next: 0, previous: [0; 32] }
    }
    /// The next event; `row` begins with the columns of [`READ`].
    pub(crate) fn step(&mut self, ring: &KeyRing, row: &Row) -> Result<Event, Broken> {
        let stored = stored(row, self.mailbox_id, self.chain)?;
        let checked = stored.and_then(|stored| {
            check(ring, &stored, self.next, &self.previous).map(|event| (event, stored.entry))
        });
        let (event, entry) =
            checked.map_err(|flaw| Broken::At { chain: self.chain, seq: self.next, flaw })?;
        (self.next, self.previous) = (self.next + 1, entry);
        Ok(event)
    }
}

fn check(ring: &KeyRing, stored: &EventRow, expected: u64, previous: &[u8; 32]) -> Result<Event, Flaw> {
    if stored.seq != expected {
        return Err(Flaw::Missing);
    }
    let (nonce, cbor) =
        row::open(ring, stored.mailbox_id, stored.chain, stored.seq, &stored.body).ok_or(Flaw::Unopenable)?;
    let event = Event::from_cbor(&cbor).map_err(|_| Flaw::NotAnEvent)?;
    if commitment::entry(&nonce, &cbor) != stored.entry {
        return Err(Flaw::WrongEntry);
    }
    let same = event.chain == stored.chain
        && event.seq == stored.seq
        && event.at == stored.at
        && event.kind == stored.kind
        && event.actor.because() == stored.because
        && stored.actor.is_some() == stored.because.is_some();
    if !same {
        return Err(Flaw::Disagrees);
    }
    if event.previous != *previous {
        return Err(Flaw::Unlinked);
    }
    Ok(event)
}

fn stored(row: &Row, mailbox_id: MailboxId, chain: LetterId) -> Result<Result<EventRow, Flaw>, store::Error> {
    // A column that holds what we never write was changed by another hand.
    let Some(kind) = EventType::parse(row.text(2)?) else { return Ok(Err(Flaw::Disagrees)) };
    let because = match row.opt_text(4)? {
        None => None,
        Some(text) => match Because::parse(text) {
            Some(because) => Some(because),
            None => return Ok(Err(Flaw::Disagrees)),
        },
    };
    let (Ok(actor), Ok(entry), Ok(seq)) = (row.opt_id(3), row.array(6), row.number(0)) else {
        return Ok(Err(Flaw::Disagrees));
    };
    let (at, body) = (row.time(1)?, row.bytes(5)?.to_vec());
    Ok(Ok(EventRow { mailbox_id, chain, seq, at, kind, actor, because, body, entry }))
}

const READ: &str = "SELECT seq, at, type, actor, because, body, entry FROM event \
    WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq";
const KNOWN: &str = "SELECT (SELECT count(*) FROM letter WHERE mailbox_id = $1 AND letter_id = $2), \
    (SELECT count(*) FROM letter WHERE mailbox_id = $1 AND letter_id = $2 AND opened_at IS NOT NULL), \
    (SELECT MAX(seq) FROM feed_waiting WHERE letter_id = $2)";

#[cfg(test)]
mod tests;
