//! How a person wants to be told of letters.

use crate::{AccountError, Accounts};
use domain::{CodeMac, ContactId, ContactMac, Identity, PersonId, words::Channel};
use key_client::{By, Change, Changed, Column, SecretBytes, contact_address, contact_waiting};
use mailbox::Actor;
use registry::{
    contacts::{self, Added, Code, Confirmation, Contact, NewContact, code_mac},
    people,
};

/// A person's contact point, opened.
#[derive(Clone)]
pub struct Address {
    pub contact: Contact,
    /// `None` when it cannot be opened.
    pub address: Option<String>,
}

/// What became of a new address.
pub enum NewAddress {
    /// It waits until its code is written.
    Waits(CodeToSend),
    /// It is confirmed already, and works.
    Confirmed,
    /// A code was sent moments ago.
    TooSoon,
    /// The person has as many addresses as one may have.
    TooMany,
    /// No codes are sent to numbers that begin so.
    Abroad,
    /// As many codes as may be sent today: to this person, to such numbers, or in all.
    NoMoreToday,
}

/// To be sent to the address. Has no `Debug`.
pub struct CodeToSend {
    /// Which address it confirms.
    pub contact_id: ContactId,
    pub code: Code,
    /// Deterministic for this code, so that a repeat is the same message.
    pub id: [u8; 32],
}

/// Whether a person learns of new letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notices {
    Arrive,
    /// All confirmed addresses have failed.
    Fail,
    /// No address is confirmed.
    Nowhere,
}

/// An address as the registry keeps it.
struct Sealed {
    contact_id: ContactId,
    channel: Channel,
    address: Vec<u8>,
    address_mac: ContactMac,
}

impl Sealed {
    fn contact_of<'a>(&'a self, person_id: PersonId, code_mac: &'a CodeMac) -> NewContact<'a> {
        NewContact {
            contact_id: self.contact_id,
            person_id,
            channel: self.channel,
            address: &self.address,
            address_mac: &self.address_mac,
            code_mac,
        }
    }
}

impl Accounts {
    /// The actor's addresses, oldest first.
    pub async fn contacts(&self, actor: &Actor) -> Result<Vec<Address>, AccountError> {
        let mut tx = self.0.store.read("list contacts").await?;
        let person = actor.rights.person;
        let found = contacts::for_person(&mut tx, person).await?;
        drop(tx);
        let place = |one: &Contact| match one.confirmed_at {
            Some(_) => contact_address(one.contact_id),
            None => contact_waiting(one.contact_id, person),
        };
        let item = |one: &Contact| (Column::Contact, place(one), one.address.clone());
        let opened = self.open_for(&actor.grant, found.iter().map(item).collect()).await?;
        let text = |plain: Option<Vec<u8>>| String::from_utf8(plain?).ok();
        let address = |(contact, plain)| Address { contact, address: text(plain) };
        Ok(found.into_iter().zip(opened).map(address).collect())
    }

    /// Whether the actor learns of new letters: one that nobody knows of is one missed.
    pub async fn notices(&self, actor: &Actor) -> Result<Notices, AccountError> {
        let mut tx = self.0.store.read("look for contacts").await?;
        let mut contacts = contacts::for_person(&mut tx, actor.rights.person).await?;
        contacts.retain(|one| one.confirmed_at.is_some());
        Ok(match contacts.iter().any(|one| one.failed_at.is_none()) {
            true => Notices::Arrive,
            false if contacts.is_empty() => Notices::Nowhere,
            false => Notices::Fail,
        })
    }

    /// The tag under which an address is kept, by which it is also counted.
    pub fn contact_tag(&self, channel: Channel, address: &str) -> ContactMac {
        contacts::address_mac(&self.0.web_keys.contact, channel, address)
    }

