//! Organisations that own a mailbox.

use crate::{
    identities::{self, NewIdentity},
    owner::Owner,
    version::take_turn,
};
use domain::{AddressMac, IdentityKind, OrganisationId, Random, Time};
use store::{Error, Tx, args};

/// An organisation that is known.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub organisation_id: OrganisationId,
    /// (sealed) Name and number.
    pub profile: Vec<u8>,
    pub created_at: Time,
    pub ended_at: Option<Time>,
}

/// Makes an organisation known under its number; one that is known already is answered, with `false`.
pub async fn register(
    tx: &mut Tx,
    address_mac: &AddressMac,
    profile: &[u8],
    now: Time,
    random: &dyn Random,
) -> Result<(OrganisationId, bool), Error> {
    // Nothing in the tables keeps two from being registered under one number at the same time.
    take_turn(tx).await?;
    if let Some(row) = tx.one(REGISTERED, args![address_mac, now]).await? {
        return Ok((row.id("owner_id")?, false));
    }
    let organisation_id = OrganisationId::new(random);
    tx.execute(ADD, args![organisation_id, profile, now]).await?.exactly(1)?;
    let owner = Owner::Organisation(organisation_id);
    let identity = NewIdentity { mac: address_mac, kind: IdentityKind::Organisation, owner, valid_from: now };
    if !identities::add(tx, &identity).await? {
        // The number is a person's.
        return Err(Error::NO_ROW);
    }
    Ok((organisation_id, true))
}

/// An organisation by id.
pub async fn find(tx: &mut Tx, organisation_id: OrganisationId) -> Result<Option<Organisation>, Error> {
    tx.one(FIND, args![organisation_id]).await?.as_ref().map(read).transpose()
}

/// An organisation by the tag of a number that is its own now.
pub async fn by_address(
    tx: &mut Tx,
    address_mac: &AddressMac,
    now: Time,
) -> Result<Option<Organisation>, Error> {
    tx.one(BY_ADDRESS, args![address_mac, now]).await?.as_ref().map(read).transpose()
}

/// The organisation has ended; its numbers end with it, and the mailbox is closed by the caller.
pub async fn end(tx: &mut Tx, organisation_id: OrganisationId, now: Time) -> Result<bool, Error> {
    tx.execute(END_NUMBERS, args![now, organisation_id]).await?.ignore();
    Ok(tx.execute(END, args![now, organisation_id]).await?.any())
}

store::columns! {
    organisation_columns,
    fn read -> Organisation {
        organisation_id: id,
        profile: bytes.to_vec(),
        created_at: time,
        ended_at: opt_time,
    }
}

const ADD: &str = "INSERT INTO organisation (organisation_id, profile, created_at) VALUES ($1, $2, $3)";
const FIND: &str =
    concat!("SELECT ", organisation_columns!(), " FROM organisation WHERE organisation_id = $1");
const BY_ADDRESS: &str = concat!(
    "SELECT ",
    organisation_columns!("o."),
    " FROM identity i JOIN organisation o ON o.organisation_id = i.owner_id WHERE i.mac = $1 \
     AND i.owner_kind = 'organisation' AND i.valid_from <= $2 \
     AND (i.valid_to IS NULL OR i.valid_to > $2) ORDER BY i.valid_from DESC LIMIT 1"
);
// Also when another's clock is ahead and the number begins to be valid in a moment.
const REGISTERED: &str = "SELECT owner_id FROM identity WHERE mac = $1 AND owner_kind = 'organisation' \
    AND (valid_to IS NULL OR valid_to > $2) LIMIT 1";
const END: &str = "UPDATE organisation SET ended_at = $1 WHERE organisation_id = $2 AND ended_at IS NULL";
const END_NUMBERS: &str = "UPDATE identity SET valid_to = $1 \
    WHERE owner_id = $2 AND owner_kind = 'organisation' AND valid_to IS NULL";
