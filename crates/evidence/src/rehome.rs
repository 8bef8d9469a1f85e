//! A letter's chain moves to a mailbox: same events, same entries, sealed for their new place.

use crate::{
    chain::{Broken, Flaw},
    event::{Actor, Event},
    row::{self, EventRow},
};
use domain::{LetterId, MailboxId, Random, words::EventType};
use key_client::KeyRing;
use store::{Tx, args};

/// Moves the chain's rows and answers the row of the event that follows them, which the caller inserts: `accepted`, with
/// the commitments that it was made with under `nonce`, by the service. What the public log has of the events stays true:
/// neither bytes nor nonces change.
pub async fn rehome(
    tx: &mut Tx,
    ring: &KeyRing,
    chain: LetterId,
    (from, to): (MailboxId, MailboxId),
    (accepted, nonce): (&Event, &[u8; 32]),
    random: &dyn Random,
) -> Result<EventRow, Broken> {
    let rows = tx.query(READ, args![from, chain]).await?;
    let mut then = Event {
        kind: EventType::Accepted,
        actor: Actor::Service,
        detail: Some(CAME_HOME.to_owned()),
        ..accepted.clone()
    };
    for row in &rows {
        let (seq, at, entry) = (row.number(0)?, row.time(1)?, row.array(3)?);
        let opened = row::open(ring, from, chain, seq, row.bytes(2)?);
        let opened = opened.ok_or(Broken::At { chain, seq, flaw: Flaw::Unopenable })?;
        // With the salt of who acted, where there is one.
        let body = row::seal_bytes(&opened.nonce, &opened.rest, None, (to, chain, seq), ring, random);
        tx.execute(MOVE, args![to, &body, from, chain, row::number(seq)]).await?.exactly(1)?;
        (then.seq, then.at, then.previous) = (seq + 1, at.max(then.at), entry);
    }
    if rows.is_empty() {
        return Err(Broken::At { chain, seq: 0, flaw: Flaw::Missing });
    }
    Ok(row::first(&then, nonce, to, ring, random))
}

/// The detail of the event that accepts a letter whose recipient came here while it waited for another operator.
pub const CAME_HOME: &str = "came_home";

const READ: &str =
    "SELECT seq, at, body, entry FROM event WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq";
const MOVE: &str =
    "UPDATE event SET mailbox_id = $1, body = $2 WHERE mailbox_id = $3 AND letter_id = $4 AND seq = $5";
