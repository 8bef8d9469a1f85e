//! A person's language, for notices and for pages in a new browser.

use crate::{AccountError, Accounts};
use domain::{Language, PersonId};
use registry::people;

impl Accounts {
    pub async fn set_language(&self, person_id: PersonId, language: Language) -> Result<(), AccountError> {
        let mut tx = self.0.store.begin("set language").await?;
        people::set_language(&mut tx, person_id, language).await?;
        tx.commit().await?;
        Ok(())
    }
}
