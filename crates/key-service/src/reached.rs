//! What somebody who is logged in may have opened. A column opens in its place alone, and a place names whose it is. So what
//! may be opened is a list of places that follows from what is vouched for, and never from the rows that the ciphertexts
//! stand in: those can be moved to anybody.

use crate::{directory, failure::Failure, service::Inner, unvouched::Held};
use domain::{AddressMac, MailboxId, PersonId, words::Because};
use key_client::{
    Column, ColumnItem, GrantToken, contact_address, contact_waiting, declined_sender, invitation_helper,
    invitation_label, invitation_owner, mandate_note, organisation_profile, person_profile,
};
use registry::{
    Owner,
    sets::{Facts, Subject, Table},
};
use std::collections::HashSet;
use store::{Tx, args};
use vault::Place;

/// Whole columns, and single places.
#[derive(Default)]
pub(crate) struct Reached {
    columns: Vec<Column>,
    places: HashSet<(Column, Vec<u8>)>,
}

impl Reached {
    pub(crate) fn columns(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), ..Self::default() }
    }

    pub(crate) fn add(&mut self, column: Column, place: &Place) {
        self.add_bytes(column, place.as_bytes());
    }

    pub(crate) fn add_bytes(&mut self, column: Column, place: &[u8]) {
        self.places.insert((column, place.to_vec()));
    }

    pub(crate) fn contains(&self, item: &ColumnItem) -> bool {
        self.columns.contains(&item.column) || self.places.contains(&(item.column, item.place.clone()))
    }

    /// The addresses for notices that are somebody's. Those that wait are bound to them by what they are sealed for.
    async fn add_contacts(&mut self, tx: &mut Tx, held: &Held, person: PersonId) -> Result<(), Failure> {
        for facts in held.of(&Subject::person(person), Table::Contact) {
            if let Facts::Contact(contact) = facts {
                self.add(Column::Contact, &contact_address(contact.contact_id));
            }
        }
        for row in tx.query(WAITING, args![person]).await? {
            self.add(Column::Contact, &contact_waiting(row.id("contact_id")?, person));
        }
        Ok(())
    }

    /// What stands in one mailbox's set. Helpers see what is said of themselves; the rest is for those who may change it.
    fn add_set(&mut self, held: &Held, (mailbox, because): (MailboxId, Because), person: PersonId) {
        let subject = Subject::mailbox(mailbox);
        for facts in held.of(&subject, Table::Mandate) {
            if let Facts::Mandate(one) = facts
                && (because != Because::Helper || one.person_id == person)
            {
                self.add(Column::Note, &mandate_note(one.mandate_id));
            }
        }
        for facts in held.of(&subject, Table::Declined) {
            if let Facts::Declined(sender_mac) = facts
                && because != Because::Helper
            {
                self.add(Column::Declined, &declined_sender(mailbox, sender_mac));
            }
        }
    }

    /// The invitations from a mailbox that wait: bound to it, whatever their rows say.
    async fn add_invitations(&mut self, tx: &mut Tx, mailbox: MailboxId) -> Result<(), Failure> {
        for row in tx.query(INVITED, args![mailbox]).await? {
            let id = row.id("invitation_id")?;
            self.add(Column::Note, &invitation_label(id, mailbox));
            if let Some(helper) = row.opt_id("helper_id")? {
                self.add(Column::Note, &invitation_helper(id, mailbox, helper));
            }
        }
        Ok(())
    }

    /// Who was asked learns by whom, as long as it waits.
    async fn add_asked(&mut self, tx: &mut Tx, numbers: &[AddressMac]) -> Result<(), Failure> {
        for mac in numbers {
            for row in tx.query(ASKED, args![mac]).await? {
                self.add(
                    Column::Note,
                    &invitation_owner(row.id("invitation_id")?, row.id("mailbox_id")?, mac),
                );
            }
        }
        Ok(())
    }
}

impl Inner {
    pub(crate) async fn reached_by(
        &self,
        grant: &GrantToken,
        items: &[ColumnItem],
    ) -> Result<Reached, Failure> {
        let now = self.clock.now();
        let (person, login_mac) = {
            let mut grants = self.grants.lock();
            let grant = grants.touch(grant, now)?;
            (grant.person, grant.applicant.login_mac)
        };
        let mut reached = Reached::default();
        reached.add(Column::Profile, &person_profile(&login_mac));
        let Some(person) = person else { return Ok(reached) };
        let held = self.held(person, now).await?;
        let wanted = |column| items.iter().any(|item| item.column == column);
        if wanted(Column::Profile) {
            self.add_profiles(&mut reached, &held, person).await?;
        }
        if wanted(Column::Contact) {
            let mut tx = self.letters.read("find addresses of a person").await?;
            reached.add_contacts(&mut tx, &held, person).await?;
        }
        for right in &held.rights.boxes {
            reached.add_set(&held, *right, person);
        }
        if wanted(Column::Note) {
            self.add_notes(&mut reached, &held, person).await?;
        }
        Ok(reached)
    }

    /// What stands in invitations from mailboxes that somebody governs, and in those to them.
    async fn add_notes(&self, reached: &mut Reached, held: &Held, person: PersonId) -> Result<(), Failure> {
        let mut keys = self.keys.read("find numbers of a person").await?;
        let now = self.clock.now();
        let numbers = directory::addresses_of(&mut keys, Owner::Person(person), now).await?;
        drop(keys);
        let mut tx = self.letters.read("find invitations").await?;
        for (mailbox, because) in held.rights.boxes.iter().copied() {
            if because != Because::Helper {
                reached.add_invitations(&mut tx, mailbox).await?;
            }
        }
        reached.add_asked(&mut tx, &numbers).await
    }

    /// The names of all whose mailboxes somebody acts for, and their own: helpers see whose it is, unless the owner's
    /// identity is protected.
    async fn add_profiles(
        &self,
        reached: &mut Reached,
        held: &Held,
        person: PersonId,
    ) -> Result<(), Failure> {
        let mut keys = self.keys.read("find log-ins and numbers of owners").await?;
        let owners = held.rights.boxes.iter().filter_map(|(mailbox, _)| held.owner(*mailbox));
        let others = owners.filter(|owner| !held.is_protected(*owner));
        for owner in others.chain([Owner::Person(person)]) {
            match owner {
                Owner::Person(id) => {
                    for mac in directory::logins_of(&mut keys, id).await? {
                        reached.add(Column::Profile, &person_profile(&mac));
                    }
                }
                Owner::Organisation(_) => {
                    for mac in directory::every_address_of(&mut keys, owner).await? {
                        reached.add(Column::Profile, &organisation_profile(&mac));
                    }
                }
            }
        }
        Ok(())
    }
}

// One that is confirmed is vouched for, or it is nobody's; as one that waits it does not open.
const WAITING: &str = "SELECT contact_id FROM contact WHERE person_id = $1";
const INVITED: &str =
    "SELECT invitation_id, helper_id FROM invitation WHERE mailbox_id = $1 AND ended_at IS NULL";
const ASKED: &str =
    "SELECT invitation_id, mailbox_id FROM invitation WHERE address_mac = $1 AND ended_at IS NULL";
