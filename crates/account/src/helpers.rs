//! One helper may read the person's mailbox until a day that the person sets. They were asked, have said yes by their own
//! log-in, and the owner has seen who they are.

use crate::{AccountError, Accounts};
use domain::{MailboxId, MandateId, PersonId};
use key_client::{Change, Changed, Column, GrantToken, mandate_note};
use mailbox::Actor;
use registry::mandates::{self, Mandate};

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
        let asked = self.asked(actor, mailbox_id).await?;
        let asked = asked.into_iter().find(|one| one.invitation_id == invitation_id);
        let asked = asked.ok_or(GrantError::Unknown)?;
        // A name that opens was given to this very invitation of this mailbox. So the right's id, which is the invitation's,
        // is none that a right over another mailbox has: what is said of that one would open beside this one.
        let name = match asked.helper {
            Some((person, Some(name))) if person == helper => name,
            _ => return Err(GrantError::Unknown),
        };
        let name = asked.label.map_or_else(|| name.clone(), |label| format!("{name} ({label})"));
        let note = self.seal(Column::Note, mandate_note(invitation_id), name.as_bytes()).await?;
        let valid_to = asked.valid_to;
        let change = Change::GrantHelper { mailbox_id, mandate_id: invitation_id, helper, note, valid_to };
        match self.change(actor, change).await? {
            Changed::Done(_) => Ok(()),
            Changed::Refused(word) => Err(match word.as_str() {
                "oneself" => GrantError::Oneself,
                "another" => GrantError::Another,
                "end" => GrantError::End,
                "unknown_helper" => GrantError::Unknown,
                _ => GrantError::Frozen,
            }),
            _ => Err(AccountError::NotFound.into()),
        }
    }

    /// Takes back a helper's right over a mailbox, at once; false when there is none that still counts.
    pub async fn revoke_helper(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        mandate_id: MandateId,
    ) -> Result<bool, AccountError> {
        Self::governs(actor, mailbox_id)?;
        self.done(actor, Change::RevokeHelper { mailbox_id, mandate_id }).await
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
