//! A death that the operator notes, and takes back when it was a mistake.

use crate::{AccountError, Accounts};
use domain::{Identity, Time};
use key_client::{By, Change, Changed};

impl Accounts {
    /// Notes since when somebody is dead, or that it was a mistake (`None`). `None` when nobody with this number is known;
    /// false when it was so already.
    pub async fn note_death(
        &self,
        identity: &Identity,
        at: Option<Time>,
    ) -> Result<Option<bool>, AccountError> {
        let address_mac = self.address_mac(identity).await?;
        match self.0.keys.change(By::Operator, Change::Deceased { address_mac, at }).await? {
            Changed::Done(done) => Ok(Some(done)),
            Changed::Refused(word) if word == "unknown_person" => Ok(None),
            _ => Err(AccountError::NotFound),
        }
    }
}
