use serde::{Deserialize, Serialize};

/// Why the key service does not give what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysError {
    /// Never given, ended, idle too long or too old: the person logs in again.
    #[error("there is no such log-in")]
    NoGrant,
    /// The caller's role may not ask this, or the person may not do this. For a letter or mailbox of another
    /// the caller shows *not found*.
    #[error("not allowed")]
    NotAllowed,
    /// The person must identify again before this: the log-in is good, but not of the last minutes.
    #[error("not without identifying again")]
    NotFresh,
    /// Too much in too short a time.
    #[error("too many requests to the key service")]
    Budget,
    /// What may be looked up in a day is used up; the next day begins in so many seconds.
    #[error("what may be looked up in a day is used up")]
    Spent(u32),
    /// The letter is not there, or is erased.
    #[error("there is no such letter")]
    Gone,
    /// What stands in the database is not what the key service vouches for, in this table: nothing is done by it.
    #[error("what stands in the database is not vouched for: {0}")]
    Unvouched(String),
    /// The key service or its database does not answer; nothing is known of the outcome.
    #[error("the key service cannot answer now")]
    Unavailable,
    /// Refused with a stable code, such as one of `eid::Rejection` at log-in.
    #[error("rejected: {0}")]
    Rejected(String),
}

impl KeysError {
    pub fn code(&self) -> &str {
        match self {
            Self::NoGrant => "no_grant",
            Self::NotAllowed => "not_allowed",
            Self::NotFresh => "not_fresh",
            Self::Budget => "budget",
            Self::Spent(_) => "spent",
            Self::Gone => "gone",
            Self::Unvouched(_) => "unvouched",
            Self::Unavailable => "unavailable",
            Self::Rejected(code) => code,
        }
    }
}
