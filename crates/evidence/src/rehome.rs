//! A letter's chain moves to a mailbox: same events, same entries, sealed for their new place.

use crate::{
    append::{self, Head, NewEvent},
    chain::{Broken, Flaw},
    row::{self, EventRow},
};
use domain::{LetterId, MailboxId, Random};
use key_client::KeyRing;
use store::{Tx, args};

/// Moves the chain's rows and answers the row of the event that follows them, which the caller inserts. What the
/// public log has of the events stays true: neither bytes nor nonces change.
pub async fn rehome(
    tx: &mut Tx,
    ring: &KeyRing,
    chain: LetterId,
    (from, to): (MailboxId, MailboxId),
    then: &NewEvent,
    random: &dyn Random,
) -> Result<EventRow, Broken> {
    let rows = tx.query(READ, args![from, chain]).await?;
    let mut head = None;
    for row in &rows {
        let (seq, at, entry) = (row.number(0)?, row.time(1)?, row.array(3)?);
        let opened = row::open(ring, from, chain, seq, row.bytes(2)?);
        let (nonce, cbor) = opened.ok_or(Broken::At { chain, seq, flaw: Flaw::Unopenable })?;
        let body = row::seal_bytes(&nonce, &cbor, (to, chain, seq), ring, random);
        tx.execute(MOVE, args![to, &body, from, chain, row::number(seq)]).await?.exactly(1)?;
        head = Some(Head { seq, at, entry });
    }
    let head = head.ok_or(Broken::At { chain, seq: 0, flaw: Flaw::Missing })?;
    Ok(append::follow(Some(&head), (to, chain), then, ring, random).0)
}

const READ: &str =
    "SELECT seq, at, body, entry FROM event WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq";
const MOVE: &str =
    "UPDATE event SET mailbox_id = $1, body = $2 WHERE mailbox_id = $3 AND letter_id = $4 AND seq = $5";
