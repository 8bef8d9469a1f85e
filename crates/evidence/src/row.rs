//! Events as rows.

use crate::{commitment, event::Event, feed::FeedRow};
use domain::{
    LetterId, MailboxId, PersonId, Random, Time,
    words::{Because, EventType},
};
use key_client::KeyRing;
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

/// Inserts rows as they are. A place that is taken is an error of the whole transaction.
pub async fn insert<'r>(
    tx: &mut Tx,
    rows: impl IntoIterator<Item = &'r EventRow>,
) -> Result<(), store::Error> {
    let values: Vec<_> = rows.into_iter().map(EventRow::values).collect();
    tx.execute_many(&INSERT, &values).await?.exactly(values.len() as u64)
}

impl EventRow {
    /// The row of the sender's feed for this event.
    pub fn feed_row(&self, sender_mac: [u8; 32]) -> FeedRow {
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
    actor: Option<PersonId>,
    ring: &KeyRing,
    random: &dyn Random,
) -> EventRow {
    let cbor = event.to_cbor();
    EventRow {
        mailbox_id,
        chain: event.chain,
        seq: event.seq,
        at: event.at,
        kind: event.kind,
        actor,
        because: event.actor.because(),
        body: seal_bytes(nonce, &cbor, (mailbox_id, event.chain, event.seq), ring, random),
        entry: commitment::entry(nonce, &cbor),
    }
}

/// `event.body` at its place.
pub(crate) fn seal_bytes(
    nonce: &[u8; 32],
    cbor: &[u8],
    (mailbox_id, chain, seq): (MailboxId, LetterId, u64),
    ring: &KeyRing,
    random: &dyn Random,
) -> Vec<u8> {
    let mut body = Vec::with_capacity(NONCE_BYTES + cbor.len());
    body.extend_from_slice(nonce);
    body.extend_from_slice(cbor);
    ring.seal(&place(mailbox_id, chain, seq), &body, random)
}

/// Nonce and event bytes behind a sealed body; `None` when it does not open at this place.
pub(crate) fn open(
    ring: &KeyRing,
    mailbox_id: MailboxId,
    chain: LetterId,
    seq: u64,
    body: &[u8],
) -> Option<([u8; 32], Vec<u8>)> {
    let plain = ring.open(&place(mailbox_id, chain, seq), body).ok()?;
    let (nonce, cbor) = plain.split_first_chunk::<NONCE_BYTES>()?;
    Some((*nonce, cbor.to_vec()))
}

/// As stored; a chain of 2^63 events does not come to be.
pub(crate) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn place(mailbox_id: MailboxId, chain: LetterId, seq: u64) -> Place {
    Place::new("event/body").id(mailbox_id.as_bytes()).id(chain.as_bytes()).number(seq)
}

const NONCE_BYTES: usize = 32;

static INSERT: Many = Many::new(
    "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) VALUES ",
    9,
    "",
);
