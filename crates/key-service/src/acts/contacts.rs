//! Addresses for notices. One decides something from when it is confirmed.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure, purpose::Purpose};
use domain::{
    ContactId, PersonId,
    words::{Because, Channel},
};
use key_client::{Changed, SecretBytes};
use registry::{
    By, Recorder,
    contacts::{self, Added, Code, Confirmation, NewContact},
    sets::{ContactFacts, Facts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn confirm_contact(
        &mut self,
        person: PersonId,
        contact_id: ContactId,
        code: &SecretBytes,
    ) -> Result<Acted, Failure> {
        let subject = Subject::person(person);
        self.take(std::slice::from_ref(&subject)).await?;
        let code = std::str::from_utf8(code.expose()).ok().and_then(Code::parse);
        let Some(code) = code else { return Ok(Acted::refused("malformed")) };
        let waiting = contacts::for_person(&mut self.tx, person).await?;
        let Some(contact) = waiting.into_iter().find(|one| one.contact_id == contact_id) else {
            return Ok(Acted::refused("unknown"));
        };
        let (at, mac) = (self.at, self.inner.keks.mac(Purpose::ContactIndex, self.at.0)?);
        let recorder = self.inner.recorder_by(By::Person(person, Because::Owner));
        let recorder = Recorder { clock: &at, ..recorder };
        match contacts::confirm(&mut self.tx, &mac, person, contact_id, &code, &recorder).await? {
            Confirmation::Confirmed => {
                let facts = ContactFacts {
                    contact_id,
                    channel: contact.channel.as_str().to_owned(),
                    address_mac: contact.address_mac,
                    show_sender: contact.show_sender,
                    confirmed_at: Some(at.0),
                };
                Ok(Acted::done(true, vec![(subject, Expected::Row(Facts::Contact(facts)))]))
            }
            // A wrong try counts, so it is committed.
            Confirmation::Wrong { left } => {
                Ok(Acted { outcome: Changed::Wrong { left }, ..Acted::done(false, vec![]) })
            }
            Confirmation::Ended => {
                Ok(Acted { outcome: Changed::Wrong { left: 0 }, ..Acted::done(false, vec![]) })
            }
            Confirmation::Unknown => Ok(Acted::refused("unknown")),
        }
    }

    pub(super) async fn remove_contact(
        &mut self,
        person: PersonId,
        contact_id: ContactId,
    ) -> Result<Acted, Failure> {
        let subject = Subject::person(person);
        self.take(std::slice::from_ref(&subject)).await?;
        let (at, recorder) = (self.at, self.inner.recorder_by(By::Person(person, Because::Owner)));
        let recorder = Recorder { clock: &at, ..recorder };
        let removed = contacts::remove(&mut self.tx, person, contact_id, &recorder).await?;
        let gone = Expected::Gone(Table::Contact, contact_id.as_bytes().to_vec());
        Ok(Acted::done(removed, vec![(subject, gone)]))
    }

    pub(super) async fn show_sender(
        &mut self,
        person: PersonId,
        contact_id: ContactId,
        show: bool,
    ) -> Result<Acted, Failure> {
        let subject = Subject::person(person);
        self.take(std::slice::from_ref(&subject)).await?;
        let before = self.before(&subject).into_iter().flat_map(|set| set.of(Table::Contact));
        let expected: Vec<_> = before
            .filter_map(|facts| match facts {
                Facts::Contact(one) if one.contact_id == contact_id => {
                    Some(Facts::Contact(ContactFacts { show_sender: show, ..one.clone() }))
                }
                _ => None,
            })
            .map(|facts| (subject.clone(), Expected::Row(facts)))
            .collect();
        let set = contacts::set_show_sender(&mut self.tx, person, contact_id, show).await?;
        Ok(Acted::done(set, expected))
    }

    /// An address that counts as confirmed: the operator's word.
    pub(super) async fn confirmed_contact(
        &mut self,
        person: PersonId,
        (contact_id, email): (ContactId, bool),
        address: &[u8],
        address_mac: &[u8; 32],
    ) -> Result<Acted, Failure> {
        let subject = Subject::person(person);
        self.take(std::slice::from_ref(&subject)).await?;
        let channel = if email { Channel::Email } else { Channel::Sms };
        let (at, mac) = (self.at, self.inner.keks.mac(Purpose::ContactIndex, self.at.0)?);
        let code = Code::new(&*self.inner.random);
        let code_mac = contacts::code_mac(&mac, person, address_mac, &code);
        let new =
            NewContact { contact_id, person_id: person, channel, address, address_mac, code_mac: &code_mac };
        let Added::Pending(contact_id) = contacts::add(&mut self.tx, &new, at.0).await? else {
            return Ok(Acted::done(false, vec![]));
        };
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        match contacts::confirm(&mut self.tx, &mac, person, contact_id, &code, &recorder).await? {
            Confirmation::Confirmed => {}
            _ => return Ok(Acted::refused("not_confirmed")),
        }
        let facts = ContactFacts {
            contact_id,
            channel: channel.as_str().to_owned(),
            address_mac: *address_mac,
            show_sender: false,
            confirmed_at: Some(at.0),
        };
        Ok(Acted::done(true, vec![(subject, Expected::Row(Facts::Contact(facts)))]))
    }
}
