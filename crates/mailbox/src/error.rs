use crate::objects::ObjectsError;
use key_client::KeysError;

/// Why a mailbox could not do what was asked. Not being there, or not for this person, is no error: it is
/// `None`.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// [`KeysError::NoGrant`]: log in again. [`KeysError::Budget`]: try again in a moment.
    #[error("the key service refused")]
    Keys(#[source] KeysError),
    /// A stored thing does not open, or is not what was stored: damage, or a moved row.
    #[error("a stored letter is damaged")]
    Damaged,
    /// Something was changed in it or taken away; the operator was told.
    #[error("the history does not hold")]
    HistoryBroken,
    #[error("the history could not be written")]
    Evidence(#[from] evidence::EvidenceError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<vault::Opaque> for MailboxError {
    fn from(_: vault::Opaque) -> Self {
        Self::Damaged
    }
}
