//! One helper may read a whole mailbox until a day that the owner has set.

use super::{Mandate, MandateKind, grant, read};
use crate::{boxes, error::RegistryError, owner::Owner, people, recorder::Recorder};
use domain::{MailboxId, MandateId, PersonId, Time, words::EventType};
use std::time::Duration;
use store::{Error, Tx, args};

/// A helper that an owner wants.
#[derive(Clone, Copy, Debug)]
pub struct NewHelper<'a> {
    pub mandate_id: MandateId,
    pub mailbox_id: MailboxId,
    pub helper: PersonId,
    /// (sealed) The helper's name as the owner wrote it.
    pub note: &'a [u8],
    /// When the right ends by itself.
    pub valid_to: Time,
}

/// Why a helper was not let in.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    #[error("there is no such open mailbox")]
    UnknownMailbox,
    #[error("the helper is not known here")]
    UnknownHelper,
    #[error("nobody is their own helper")]
    Oneself,
    #[error("a person with a protected identity has no helpers")]
    Protected,
    #[error("the end must lie ahead, and within a year")]
    End,
    #[error("there is a helper already")]
    Another,
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<Error> for HelperError {
    fn from(error: Error) -> Self {
        Self::Registry(error.into())
    }
}

/// Lets a helper read a mailbox, from now until a day within a year.
pub async fn grant_helper(
    tx: &mut Tx,
    new: &NewHelper<'_>,
    recorder: &Recorder<'_>,
) -> Result<(), HelperError> {
    let now = recorder.now();
    if new.valid_to <= now || new.valid_to > now.plus(LONGEST) {
        return Err(HelperError::End);
    }
    // Two grants at once must see each other.
    if !boxes::lock(tx, new.mailbox_id).await? {
        return Err(HelperError::UnknownMailbox);
    }
    let mailbox = boxes::find(tx, new.mailbox_id).await?.filter(|mailbox| mailbox.closed_at.is_none());
    let mailbox = mailbox.ok_or(HelperError::UnknownMailbox)?;
    if mailbox.owner == Owner::Person(new.helper) {
        return Err(HelperError::Oneself);
    }
    if let Owner::Person(owner) = mailbox.owner {
        let owner = people::find(tx, owner).await?.ok_or(HelperError::UnknownMailbox)?;
        if owner.deceased_at.is_some() {
            return Err(HelperError::UnknownMailbox);
        }
        if owner.protected_at.is_some() {
            return Err(HelperError::Protected);
        }
    }
    people::find(tx, new.helper)
        .await?
        .filter(|helper| helper.deceased_at.is_none())
        .ok_or(HelperError::UnknownHelper)?;
    if tx.one(HELPER_NOW, args![new.mailbox_id, now]).await?.is_some() {
        return Err(HelperError::Another);
    }
    let mandate = Mandate {
        mandate_id: new.mandate_id,
        mailbox_id: new.mailbox_id,
        person_id: new.helper,
        kind: MandateKind::Helper,
        note: new.note.to_vec(),
        valid_from: now,
        valid_to: Some(new.valid_to),
        revoked_at: None,
    };
    Ok(grant(tx, &mandate, recorder).await?)
}

/// Takes back a right over this mailbox, at once; false when there is none that still counts.
pub async fn revoke(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    mandate_id: MandateId,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    let revoked = tx.one(REVOKE, args![recorder.now(), mailbox_id, mandate_id]).await?;
    let Some(row) = revoked else { return Ok(false) };
    let kind = read(&row)?.kind.as_str();
    recorder.record(tx, mailbox_id, recorder.event(EventType::MandateRevoked).with(kind)).await?;
    Ok(true)
}

/// Takes back every helper's right over a mailbox.
pub(crate) async fn revoke_helpers(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    recorder: &Recorder<'_>,
) -> Result<(), RegistryError> {
    // A grant that is under way must end first, or it would be missed.
    boxes::lock(tx, mailbox_id).await?;
    for row in tx.query(HELPER_NOW, args![mailbox_id, recorder.now()]).await? {
        revoke(tx, mailbox_id, row.id(0)?, recorder).await?;
    }
    Ok(())
}

/// No right without an end that one can still remember having set.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

const HELPER_NOW: &str = "SELECT mandate_id FROM mandate WHERE mailbox_id = $1 AND kind = 'helper' \
    AND revoked_at IS NULL AND valid_to > $2";
const REVOKE: &str = "UPDATE mandate SET revoked_at = $1 WHERE mailbox_id = $2 AND mandate_id = $3 \
    AND revoked_at IS NULL AND (valid_to IS NULL OR valid_to > $1) \
    RETURNING mandate_id, mailbox_id, person_id, kind, note, valid_from, valid_to, revoked_at";
