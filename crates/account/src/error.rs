use key_client::KeysError;
use registry::{RegistryError, register::RegisterError};

/// Why an act could not be done, where that has nothing to do with the act. What an act itself refuses is its own.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Not there, or not this person's.
    #[error("there is none, or it is another's")]
    NotFound,
    #[error("the key service refused")]
    Keys(#[source] KeysError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<KeysError> for AccountError {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

impl From<store::Error> for AccountError {
    fn from(error: store::Error) -> Self {
        Self::Registry(error.into())
    }
}
