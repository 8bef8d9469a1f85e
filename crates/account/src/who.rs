//! Who somebody is here, and for which mailboxes they act at this moment.

use crate::{AccountError, Accounts};
use domain::PersonId;
use registry::{
    mandates::{self, BoxAccess},
    people::{self, Person},
};

/// A person, and the mailboxes that they act for now.
#[derive(Clone, Debug)]
pub struct Known {
    /// `None` when nobody has this id.
    pub person: Option<Person>,
    /// The own one first.
    pub boxes: Vec<BoxAccess>,
}

impl Accounts {
    /// As it is now: a right can end any time, so it is asked anew for each request.
    pub async fn who(&self, person_id: PersonId) -> Result<Known, AccountError> {
        let mut tx = self.0.store.glance("who is it").await?;
        let person = people::find(&mut tx, person_id).await?;
        let boxes = mandates::boxes_of(&mut tx, person_id, self.now()).await?;
        Ok(Known { person, boxes })
    }
}
