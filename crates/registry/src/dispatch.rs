//! Which dispatchers a sender lists. A sender needs no listing to act for itself.

use crate::{directory::readable, senders::number, sets::Table, version::bump};
use domain::{OrgNumber, Time};
use store::{Error, Tx, args};

/// A listing, past or present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub sender: OrgNumber,
    pub dispatcher: OrgNumber,
    pub valid_from: Time,
    /// Set when it was taken back.
    pub valid_to: Option<Time>,
}

/// Lists a dispatcher from now on; false when it is listed already, or when one of the two is unknown.
pub async fn list(tx: &mut Tx, sender: &OrgNumber, dispatcher: &OrgNumber, now: Time) -> Result<bool, Error> {
    if sender == dispatcher {
        return Ok(false);
    }
    let listed = tx.execute(LIST, args![sender.as_str(), dispatcher.as_str(), now]).await?.any();
    if listed {
        bump(tx).await?;
    }
    Ok(listed)
}

/// Takes a listing back; false when there is none.
pub async fn unlist(
    tx: &mut Tx,
    sender: &OrgNumber,
    dispatcher: &OrgNumber,
    now: Time,
) -> Result<bool, Error> {
    let unlisted = tx.execute(UNLIST, args![now, sender.as_str(), dispatcher.as_str()]).await?.any();
    if unlisted {
        bump(tx).await?;
    }
    Ok(unlisted)
}

/// All listings of all senders, past ones too.
pub async fn all(tx: &mut Tx) -> Result<Vec<Listing>, Error> {
    readable(Table::Dispatch, &tx.query(ALL, &[]).await?, read)
}

/// The listings of one sender, past ones too.
pub async fn of_sender(tx: &mut Tx, sender: &OrgNumber) -> Result<Vec<Listing>, Error> {
    tx.query(OF_SENDER, args![sender.as_str()]).await?.iter().map(read).collect()
}

store::columns! {
    listing_columns,
    pub(crate) fn read -> Listing {
        sender: number(row),
        dispatcher: number(row),
        valid_from: time,
        valid_to: opt_time,
    }
}

const LIST: &str = "INSERT INTO dispatch (sender, dispatcher, valid_from) \
    SELECT s.number, d.number, CAST($3 AS BIGINT) FROM sender s, sender d WHERE s.number = $1 AND d.number = $2 \
    AND NOT EXISTS (SELECT 1 FROM dispatch x WHERE x.sender = s.number AND x.dispatcher = d.number AND x.valid_to IS NULL) \
    ON CONFLICT DO NOTHING";
const UNLIST: &str =
    "UPDATE dispatch SET valid_to = $1 WHERE sender = $2 AND dispatcher = $3 AND valid_to IS NULL";
const ALL: &str =
    concat!("SELECT ", listing_columns!(), " FROM dispatch ORDER BY sender, dispatcher, valid_from");
const OF_SENDER: &str = concat!(
    "SELECT ",
    listing_columns!(),
    " FROM dispatch WHERE sender = $1 ORDER BY dispatcher, valid_from"
);
