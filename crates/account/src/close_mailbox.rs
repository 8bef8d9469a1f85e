//! The owner closes the own mailbox: from then on no letters come, and those that are there stay theirs to read. It can be
//! opened again any time.

use crate::{AccountError, Accounts};
use domain::{MailboxId, words::Because};
use key_client::Change;
use mailbox::Actor;
use registry::boxes;

impl Accounts {
    /// Closes the actor's own mailbox; false when it was closed.
    pub async fn close_mailbox(&self, actor: &Actor, mailbox_id: MailboxId) -> Result<bool, AccountError> {
        if !actor.rights.boxes.contains(&(mailbox_id, Because::Owner)) {
            return Err(AccountError::NotFound);
        }
        self.done(actor, Change::CloseMailbox { mailbox_id }).await
    }

    /// Whether a closed mailbox was closed by its owner here; otherwise the operator did it, or it has moved.
    pub async fn was_closed_by_owner(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
    ) -> Result<bool, AccountError> {
        Self::governs(actor, mailbox_id)?;
        let mut tx = self.0.store.read("who closed it").await?;
        Ok(boxes::was_closed_by_person(&mut tx, mailbox_id).await?)
    }
}
