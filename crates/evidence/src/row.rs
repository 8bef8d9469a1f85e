//! Events as rows.

use crate::{
    commitment,
    event::Event,
    feed::FeedRow,
    rings::{EventKeys, Writer},
};
use domain::{
    LetterId, MailboxId, PersonId, Random, SenderMac, Time,
    words::{Because, EventType},
};
use key_client::{EventRing, KeyRing};
use std::sync::Arc;
use store::{Many, Tx, Value, row as values};
use vault::Place;

/// One row of the table `event`. The columns beside `body` repeat what the owner and the service look for;
/// [`chain_holds`](crate::chain_holds) compares them with the sealed event.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub mailbox_id: MailboxId,
    pub chain: LetterId,
    pub seq: u64,
    pub at: Time,
    pub kind: EventType,
    pub actor: Option<PersonId>,
    pub because: Option<Because>,
    /// Nonce and event, sealed for this row.
    pub body: Vec<u8>,
    pub entry: [u8; 32],
}

/// The first event of a letter, made outside any transaction. The nonce is given, since the receipt and the
/// commitments in the event need it too.
pub fn first(
    event: &Event,
    nonce: &[u8; 32],
    mailbox_id: MailboxId,
    ring: &KeyRing,
    random: &dyn Random,
) -> EventRow {
    seal(event, nonce, mailbox_id, None, ring, random)
}

/// Inserts rows as they are. A place that is taken is an error of the whole transaction. Once they are committed they wait
/// in the ring to be handed over.
pub async fn insert<'r>(
    tx: &mut Tx,
    ring: &EventRing,
    rows: impl IntoIterator<Item = &'r EventRow>,
) -> Result<(), store::Error> {
    let rows: Vec<_> = rows.into_iter().collect();
    let values: Vec<_> = rows.iter().map(|row| row.values()).collect();
    tx.execute_many(&INSERT, &values).await?.exactly(values.len() as u64)?;
    tell(tx, ring, rows.iter().map(|row| (row.mailbox_id, row.entry)).collect());
    Ok(())
}

/// They wait to be handed over from the commit on.
pub(crate) fn tell(tx: &mut Tx, ring: &EventRing, entries: Vec<(MailboxId, [u8; 32])>) {
    let committed = Arc::clone(ring.committed());
    tx.after_commit(move || committed.add(entries));
}

impl EventRow {
    /// The row of the sender's feed for this event.
    pub fn feed_row(&self, sender_mac: SenderMac) -> FeedRow {
        FeedRow { letter_id: self.chain, seq: self.seq, sender_mac, at: self.at, kind: self.kind }
    }

    pub(crate) fn values(&self) -> [Value<'_>; 9] {
        values![
            self.mailbox_id,
            self.chain,
            number(self.seq),
            self.at,
            self.kind.as_str(),
            self.actor,
            self.because.map(Because::as_str),
            &self.body,
            &self.entry,
        ]
    }
}

pub(crate) fn seal(
    event: &Event,
    nonce: &[u8; 32],
    mailbox_id: MailboxId,
    actor: Option<(PersonId, [u8; 32])>,
    ring: &KeyRing,
    random: &dyn Random,
) -> EventRow {
    let cbor = event.to_cbor();
    let salt = actor.map(|(_, salt)| salt);
    EventRow {
        mailbox_id,
        chain: event.chain,
        seq: event.seq,
        at: event.at,
        kind: event.kind,
        actor: actor.map(|(person, _)| person),
        because: event.actor.because(),
        body: seal_bytes(nonce, &cbor, salt.as_ref(), (mailbox_id, event.chain, event.seq), ring, random),
        entry: commitment::entry(nonce, &cbor),
    }
}

/// `event.body` at its place: nonce, event, and where a person acted the salt of [`Event::by`].
pub(crate) fn seal_bytes(
    nonce: &[u8; 32],
    cbor: &[u8],
    salt: Option<&[u8; 32]>,
    (mailbox_id, chain, seq): (MailboxId, LetterId, u64),
    ring: &KeyRing,
    random: &dyn Random,
) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 * NONCE_BYTES + cbor.len());
    body.extend_from_slice(nonce);
    body.extend_from_slice(cbor);
    body.extend_from_slice(salt.map_or(&[], <[u8; 32]>::as_slice));
    ring.seal(&place(mailbox_id, chain, seq), &body, random)
}

/// What stands behind a sealed body.
pub(crate) struct Body {
    pub(crate) nonce: [u8; 32],
    /// The event, and the salt behind it.
    pub(crate) rest: Vec<u8>,
    /// Whose key it was sealed with.
    pub(crate) writer: Option<Writer>,
}

/// `None` when it does not open at this place.
pub(crate) fn open(
    keys: &dyn EventKeys,
    mailbox_id: MailboxId,
    chain: LetterId,
    seq: u64,
    body: &[u8],
) -> Option<Body> {
    let (plain, writer) = keys.open_event(&place(mailbox_id, chain, seq), body)?;
    Some(Body { writer, ..split(&plain)? })
}

/// What was opened elsewhere.
pub(crate) fn split(plain: &[u8]) -> Option<Body> {
    let (nonce, rest) = plain.split_first_chunk::<NONCE_BYTES>()?;
    Some(Body { nonce: *nonce, rest: rest.to_vec(), writer: None })
}

/// As stored; a chain of 2^63 events does not come to be.
pub(crate) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(crate) fn place(mailbox_id: MailboxId, chain: LetterId, seq: u64) -> Place {
    Place::new("event/body").id(mailbox_id.as_bytes()).id(chain.as_bytes()).number(seq)
}

const NONCE_BYTES: usize = 32;

static INSERT: Many = Many::new(
    "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) VALUES ",
    9,
    "",
);
