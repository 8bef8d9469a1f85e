//! Mailboxes that the operator opens and closes, for people who cannot do it by logging in and for organisations.

use crate::{AccountError, Accounts, OpenError, Opened};
use domain::{Identity, IdentityKind, MailboxId, OrgNumber};
use key_client::{Column, PersonMacs, organisation_profile, person_profile};
use registry::{
    Owner,
    boxes::{self, BoxError, Mailbox, NewBox},
    organisations, people,
};
use serde_json::json;
use vault::seal_to::PublicKey;

/// Someone whose mailbox is opened for them.
#[derive(Clone)]
pub struct NewPerson {
    pub identity: Identity,
    pub name: String,
}

/// A person as the registry will know them.
struct Opening<'a> {
    person: &'a NewPerson,
    macs: &'a PersonMacs,
    profile: Vec<u8>,
    mailbox_id: MailboxId,
    epoch: i64,
    public_key: PublicKey,
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
            opened.extend(self.open_all(&self.openings(some, &macs).await?).await?);
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
        let (epoch, public_key) = self.0.keys.make_mailbox_key(mailbox_id).await?;
        let (now, random) = (self.now(), self.random());
        let mut tx = self.0.store.begin("open mailbox").await?;
        let (id, _) = organisations::register(&mut tx, &address_mac, &profile, now, random).await?;
        let owner = Owner::Organisation(id);
        let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
        let opened = boxes::open(&mut tx, &new, &self.recorder()).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Closes a mailbox: new letters are refused, old ones stay readable for the owner. False when it was closed.
    pub async fn close_for(&self, mailbox_id: MailboxId) -> Result<bool, AccountError> {
        let mut tx = self.0.store.begin("close mailbox").await?;
        let closed = boxes::close(&mut tx, mailbox_id, &self.recorder()).await?;
        tx.commit().await?;
        Ok(closed)
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

    async fn openings<'a>(
        &self,
        some: &'a [NewPerson],
        macs: &'a [PersonMacs],
    ) -> Result<Vec<Opening<'a>>, AccountError> {
        let profiles = some.iter().zip(macs).map(|(person, macs)| {
            let profile = json!({"name": person.name, "number": person.identity.expose()}).to_string();
            (Column::Profile, person_profile(&macs.login_mac), profile.into_bytes())
        });
        let profiles = self.0.keys.seal_columns(profiles.collect()).await?;
        let ids: Vec<_> = some.iter().map(|_| MailboxId::new(self.random())).collect();
        let keys = self.0.keys.make_mailbox_keys(&ids).await?;
        let all = some.iter().zip(macs).zip(profiles).zip(ids).zip(keys);
        let opening = all.map(|((((person, macs), profile), mailbox_id), (epoch, public_key))| Opening {
            person,
            macs,
            profile,
            mailbox_id,
            epoch,
            public_key,
        });
        Ok(opening.collect())
    }

    async fn open_all(&self, openings: &[Opening<'_>]) -> Result<Vec<Opened>, OpenError> {
        let (now, recorder) = (self.now(), self.recorder());
        let mut opened = Vec::with_capacity(openings.len());
        let mut tx = self.0.store.begin("open mailboxes").await?;
        for one in openings {
            let identity = &one.person.identity;
            let new = people::NewPerson {
                login_mac: &one.macs.login_mac,
                address_mac: &one.macs.address_mac,
                kind: identity.kind(),
                profile: &one.profile,
                language: people::Language::default(),
            };
            let (person, _) = people::register(&mut tx, &new, now, self.random()).await?;
            let new = NewBox {
                mailbox_id: one.mailbox_id,
                owner: Owner::Person(person),
                epoch: one.epoch,
                public_key: &one.public_key,
                adult: people::is_of_age(identity, now),
            };
            opened.push(match boxes::open(&mut tx, &new, &recorder).await {
                Ok(mailbox_id) => Opened::Here(mailbox_id),
                Err(BoxError::Elsewhere(operator)) => Opened::Elsewhere(operator),
                Err(error) => return Err(error.into()),
            });
        }
        tx.commit().await?;
        Ok(opened)
    }
}

/// Mailboxes that one transaction opens.
const AT_ONCE: usize = 500;
