//! A change of what decides: checked, done, and vouched for.
//!
//! The letters database and the key store cannot commit together. So the key store first takes down what the change leads
//! to (`next`), then the letters database commits, then the key store confirms. In between, readers take either. A crash
//! leaves `next` behind, and [`settle`](crate::settle) finds out which of the two it is: without an alarm, and without
//! anybody's help.

use crate::{
    acts::{Acted, Expected},
    directory::{self, Known},
    failure::Failure,
    restore::ended,
    service::Inner,
    unvouched::{alarm, check},
};
use domain::{Clock, MailboxId, Time};
use key_client::{By, Change, Changed, Vouched};
use registry::{
    Owner, Recorder,
    sets::{self, Set, Subject},
};
use std::{collections::HashMap, time::Duration};
use store::Tx;

/// A change that is being done: the transaction, and the sets it touches as they stood before.
pub(crate) struct Acting<'a> {
    pub inner: &'a Inner,
    pub tx: Tx,
    /// The instant of the whole change.
    pub at: At,
    before: HashMap<Subject, Set>,
    said: HashMap<Subject, Vouched>,
}

impl Inner {
    /// Does it by this right. Refused with a word, nothing has changed.
    pub(crate) async fn change(&self, by: &By, change: &Change) -> Result<Changed, Failure> {
        let mut tries = 0;
        loop {
            match self.try_change(by, change).await {
                // Another change of the same set is between the two databases, or was left there by a crash.
                Err(Failure::UnderWay(subjects)) if tries < TRIES => {
                    tokio::time::sleep(PAUSE).await;
                    self.settle(&subjects, STALE).await?;
                }
                Err(failure) if tries < TRIES && failure.is_transient() => {}
                outcome => return outcome,
            }
            tries += 1;
        }
    }

    async fn try_change(&self, by: &By, change: &Change) -> Result<Changed, Failure> {
        let tx = self.letters.begin_urgent(change.name()).await?;
        let at = At(self.clock.now());
        let mut acting = Acting { inner: self, tx, at, before: HashMap::new(), said: HashMap::new() };
        let Acted { outcome, expected, known } = acting.act(by, change).await?;
        if let Changed::Refused(_) = &outcome {
            return Ok(outcome);
        }
        let Acting { mut tx, before, said, .. } = acting;
        let subjects: Vec<Subject> = before.keys().cloned().collect();
        let after = sets::read(&mut tx, &subjects).await?;
        only_what_was_meant(&before, &after, &expected)?;
        let changed: Vec<_> = subjects
            .iter()
            .filter(|one| before[*one].digests(one) != after[*one].digests(one))
            .map(|one| Touched {
                subject: one.clone(),
                before: before[one].clone(),
                after: after[one].clone(),
                said: said.get(one).cloned(),
            })
            .collect();
        if changed.is_empty() && known.is_empty() {
            tx.commit().await?;
            return Ok(outcome);
        }
        self.intend(&changed, &known, at.0).await?;
        let committed = tx.commit().await;
        match committed {
            Ok(()) => self.confirm(&changed, &known).await?,
            Err(error) => {
                let touched: Vec<Subject> = changed.into_iter().map(|one| one.subject).collect();
                // What became of it stands in the database; when that does not answer, a later look settles it.
                if let Err(failure) = self.settle_known(&touched, &known, Duration::ZERO).await {
                    tracing::warn!(error = %failure, "A change has not settled yet");
                }
                return Err(error.into());
            }
        }
        Ok(outcome)
    }
}

