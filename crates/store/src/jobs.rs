//! Work that is done after a commit. A job is a row with its kind and what it is about, ids and nothing else, written
//! in the transaction that causes it. Claiming gives a lease with a token, and whatever ends a job must show that token:
//! one who comes too late changes nothing. A job may therefore run twice, and running twice must equal running once.

mod backoff;
mod queue;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
mod worker;

pub use backoff::backoff;
pub use domain::jobs::JobSubject;
pub use queue::{
    Backlog, Ending, backlog, bury, bury_many, claim, enqueue, enqueue_many, finish, finish_many, hasten,
    release, renew, retry, retry_many, revive,
};
pub use worker::{Each, Handler, Outcome, Worker, WorkerSettings, each};

use domain::{JobId, Time};

/// A job to be.
#[derive(Clone, Debug)]
pub struct NewJob {
    id: JobId,
    kind: &'static str,
    subject: Vec<u8>,
    run_at: Time,
}

impl NewJob {
    /// Of the subject's kind.
    pub fn new<S: JobSubject>(id: JobId, subject: &S, run_at: Time) -> Self {
        Self { id, kind: S::KIND, subject: subject.encode(), run_at }
    }
}

/// A job that is ours until its lease ends.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub kind: &'static str,
    subject: Vec<u8>,
    /// How often it was begun, this time included.
    pub attempts: u32,
    pub(crate) token: Token,
}

impl Job {
    /// What it is about. `None` for a job of another kind, and where the row is not as we write it: bury it as
    /// [`Outcome::UNREADABLE`].
    pub fn subject<S: JobSubject>(&self) -> Option<S> {
        if self.kind == S::KIND { S::decode(&self.subject) } else { None }
    }
}

/// Proof of a lease: sixteen random bytes, new at each claim.
pub type Token = [u8; 16];
