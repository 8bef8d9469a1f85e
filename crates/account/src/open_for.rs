//! Mailboxes that the operator opens and closes, for people who cannot do it by logging in and for organisations.

use crate::{AccountError, Accounts, OpenError, Opened};
use domain::{Identity, IdentityKind, MailboxId, OrgNumber};
use key_client::{
    Applicant, By, Change, Changed, Column, OpenFor, PersonMacs, organisation_profile, person_profile,
};
use registry::{
    Owner,
    boxes::{self, BoxError, Mailbox},
    organisations, people,
};
use serde_json::json;

/// Someone whose mailbox is opened for them.
#[derive(Clone)]
pub struct NewPerson {
    pub identity: Identity,
    pub name: String,
}

impl Accounts {
    /// Opens mailboxes for people, some hundred at a time; those who have one keep it, here or at another operator.
    /// Answers in order.
    pub async fn open_for_people(&self, new: &[NewPerson]) -> Result<Vec<Opened>, OpenError> {
        if !new.iter().all(|person| person.identity.is_person()) {
            return Err(OpenError::NotAPerson);
        }
        let mut opened = Vec::with_capacity(new.len());
        for some in new.chunks(AT_ONCE) {
            let identities: Vec<_> = some.iter().map(|person| person.identity.clone()).collect();
            let macs = self.0.keys.person_macs(&identities).await?;
            let openings = self.openings(some, &macs).await?;
            let changed = self.0.keys.change(By::Operator, Change::OpenForPeople(openings)).await?;
            opened.extend(crate::open_mailbox::opened(changed)?);
        }
        Ok(opened)
    }

    /// Opens an organisation's mailbox; one that is open stays as it is.
    pub async fn open_for_organisation(
        &self,
        number: &OrgNumber,
        name: &str,
    ) -> Result<MailboxId, OpenError> {
        let address_mac = self.address_mac(&number.identity()).await?;
        let profile = json!({"name": name, "number": number.as_str()}).to_string();
        let place = organisation_profile(&address_mac);
        let profile = self.seal(Column::Profile, place, profile.as_bytes()).await?;
        let mailbox_id = MailboxId::new(self.random());
        let change = Change::OpenForOrganisation { address_mac, profile, mailbox_id };
        let changed = self.0.keys.change(By::Operator, change).await?;
        match crate::open_mailbox::opened(changed)?.pop() {
            Some(Opened::Here(mailbox_id)) => Ok(mailbox_id),
            Some(Opened::Elsewhere(operator)) => Err(BoxError::Elsewhere(operator).into()),
            None => Err(AccountError::NotFound.into()),
        }
    }

    /// Closes somebody's mailbox: new letters are refused, old ones stay readable for the owner. False when it was closed.
    pub async fn close_for(&self, identity: &Identity) -> Result<bool, AccountError> {
        let address_mac = self.address_mac(identity).await?;
        match self.0.keys.change(By::Operator, Change::CloseFor { address_mac }).await? {
            Changed::Done(closed) => Ok(closed),
            _ => Err(AccountError::NotFound),
        }
    }

    /// The mailbox that letters to this identity go to, open or closed.
    pub async fn mailbox_of(&self, identity: &Identity) -> Result<Option<Mailbox>, AccountError> {
        let mac = self.address_mac(identity).await?;
        let now = self.now();
        let mut tx = self.0.store.read("find mailbox").await?;
        let owner = match identity.kind() {
            IdentityKind::Organisation => organisations::by_address(&mut tx, &mac, now)
                .await?
                .map(|one| Owner::Organisation(one.organisation_id)),
            _ => people::by_address(&mut tx, &mac, now).await?.map(|one| Owner::Person(one.person_id)),
        };
        match owner {
            Some(owner) => Ok(boxes::of_owner(&mut tx, owner).await?),
            None => Ok(None),
        }
    }

    async fn openings(&self, some: &[NewPerson], macs: &[PersonMacs]) -> Result<Vec<OpenFor>, AccountError> {
        let profiles = some.iter().zip(macs).map(|(person, macs)| {
            let profile = json!({"name": person.name, "number": person.identity.expose()}).to_string();
            (Column::Profile, person_profile(&macs.login_mac), profile.into_bytes())
        });
        let profiles = self.0.keys.seal_columns(profiles.collect()).await?;
        let ids: Vec<_> = some.iter().map(|_| MailboxId::new(self.random())).collect();
        // All at once; the change finds them made.
        self.0.keys.make_mailbox_keys(&ids).await?;
        let now = self.now();
        let all = some.iter().zip(macs).zip(profiles).zip(ids);
        let opening = all.map(|(((person, macs), profile_sealed), mailbox_id)| {
            let applicant = Applicant {
                kind: person.identity.kind(),
                login_mac: macs.login_mac,
                address_mac: macs.address_mac,
                profile_sealed,
                adult: people::is_of_age(&person.identity, now),
            };
            OpenFor { applicant, mailbox_id }
        });
        Ok(opening.collect())
    }
}

/// Mailboxes that one transaction opens.
const AT_ONCE: usize = 500;
