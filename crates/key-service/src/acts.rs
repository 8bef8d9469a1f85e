//! The changes that this service makes: each checks by whose right, and says which rows may be other afterwards.

mod boxes;
mod contacts;
mod deaths;
mod declined;
mod mandates;
mod moves;
mod operators;
mod recorded;
mod senders;
mod whose;

use crate::{change::Acting, directory::Known, failure::Failure};
use domain::{MailboxId, PersonId, words::Because};
use key_client::{By, Change, Changed, KeysError};
use registry::{
    mandates::boxes_of,
    sets::{Facts, Subject, Table},
};

/// What an act did.
pub(crate) struct Acted {
    pub outcome: Changed,
    /// The rows that may differ now, and how.
    pub expected: Vec<(Subject, Expected)>,
    /// Numbers and log-ins that are somebody's from now on.
    pub known: Known,
}

/// How a row may stand after the act.
pub(crate) enum Expected {
    Row(Facts),
    Gone(Table, Vec<u8>),
}

impl Acted {
    fn done(happened: bool, expected: Vec<(Subject, Expected)>) -> Self {
        Self { outcome: Changed::Done(happened), expected, known: Known::default() }
    }

    /// Nothing is changed.
    fn refused(word: &str) -> Self {
        let outcome = Changed::Refused(word.to_owned());
        Self { outcome, expected: vec![], known: Known::default() }
    }
}

impl Acting<'_> {
    pub(crate) async fn act(&mut self, by: &By, change: &Change) -> Result<Acted, Failure> {
        match (by, change) {
            (By::Grant(grant), Change::OpenMailbox(new)) => self.open_mailbox(grant, new).await,
            (By::Grant(_), Change::ConfirmContact { contact_id, code }) => {
                let person = self.person(by)?;
                self.confirm_contact(person, *contact_id, code).await
            }
            (By::Grant(_), Change::RemoveContact { contact_id }) => {
                let person = self.fresh_person(by)?;
                self.remove_contact(person, *contact_id).await
            }
            (By::Grant(_), Change::ShowSender { contact_id, show }) => {
                let person = self.person(by)?;
                self.show_sender(person, *contact_id, *show).await
            }
            (By::Grant(_), Change::GrantHelper { mailbox_id, mandate_id, helper, note, valid_to }) => {
                let person = self.fresh_person(by)?;
                self.grant_helper((person, *mailbox_id), (*mandate_id, *helper), note, *valid_to).await
            }
            (By::Grant(_), Change::RevokeHelper { mailbox_id, mandate_id }) => {
                let person = self.person(by)?;
                self.revoke_helper((person, *mailbox_id), *mandate_id).await
            }
            (By::Grant(_), Change::TurnOff { mailbox_id, sender, sealed }) => {
                let person = self.person(by)?;
                self.turn_off((person, *mailbox_id), sender, sealed).await
            }
            (By::Grant(_), Change::TurnOn { mailbox_id, sender }) => {
                let person = self.person(by)?;
                self.turn_on((person, *mailbox_id), sender).await
            }
            (By::Operator, Change::OpenForPeople(people)) => self.open_for_people(people).await,
            (By::Operator, Change::OpenForOrganisation { address_mac, profile, mailbox_id }) => {
                self.open_for_organisation(address_mac, profile, *mailbox_id).await
            }
            (By::Grant(_), Change::CloseMailbox { mailbox_id }) => {
                let person = self.fresh_person(by)?;
                self.close_own_mailbox(person, *mailbox_id).await
            }
            (
                By::Operator,
                Change::ConfirmedContact { person_id, contact_id, channel, address, address_mac },
            ) => self.confirmed_contact(*person_id, (*contact_id, *channel), address, address_mac).await,
            (By::Register, Change::FollowRegister { mailbox_id }) => self.follow_register(*mailbox_id).await,
            (By::Operator, Change::Sender(change)) => self.change_sender(change).await,
            (By::Operator, Change::Operator(change)) => self.change_operator(change).await,
            (By::Operator, Change::CloseFor { address_mac }) => self.close_for(address_mac).await,
            (By::Operator, Change::Deceased { address_mac, at }) => self.deceased(address_mac, *at).await,
            (By::Agreement | By::Operator, Change::Move { address_mac, job, to, account_type }) => {
                self.move_to((address_mac, *job), to.as_ref(), account_type).await
            }
            (By::Agreement, Change::Register { address_mac, job, operator, account_type }) => {
                self.register((address_mac, *job), operator, account_type).await
            }
            (By::Agreement, Change::Deregister { address_mac, job, from }) => {
                self.deregister((address_mac, *job), from.as_ref()).await
            }
            _ => Err(KeysError::NotAllowed.into()),
        }
    }

    /// Who is logged in.
    fn person(&self, by: &By) -> Result<PersonId, Failure> {
        let By::Grant(grant) = by else { return Err(KeysError::NotAllowed.into()) };
        let person = self.inner.grants.lock().touch(grant, self.at.0)?.person;
        person.ok_or_else(|| KeysError::NotAllowed.into())
    }

    /// The same for an act that is grave: only soon after they identified.
    fn fresh_person(&self, by: &By) -> Result<PersonId, Failure> {
        if let By::Grant(grant) = by {
            self.inner.require_fresh(grant)?;
        }
        self.person(by)
    }

    /// By what right the person changes what concerns the whole mailbox; it is taken up.
    async fn governs(&mut self, person: PersonId, mailbox: MailboxId) -> Result<Option<Because>, Failure> {
        self.take(&[Subject::person(person)]).await?;
        if self.take_mailbox(mailbox).await?.is_none() {
            return Ok(None);
        }
        let boxes = boxes_of(&mut self.tx, person, self.at.0).await?;
        let rights = boxes.into_iter().map(|one| (one.mailbox_id, one.because)).collect();
        let rights = mailbox::Rights { person, boxes: rights };
        Ok(mailbox::may_box(&rights, mailbox, domain::words::Act::Settings))
    }
}
