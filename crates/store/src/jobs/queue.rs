//! The table of jobs.

use super::{Job, NewJob, Token};
use crate::{Error, Many, Store, Tx, Value, args, dialect, row};
use domain::{JobId, Time};
use std::{collections::HashSet, time::Duration};

/// A job that did not succeed: when it is due again, and the code that says why not.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub job: &'a Job,
    pub run_at: Time,
    pub code: &'a str,
}

/// What lies in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Due and not claimed.
    pub due: u64,
    /// Since when the oldest of them has been due.
    pub oldest: Option<Time>,
    /// Given up.
    pub dead: u64,
}

/// Adds a job to the transaction that causes it.
pub async fn enqueue(tx: &mut Tx, job: &NewJob) -> Result<(), Error> {
    enqueue_many(tx, std::slice::from_ref(job)).await
}

pub async fn enqueue_many(tx: &mut Tx, jobs: &[NewJob]) -> Result<(), Error> {
    static ENQUEUE: Many =
        Many::new("INSERT INTO job (job_id, kind, subject, run_at, attempts) VALUES ", 5, "");
    let rows: Vec<_> = jobs.iter().map(|j| row![j.id, j.kind, &j.subject, j.run_at, 0]).collect();
    tx.execute_many(&ENQUEUE, &rows).await?.exactly(jobs.len() as u64)
}

