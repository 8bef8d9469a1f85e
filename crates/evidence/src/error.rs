//! What can go wrong when evidence is written.

use domain::LetterId;

/// Why an event could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The actor, the person and the right do not agree.
    #[error("an event names an actor, a person and a right that do not agree")]
    Inconsistent,
    /// Others wrote to the same chain again and again.
    #[error("the chain {0} is too busy")]
    Contended(LetterId),
    #[error(transparent)]
    Store(#[from] store::Error),
}
