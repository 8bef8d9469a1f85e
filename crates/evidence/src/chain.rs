//! Whether a chain is whole: every link is made again from the sealed bytes.

use crate::{
    commitment,
    event::Event,
    rings::{EventKeys, Writer},
    row::{self, EventRow},
};
use domain::{
    LetterId, MailboxId,
    words::{Because, EventType},
};
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
    #[error("it was sealed with the key of a role that does not write such events")]
    Writer,
}

/// Checks one chain and tells how many events it has. Finds every row that was changed, moved, put in or taken
/// out, but for rows cut off the end that nothing else speaks of: those only the public log can miss.
pub async fn chain_holds(
    tx: &mut Tx,
    keys: &dyn EventKeys,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<usize, Broken> {
    let events = read_chain(tx, keys, mailbox_id, chain).await?;
    let broken = |seq, flaw| Err(Broken::At { chain, seq, flaw });
    // What other tables know of this chain must stand in it.
    let known = tx.one(KNOWN, args![mailbox_id, chain]).await?;
    if let Some(known) = known {
        let letter = known.int("letters")?;
        let opened = known.int("opened")?;
        let waiting = known.opt_int("waiting")?;
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
    keys: &dyn EventKeys,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<Vec<Event>, Broken> {
    let mut walk = Walk::begin(mailbox_id, chain);
    tx.query(READ, args![mailbox_id, chain]).await?.iter().map(|row| walk.step(keys, row)).collect()
}

/// A walk along one chain, event by event.
pub(crate) struct Walk {
    pub(crate) mailbox_id: MailboxId,
    pub(crate) chain: LetterId,
    next: u64,
    previous: [u8; 32],
    /// Whose key the last one was sealed with.
    writer: Option<Writer>,
}

impl Walk {
    pub(crate) fn begin(mailbox_id: MailboxId, chain: LetterId) -> Self {
        Self { mailbox_id, chain, next: 0, previous: [0; 32], writer: None }
    }

    /// The next event; `row` begins with the columns of [`READ`].
    pub(crate) fn step(&mut self, keys: &dyn EventKeys, row: &Row) -> Result<Event, Broken> {
        let stored = stored(row, self.mailbox_id, self.chain)?;
        let checked =
            stored.and_then(|stored| self.check(keys, &stored).map(|opened| (opened, stored.entry)));
        let (opened, entry) =
            checked.map_err(|flaw| Broken::At { chain: self.chain, seq: self.next, flaw })?;
        (self.next, self.previous, self.writer) = (self.next + 1, entry, opened.writer);
        Ok(opened.event)
    }

    fn check(&self, keys: &dyn EventKeys, stored: &EventRow) -> Result<Opened, Flaw> {
        if stored.seq != self.next {
            return Err(Flaw::Missing);
        }
        let opened = open_row(keys, stored)?;
        if opened.event.previous != self.previous {
            return Err(Flaw::Unlinked);
        }
        if may_follow(self.writer, opened.writer) { Ok(opened) } else { Err(Flaw::Writer) }
    }
}

/// Once a role's own ring has written in a chain, the ring of before has not written behind it.
pub(crate) fn may_follow(last: Option<Writer>, next: Option<Writer>) -> bool {
    next != Some(Writer::Before) || last.is_none_or(|last| last == Writer::Before)
}

/// An event whose row and sealed bytes say the same.
pub(crate) struct Opened {
    pub(crate) nonce: [u8; 32],
    pub(crate) event: Event,
    pub(crate) cbor: Vec<u8>,
    pub(crate) writer: Option<Writer>,
}

/// Opens a row in its place. Says nothing of the events beside it.
pub(crate) fn open_row(keys: &dyn EventKeys, stored: &EventRow) -> Result<Opened, Flaw> {
    let opened = row::open(keys, stored.mailbox_id, stored.chain, stored.seq, &stored.body);
    let row::Body { nonce, rest: mut cbor, writer } = opened.ok_or(Flaw::Unopenable)?;
    let (event, salt) = Event::from_start(&cbor).map_err(|_| Flaw::NotAnEvent)?;
    let salt: Option<[u8; 32]> = match (event.by, salt) {
        (None, []) => None,
        (Some(_), salt) => Some(salt.try_into().map_err(|_| Flaw::NotAnEvent)?),
        _ => return Err(Flaw::NotAnEvent),
    };
    cbor.truncate(cbor.len() - salt.map_or(0, |salt| salt.len()));
    if commitment::entry(&nonce, &cbor) != stored.entry {
        return Err(Flaw::WrongEntry);
    }
    let same = event.chain == stored.chain
        && event.seq == stored.seq
        && event.at == stored.at
        && event.kind == stored.kind
        && event.actor.because() == stored.because
        && stored.actor.is_some() == stored.because.is_some();
    // What was written before actors were committed to is believed as it stands.
    let by = match (salt, stored.actor, stored.because) {
        (Some(salt), Some(person), Some(because)) => Some(commitment::actor(&salt, person, because)),
        _ => None,
    };
    let named = event.by == by && (by.is_some() || stored.actor.is_none() || writer == Some(Writer::Before));
    if !same || !named {
        return Err(Flaw::Disagrees);
    }
    let too_late = keys.before_until().is_some_and(|until| event.at > until);
    if writer.is_some_and(|writer| !writer.may_write(event.kind) || writer == Writer::Before && too_late) {
        return Err(Flaw::Writer);
    }
    Ok(Opened { nonce, event, cbor, writer })
}

store::columns! { pub(crate) event_columns: seq, at, type, actor, because, body, entry }

pub(crate) fn stored(
    row: &Row,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<Result<EventRow, Flaw>, store::Error> {
    // A column that holds what we never write was changed by another hand.
    let Some(kind) = EventType::parse(row.text("type")?) else { return Ok(Err(Flaw::Disagrees)) };
    let because = match row.opt_text("because")? {
        None => None,
        Some(text) => match Because::parse(text) {
            Some(because) => Some(because),
            None => return Ok(Err(Flaw::Disagrees)),
        },
    };
    let (Ok(actor), Ok(entry), Ok(seq)) = (row.opt_id("actor"), row.array("entry"), row.number("seq")) else {
        return Ok(Err(Flaw::Disagrees));
    };
    let at = row.time("at")?;
    let body = row.bytes("body")?.to_vec();
    Ok(Ok(EventRow { mailbox_id, chain, seq, at, kind, actor, because, body, entry }))
}

const READ: &str =
    concat!("SELECT ", event_columns!(), " FROM event WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq");
const KNOWN: &str = "SELECT (SELECT count(*) FROM letter WHERE mailbox_id = $1 AND letter_id = $2) AS letters, \
    (SELECT count(*) FROM letter WHERE mailbox_id = $1 AND letter_id = $2 AND opened_at IS NOT NULL) AS opened, \
    (SELECT MAX(seq) FROM feed_waiting WHERE letter_id = $2) AS waiting";

#[cfg(test)]
mod tests;
