use domain::{Code, Refusal};
use key_client::KeysError;
use mailbox::ObjectsError;
use std::{fmt::Display, time::Duration};

/// Why a letter was not accepted. Nothing of it is stored, except when the outcome is
/// [unknown](AcceptError::Unknown).
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The letter, its sender or its recipient is at fault.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// No room now. The same request may succeed after [`AcceptError::retry_after`].
    #[error("too many letters on their way")]
    Overloaded,
    /// The caller's look-ups of the day are used up; the next one begins after so long.
    #[error("the look-ups of the day are used up")]
    Spent(Duration),
    /// Something that intake needs does not answer, or it is stopping.
    #[error("cannot accept letters now: {0}")]
    Unavailable(&'static str),
    /// The commit was on its way when the database was lost: the sender repeats the request and finds out.
    #[error("the outcome is unknown")]
    Unknown,
    /// A fault of ours; logged where it happened.
    #[error("a fault while accepting a letter: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl AcceptError {
    /// As the sender is told.
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Overloaded => Code::Overloaded.into(),
            Self::Spent(_) => Code::LookupsUsedUp.into(),
            Self::Unavailable(_) | Self::Unknown => Code::Unavailable.into(),
            Self::Internal(_) => Code::Internal.into(),
        }
    }

    /// When to try again, for `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded => Some(Duration::from_secs(1)),
            Self::Spent(until) => Some(*until),
            Self::Unavailable(_) | Self::Unknown => Some(Duration::from_secs(5)),
            Self::Refused(refusal)
                if matches!(refusal.code, Code::ScannerUnavailable | Code::RateLimited) =>
            {
                Some(Duration::from_secs(30))
            }
            Self::Refused(_) | Self::Internal(_) => None,
        }
    }
}

impl AcceptError {
    /// The same for each of those who waited for one statement.
    pub(crate) fn shared(error: &store::Error) -> Self {
        Self::of_store(error).unwrap_or_else(|| Self::Internal(error.to_string().into()))
    }

    /// What a fault of the database means to whoever asked; `None`: it is a fault of ours.
    fn of_store(error: &store::Error) -> Option<Self> {
        match error {
            store::Error::InDoubt(_) => Some(Self::Unknown),
            store::Error::Crowded => Some(Self::Overloaded),
            store::Error::Unavailable(_) => Some(Self::Unavailable("the database does not answer")),
            store::Error::Full(_) => Some(Self::Unavailable("the database has no space left")),
            unreadable if unreadable.is_unreadable() => {
                metrics::counter!("kuvert_unvouched_total", "table" => "unreadable").increment(1);
                tracing::error!(error = %unreadable, "A row holds what is never written");
                Some(Self::Unavailable("a row holds what is never written"))
            }
            _ => None,
        }
    }
}

/// Why a question was not answered. What the caller cannot mend is logged here, once.
pub(crate) fn unserved<E: Display + Into<AcceptError>>(error: E) -> AcceptError {
    let text = error.to_string();
    let error = error.into();
    if matches!(error, AcceptError::Internal(_) | AcceptError::Unavailable(_)) {
        tracing::error!(error = text, "A request could not be served");
    }
    error
}

impl From<Code> for AcceptError {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}
impl From<Refusal> for AcceptError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
impl From<crate::room::Full> for AcceptError {
    fn from(_: crate::room::Full) -> Self {
        Self::Overloaded
    }
}
impl From<store::Error> for AcceptError {
    fn from(error: store::Error) -> Self {
        Self::of_store(&error).unwrap_or_else(|| Self::Internal(Box::new(error)))
    }
}
impl From<ObjectsError> for AcceptError {
    fn from(error: ObjectsError) -> Self {
        Self::Internal(Box::new(error))
    }
}
impl From<KeysError> for AcceptError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Budget => Code::RateLimited.into(),
            KeysError::Spent(seconds) => Self::Spent(Duration::from_secs(seconds.into())),
            KeysError::Unavailable => Self::Unavailable("the key service does not answer"),
            KeysError::Unvouched(_) => Self::Unavailable("the recipient's mailbox is not vouched for"),
            other => Self::Internal(Box::new(other)),
        }
    }
}
