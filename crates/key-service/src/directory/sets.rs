//! Writing what the key store says of sets.

use domain::{RowsDigest, Time};
use registry::{
    Owner,
    sets::{SetKind, Subject},
};
use store::{Error, Tx, args};

/// Takes down what a change of a known set leads to. False when another change is under way, or was first.
pub(crate) async fn intend(
    tx: &mut Tx,
    subject: &Subject,
    version: i64,
    next: &[RowsDigest],
    now: Time,
) -> Result<bool, Error> {
    let next = RowsDigest::flatten(next);
    let args = args![&next, now, subject.kind.as_str(), &subject.id, version];
    Ok(tx.execute(INTEND, args).await?.any())
}

/// The same for a set that begins: until it has settled, the database may have all of it or nothing.
pub(crate) async fn introduce(
    tx: &mut Tx,
    subject: &Subject,
    owner: Option<Owner>,
    (empty, next): (&[RowsDigest], &[RowsDigest]),
    now: Time,
) -> Result<bool, Error> {
    let owner = owner.map(Owner::id);
    let owner = owner.as_ref().map(<[u8; 16]>::as_slice);
    let kind = subject.kind.as_str();
    let empty = RowsDigest::flatten(empty);
    let next = RowsDigest::flatten(next);
    Ok(tx.execute(INTRODUCE, args![kind, &subject.id, owner, &empty, &next, now]).await?.any())
}

/// What was taken down holds from now on. False when nothing was under way.
pub(crate) async fn promote(tx: &mut Tx, subject: &Subject) -> Result<bool, Error> {
    Ok(tx.execute(PROMOTE, args![subject.kind.as_str(), &subject.id]).await?.any())
}

/// The change was not committed: what held before holds, and a set that was to begin is none.
pub(crate) async fn withdraw(tx: &mut Tx, subject: &Subject) -> Result<(), Error> {
    let args = args![subject.kind.as_str(), &subject.id];
    // What was to end by it has not ended.
    tx.execute(NOT_ENDED, args).await?.ignore();
    tx.execute(FORGET, args).await?.ignore();
    tx.execute(WITHDRAW, args).await?.ignore();
    Ok(())
}

/// Takes a set over as it stands, whatever was known of it.
pub(crate) async fn adopt(
    tx: &mut Tx,
    subject: &Subject,
    owner: Option<Owner>,
    digests: &[RowsDigest],
) -> Result<(), Error> {
    let owner = owner.map(Owner::id);
    let owner = owner.as_ref().map(<[u8; 16]>::as_slice);
    let digests = RowsDigest::flatten(digests);
    let args = args![subject.kind.as_str(), &subject.id, owner, &digests];
    tx.execute(ADOPT, args).await?.exactly(1)
}

/// The next sets of a kind, in the order of their ids. Those that a change is to begin are not there yet.
pub(crate) async fn page(tx: &mut Tx, kind: SetKind, after: &[u8]) -> Result<Vec<Subject>, Error> {
    let rows = tx.query(PAGE, args![kind.as_str(), after]).await?;
    rows.iter().map(|row| Ok(Subject { kind, id: row.bytes("id")?.to_vec() })).collect()
}

/// Sets with a change that has been between the databases since before this instant.
pub(crate) async fn under_way(tx: &mut Tx, before: Time) -> Result<Vec<Subject>, Error> {
    let rows = tx.query(UNDER_WAY, args![before]).await?;
    let subject = |row: &store::Row| {
        let kind = SetKind::parse(row.text("kind")?);
        let kind = kind.ok_or(Error::Column { column: "kind", wanted: "a kind of set" })?;
        Ok(Subject { kind, id: row.bytes("id")?.to_vec() })
    };
    rows.iter().map(subject).collect()
}

const INTEND: &str = "UPDATE vouched SET next = $1, next_at = $2 \
    WHERE kind = $3 AND id = $4 AND version = $5 AND next IS NULL";
const INTRODUCE: &str = "INSERT INTO vouched (kind, id, owner_id, version, digests, next, next_at) \
    VALUES ($1, $2, $3, 0, $4, $5, $6) ON CONFLICT DO NOTHING";
const PROMOTE: &str = "UPDATE vouched SET digests = next, version = version + 1, next = NULL, next_at = NULL \
    WHERE kind = $1 AND id = $2 AND next IS NOT NULL";
const FORGET: &str = "DELETE FROM vouched WHERE kind = $1 AND id = $2 AND version = 0 AND next IS NOT NULL";
const NOT_ENDED: &str = "DELETE FROM ended_right WHERE kind = $1 AND id = $2 AND ended_at IN \
    (SELECT next_at FROM vouched WHERE kind = $1 AND id = $2)";
const WITHDRAW: &str = "UPDATE vouched SET next = NULL, next_at = NULL WHERE kind = $1 AND id = $2";
const ADOPT: &str = "INSERT INTO vouched (kind, id, owner_id, version, digests) VALUES ($1, $2, $3, 1, $4) \
    ON CONFLICT (kind, id) DO UPDATE SET digests = EXCLUDED.digests, owner_id = EXCLUDED.owner_id, \
    version = vouched.version + 1, next = NULL, next_at = NULL";
const PAGE: &str = "SELECT id FROM vouched WHERE kind = $1 AND id > $2 AND version > 0 ORDER BY id LIMIT 500";
const UNDER_WAY: &str = "SELECT kind, id FROM vouched WHERE next_at <= $1 ORDER BY next_at LIMIT 1000";
