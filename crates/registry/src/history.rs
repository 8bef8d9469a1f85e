//! What happened to senders, dispatchers and operators, as chains of events. The key service writes them and vouches for
//! them: they belong to the organisation's [set](crate::sets).

use crate::sets::{EventFacts, Facts};
use domain::{OrgNumber, Random, Time, words::RegistryEventType};
use evidence::{EventKeys, Flaw, Particulars, Party, Registered, Sealed};
use key_client::KeyRing;
use store::{Error, Row, Tx, args};

/// A change that is to be on record.
#[derive(Clone, Debug)]
pub struct Happened {
    pub kind: RegistryEventType,
    pub at: Time,
    pub particulars: Particulars,
}

/// Appends to the chain of one organisation; answers the row that it wrote. `None`, and nothing written, when another
/// transaction has taken the place meanwhile.
pub async fn append(
    tx: &mut Tx,
    ring: &KeyRing,
    (party, number): (Party, &OrgNumber),
    happened: Happened,
    random: &dyn Random,
) -> Result<Option<Facts>, Error> {
    let head = tx.one(HEAD, args![party.as_str(), number.as_str()]).await?;
    let (seq, previous, after) = match &head {
        Some(head) => (head.number::<u64>("seq")? + 1, head.array("entry")?, head.time("at")?),
        None => (0, [0; 32], happened.at),
    };
    // Not before the event in front of it, even when the clock was.
    let at = after.max(happened.at);
    let Happened { kind, particulars, .. } = happened;
    let event = Registered { party, number: number.clone(), seq, at, kind, previous, particulars };
    let Sealed { body, entry } = event.seal(ring, random);
    let place = i64::try_from(seq).unwrap_or(i64::MAX);
    let args = args![party.as_str(), number.as_str(), place, at, kind.as_str(), &body, &entry];
    let written = tx.execute(APPEND, args).await?.any();
    Ok(written.then(|| Facts::Event(EventFacts { seq, at, kind: kind.as_str().to_owned(), entry })))
}

/// The whole chain of one organisation, opened, each link checked; or the place where it is broken, and how.
pub async fn read(
    tx: &mut Tx,
    keys: &dyn EventKeys,
    (party, number): (Party, &OrgNumber),
) -> Result<Result<Vec<Registered>, (u64, Flaw)>, Error> {
    let rows = tx.query(READ, args![party.as_str(), number.as_str()]).await?;
    let mut events = Vec::with_capacity(rows.len());
    let mut previous = [0; 32];
    for row in &rows {
        let seq = events.len() as u64;
        match link(keys, (party, number, seq), &previous, row) {
            Ok((event, entry)) => {
                events.push(event);
                previous = entry;
            }
            Err(flaw) => return Ok(Err((seq, flaw))),
        }
    }
    Ok(Ok(events))
}

fn link(
    keys: &dyn EventKeys,
    place: (Party, &OrgNumber, u64),
    previous: &[u8; 32],
    row: &Row,
) -> Result<(Registered, [u8; 32]), Flaw> {
    // A column that holds what we never write was changed by another hand.
    let stored = stored(row).map_err(|_| Flaw::Disagrees)?;
    if stored.seq != place.2 {
        return Err(Flaw::Missing);
    }
    let event = Registered::open(keys, place, &stored.sealed)?;
    if event.previous != *previous {
        return Err(Flaw::Unlinked);
    }
    if event.at != stored.at || event.kind.as_str() != stored.kind {
        return Err(Flaw::Disagrees);
    }
    Ok((event, stored.sealed.entry))
}

struct Stored<'r> {
    seq: u64,
    at: Time,
    kind: &'r str,
    sealed: Sealed,
}

fn stored(row: &Row) -> Result<Stored<'_>, Error> {
    let sealed = Sealed { body: row.bytes("body")?.to_vec(), entry: row.array("entry")? };
    Ok(Stored { seq: row.number("seq")?, at: row.time("at")?, kind: row.text("type")?, sealed })
}

const HEAD: &str = "SELECT seq, at, entry FROM registry_event WHERE party = $1 AND number = $2 \
    ORDER BY seq DESC LIMIT 1";
const APPEND: &str = "INSERT INTO registry_event (party, number, seq, at, type, body, entry) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const READ: &str = "SELECT seq, at, type, body, entry FROM registry_event \
    WHERE party = $1 AND number = $2 ORDER BY seq";

#[cfg(test)]
mod tests;
