//! The numbers of people and organisations over time. A letter goes to whom the number belongs when it comes.

use crate::owner::Owner;
use domain::{AddressMac, IdentityKind, Time};
use store::{Error, Tx, args};

/// A number that is to be someone's.
#[derive(Clone, Copy, Debug)]
pub struct NewIdentity<'a> {
    /// Keyed hash of kind and number, addressing key.
    pub mac: &'a AddressMac,
    pub kind: IdentityKind,
    pub owner: Owner,
    pub valid_from: Time,
}

/// A number that is or was someone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    pub mac: AddressMac,
    pub kind: IdentityKind,
    pub valid_from: Time,
    pub valid_to: Option<Time>,
}

/// Gives a number to its owner; false when it is somebody's already.
pub async fn add(tx: &mut Tx, new: &NewIdentity<'_>) -> Result<bool, Error> {
    let kind = new.kind.as_str();
    let owner_kind = new.owner.kind().as_str();
    let args = args![new.mac, new.valid_from, kind, owner_kind, new.owner.value()];
    Ok(tx.execute(ADD, args).await?.any())
}

/// Whose a number became at this instant.
pub async fn owner_of(tx: &mut Tx, mac: &AddressMac, valid_from: Time) -> Result<Option<Owner>, Error> {
    tx.one(OWNER_OF, args![mac, valid_from]).await?.map(|row| Owner::read(&row)).transpose()
}

/// Whose a number is now.
pub async fn owner_now(tx: &mut Tx, mac: &AddressMac, now: Time) -> Result<Option<Owner>, Error> {
    tx.one(OWNER_NOW, args![mac, now]).await?.map(|row| Owner::read(&row)).transpose()
}

/// Ends a number, as when a samordningsnummer has become a personnummer or an organisation is succeeded.
pub async fn end(tx: &mut Tx, mac: &AddressMac, owner: Owner, now: Time) -> Result<bool, Error> {
    Ok(tx.execute(END, args![now, mac, owner.value()]).await?.any())
}

/// Holds a number's rows until the transaction ends, so that whoever opens a mailbox for its owner and whoever moves
/// the owner elsewhere take turns. Someone whose number becomes known at the very same time is not held up.
pub(crate) async fn hold(tx: &mut Tx, mac: &AddressMac) -> Result<(), Error> {
    tx.execute(HOLD, args![mac]).await?.ignore();
    Ok(())
}

/// The same for all numbers of an owner.
pub(crate) async fn hold_of_owner(tx: &mut Tx, owner: Owner) -> Result<(), Error> {
    tx.execute(HOLD_OF_OWNER, args![owner.value(), owner.kind().as_str()]).await?.ignore();
    Ok(())
}

/// All numbers of an owner, past ones too, newest first.
pub async fn of_owner(tx: &mut Tx, owner: Owner) -> Result<Vec<IdentityRow>, Error> {
    let rows = tx.query(OF_OWNER, args![owner.value(), owner.kind().as_str()]).await?;
    let rows = rows.iter().map(|row| {
        let kind =
            kind(row.text("kind")?).ok_or(Error::Column { column: "kind", wanted: "a kind of identity" })?;
        Ok(IdentityRow {
            mac: row.tag("mac")?,
            kind,
            valid_from: row.time("valid_from")?,
            valid_to: row.opt_time("valid_to")?,
        })
    });
    rows.collect()
}

fn kind(text: &str) -> Option<IdentityKind> {
    [IdentityKind::Personnummer, IdentityKind::Samordningsnummer, IdentityKind::Organisation]
        .into_iter()
        .find(|kind| kind.as_str() == text)
}

const ADD: &str = "INSERT INTO identity (mac, valid_from, kind, owner_kind, owner_id) \
    SELECT $1, CAST($2 AS BIGINT), $3, $4, $5 WHERE NOT EXISTS \
    (SELECT 1 FROM identity WHERE mac = $1 AND (valid_to IS NULL OR valid_to > $2)) ON CONFLICT DO NOTHING";
const OWNER_OF: &str = "SELECT owner_kind, owner_id FROM identity WHERE mac = $1 AND valid_from = $2";
const OWNER_NOW: &str = "SELECT owner_kind, owner_id FROM identity WHERE mac = $1 AND valid_from <= $2 \
    AND (valid_to IS NULL OR valid_to > $2) ORDER BY valid_from DESC LIMIT 1";
const END: &str = "UPDATE identity SET valid_to = $1 WHERE mac = $2 AND owner_id = $3 AND valid_to IS NULL";
const HOLD: &str = "UPDATE identity SET kind = kind WHERE mac = $1";
const HOLD_OF_OWNER: &str = "UPDATE identity SET kind = kind WHERE owner_id = $1 AND owner_kind = $2";
const OF_OWNER: &str = "SELECT mac, kind, valid_from, valid_to FROM identity \
    WHERE owner_id = $1 AND owner_kind = $2 ORDER BY valid_from DESC";

#[cfg(test)]
mod tests;
