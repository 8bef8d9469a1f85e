//! What happened in a mailbox, as the key service has checked it.

use domain::{
    LetterId, PersonId, Time,
    words::{Because, EventType},
};
use serde::{Deserialize, Serialize};

/// Lines that were checked against their chains and against the mailbox's head, newest first.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum History {
    Holds(Vec<HistoryLine>),
    /// Something was changed, added or taken away. No line of it can be trusted; the operator is told.
    Broken,
}

/// One event of a mailbox's history, opened for who may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    /// Which letter, or the mailbox's own chain.
    pub chain: LetterId,
    pub at: Time,
    pub kind: EventType,
    /// Who, when it was a person.
    pub actor: Option<PersonId>,
    pub because: Option<Because>,
}
