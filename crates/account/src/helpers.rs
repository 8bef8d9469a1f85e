//! One helper may read the person's mailbox until a day that the person sets.

use crate::{AccountError, Accounts};
use domain::{Identity, MailboxId, MandateId, Time};
use key_client::{Column, GrantToken, mandate_note};
use mailbox::Actor;
use registry::{
    Recorder,
    mandates::{self, HelperError, Mandate, NewHelper},
    people,
};

/// Somebody who is to help.
#[derive(Clone)]
pub struct WantedHelper {
    pub number: Identity,
    /// As the owner writes it.
    pub name: String,
    /// When the right ends by itself.
    pub valid_to: Time,
}

/// A right over a mailbox, with the holder's name as the owner wrote it or the register gave it.
#[derive(Clone, Debug)]
pub struct Holder {
    pub mandate: Mandate,
    /// `None` when it cannot be opened.
    pub name: Option<String>,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// Not known here, or may not help.
    #[error("there is nobody who can help by this number")]
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

/// What the registry is told: the helper by tag, the name sealed.
struct Grant {
    mandate_id: MandateId,
    mailbox_id: MailboxId,
    address_mac: [u8; 32],
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

    /// Lets somebody read the actor's mailbox. A number that is not known here and one that may not help are answered
    /// alike.
    pub async fn grant_helper(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        wanted: &WantedHelper,
    ) -> Result<(), GrantError> {
        let recorder = self.recorder_in(actor, mailbox_id)?;
        let address_mac = self.address_mac(&wanted.number).await?;
        let mandate_id = MandateId::new(self.random());
        let note = self.seal(Column::Note, mandate_note(mandate_id), wanted.name.as_bytes()).await?;
        let grant = Grant { mandate_id, mailbox_id, address_mac, note, valid_to: wanted.valid_to };
        self.grant(&grant, &recorder).await
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
        let helper = people::by_address(&mut tx, &grant.address_mac, self.now()).await?;
        let new = NewHelper {
            mandate_id: grant.mandate_id,
            mailbox_id: grant.mailbox_id,
            helper: helper.ok_or(GrantError::Unknown)?.person_id,
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
