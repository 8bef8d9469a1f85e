//! Public bodies that send letters, and dispatchers that send for them.

use crate::{directory::readable, sets::Table, version::bump};
use domain::{
    OrgNumber, Time,
    text::{self, TextError},
};
use store::{Error, Row, Tx, args};

/// A sender or dispatcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub number: OrgNumber,
    /// Shown to recipients.
    pub name: String,
    /// False for one that only dispatches for others.
    pub may_send: bool,
    pub created_at: Time,
    /// Set: nothing is accepted from it or through it.
    pub suspended_at: Option<Time>,
    /// Whether deliveries of Mina Meddelanden may still be signed with SHA-1. Off unless the operator lets it.
    pub sha1: bool,
}

/// Why a sender was not added or renamed.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error("the name cannot be shown: {0}")]
    Name(#[source] TextError),
    #[error(transparent)]
    Store(#[from] Error),
}

/// Adds a sender; false when the number is there already, which is then left as it is.
pub async fn add(
    tx: &mut Tx,
    number: &OrgNumber,
    name: &str,
    may_send: bool,
    now: Time,
) -> Result<bool, SenderError> {
    let name = shown(name)?;
    let added = tx.execute(ADD, args![number.as_str(), &name, may_send, now]).await?.any();
    changed(tx, added).await.map_err(Into::into)
}

/// Gives another name; false when there is no such sender.
pub async fn rename(tx: &mut Tx, number: &OrgNumber, name: &str) -> Result<bool, SenderError> {
    let name = shown(name)?;
    let renamed = tx.execute(RENAME, args![&name, number.as_str()]).await?.any();
    changed(tx, renamed).await.map_err(Into::into)
}

/// Whether it may send letters of its own.
pub async fn set_may_send(tx: &mut Tx, number: &OrgNumber, may_send: bool) -> Result<bool, Error> {
    let set = tx.execute(SET_MAY_SEND, args![may_send, number.as_str()]).await?.any();
    changed(tx, set).await
}

/// Whether its deliveries may be signed with SHA-1; false when there is no such sender or it was so already.
pub async fn set_sha1(tx: &mut Tx, number: &OrgNumber, allowed: bool) -> Result<bool, Error> {
    let set = tx.execute(SET_SHA1, args![allowed, number.as_str()]).await?.any();
    changed(tx, set).await
}

/// From now on nothing is accepted from it; false when it was suspended already or is unknown.
pub async fn suspend(tx: &mut Tx, number: &OrgNumber, now: Time) -> Result<bool, Error> {
    let suspended = tx.execute(SUSPEND, args![now, number.as_str()]).await?.any();
    changed(tx, suspended).await
}

/// Ends a suspension; false when there was none.
pub async fn resume(tx: &mut Tx, number: &OrgNumber) -> Result<bool, Error> {
    let resumed = tx.execute(RESUME, args![number.as_str()]).await?.any();
    changed(tx, resumed).await
}

/// All senders and dispatchers by number.
pub async fn list(tx: &mut Tx) -> Result<Vec<Sender>, Error> {
    readable(Table::Sender, &tx.query(LIST, &[]).await?, read)
}

pub async fn find(tx: &mut Tx, number: &OrgNumber) -> Result<Option<Sender>, Error> {
    tx.one(FIND, args![number.as_str()]).await?.as_ref().map(read).transpose()
}

pub(crate) fn number(row: &Row, column: &'static str) -> Result<OrgNumber, Error> {
    row.parsed(column, "an organisation number", |text| OrgNumber::parse(text).ok())
}

store::columns! {
    sender_columns,
    fn read -> Sender {
        number: number(row),
        name: text.to_owned(),
        may_send: flag,
        created_at: time,
        suspended_at: opt_time,
        sha1: flag,
    }
}

/// A name as it may be shown.
pub fn shown(name: &str) -> Result<String, SenderError> {
    text::line(name.trim(), 1, 100).map_err(SenderError::Name)
}

async fn changed(tx: &mut Tx, changed: bool) -> Result<bool, Error> {
    if changed {
        bump(tx).await?;
    }
    Ok(changed)
}

const ADD: &str =
    "INSERT INTO sender (number, name, may_send, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const RENAME: &str = "UPDATE sender SET name = $1 WHERE number = $2";
const SET_MAY_SEND: &str = "UPDATE sender SET may_send = $1 WHERE number = $2";
const SET_SHA1: &str = "UPDATE sender SET sha1 = $1 WHERE number = $2 AND sha1 <> $1";
const SUSPEND: &str = "UPDATE sender SET suspended_at = $1 WHERE number = $2 AND suspended_at IS NULL";
const RESUME: &str = "UPDATE sender SET suspended_at = NULL WHERE number = $1 AND suspended_at IS NOT NULL";
const LIST: &str = concat!("SELECT ", sender_columns!(), " FROM sender ORDER BY number");
const FIND: &str = concat!("SELECT ", sender_columns!(), " FROM sender WHERE number = $1");

#[cfg(test)]
mod tests;
