//! What a crash left between the two databases: the letters database says which of the two it is.

use crate::{
    directory::{self, Known},
    failure::Failure,
    service::Inner,
    unvouched::alarm,
};
use registry::{
    identities, people,
    sets::{self, Subject},
};
use std::time::Duration;
use tracing::info;

impl Inner {
    /// Looks after changes that have been under way for longer than this: a change is quick, so they were cut short.
    pub(crate) async fn settle_all(&self, older_than: Duration) -> Result<(), Failure> {
        let before = self.clock.now().minus(older_than);
        let mut tx = self.keys.read("find what has not settled").await?;
        let subjects = directory::under_way(&mut tx, before).await?;
        let known = directory::unsettled(&mut tx, before).await?;
        drop(tx);
        if subjects.is_empty() && known.is_empty() {
            return Ok(());
        }
        self.settle_known(&subjects, &known, older_than).await
    }

    /// The same for these sets alone.
    pub(crate) async fn settle(&self, subjects: &[Subject], older_than: Duration) -> Result<(), Failure> {
        self.settle_known(subjects, &Known::default(), older_than).await
    }

    pub(crate) async fn settle_known(
        &self,
        subjects: &[Subject],
        known: &Known,
        older_than: Duration,
    ) -> Result<(), Failure> {
        let before = self.clock.now().minus(older_than);
        let mut letters = self.letters.begin("settle changes").await?;
        // Whoever is still at it holds the mailbox's row, and has ended when it is ours.
        for mailbox in subjects.iter().filter_map(Subject::mailbox_id) {
            registry::boxes::hold(&mut letters, mailbox).await?;
        }
        let found = sets::read(&mut letters, subjects).await?;
        let mut tx = self.keys.begin("settle changes").await?;
        let old = directory::under_way(&mut tx, before).await?;
        let said = directory::load(&mut tx, subjects).await?;
        for subject in subjects.iter().filter(|one| old.contains(one)) {
            let Some(said) = said.get(subject) else { continue };
            let digests = found[subject].digests(subject);
            let next = said.next.as_ref();
            if next.is_some_and(|next| next.0 == digests) {
                let _ = directory::promote(&mut tx, subject).await?;
                info!(set = %subject, "A change that was cut short had been committed");
            } else if said.digests == digests {
                directory::withdraw(&mut tx, subject).await?;
                info!(set = %subject, "A change that was cut short had not been committed");
            } else {
                // Left as it is: everything that needs it stops, and says so.
                drop(alarm(subject.kind.tables()[0], subject));
            }
        }
        let (there, gone) = stands(&mut letters, known).await?;
        directory::settle_known(&mut tx, &there).await?;
        directory::forget_unsettled(&mut tx, &gone).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Which of what was to be made known stands in the letters database, and which does not.
async fn stands(letters: &mut store::Tx, known: &Known) -> Result<(Known, Known), Failure> {
    let mut there = Known::default();
    let mut gone = Known::default();
    for one in &known.addresses {
        let owner = identities::owner_of(letters, &one.mac, one.valid_from).await?;
        let side = if owner.is_some_and(|owner| one.is_of(owner)) { &mut there } else { &mut gone };
        side.addresses.push(one.clone());
    }
    for (mac, person) in &known.logins {
        let stands = people::by_login(letters, mac).await?.is_some_and(|found| found.person_id == *person);
        let side = if stands { &mut there } else { &mut gone };
        side.logins.push((*mac, *person));
    }
    Ok((there, gone))
}
