//! Rows are compared with what is vouched for, before anything is done by them.

use crate::{failure::Failure, service::Inner};
use domain::{MailboxId, PersonId, Time};
use key_client::Vouched;
use mailbox::Rights;
use registry::{
    Owner, mandates,
    sets::{self, Facts, Set, Subject, Table},
};
use std::collections::HashMap;
use store::Tx;
use tracing::error;

impl Inner {
    /// For which mailboxes a person may act, `mailbox` being the one that is asked about: that one only if every row that
    /// says so is vouched for. The transaction holds the mailbox's row, so no change lies between the two databases unseen.
    pub(crate) async fn rights_over(
        &self,
        tx: &mut Tx,
        person: PersonId,
        mailbox: MailboxId,
        now: Time,
    ) -> Result<Rights, Failure> {
        registry::boxes::hold(tx, mailbox).await?;
        let boxes = mandates::boxes_of(tx, person, now).await?;
        let boxes: Vec<_> = boxes.into_iter().filter(|one| one.mailbox_id == mailbox).collect();
        let mut subjects = vec![Subject::mailbox(mailbox), Subject::person(person)];
        subjects.extend(boxes.iter().map(|one| Subject::owner(one.owner)));
        subjects.sort_unstable();
        subjects.dedup();
        let (found, said) = self.read_both(tx, &subjects, decides_rights).await?;
        for subject in &subjects {
            check(subject, &found[subject], said.get(subject), decides_rights)?;
        }
        Ok(Rights { person, boxes: boxes.into_iter().map(|one| (one.mailbox_id, one.because)).collect() })
    }

    /// What stands of them in the letters database, and what is vouched for: asked for at the same time.
    async fn read_both(
        &self,
        tx: &mut Tx,
        subjects: &[Subject],
        looked_at: fn(Table) -> bool,
    ) -> Result<(HashMap<Subject, Set>, HashMap<Subject, Vouched>), Failure> {
        let (found, said) = tokio::join!(sets::read_some(tx, subjects, looked_at), self.vouched(subjects));
        Ok((found?, said?))
    }

    /// All mailboxes that a person may act for, as far as every row that says so is vouched for: what is not is left out
    /// and told to the operator. For pages; whatever opens something asks [`Inner::rights_over`] in its own transaction.
    pub(crate) async fn all_rights(&self, person: PersonId, now: Time) -> Result<Rights, Failure> {
        Ok(self.held_by(person, now, decides_rights).await?.rights)
    }

    /// The same with all rows of theirs.
    pub(crate) async fn held(&self, person: PersonId, now: Time) -> Result<Held, Failure> {
        self.held_by(person, now, |_| true).await
    }

    async fn held_by(
        &self,
        person: PersonId,
        now: Time,
        looked_at: fn(Table) -> bool,
    ) -> Result<Held, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (held, unfit) = self.try_held(person, now, looked_at).await?;
            // A change may lie between the two readings.
            if !unfit.is_empty() && attempt < TRIES {
                continue;
            }
            let own = Subject::person(person);
            let mut outcome = Ok(held);
            for (table, subject) in unfit {
                let failure = alarm(table, &subject);
                if subject == own {
                    outcome = Err(failure);
                }
            }
            return outcome;
        }
    }

    async fn try_held(
        &self,
        person: PersonId,
        now: Time,
        looked_at: fn(Table) -> bool,
    ) -> Result<(Held, Vec<(Table, Subject)>), Failure> {
        let mut tx = self.letters.read("read rights").await?;
        let boxes = mandates::boxes_of(&mut tx, person, now).await?;
        let mut subjects = vec![Subject::person(person)];
        subjects.extend(boxes.iter().map(|one| Subject::mailbox(one.mailbox_id)));
        subjects.extend(boxes.iter().map(|one| Subject::owner(one.owner)));
        subjects.sort_unstable();
        subjects.dedup();
        let (mut found, said) = self.read_both(&mut tx, &subjects, looked_at).await?;
        drop(tx);
        let unfit = subjects.iter().filter_map(|subject| {
            Some((unfit(subject, &found[subject], said.get(subject), looked_at)?, subject.clone()))
        });
        let unfit: Vec<_> = unfit.collect();
        let fits = |subject: &Subject| unfit.iter().all(|(_, of)| of != subject);
        let boxes = boxes
            .into_iter()
            .filter(|one| fits(&Subject::mailbox(one.mailbox_id)) && fits(&Subject::owner(one.owner)));
        let boxes = boxes.map(|one| (one.mailbox_id, one.because)).collect();
        found.retain(|subject, _| fits(subject));
        Ok((Held { rights: Rights { person, boxes }, sets: found }, unfit))
    }
}

/// For which mailboxes a person may act, and the rows that were compared for it: their own, the mailboxes' and the owners'.
pub(crate) struct Held {
    pub rights: Rights,
    sets: HashMap<Subject, Set>,
}

impl Held {
    /// The rows of one table; none of a set that nobody vouches for.
    pub(crate) fn of(&self, subject: &Subject, table: Table) -> impl Iterator<Item = &Facts> {
        self.sets.get(subject).into_iter().flat_map(move |set| set.of(table))
    }

    /// Whose a mailbox is.
    pub(crate) fn owner(&self, mailbox: MailboxId) -> Option<Owner> {
        self.sets.get(&Subject::mailbox(mailbox))?.owner()
    }

    pub(crate) fn is_protected(&self, owner: Owner) -> bool {
        let subject = Subject::owner(owner);
        self.of(&subject, Table::Person)
            .any(|facts| matches!(facts, Facts::Person { protected_at: Some(_), .. }))
    }
}

/// Contact points and senders that are turned off are compared where they are read.
fn decides_rights(table: Table) -> bool {
    !matches!(table, Table::Declined | Table::Contact)
}

/// How often rows are read before they count as not vouched for.
pub(crate) const TRIES: u32 = 4;

/// Counts and names the first table that does not fit.
pub(crate) fn check(
    subject: &Subject,
    found: &Set,
    said: Option<&Vouched>,
    looked_at: fn(Table) -> bool,
) -> Result<(), Failure> {
    match unfit(subject, found, said, looked_at) {
        None => Ok(()),
        Some(table) => Err(alarm(table, subject)),
    }
}

/// The first table whose rows are not those that are vouched for. What neither database knows fits.
pub(crate) fn unfit(
    subject: &Subject,
    found: &Set,
    said: Option<&Vouched>,
    looked_at: fn(Table) -> bool,
) -> Option<Table> {
    let Some(said) = said else {
        let first = subject.kind.tables().iter().find(|table| found.of(**table).next().is_some());
        return first.copied();
    };
    let tables = subject.kind.tables().iter().enumerate().filter(|(_, table)| looked_at(**table));
    let unfit = |(at, table): &(usize, &Table)| !said.fits_at(Some(&found.digest(subject, **table)), *at);
    tables.filter(unfit).map(|(_, table)| *table).next()
}

/// Somebody has changed the database, or it was restored: the operator is told.
pub(crate) fn alarm(table: Table, of: &impl std::fmt::Display) -> Failure {
    metrics::counter!("kuvert_unvouched_total", "table" => table.as_str()).increment(1);
    error!(table = table.as_str(), set = %of, "What the database says is not vouched for");
    Failure::Refused(key_client::KeysError::Unvouched(table.as_str().to_owned()))
}
