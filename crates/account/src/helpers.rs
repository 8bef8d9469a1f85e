//! One helper may read the person's mailbox until a day that the person sets. They were asked, have said yes by their own
//! log-in, and the owner has seen who they are.

use crate::{AccountError, Accounts};
use domain::{MailboxId, MandateId, PersonId, Time};
use key_client::{Column, GrantToken, mandate_note};
use mailbox::Actor;
use registry::{
    Recorder,
    mandates::{self, HelperError, Mandate, NewHelper},
};

/// A right over a mailbox, with the holder's name as it was then: of their log-in, with what the owner calls them in
/// brackets, or as the register gave it.
#[derive(Clone, Debug)]
pub struct Holder {
    pub mandate: Mandate,
    /// `None` when it cannot be opened.
    pub name: Option<String>,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Nobody has said yes to such an invitation, or who it was cannot be shown.
    #[error("there is nobody whom the owner has seen")]
    Unknown,
    #[error("nobody is their own helper")]
    Oneself,
    #[error("there is a helper already")]
    Another,
    #[error("the end must lie ahead, and within a year")]
    End,
    #[error("the mailbox is closed, or its owner protected")]
    Frozen,
    #[error(transparent)]
    Account(AccountError),
}

impl<E> From<E> for GrantError
where
    AccountError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

/// What the registry is told.
struct Grant {
    mandate_id: MandateId,
    mailbox_id: MailboxId,
    helper: PersonId,
    note: Vec<u8>,
    valid_to: Time,
}

impl Accounts {
    /// Those who hold or held a right over a mailbox, newest first.
    pub async fn holders(
        &self,
        grant: &GrantToken,
        mailbox_id: MailboxId,
    ) -> Result<Vec<Holder>, AccountError> {
        let mut tx = self.0.store.read("names of holders").await?;
        let mandates = mandates::of_mailbox(&mut tx, mailbox_id).await?;
        drop(tx);
        let names = self.names_on(grant, &mandates).await?;
        let holder = |(mandate, name)| Holder { mandate, name };
        Ok(mandates.into_iter().zip(names).map(holder).collect())
    }

    /// Lets somebody read the actor's mailbox who has said yes to an invitation. `helper` is whom the owner was shown: if
    /// another has come in between, nobody gets anything.
    pub async fn grant_helper(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        invitation_id: MandateId,
        helper: PersonId,
    ) -> Result<(), GrantError> {
        let recorder = self.recorder_in(actor, mailbox_id)?;
        let asked = self.asked(actor, mailbox_id).await?;
        let asked = asked.into_iter().find(|one| one.invitation_id == invitation_id);
        let asked = asked.ok_or(GrantError::Unknown)?;
        let name = match asked.helper {
            Some((person, Some(name))) if person == helper => name,
            _ => return Err(GrantError::Unknown),
        };
        let name = asked.label.map_or_else(|| name.clone(), |label| format!("{name} ({label})"));
        let note = self.seal(Column::Note, mandate_note(invitation_id), name.as_bytes()).await?;
        let valid_to = asked.valid_to;
        self.grant(&Grant { mandate_id: invitation_id, mailbox_id, helper, note, valid_to }, &recorder).await
    }

    /// Takes back a helper's right over a mailbox, at once; false when there is none that still counts.
    pub async fn revoke_helper(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        mandate_id: MandateId,
    ) -> Result<bool, AccountError> {
        let recorder = self.recorder_in(actor, mailbox_id)?;
        let mut tx = self.0.store.begin("revoke helper").await?;
        let revoked = mandates::revoke_helper(&mut tx, mailbox_id, mandate_id, &recorder).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    async fn grant(&self, grant: &Grant, recorder: &Recorder<'_>) -> Result<(), GrantError> {
        let mut tx = self.0.store.begin("grant helper").await?;
        let new = NewHelper {
            mandate_id: grant.mandate_id,
            mailbox_id: grant.mailbox_id,
            helper: grant.helper,
            note: &grant.note,
            valid_to: grant.valid_to,
        };
        match mandates::grant_helper(&mut tx, &new, recorder).await {
            Ok(()) => Ok(tx.commit().await?),
            Err(HelperError::Oneself) => Err(GrantError::Oneself),
            Err(HelperError::Another) => Err(GrantError::Another),
            Err(HelperError::End) => Err(GrantError::End),
            Err(HelperError::UnknownHelper) => Err(GrantError::Unknown),
            Err(HelperError::UnknownMailbox | HelperError::Protected) => Err(GrantError::Frozen),
            Err(HelperError::Registry(error)) => Err(error.into()),
        }
    }

    /// The names that the owner or the register gave those who hold these rights.
    async fn names_on(
        &self,
        grant: &GrantToken,
        mandates: &[Mandate],
    ) -> Result<Vec<Option<String>>, AccountError> {
        let item = |one: &Mandate| (Column::Note, mandate_note(one.mandate_id), one.note.clone());
        let opened = self.open_for(grant, mandates.iter().map(item).collect()).await?;
        Ok(opened.into_iter().map(|note| String::from_utf8(note?).ok()).collect())
    }
}
