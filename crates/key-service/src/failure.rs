//! What goes wrong inside, and how little of it is told.

use crate::keks::KeksError;
use evidence::EvidenceError;
use key_client::KeysError;
use vault::Opaque;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// To be told as it is.
    #[error(transparent)]
    Refused(#[from] KeysError),
    /// A budget is used up; which one is for the metric.
    #[error("budget used up: {0}")]
    Budget(&'static str),
    /// Something of ours does not open: tampering, or a restored database that does not fit the other.
    #[error("something sealed does not open")]
    Opaque,
    /// Another change of these sets is between the two databases.
    #[error("a change of the same set is under way")]
    UnderWay(Vec<registry::sets::Subject>),
    #[error("a task of the service was lost")]
    Lost,
    #[error(transparent)]
    Keks(#[from] KeksError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error("could not change the registry")]
    Registry(#[from] registry::RegistryError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Opaque> for Failure {
    fn from(Opaque: Opaque) -> Self {
        Self::Opaque
    }
}

impl Failure {
    /// What the asker learns.
    pub(crate) fn told(&self) -> KeysError {
        match self {
            Self::Refused(error) => error.clone(),
            Self::Budget(_) => KeysError::Budget,
            Self::Keks(KeksError::UnderWay) => KeysError::Rejected("rotation_under_way".into()),
            Self::Opaque
            | Self::UnderWay(_)
            | Self::Lost
            | Self::Keks(_)
            | Self::Evidence(_)
            | Self::Registry(_)
            | Self::Store(_) => KeysError::Unavailable,
        }
    }

    /// Whether somebody should look into it.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.told(), KeysError::Unavailable)
    }

    /// A row holds what we never write.
    pub(crate) fn is_unreadable(&self) -> bool {
        match self {
            Self::Store(error)
            | Self::Evidence(EvidenceError::Store(error))
            | Self::Registry(registry::RegistryError::Store(error)) => error.is_unreadable(),
            _ => false,
        }
    }

    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::Evidence(EvidenceError::Store(error)) => {
                error.is_transient() || error.is_unique()
            }
            Self::Evidence(EvidenceError::Contended(_)) => true,
            Self::Registry(error) => error.is_transient(),
            _ => false,
        }
    }
}

/// How often a transaction is tried again because another was in its way.
pub(crate) const AGAIN: u32 = 3;
