//! The job of telling: plan, write down, send, conclude. Nothing is sent inside a transaction.

use crate::{
    Post, Sms,
    delivery::{Delivery, Failure},
    outcome::Told,
    plan::{Before, Group, Planned},
};
use domain::{
    Clock, Random,
    words::{Channel, NoticeState},
};
use evidence::{EvidenceError, Sequencer};
use futures_util::{StreamExt, stream};
use key_client::{Keys, NotifierKeys};
use registry::Directory;
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{
    Store,
    jobs::{Handler, Job, Outcome, backoff},
};
use tracing::warn;

/// The kind of job that a letter's acceptance enqueues.
pub const KIND: &str = "notice";

/// What telling needs.
pub struct Notifier {
    pub store: Store,
    pub keys: Keys,
    pub notifier_keys: Arc<NotifierKeys>,
    pub directory: Directory,
    pub post: Arc<Post>,
    pub sms: Arc<Sms>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub sequencer: Sequencer,
    /// Letters to one mailbox within this time share a notice.
    pub coalesce: Duration,
}

/// Telling failed for a reason of the house, not of a channel.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("could not write the evidence")]
    Evidence(#[from] EvidenceError),
}

/// Messages under way at once.
const AT_ONCE: usize = 8;

impl Handler for Notifier {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        match self.tell(&jobs).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                warn!(%error, jobs = jobs.len(), "Could not tell of letters; trying again");
                jobs.into_iter().map(|job| (job, Outcome::Retry("store"))).collect()
            }
        }
    }
}

impl Notifier {
    async fn tell(&self, jobs: &[Job]) -> Result<Vec<(Job, Outcome)>, NotifyError> {
        let mut tx = self.store.read("plan notices").await?;
        let plan = self.plan(&mut tx, jobs).await?;
        drop(tx);
        let mut told = plan.settled;
        let mut later: HashMap<_, &'static str> = HashMap::new();
        if !plan.groups.is_empty() {
            let mut tx = self.store.begin_background("write notices down").await?;
            let mut written = Vec::with_capacity(plan.groups.len());
            for group in plan.groups {
                let planned = self.write_down(&mut tx, &group).await?;
                written.push((group, planned));
            }
            tx.commit().await?;
            let sending = written.into_iter().map(|(group, planned)| self.reach(group, planned));
            let results: Vec<_> = stream::iter(sending).buffer_unordered(AT_ONCE).collect().await;
            let mut tx = self.store.begin_background("record notices").await?;
            for (group, results) in &results {
                self.record(&mut tx, results).await?;
                let letters = jobs.iter().filter(|j| group.letters.contains(&j.letter_id));
                match verdict(results) {
                    Ok(state) => told.extend(letters.map(|job| Told::new(job, state))),
                    Err(code) => {
                        for job in letters {
                            // The last try of all: the letter must not wait for ever for its state.
                            if backoff(job.attempts, &*self.random).is_none() {
                                told.push(Told::new(job, NoticeState::Failed));
                            } else {
                                later.insert(job.id, code);
                            }
                        }
                    }
                }
            }
            self.conclude(&mut tx, &told).await?;
            tx.commit().await?;
        } else if !told.is_empty() {
            let mut tx = self.store.begin_background("conclude notices").await?;
            self.conclude(&mut tx, &told).await?;
            tx.commit().await?;
        }
        if !told.is_empty() {
            self.sequencer.nudge();
        }
        for told in &told {
            metrics::counter!("letters_told", "state" => told.state.as_str()).increment(1);
        }
        let outcome = |job: &Job| later.get(&job.id).map_or(Outcome::Done, |code| Outcome::Retry(code));
        Ok(jobs.iter().map(|job| (job.clone(), outcome(job))).collect())
    }

    /// Sends to every contact of a mailbox, unless the window's notice has gone there already.
    async fn reach(
        &self,
        group: Group,
        planned: Vec<Planned>,
    ) -> (Group, Vec<(Planned, Result<(), Failure>)>) {
        let mut results = Vec::with_capacity(planned.len());
        for (contact, planned) in group.contacts.iter().zip(planned) {
            let result = match planned.before {
                Some(Before::Sent) => Ok(()),
                Some(Before::Failed) => Err(Failure::Never("failed_before")),
                None => match self.compose(&group, contact, &planned).await {
                    Some(delivery) => self.send(&delivery).await,
                    None => Err(Failure::Later("address_sealed")),
                },
            };
            metrics::counter!("notices", "channel" => planned.channel.as_str(),
                "result" => result.map_or_else(Failure::code, |()| "sent"))
            .increment(1);
            results.push((planned, result));
        }
        (group, results)
    }

    async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        match delivery.channel {
            Channel::Email => self.post.send(delivery).await,
            Channel::Sms => self.sms.send(delivery).await,
        }
    }
}

/// One channel that was reached is enough. Nothing is given up while a channel may still work.
fn verdict(results: &[(Planned, Result<(), Failure>)]) -> Result<NoticeState, &'static str> {
    if results.iter().any(|(_, result)| result.is_ok()) {
        return Ok(NoticeState::Sent);
    }
    match results.iter().find_map(|(_, r)| r.err().filter(|f| matches!(f, Failure::Later(_)))) {
        Some(failure) => Err(failure.code()),
        None => Ok(NoticeState::Failed),
    }
}
