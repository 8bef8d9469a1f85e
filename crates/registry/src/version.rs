//! The registry's version: raised by every change that gateways must know of.

use store::{Error, Tx};

/// The version now. Cheap: gateways ask it often.
pub async fn version(tx: &mut Tx) -> Result<i64, Error> {
    tx.must_one(READ, &[]).await?.int("version")
}

/// Raises the version, in the transaction of the change.
pub(crate) async fn bump(tx: &mut Tx) -> Result<(), Error> {
    tx.execute(BUMP, &[]).await?.exactly(1)
}

/// Lets one such transaction at a time go on, without raising the version.
pub(crate) async fn take_turn(tx: &mut Tx) -> Result<(), Error> {
    tx.execute(TAKE_TURN, &[]).await?.exactly(1)
}

const READ: &str = "SELECT version FROM registry_version WHERE one = 1";
const BUMP: &str = "UPDATE registry_version SET version = version + 1 WHERE one = 1";
const TAKE_TURN: &str = "UPDATE registry_version SET version = version WHERE one = 1";
