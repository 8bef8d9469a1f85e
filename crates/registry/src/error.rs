//! What can go wrong in every function that leaves evidence.

use evidence::EvidenceError;

/// The database or the evidence chain did not take the change; nothing of the transaction may be committed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("could not write the evidence of a change")]
    Evidence(#[source] EvidenceError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<EvidenceError> for RegistryError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Store(error) => Self::Store(error),
            error => Self::Evidence(error),
        }
    }
}

impl RegistryError {
    /// Nothing happened and the same transaction may succeed when it is tried again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Evidence(error) => matches!(error, EvidenceError::Contended(_)),
        }
    }
}
