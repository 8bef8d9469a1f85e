//! A letter's chain moves to a mailbox: same events, same entries, sealed for their new place.

use crate::{
    chain::{Broken, Flaw},
    event::{Actor, Event},
    rings::EventKeys,
    row::{self, EventRow},
};
use domain::{LetterId, MailboxId, Random, words::EventType};
use key_client::{EventRing, KeyRing};
use store::{Row, Tx, args};

/// Which chain moves, and what opens and seals it.
pub struct Rehoming<'a> {
    pub ring: &'a EventRing,
    /// The bodies that the key service alone opens ([`bodies`]), by their place in the chain.
    pub before: &'a [Option<Vec<u8>>],
    pub chain: LetterId,
    pub from: MailboxId,
    pub to: MailboxId,
}

/// Moves the chain's rows and answers the row of the event that follows them, which the caller inserts: `accepted`, with
/// the commitments that it was made with under `nonce`, by the service. What the public log has of the events stays true:
/// neither bytes nor nonces change.
pub async fn rehome(
    tx: &mut Tx,
    moving: &Rehoming<'_>,
    (accepted, nonce): (&Event, &[u8; 32]),
    random: &dyn Random,
) -> Result<EventRow, Broken> {
    let Rehoming { ring, before, chain, from, to } = *moving;
    let rows = tx.query(READ, args![from, chain]).await?;
    let mut then = Event {
        kind: EventType::Accepted,
        actor: Actor::Service,
        detail: Some(CAME_HOME.to_owned()),
        ..accepted.clone()
    };
    for row in &rows {
        let seq = row.number("seq")?;
        let at = row.time("at")?;
        let entry = row.array("entry")?;
        let elsewhere = || before.get(usize::try_from(seq).ok()?)?.as_deref();
        let opened = row::open(ring, from, chain, seq, row.bytes("body")?);
        let opened = opened.or_else(|| row::split(elsewhere()?)).ok_or(Broken::At {
            chain,
            seq,
            flaw: Flaw::Unopenable,
        })?;
        // With the salt of who acted, where there is one.
        let body = row::seal_bytes(&opened.nonce, &opened.rest, None, (to, chain, seq), ring, random);
        tx.execute(MOVE, args![to, &body, from, chain, row::number(seq)]).await?.exactly(1)?;
        (then.seq, then.at, then.previous) = (seq + 1, at.max(then.at), entry);
    }
    let moved = rows.iter().map(|row| Ok((to, row.array("entry")?))).collect::<Result<_, store::Error>>()?;
    row::tell(tx, ring, moved);
    if rows.is_empty() {
        return Err(Broken::At { chain, seq: 0, flaw: Flaw::Missing });
    }
    Ok(row::first(&then, nonce, to, ring, random))
}

/// The bodies of a chain that this ring opens, in order, for whoever has not got it.
pub async fn bodies(
    tx: &mut Tx,
    ring: &KeyRing,
    mailbox_id: MailboxId,
    chain: LetterId,
) -> Result<Vec<Option<Vec<u8>>>, store::Error> {
    let rows = tx.query(READ, args![mailbox_id, chain]).await?;
    let opened = |row: &Row| -> Result<_, store::Error> {
        let body = ring.open_event(&row::place(mailbox_id, chain, row.number("seq")?), row.bytes("body")?);
        Ok(body.map(|(plain, _)| plain.to_vec()))
    };
    rows.iter().map(opened).collect()
}

/// The detail of the event that accepts a letter whose recipient came here while it waited for another operator.
pub const CAME_HOME: &str = "came_home";

const READ: &str =
    "SELECT seq, at, body, entry FROM event WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq";
const MOVE: &str =
    "UPDATE event SET mailbox_id = $1, body = $2 WHERE mailbox_id = $3 AND letter_id = $4 AND seq = $5";
