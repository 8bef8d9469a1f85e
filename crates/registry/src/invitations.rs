//! Invitations to read another's mailbox. Nothing in here is a right: the owner grants it, as a mandate with the
//! invitation's id, once the other has said yes by their own log-in.
//!
//! An invitation is made out to a number, not to a person: who makes one learns nothing of whether the number is known.

use crate::{boxes, owner::Owner, people};
use domain::{AddressMac, MailboxId, MandateId, PersonId, Time};
use std::time::Duration;
use store::{Error, Row, Tx, args};

/// An invitation that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation<'a> {
    pub invitation_id: MandateId,
    pub mailbox_id: MailboxId,
    pub address_mac: &'a AddressMac,
    /// (sealed) What the owner calls the helper.
    pub label: &'a [u8],
    /// (sealed) The owner's name.
    pub owner_name: &'a [u8],
    /// How long the right would last.
    pub valid_to: Time,
}

/// An invitation that waits for an answer, or for the owner to grant the right.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub invitation_id: MandateId,
    pub mailbox_id: MailboxId,
    /// Of whoever is asked to help, not of the owner.
    pub address_mac: AddressMac,
    /// (sealed)
    pub label: Vec<u8>,
    /// (sealed)
    pub owner_name: Vec<u8>,
    pub valid_to: Time,
    pub invited_at: Time,
    /// Who said yes, and (sealed) their name.
    pub helper: Option<(PersonId, Vec<u8>)>,
}

/// What became of an invitation. Of the other's number nothing is looked up, so nothing of it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    Made,
    /// There is a helper, or an invitation that waits.
    Another,
    /// As many as one may make in a day were made.
    TooMany,
    /// The mailbox is closed, or its owner protected or dead.
    Frozen,
}

/// Makes an invitation, unless there is a helper or another invitation.
pub async fn invite(tx: &mut Tx, new: &NewInvitation<'_>, now: Time) -> Result<Invited, Error> {
    // Two at once must see each other.
    boxes::lock(tx, new.mailbox_id).await?;
    let mailbox = boxes::find(tx, new.mailbox_id).await?.filter(|mailbox| mailbox.closed_at.is_none());
    let owner = match mailbox.map(|mailbox| mailbox.owner) {
        Some(Owner::Person(owner)) => people::find(tx, owner).await?,
        _ => None,
    };
    if owner.is_none_or(|owner| owner.protected_at.is_some() || owner.deceased_at.is_some()) {
        return Ok(Invited::Frozen);
    }
    let helps = tx.one(HELPS, args![new.mailbox_id, now]).await?.is_some();
    if helps || !of_mailbox(tx, new.mailbox_id, now).await?.is_empty() {
        return Ok(Invited::Another);
    }
    let made = tx.must_one(MADE, args![new.mailbox_id, now.minus(DAY)]).await?;
    if made.int("n")? >= MOST_A_DAY {
        return Ok(Invited::TooMany);
    }
    let id = new.invitation_id;
    let mac = new.address_mac;
    tx.execute(INVITE, args![id, new.mailbox_id, mac, new.label, new.owner_name, new.valid_to, now])
        .await?
        .exactly(1)?;
    Ok(Invited::Made)
}

/// The invitations of a mailbox that wait, newest first.
pub async fn of_mailbox(tx: &mut Tx, mailbox_id: MailboxId, now: Time) -> Result<Vec<Invitation>, Error> {
    tx.query(OF_MAILBOX, args![mailbox_id, now, now.minus(LIFE)]).await?.iter().map(read).collect()
}

/// The invitations that somebody has not answered, by any number that is theirs now, newest first.
pub async fn to_person(tx: &mut Tx, person_id: PersonId, now: Time) -> Result<Vec<Invitation>, Error> {
    tx.query(TO_PERSON, args![person_id, now, now.minus(LIFE)]).await?.iter().map(read).collect()
}

/// Somebody says yes; false when there is no such invitation to them.
pub async fn accept(
    tx: &mut Tx,
    invitation_id: MandateId,
    person_id: PersonId,
    sealed_name: &[u8],
    now: Time,
) -> Result<bool, Error> {
    if !to_person(tx, person_id, now).await?.iter().any(|one| one.invitation_id == invitation_id) {
        return Ok(false);
    }
    Ok(tx.execute(ACCEPT, args![person_id, sealed_name, now, invitation_id]).await?.any())
}

