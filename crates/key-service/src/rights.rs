//! For which mailboxes a person may act: read in the transaction that the decision belongs to.

use crate::{failure::Failure, service::Inner};
use domain::{MailboxId, PersonId, Time, words::Because};
use key_client::GrantToken;
use mailbox::Rights;
use store::Tx;

impl Inner {
    /// Of whoever is logged in.
    pub(crate) async fn rights_of(&self, grant: &GrantToken) -> Result<Vec<(MailboxId, Because)>, Failure> {
        let now = self.clock.now();
        let person = self.grants.lock().touch(grant, now)?.person;
        let Some(person) = person else { return Ok(vec![]) };
        let rights = self.all_rights(person, now).await?;
        self.grants.lock().admit(grant, rights.clone(), now);
        Ok(rights.boxes)
    }
}

/// As the letters database says, unvouched: for a first look before what decides.
pub(crate) async fn rights(tx: &mut Tx, person: PersonId, now: Time) -> Result<Rights, Failure> {
    let boxes = registry::mandates::boxes_of(tx, person, now).await?;
    Ok(Rights { person, boxes: boxes.into_iter().map(|one| (one.mailbox_id, one.because)).collect() })
}
