//! Addresses for notices. One decides something from when it is confirmed.

use super::{Acted, Expected};
use crate::{change::Acting, columns::place, failure::Failure, purpose::Purpose, unvouched::alarm};
use domain::{
    ContactId, ContactMac, PersonId, Time,
    words::{Because, Channel},
};
use key_client::{Changed, Column, SecretBytes, contact_address, contact_waiting};
use registry::{
    By, Recorder,
    contacts::{self, Added, Code, Confirmation, Contact, NewContact},
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
        let at = self.at;
        let mac = self.inner.keks.mac(Purpose::ContactIndex, self.at.0)?;
        let recorder = self.inner.recorder_by(By::Person(person, Because::Owner));
        let recorder = Recorder { clock: &at, ..recorder };
        match contacts::confirm(&mut self.tx, &mac, person, contact_id, &code, &recorder).await? {
            Confirmation::Confirmed => {
                if !self.seal_for_good(person, &contact).await? {
                    // Nothing is committed. Whoever did write the address has a new code sent.
                    drop(alarm(Table::Contact, &subject));
                    return Ok(Acted::refused("ended"));
                }
                Ok(Acted::done(true, vec![(subject, Expected::Row(confirmed(&contact, at.0)))]))
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
        let at = self.at;
        let recorder = self.inner.recorder_by(By::Person(person, Because::Owner));
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
        (contact_id, channel): (ContactId, Channel),
        address: &[u8],
        address_mac: &ContactMac,
    ) -> Result<Acted, Failure> {
        let subject = Subject::person(person);
        self.take(std::slice::from_ref(&subject)).await?;
        let at = self.at;
        let mac = self.inner.keks.mac(Purpose::ContactIndex, self.at.0)?;
        let code = Code::new(&*self.inner.random);
        let code_mac = contacts::code_mac(&mac, person, address_mac, &code);
        let new =
            NewContact { contact_id, person_id: person, channel, address, address_mac, code_mac: &code_mac };
        let Added::Pending(contact_id) = contacts::add(&mut self.tx, &new, at.0).await? else {
            return Ok(Acted::done(false, vec![]));
        };
        let waiting = contacts::for_person(&mut self.tx, person).await?;
        let waiting = waiting.into_iter().find(|one| one.contact_id == contact_id);
        let Some(waiting) = waiting else { return Ok(Acted::refused("not_confirmed")) };
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        match contacts::confirm(&mut self.tx, &mac, person, contact_id, &code, &recorder).await? {
            Confirmation::Confirmed if self.seal_for_good(person, &waiting).await? => {}
            _ => return Ok(Acted::refused("not_confirmed")),
        }
        Ok(Acted::done(true, vec![(subject, Expected::Row(confirmed(&waiting, at.0)))]))
    }

    /// What has just been confirmed was sealed for whoever wrote it; from now on its row is vouched for, and it is sealed for
    /// that. False when it is not what this person wrote: the row was moved here, or its parts are those of others.
    async fn seal_for_good(&mut self, person: PersonId, contact: &Contact) -> Result<bool, Failure> {
        // Confirmed before, and then failed: it is sealed for good, and its row was compared.
        if contact.confirmed_at.is_some() {
            return Ok(true);
        }
        let keks = &self.inner.keks;
        let now = self.at.0;
        let id = contact.contact_id;
        let purpose = Purpose::Column(Column::Contact);
        let waiting = place(Column::Contact, contact_waiting(id, person).as_bytes());
        let Ok(padded) = keks.unseal_fresh(purpose, &waiting, &contact.address).await else {
            return Ok(false);
        };
        let plain = vault::unpad(&padded).ok().and_then(|plain| std::str::from_utf8(plain).ok());
        let mac = keks.mac(Purpose::ContactIndex, now)?;
        let tag = plain.map(|address| contacts::address_mac(&mac, contact.channel, address));
        if tag != Some(contact.address_mac) {
            return Ok(false);
        }
        let good = place(Column::Contact, contact_address(id).as_bytes());
        let sealed = keks.seal(purpose, &good, &padded, now, &*self.inner.random)?;
        contacts::reseal(&mut self.tx, id, &sealed).await?;
        Ok(true)
    }
}

/// The row from this instant on.
fn confirmed(contact: &Contact, at: Time) -> Facts {
    Facts::Contact(ContactFacts {
        contact_id: contact.contact_id,
        channel: contact.channel.as_str().to_owned(),
        address_mac: contact.address_mac,
        show_sender: contact.show_sender,
        confirmed_at: Some(at),
    })
}
