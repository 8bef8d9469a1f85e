//! Work that is done after a commit. A job is a row with ids and nothing else, written in the transaction that causes
//! it. Claiming gives a lease with a token, and whatever ends a job must show that token: one who comes too late
//! changes nothing. A job may therefore run twice, and running twice must equal running once.

mod backoff;
mod queue;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
mod worker;

pub use backoff::backoff;
pub use queue::{
    Backlog, Ending, backlog, bury, bury_many, claim, enqueue, enqueue_many, finish, finish_many, hasten,
    release, renew, retry, retry_many, revive,
};
pub use worker::{Each, Handler, Outcome, Worker, WorkerSettings, each};

use domain::{JobId, LetterId, MailboxId, Time};

/// A job to be. Where no letter is meant, `letter_id` is the mailbox's own chain.
#[derive(Clone, Copy, Debug)]
pub struct NewJob {
    pub id: JobId,
    pub kind: &'static str,
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub run_at: Time,
}

/// A job that is ours until its lease ends.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: JobId,
    pub kind: &'static str,
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    /// How often it was begun, this time included.
    pub attempts: u32,
    pub(crate) token: Token,
}

/// Proof of a lease: sixteen random bytes, new at each claim.
pub type Token = [u8; 16];
