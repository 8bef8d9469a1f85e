//! What those who hold or held a right over a mailbox are called in its history: as they were called then.

use crate::{AccountError, Accounts, Holder};
use domain::{MailboxId, PersonId, Time};
use key_client::GrantToken;

/// The names, each with the instant from which it counts.
#[derive(Clone, Debug, Default)]
pub struct HolderNames(Vec<(PersonId, Time, String)>);

impl HolderNames {
    /// The name that somebody had at an instant: of the right that began last before it. What was written later does not
    /// change what was said before.
    pub fn at(&self, person: PersonId, at: Time) -> Option<&str> {
        let theirs = self.0.iter().filter(|(of, from, _)| *of == person && *from <= at);
        let then = theirs.max_by_key(|(_, from, _)| *from);
        // A signatory's right that the register gave back begins anew, under the same name.
        let then =
            then.or_else(|| self.0.iter().filter(|(of, ..)| *of == person).min_by_key(|(_, from, _)| *from));
        then.map(|(.., name)| name.as_str())
    }
}

impl From<Vec<Holder>> for HolderNames {
    fn from(holders: Vec<Holder>) -> Self {
        let name = |one: Holder| Some((one.mandate.person_id, one.mandate.valid_from, one.name?));
        Self(holders.into_iter().filter_map(name).collect())
    }
}

impl Accounts {
    /// The names of all who hold or held a right over a mailbox.
    pub async fn holder_names(
        &self,
        grant: &GrantToken,
        mailbox_id: MailboxId,
    ) -> Result<HolderNames, AccountError> {
        Ok(self.holders(grant, mailbox_id).await?.into())
    }
}