impl Acting<'_> {
    /// Who makes the change, for its event.
    pub(crate) fn recorder(&self) -> Recorder<'_> {
        Recorder::service(&self.inner.events, &*self.inner.random, &self.at)
    }

    /// Takes sets up that will change, or that the decision rests on: each stands as it is vouched for, and stays so until
    /// the transaction ends.
    pub(crate) async fn take(&mut self, subjects: &[Subject]) -> Result<(), Failure> {
        let new: Vec<_> = subjects.iter().filter(|one| !self.before.contains_key(one)).cloned().collect();
        for mailbox in new.iter().filter_map(Subject::mailbox_id) {
            registry::boxes::hold(&mut self.tx, mailbox).await?;
        }
        let found = sets::read(&mut self.tx, &new).await?;
        let said = self.inner.vouched(&new).await?;
        let under_way: Vec<_> = said
            .iter()
            .filter(|(_, vouched)| vouched.next.is_some())
            .map(|(subject, _)| subject.clone())
            .collect();
        if !under_way.is_empty() {
            return Err(Failure::UnderWay(under_way));
        }
        for subject in &new {
            check(subject, &found[subject], said.get(subject), |_| true)?;
        }
        self.before.extend(found);
        self.said.extend(said);
        Ok(())
    }

    /// A set that begins with this change.
    pub(crate) async fn take_new(&mut self, subject: Subject) -> Result<(), Failure> {
        if self.inner.vouched(std::slice::from_ref(&subject)).await?.contains_key(&subject) {
            return Err(alarm(subject.kind.tables()[0], &subject));
        }
        self.before.insert(subject, Set::default());
        Ok(())
    }

    /// The mailbox with its owner, both taken up. `None` when there is no such mailbox.
    pub(crate) async fn take_mailbox(&mut self, mailbox: MailboxId) -> Result<Option<Owner>, Failure> {
        let subject = Subject::mailbox(mailbox);
        self.take(std::slice::from_ref(&subject)).await?;
        let Some(owner) = self.before[&subject].owner() else { return Ok(None) };
        self.take(&[Subject::owner(owner)]).await?;
        Ok(Some(owner))
    }

    /// A set that was taken up, as it stood.
    pub(crate) fn before(&self, subject: &Subject) -> Option<&Set> {
        self.before.get(subject)
    }
}

/// A clock that stands: all rows of one change bear one instant.
#[derive(Clone, Copy)]
pub(crate) struct At(pub Time);

impl Clock for At {
    fn now(&self) -> Time {
        self.0
    }
}

/// Nothing may stand there now that the act did not put there: whoever can change the database could hang on to the
/// transaction, by a trigger.
fn only_what_was_meant(
    before: &HashMap<Subject, Set>,
    after: &HashMap<Subject, Set>,
    expected: &[(Subject, Expected)],
) -> Result<(), Failure> {
    for (subject, was) in before {
        let is = &after[subject];
        for (table, key) in was.differences(is) {
            let of_it = expected.iter().filter(|(of, _)| of == subject).map(|(_, expected)| expected);
            let meant = of_it.into_iter().any(|expected| match expected {
                Expected::Row(facts) => facts.table() == table && facts.key() == key && is.has(facts),
                Expected::Gone(gone, of) => {
                    *gone == table && *of == key && !is.of(table).any(|facts| facts.key() == key)
                }
            });
            if !meant {
                return Err(alarm(table, subject));
            }
        }
    }
    Ok(())
}

/// A set that a change moves.
pub(crate) struct Touched {
    subject: Subject,
    before: Set,
    after: Set,
    said: Option<Vouched>,
}

impl Inner {
    /// Takes down what the change leads to, before it is committed.
    async fn intend(&self, changed: &[Touched], known: &Known, now: Time) -> Result<(), Failure> {
        let mut tx = self.keys.begin("intend change").await?;
        for Touched { subject, before, after, said } in changed {
            ended::note(&mut tx, subject, (before, after), now).await?;
            let next = after.digests(subject);
            let written = match said {
                Some(said) => directory::intend(&mut tx, subject, said.version, &next, now).await?,
                None => {
                    let empty = Set::default().digests(subject);
                    directory::introduce(&mut tx, subject, after.owner(), (&empty, &next), now).await?
                }
            };
            if !written {
                return Err(Failure::UnderWay(vec![subject.clone()]));
            }
        }
        directory::introduce_known(&mut tx, known, now).await?;
        Ok(tx.commit().await?)
    }

    async fn confirm(&self, touched: &[Touched], known: &Known) -> Result<(), Failure> {
        let mut tx = self.keys.begin("confirm change").await?;
        for Touched { subject, before, after, .. } in touched {
            ended::forget(&mut tx, subject, (before, after)).await?;
            // None when a look at what was left behind has confirmed it meanwhile.
            let _ = directory::promote(&mut tx, subject).await?;
        }
        directory::settle_known(&mut tx, known).await?;
        Ok(tx.commit().await?)
    }
}

const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(25);
/// A change that is between the databases for this long was cut short.
const STALE: Duration = Duration::from_secs(5);
