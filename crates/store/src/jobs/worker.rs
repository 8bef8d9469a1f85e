//! The loop that runs jobs.

use super::{Ending, Job, backoff, queue};
use crate::{Error, Store, Tries};
use domain::{Clock, JobId, Random, chance};
use futures_util::{StreamExt, stream};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; the worker takes the job out of the queue, together with others.
    Done,
    /// The handler has finished, retried or buried the job in a transaction of its own.
    Settled,
    /// Not done for this reason; tried again as [`backoff()`] says, and buried when that has come to its end.
    Retry(&'static str),
    /// Not done yet, and no failure: look again after this time.
    Later(Duration, &'static str),
    Bury(&'static str),
}

impl Outcome {
    /// The subject is of no such job: trying again would not help.
    pub const UNREADABLE: Self = Self::Bury("subject_unreadable");
}

/// Does the jobs of one batch. A job that is missing in the answer is tried again.
pub trait Handler: Send + Sync + 'static {
    fn run(&self, jobs: Vec<Job>) -> impl Future<Output = Vec<(Job, Outcome)>> + Send;
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Kinds of jobs that it takes. Each has its share of every batch.
    pub kinds: Vec<&'static str>,
    /// Jobs in a batch at most.
    pub batch: usize,
    /// How long others wait before they take over from a worker that died. Renewed while the batch runs.
    pub lease: Duration,
    /// How often the queue is looked at when nobody wakes the worker.
    pub poll: Duration,
    /// How long a batch may still take once the worker is to stop.
    pub grace: Duration,
}

impl WorkerSettings {
    pub fn new(kinds: &[&'static str]) -> Self {
        Self {
            kinds: kinds.to_vec(),
            batch: 64,
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            grace: Duration::from_secs(20),
        }
    }
}

/// Claims jobs and has them run. Several may run on one queue, in one process or in many.
pub struct Worker {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// Woken by whoever commits a job in this process; others are found by looking.
    pub wake: Arc<Notify>,
    pub settings: WorkerSettings,
}

impl Worker {
    /// Runs until `stop`. Then the batch in hand is finished, or given back when it takes longer than the grace.
    pub async fn run<H: Handler>(&self, handler: Arc<H>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.once(&handler, &stop).await {
                // A full batch: more is waiting.
                Ok(found) if found > 0 => {}
                Ok(_) => self.pause(&stop).await,
                Err(error) => {
                    warn!(%error, "Could not work on the queue of jobs");
                    self.pause(&stop).await;
                }
            }
        }
    }

    /// One batch: claims, runs, settles. Returns how many jobs there were; tests and `--once` use it until zero.
    pub async fn once<H: Handler>(&self, handler: &Arc<H>, stop: &CancellationToken) -> Result<usize, Error> {
        let WorkerSettings { kinds, batch, lease, .. } = &self.settings;
        let token = chance::bytes(&*self.random);
        let jobs = queue::claim(&self.store, kinds, self.clock.now(), *lease, *batch, token).await?;
        if jobs.is_empty() {
            return Ok(0);
        }
        let work = {
            let handler = Arc::clone(handler);
            let jobs = jobs.clone();
            tokio::spawn(async move { handler.run(jobs).await })
        };
        match self.watch(work, &jobs, stop).await {
            Some(outcomes) => self.settle(&jobs, outcomes).await?,
            None => self.give_back(&jobs).await?,
        }
        Ok(jobs.len())
    }

    /// Waits for the handler and keeps its leases meanwhile. `None` when the grace has run out.
    async fn watch(
        &self,
        mut work: JoinHandle<Vec<(Job, Outcome)>>,
        jobs: &[Job],
        stop: &CancellationToken,
    ) -> Option<Vec<(Job, Outcome)>> {
        let grace = async {
            stop.cancelled().await;
            tokio::time::sleep(self.settings.grace).await;
        };
        tokio::pin!(grace);
        loop {
            tokio::select! {
                done = &mut work => {
                    return Some(done.unwrap_or_else(|_| {
                        // What panicked is a fault of ours: its jobs come back later and are buried in the end.
                        error!("A handler of jobs panicked");
                        Vec::new()
                    }));
                }
                () = &mut grace => {
                    work.abort();
                    // Until it has really ended it might still act.
                    let _ = work.await;
                    return None;
                }
                // A third, so that a renewal may fail and the next still comes in time.
                () = tokio::time::sleep(self.settings.lease / 3) => match self.keep(jobs).await {
                    Ok(true) => {}
                    // Others do all of it by now, and nothing of what is done here counts.
                    Ok(false) => {
                        work.abort();
                        let _ = work.await;
                        return Some(Vec::new());
                    }
                    Err(error) => warn!(%error, "Could not renew the leases of jobs"),
                }
            }
        }
    }

    /// False when none of the jobs is ours any more.
    async fn keep(&self, jobs: &[Job]) -> Result<bool, Error> {
        let mut tx = self.store.begin("renew leases").await?;
        let lost = queue::renew(&mut tx, self.clock.now().plus(self.settings.lease), &all(jobs)).await?;
        tx.commit().await?;
        Ok(lost.len() < jobs.len())
    }

    async fn give_back(&self, jobs: &[Job]) -> Result<(), Error> {
        let mut tx = self.store.begin("release jobs").await?;
        queue::release(&mut tx, self.clock.now(), &all(jobs)).await?;
        tx.commit().await?;
        info!(jobs = jobs.len(), "Gave jobs back unfinished");
        Ok(())
    }

    /// Brings all outcomes of a batch into the queue in one transaction; again when the database was busy.
    async fn settle(&self, jobs: &[Job], outcomes: Vec<(Job, Outcome)>) -> Result<(), Error> {
        let mut tries = Tries::after(self.settings.poll, SETTLE_TRIES);
        loop {
            match self.try_settle(jobs, &outcomes).await {
                Err(error) if tries.left(error.is_transient()) => {
                    warn!(%error, "Could not settle jobs yet");
                    tries.pause().await;
                }
                other => return other,
            }
        }
    }

    async fn try_settle(&self, jobs: &[Job], outcomes: &[(Job, Outcome)]) -> Result<(), Error> {
        let now = self.clock.now();
        let answered: HashSet<JobId> = outcomes.iter().map(|(job, _)| job.id).collect();
        // What its handler left out, or panicked over, is tried again soon and not only when its lease is
        // over.
        let silent = jobs
            .iter()
            .filter(|job| !answered.contains(&job.id))
            .map(|job| (job, Outcome::Retry("no_answer")));
        let mut done = Vec::new();
        let mut again = Vec::new();
        let mut dead = Vec::new();
        for (job, outcome) in outcomes.iter().map(|(job, outcome)| (job, *outcome)).chain(silent) {
            match outcome {
                Outcome::Settled => {}
                Outcome::Done => done.push(job),
                Outcome::Later(after, code) => again.push(Ending { job, run_at: now.plus(after), code }),
                Outcome::Retry(code) => match backoff(job.attempts, &*self.random) {
                    Some(after) => again.push(Ending { job, run_at: now.plus(after), code }),
                    None => dead.push((job, code)),
                },
                Outcome::Bury(code) => dead.push((job, code)),
            }
        }
        if done.is_empty() && again.is_empty() && dead.is_empty() {
            return Ok(());
        }
        let mut tx = self.store.begin_background("settle jobs").await?;
        let mut lost = queue::finish_many(&mut tx, &done).await?;
        lost.extend(queue::retry_many(&mut tx, &again).await?);
        lost.extend(queue::bury_many(&mut tx, now, &dead).await?);
        tx.commit().await?;
        for (outcome, count) in
            [("done", done.len()), ("retry", again.len()), ("dead", dead.len()), ("lost", lost.len())]
        {
            metrics::counter!("kuvert_jobs_total", "outcome" => outcome).increment(count as u64);
        }
        if !lost.is_empty() {
            warn!(jobs = lost.len(), "Another worker took over jobs before they were settled");
        }
        Ok(())
    }

    async fn pause(&self, stop: &CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.wake.notified() => {}
            () = tokio::time::sleep(self.settings.poll) => {}
        }
    }
}

/// A handler made of a function for one job, with up to `concurrency` jobs of a batch at a time.
pub fn each<F, Fut>(concurrency: usize, act: F) -> Arc<Each<F>>
where
    F: Fn(Job) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send,
{
    Arc::new(Each { concurrency: concurrency.max(1), act })
}

pub struct Each<F> {
    concurrency: usize,
    act: F,
}

impl<F, Fut> Handler for Each<F>
where
    F: Fn(Job) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Outcome> + Send,
{
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        stream::iter(jobs)
            .map(|job| {
                let acting = (self.act)(job.clone());
                async move { (job, acting.await) }
            })
            .buffer_unordered(self.concurrency)
            .collect()
            .await
    }
}

fn all(jobs: &[Job]) -> Vec<&Job> {
    jobs.iter().collect()
}

const SETTLE_TRIES: u32 = 5;