/// Takes up to `max` due jobs until `now + lease`. Every kind gets its share, so that a million notices do not hold up
/// the one reminder.
pub async fn claim(
    store: &Store,
    kinds: &[&'static str],
    now: Time,
    lease: Duration,
    max: usize,
    token: Token,
) -> Result<Vec<Job>, Error> {
    let share = max.div_ceil(kinds.len().max(1)) as i64;
    let mut tx = store.begin_background("claim jobs").await?;
    let sql = dialect::claim(tx.kind()?);
    let mut jobs = Vec::new();
    for &kind in kinds {
        for row in tx.query(sql, args![&token, now.plus(lease), now, kind, share]).await? {
            jobs.push(Job {
                id: row.id("job_id")?,
                kind,
                subject: row.bytes("subject")?.to_vec(),
                attempts: row.number("attempts")?,
                token,
            });
        }
    }
    if jobs.is_empty() {
        tx.rollback().await;
    } else {
        tx.commit().await?;
    }
    Ok(jobs)
}

/// Done: the job goes. [`Error::LeaseLost`] when another has it by now; then drop the transaction.
pub async fn finish(tx: &mut Tx, job: &Job) -> Result<(), Error> {
    none_lost(finish_many(tx, &[job]).await?)
}

/// As [`finish`], and tells which were lost; the rest are finished.
pub async fn finish_many(tx: &mut Tx, jobs: &[&Job]) -> Result<Vec<JobId>, Error> {
    static FINISH: Many =
        Many::new("DELETE FROM job WHERE lease_token = $1 AND job_id IN (", 1, ") RETURNING job_id");
    ours(tx, &FINISH, None, jobs.iter().map(|job| (*job, row![job.id])).collect()).await
}

/// Not done: due again at `run_at`.
pub async fn retry(tx: &mut Tx, job: &Job, run_at: Time, code: &str) -> Result<(), Error> {
    none_lost(retry_many(tx, &[Ending { job, run_at, code }]).await?)
}

/// As [`retry`], and tells which were lost.
pub async fn retry_many(tx: &mut Tx, endings: &[Ending<'_>]) -> Result<Vec<JobId>, Error> {
    static RETRY: Many = Many::new(
        "UPDATE job SET run_at = v.column2, last_code = v.column3, lease_token = NULL, leased_until = NULL \
         FROM (VALUES ",
        3,
        ") AS v WHERE job.job_id = v.column1 AND job.lease_token = $1 RETURNING job_id",
    );
    ours(tx, &RETRY, None, endings.iter().map(|e| (e.job, row![e.job.id, e.run_at, e.code])).collect()).await
}

/// Given up: stays as a dead letter that an operator sees and may [`revive`].
pub async fn bury(tx: &mut Tx, job: &Job, now: Time, code: &str) -> Result<(), Error> {
    none_lost(bury_many(tx, now, &[(job, code)]).await?)
}

/// As [`bury`], and tells which were lost.
pub async fn bury_many(tx: &mut Tx, now: Time, jobs: &[(&Job, &str)]) -> Result<Vec<JobId>, Error> {
    static BURY: Many = Many::new(
        "UPDATE job SET dead_at = $2, last_code = v.column2, lease_token = NULL, leased_until = NULL FROM (VALUES ",
        2,
        ") AS v WHERE job.job_id = v.column1 AND job.lease_token = $1 RETURNING job_id",
    );
    ours(tx, &BURY, Some(now), jobs.iter().map(|(job, code)| (*job, row![job.id, *code])).collect()).await
}

/// Keeps the jobs until `until`, and tells which were lost.
pub async fn renew(tx: &mut Tx, until: Time, jobs: &[&Job]) -> Result<Vec<JobId>, Error> {
    static RENEW: Many = Many::new(
        "UPDATE job SET run_at = $2, leased_until = $2 WHERE lease_token = $1 AND job_id IN (",
        1,
        ") RETURNING job_id",
    );
    ours(tx, &RENEW, Some(until), jobs.iter().map(|job| (*job, row![job.id])).collect()).await
}

/// Gives the jobs back untouched: due at `at`, and this try does not count.
pub async fn release(tx: &mut Tx, at: Time, jobs: &[&Job]) -> Result<Vec<JobId>, Error> {
    static RELEASE: Many = Many::new(
        "UPDATE job SET run_at = $2, attempts = attempts - 1, lease_token = NULL, leased_until = NULL \
         WHERE lease_token = $1 AND job_id IN (",
        1,
        ") RETURNING job_id",
    );
    ours(tx, &RELEASE, Some(at), jobs.iter().map(|job| (*job, row![job.id])).collect()).await
}

/// Makes a dead job due again, with all its tries before it. `false` when there is no such dead job.
pub async fn revive(tx: &mut Tx, id: JobId, now: Time) -> Result<bool, Error> {
    const REVIVE: &str =
        "UPDATE job SET dead_at = NULL, run_at = $2, attempts = 0 WHERE job_id = $1 AND dead_at IS NOT NULL";
    Ok(tx.execute(REVIVE, args![id, now]).await?.any())
}

/// Makes jobs due that wait for a later try. What is taken by a worker is left to it.
pub async fn hasten(tx: &mut Tx, jobs: &[JobId], now: Time) -> Result<u64, Error> {
    static HASTEN: Many = Many::new(
        "UPDATE job SET run_at = $1 WHERE run_at > $1 AND dead_at IS NULL AND lease_token IS NULL AND job_id IN (",
        1,
        ")",
    );
    if jobs.is_empty() {
        return Ok(0);
    }
    let rows: Vec<_> = jobs.iter().map(|id| row![*id]).collect();
    Ok(tx.execute_many_with(&HASTEN, args![now], &rows).await?.count())
}

/// What lies in the queue.
pub async fn backlog(tx: &mut Tx, now: Time) -> Result<Backlog, Error> {
    const DUE: &str =
        "SELECT count(*) AS n, min(run_at) AS oldest FROM job WHERE dead_at IS NULL AND run_at <= $1";
    const DEAD: &str = "SELECT count(*) AS n FROM job WHERE dead_at IS NOT NULL";
    let (due, oldest) = match tx.one(DUE, args![now]).await? {
        Some(row) => (row.number("n")?, row.opt_time("oldest")?),
        None => (0, None),
    };
    let dead = tx.one(DEAD, &[]).await?.map_or(Ok(0), |row| row.number("n"))?;
    Ok(Backlog { due, oldest, dead })
}

/// Runs the statement for each claim's jobs and returns those that its lease no longer covers. Rows go in the order of
/// their ids, so that two workers never wait for each other in a circle.
async fn ours<const N: usize>(
    tx: &mut Tx,
    many: &'static Many,
    at: Option<Time>,
    mut rows: Vec<(&Job, [Value<'_>; N])>,
) -> Result<Vec<JobId>, Error> {
    rows.sort_unstable_by_key(|(job, _)| (job.token, job.id));
    let mut lost: HashSet<JobId> = rows.iter().map(|(job, _)| job.id).collect();
    for claim in rows.chunk_by(|a, b| a.0.token == b.0.token) {
        let lead = row![&claim[0].0.token, at];
        let lead = &lead[..1 + usize::from(at.is_some())];
        let values: Vec<_> = claim.iter().map(|(_, values)| *values).collect();
        for row in tx.query_many_with(many, lead, &values).await? {
            lost.remove(&row.id("job_id")?);
        }
    }
    Ok(lost.into_iter().collect())
}

fn none_lost(lost: Vec<JobId>) -> Result<(), Error> {
    if lost.is_empty() { Ok(()) } else { Err(Error::LeaseLost) }
}
