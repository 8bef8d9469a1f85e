//! What companies have asked for that more people must sign: one request of each kind for a recipient.
//!
//! Who has signed so far stands in the request, sealed: it is opened, added to and put back by whoever takes the next
//! signature.

use domain::{AddressMac, Time};
use std::time::Duration;
use store::{Error, Row, Tx, args};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingKind {
    /// A mailbox at an operator.
    Register,
    /// To give it up.
    Deregister,
    Move,
    /// Senders off and on.
    Preferences,
}

/// A request that waits for signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub kind: PendingKind,
    pub address_mac: AddressMac,
    /// (sealed) What was asked for and who has signed so far; its place is
    /// [`key_client::pending_request`] of kind and address.
    pub request: Vec<u8>,
    pub created_at: Time,
    pub expires_at: Time,
}

impl PendingKind {
    pub const ALL: [Self; 4] = [Self::Register, Self::Deregister, Self::Move, Self::Preferences];

    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Deregister => "deregister",
            Self::Move => "move",
            Self::Preferences => "preferences",
        }
    }
}

/// Puts a request there, or in the place of the one that was read: `before` is its ciphertext, `None` when there was
/// none. False when somebody else has put or taken one meanwhile; read again and decide anew. A request that follows
/// another keeps its time: all signatures are given within [`LIFE`].
pub async fn put(
    tx: &mut Tx,
    kind: PendingKind,
    address_mac: &AddressMac,
    before: Option<&[u8]>,
    request: &[u8],
    now: Time,
) -> Result<bool, Error> {
    let put = match before {
        Some(before) => tx.execute(FOLLOW, args![request, address_mac, kind.as_str(), before, now]).await?,
        None => {
            let args = args![address_mac, kind.as_str(), request, now, now.plus(LIFE)];
            tx.execute(PUT, args).await?
        }
    };
    Ok(put.any())
}

/// The request that waits, unless its time is over.
pub async fn find(
    tx: &mut Tx,
    kind: PendingKind,
    address_mac: &AddressMac,
    now: Time,
) -> Result<Option<Pending>, Error> {
    tx.one(FIND, args![address_mac, kind.as_str(), now]).await?.as_ref().map(read).transpose()
}

/// The requests of every kind that wait for at most 1000 addresses, in their order, each with the place of its address.
pub async fn find_many(
    tx: &mut Tx,
    address_macs: &[AddressMac],
    now: Time,
) -> Result<Vec<(usize, Pending)>, Error> {
    if address_macs.is_empty() {
        return Ok(Vec::new());
    }
    let count = i64::try_from(address_macs.len()).unwrap_or(i64::MAX);
    let rows = tx.query(FIND_MANY, args![count, &AddressMac::flatten(address_macs), now]).await?;
    rows.iter().map(|row| Ok((row.number("no")?, read(row)?))).collect()
}

/// Takes a request away: it was fulfilled or taken back. False when there was none.
pub async fn delete(tx: &mut Tx, kind: PendingKind, address_mac: &AddressMac) -> Result<bool, Error> {
    Ok(tx.execute(DELETE, args![address_mac, kind.as_str()]).await?.any())
}

/// Removes all whose time is over; tells how many. To be done now and then: nobody sees them before either.
pub async fn expire(tx: &mut Tx, now: Time) -> Result<u64, Error> {
    Ok(tx.execute(EXPIRE, args![now]).await?.count())
}

store::columns! {
    pending_columns,
    fn read -> Pending {
        kind: kind(row),
        address_mac: tag,
        request: bytes.to_vec(),
        created_at: time,
        expires_at: time,
    }
}

fn kind(row: &Row, column: &'static str) -> Result<PendingKind, Error> {
    row.parsed(column, "a kind of request", |text| {
        PendingKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    })
}

/// How long a request waits for signatures.
pub const LIFE: Duration = Duration::from_secs(30 * 24 * 3600);

const PUT: &str = "INSERT INTO pending (address_mac, kind, request, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address_mac, kind) DO UPDATE SET request = EXCLUDED.request, \
    created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at \
    WHERE pending.expires_at <= EXCLUDED.created_at";
const FOLLOW: &str = "UPDATE pending SET request = $1 \
    WHERE address_mac = $2 AND kind = $3 AND request = $4 AND expires_at > $5";
const FIND: &str = concat!(
    "SELECT ",
    pending_columns!(),
    " FROM pending WHERE address_mac = $1 AND kind = $2 AND expires_at > $3"
);
const FIND_MANY: &str = concat!(
    "WITH RECURSIVE place (no) AS (SELECT 0 UNION ALL SELECT no + 1 FROM place WHERE no + 1 < $1), \
     asked (no, mac) AS (SELECT no, substr($2, no * 32 + 1, 32) FROM place) SELECT ",
    pending_columns!("w."),
    ", a.no FROM asked a JOIN pending w ON w.address_mac = a.mac AND w.expires_at > $3 \
     ORDER BY a.no, w.created_at, w.kind"
);
const DELETE: &str = "DELETE FROM pending WHERE address_mac = $1 AND kind = $2";
const EXPIRE: &str = "DELETE FROM pending WHERE expires_at <= $1";

#[cfg(test)]
mod tests;
