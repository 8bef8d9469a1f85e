//! The names of mailboxes' owners, opened by the key service for those who may see them.

use crate::{AccountError, Accounts};
use domain::MailboxId;
use key_client::{Access, Column, GrantToken, GrantView, organisation_profile, person_profile};
use registry::{Owner, identities, mandates::BoxAccess, people};
use std::collections::HashMap;
use vault::Place;

impl Accounts {
    /// What to call each mailbox that somebody acts for. A name that may not be seen, as that of a protected person, is
    /// left out.
    pub async fn box_names(
        &self,
        grant: &GrantToken,
        view: &GrantView,
        boxes: &[BoxAccess],
    ) -> Result<HashMap<MailboxId, String>, AccountError> {
        let mut items = Vec::new();
        let mut owners = Vec::new();
        let mut names = HashMap::new();
        let is_own = |one: &&BoxAccess| view.person.is_some_and(|id| one.owner == Owner::Person(id));
        let (own, others): (Vec<_>, Vec<_>) = boxes.iter().partition(is_own);
        names.extend(own.iter().map(|one| (one.mailbox_id, view.name.clone())));
        if others.is_empty() {
            return Ok(names);
        }
        let mut tx = self.0.store.read("names of mailboxes").await?;
        for one in others {
            let mut places = Vec::new();
            match one.owner {
                // Sealed at a log-in, under one of the tags that the owner logs in with.
                Owner::Person(id) => {
                    let macs = people::login_macs(&mut tx, id).await?;
                    places.extend(macs.iter().map(person_profile));
                }
                Owner::Organisation(_) => {
                    let numbers = identities::of_owner(&mut tx, one.owner).await?;
                    places.extend(numbers.iter().map(|number| organisation_profile(&number.mac)));
                }
            }
            for place in places {
                items.push((Column::Profile, place, one.owner_profile.clone()));
                owners.push(one.mailbox_id);
            }
        }
        drop(tx);
        for (mailbox, profile) in owners.into_iter().zip(self.open_for(grant, items).await?) {
            let name = profile.and_then(|json| name_in(&json));
            names.extend(name.map(|name| (mailbox, name)));
        }
        Ok(names)
    }

    /// What the person who is logged in may see of these, in order.
    pub(crate) async fn open_for(
        &self,
        grant: &GrantToken,
        items: Vec<(Column, Place, Vec<u8>)>,
    ) -> Result<Vec<Option<Vec<u8>>>, AccountError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.0.keys.open_columns(Access::Grant(grant.clone()), items).await?)
    }
}

fn name_in(profile: &[u8]) -> Option<String> {
    let profile: serde_json::Value = serde_json::from_slice(profile).ok()?;
    profile.get("name")?.as_str().map(str::to_owned)
}