    /// Keeps an address that waits for its code, and answers the code; or makes a new code for one that waits already.
    pub async fn add_contact(
        &self,
        actor: &Actor,
        channel: Channel,
        address: &str,
    ) -> Result<NewAddress, AccountError> {
        let person = actor.rights.person;
        if channel == Channel::Sms && !self.0.codes.reach(address) {
            return Ok(NewAddress::Abroad);
        }
        let sealed = self.seal_contact(person, channel, address).await?;
        let code = Code::new(self.random());
        let id = code_mac(&self.0.web_keys.contact, person, &sealed.address_mac, &code);
        let mut tx = self.0.store.begin("add contact").await?;
        let added = contacts::add(&mut tx, &sealed.contact_of(person, &id), self.now()).await?;
        if matches!(added, Added::Pending(_)) {
            let most = self.0.codes.most();
            if !contacts::count_code(&mut tx, person, channel, address, most, self.now()).await? {
                // What was counted and kept goes with the transaction.
                return Ok(NewAddress::NoMoreToday);
            }
        }
        tx.commit().await?;
        Ok(match added {
            Added::Pending(contact_id) => {
                NewAddress::Waits(CodeToSend { contact_id, code, id: *id.as_bytes() })
            }
            Added::Confirmed(_) => NewAddress::Confirmed,
            Added::TooSoon(_) => NewAddress::TooSoon,
            Added::TooMany => NewAddress::TooMany,
        })
    }

    /// Takes the code that was sent to an address.
    pub async fn confirm_contact(
        &self,
        actor: &Actor,
        contact_id: ContactId,
        code: &Code,
    ) -> Result<Confirmation, AccountError> {
        let code = SecretBytes::new(code.expose().as_bytes().to_vec());
        match self.change(actor, Change::ConfirmContact { contact_id, code }).await? {
            Changed::Done(true) => Ok(Confirmation::Confirmed),
            Changed::Wrong { left: 0 } => Ok(Confirmation::Ended),
            Changed::Wrong { left } => Ok(Confirmation::Wrong { left }),
            Changed::Refused(word) if word == "ended" => Ok(Confirmation::Ended),
            _ => Ok(Confirmation::Unknown),
        }
    }

    /// Whether notices to this address name the sender; false when it is not theirs, or they may not have it so.
    pub async fn show_sender(
        &self,
        actor: &Actor,
        contact_id: ContactId,
        show: bool,
    ) -> Result<bool, AccountError> {
        self.done(actor, Change::ShowSender { contact_id, show }).await
    }

    /// Removes an address; false when there is none.
    pub async fn remove_contact(&self, actor: &Actor, contact_id: ContactId) -> Result<bool, AccountError> {
        self.done(actor, Change::RemoveContact { contact_id }).await
    }

    /// Gives a person a contact point that counts as confirmed. For the demo, whose people have no addresses that a
    /// code could be sent to.
    pub async fn add_confirmed_contact(
        &self,
        identity: &Identity,
        channel: Channel,
        address: &str,
    ) -> Result<(), AccountError> {
        let person_mac = self.address_mac(identity).await?;
        let mut tx = self.0.store.read("find person").await?;
        let person = people::by_address(&mut tx, &person_mac, self.now()).await?;
        drop(tx);
        let person_id = person.ok_or(AccountError::NotFound)?.person_id;
        let sealed = self.seal_contact(person_id, channel, address).await?;
        let Sealed { contact_id, channel, address, address_mac } = sealed;
        let change = Change::ConfirmedContact { person_id, contact_id, channel, address, address_mac };
        match self.0.keys.change(By::Operator, change).await? {
            Changed::Done(_) => Ok(()),
            _ => Err(AccountError::NotFound),
        }
    }

    /// As it waits for its code: nobody else opens it, whatever row it is put into.
    async fn seal_contact(
        &self,
        person: PersonId,
        channel: Channel,
        address: &str,
    ) -> Result<Sealed, AccountError> {
        let contact_id = ContactId::new(self.random());
        let place = contact_waiting(contact_id, person);
        let sealed = self.seal(Column::Contact, place, address.as_bytes()).await?;
        let address_mac = self.contact_tag(channel, address);
        Ok(Sealed { contact_id, channel, address: sealed, address_mac })
    }
}
