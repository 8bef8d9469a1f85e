//! One helper may read a whole mailbox until a day that the owner has set.

use super::{Mandate, MandateKind, end, grant, read};
use crate::{boxes, error::RegistryError, owner::Owner, people, recorder::Recorder};
use domain::{MailboxId, MandateId, PersonId, Time};
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
    if !helpers(tx, new.mailbox_id, now).await?.is_empty() {
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

/// Takes back a helper's right over this mailbox, at once; false when there is none that still counts. Signatories
/// come from the register and go with it.
pub async fn revoke_helper(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    mandate_id: MandateId,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    for helper in helpers(tx, mailbox_id, recorder.now()).await? {
        if helper.mandate_id == mandate_id {
            return end(tx, &helper, recorder).await;
        }
    }
    Ok(false)
}

/// Takes back every helper's right over a mailbox.
pub(crate) async fn revoke_helpers(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    recorder: &Recorder<'_>,
) -> Result<(), RegistryError> {
    // A grant that is under way must end first, or it would be missed.
    boxes::lock(tx, mailbox_id).await?;
    for helper in helpers(tx, mailbox_id, recorder.now()).await? {
        end(tx, &helper, recorder).await?;
    }
    Ok(())
}

async fn helpers(tx: &mut Tx, mailbox_id: MailboxId, now: Time) -> Result<Vec<Mandate>, Error> {
    tx.query(HELPERS_NOW, args![mailbox_id, now]).await?.iter().map(read).collect()
}

/// No right without an end that one can still remember having set.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

const HELPERS_NOW: &str = "SELECT mandate_id, mailbox_id, person_id, kind, note, valid_from, valid_to, revoked_at \
    FROM mandate WHERE mailbox_id = $1 AND kind = 'helper' AND revoked_at IS NULL AND valid_to > $2";
