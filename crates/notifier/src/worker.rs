//! The job of telling: plan, write down, send, conclude. Nothing is sent inside a transaction.

use crate::{
    Channels,
    outcome::Told,
    plan::{Group, Plan},
    reach::{Reached, UNDER_WAY},
};
use domain::{
    Clock, JobId, Random,
    jobs::{JobSubject, NoticeJob},
    words::NoticeState,
};
use evidence::{EvidenceError, Sequencer};
use key_client::{Keys, NotifierKeys};
use registry::Directory;
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{
    Store, Tries,
    jobs::{Handler, Job, Outcome, backoff},
};
use tracing::warn;

/// The kind of job that a letter's acceptance enqueues.
pub const KIND: &str = NoticeJob::KIND;

/// What telling needs. Give it to a [`store::jobs::Worker`] for jobs of kind [`KIND`].
pub struct Notifier {
    pub store: Store,
    pub keys: Keys,
    /// To be refreshed every minute or two by whoever wires the house.
    pub notifier_keys: Arc<NotifierKeys>,
    pub directory: Directory,
    pub channels: Channels,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub sequencer: Sequencer,
    /// Letters to one mailbox within this time share a notice.
    pub coalesce: Duration,
}

/// A job with the letter that it is of.
#[derive(Clone, Debug)]
pub(crate) struct DueNotice {
    pub job: Job,
    pub letter: NoticeJob,
}

/// Telling failed for a reason of the house, not of a channel.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotifyError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("could not write the evidence")]
    Evidence(#[from] EvidenceError),
}

impl Notifier {
    /// What becomes of each job; one that is not named is done.
    async fn tell(&self, jobs: &[DueNotice]) -> Result<HashMap<JobId, Outcome>, NotifyError> {
        let mut tx = self.store.read("plan notices").await?;
        let Plan { settled: mut told, groups } = self.plan(&mut tx, jobs).await?;
        tx.rollback().await;
        let mut outcomes = HashMap::new();
        if !groups.is_empty() {
            for reached in self.send_all(groups).await? {
                self.judge(&reached, &mut told, &mut outcomes);
            }
        }
        let lost = self.conclude_all(&told).await?;
        for due in jobs.iter().filter(|due| lost.contains(&due.letter.letter_id)) {
            outcomes.insert(due.job.id, Outcome::Retry("evidence"));
        }
        Ok(outcomes)
    }

    /// From the first of these commits on a repeat is the same notice; from the second on there is none.
    async fn send_all(&self, groups: Vec<Group>) -> Result<Vec<Reached>, NotifyError> {
        let mut tx = self.store.begin_background("write notices down").await?;
        let planned = self.write_down(&mut tx, &groups).await?;
        tx.commit().await?;
        let reached = self.reach(groups, planned).await;
        let attempts: Vec<_> = reached.iter().flat_map(|reached| &reached.attempts).collect();
        let mut tries = RECORD_TRIES;
        loop {
            let recorded = async {
                let mut tx = self.store.begin_background("record notices").await?;
                self.record(&mut tx, &attempts).await?;
                tx.commit().await
            };
            match recorded.await {
                // What is not recorded will be sent again: worth waiting for a busy database.
                Err(error) if tries.left(error.is_transient()) => tries.pause().await,
                Err(error) => return Err(error.into()),
                Ok(()) => return Ok(reached),
            }
        }
    }

    fn judge(&self, reached: &Reached, told: &mut Vec<Told>, outcomes: &mut HashMap<JobId, Outcome>) {
        let verdict = reached.verdict();
        for DueNotice { job, letter } in &reached.group.jobs {
            match verdict {
                Ok(state) => told.push(Told::new(*letter, state)),
                Err(UNDER_WAY) => {
                    outcomes.insert(job.id, Outcome::Later(LOOK_AGAIN, UNDER_WAY));
                }
                // The last try of all: the letter must not wait for ever for its state.
                Err(_) if backoff(job.attempts, &*self.random).is_none() => {
                    told.push(Told::new(*letter, NoticeState::Failed));
                }
                Err(code) => {
                    outcomes.insert(job.id, Outcome::Retry(code));
                }
            }
        }
    }
}

impl Handler for Notifier {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let due = |job: &Job| Some(DueNotice { job: job.clone(), letter: job.subject()? });
        let known: Vec<_> = jobs.iter().filter_map(due).collect();
        let mut outcomes = match Box::pin(self.tell(&known)).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                warn!(%error, jobs = jobs.len(), "Could not tell of letters; trying again");
                jobs.iter().map(|job| (job.id, Outcome::Retry("store"))).collect()
            }
        };
        let unreadable = jobs.iter().filter(|job| job.subject::<NoticeJob>().is_none());
        outcomes.extend(unreadable.map(|job| (job.id, Outcome::UNREADABLE)));
        let outcome = |job: &Job| outcomes.get(&job.id).copied().unwrap_or(Outcome::Done);
        jobs.into_iter().map(|job| (job.clone(), outcome(&job))).collect()
    }
}

pub(crate) const RECORD_TRIES: Tries = Tries::after(Duration::from_millis(500), 3);
/// When to look again at a notice that another worker is sending.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