/// Somebody says no; false when there is no such invitation to them.
pub async fn decline(
    tx: &mut Tx,
    invitation_id: MandateId,
    person_id: PersonId,
    now: Time,
) -> Result<bool, Error> {
    if !to_person(tx, person_id, now).await?.iter().any(|one| one.invitation_id == invitation_id) {
        return Ok(false);
    }
    Ok(tx.execute(END, args![now, invitation_id]).await?.any())
}

/// The owner takes it back; false when there is no such invitation that waits.
pub async fn withdraw(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    invitation_id: MandateId,
    now: Time,
) -> Result<bool, Error> {
    if !of_mailbox(tx, mailbox_id, now).await?.iter().any(|one| one.invitation_id == invitation_id) {
        return Ok(false);
    }
    Ok(tx.execute(END, args![now, invitation_id]).await?.any())
}

store::columns! {
    invitation_columns: invitation_id, mailbox_id, label, owner_name, valid_to, invited_at, helper_id, helper_name,
        address_mac
}

fn read(row: &Row) -> Result<Invitation, Error> {
    let helper = row.opt_id("helper_id")?.zip(row.opt_bytes("helper_name")?.map(<[u8]>::to_vec));
    Ok(Invitation {
        invitation_id: row.id("invitation_id")?,
        mailbox_id: row.id("mailbox_id")?,
        address_mac: row.tag("address_mac")?,
        label: row.bytes("label")?.to_vec(),
        owner_name: row.bytes("owner_name")?.to_vec(),
        valid_to: row.time("valid_to")?,
        invited_at: row.time("invited_at")?,
        helper,
    })
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long an invitation waits.
pub const LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Invitations that may be made from one mailbox in a day and a night.
pub const MOST_A_DAY: i64 = 5;

const INVITE: &str = "INSERT INTO invitation \
    (invitation_id, mailbox_id, address_mac, label, owner_name, valid_to, invited_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const HELPS: &str = "SELECT 1 FROM mandate WHERE mailbox_id = $1 AND kind = 'helper' AND revoked_at IS NULL \
    AND valid_to > $2 LIMIT 1";
const MADE: &str = "SELECT count(*) AS n FROM invitation WHERE mailbox_id = $1 AND invited_at > $2";
// One that became a mandate waits no longer.
const OF_MAILBOX: &str = concat!(
    "SELECT ",
    invitation_columns!("i."),
    " FROM invitation i WHERE i.mailbox_id = $1 AND i.ended_at IS NULL AND i.valid_to > $2 \
     AND i.invited_at > $3 AND NOT EXISTS (SELECT 1 FROM mandate g \
     WHERE g.mandate_id = i.invitation_id) ORDER BY i.invited_at DESC, i.invitation_id"
);
// Not from a mailbox that was closed, or whose owner is protected or dead since.
const TO_PERSON: &str = concat!(
    "SELECT ",
    invitation_columns!("i."),
    " FROM identity n JOIN invitation i ON i.address_mac = n.mac \
     JOIN mailbox m ON m.mailbox_id = i.mailbox_id JOIN person o ON o.person_id = m.owner_id \
     WHERE n.owner_id = $1 AND n.owner_kind = 'person' AND n.valid_from <= $2 \
     AND (n.valid_to IS NULL OR n.valid_to > $2) AND i.helper_id IS NULL AND i.ended_at IS NULL \
     AND i.valid_to > $2 AND i.invited_at > $3 AND m.closed_at IS NULL AND m.owner_id <> $1 \
     AND o.protected_at IS NULL AND o.deceased_at IS NULL ORDER BY i.invited_at DESC, i.invitation_id"
);
const ACCEPT: &str = "UPDATE invitation SET helper_id = $1, helper_name = $2, answered_at = $3 \
    WHERE invitation_id = $4 AND helper_id IS NULL AND ended_at IS NULL";
const END: &str = "UPDATE invitation SET ended_at = $1 WHERE invitation_id = $2 AND ended_at IS NULL";

#[cfg(test)]
mod tests;
