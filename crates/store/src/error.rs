//! What can go wrong, told without any argument of a statement: rows and values never stand in an error.

use std::{borrow::Cow, fmt};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is busy, restarting, failing over, or chose this transaction as the victim of a deadlock.
    /// Nothing was changed; the whole transaction may be tried again.
    #[error("the database is not available just now: {0}")]
    Unavailable(Fault),
    /// The connection broke while the commit was on its way. The caller must find out or say "unknown".
    #[error("the outcome of the commit is unknown: {0}")]
    InDoubt(Fault),
    #[error("no connection became free in time")]
    Crowded,
    #[error("the database has no space left: {0}")]
    Full(Fault),
    #[error("such a row exists already: {0}")]
    Unique(Fault),
    #[error("{expected} rows should have been touched, {found} were")]
    Unexpected { expected: u64, found: u64 },
    /// Another worker holds the job now.
    #[error("the lease of the job was lost")]
    LeaseLost,
    #[error("an earlier statement of this transaction failed, so it cannot be committed")]
    Aborted,
    #[error("column {column} does not hold {wanted}")]
    Column { column: &'static str, wanted: &'static str },
    #[error("a row of {expected} columns was given {found}")]
    Columns { expected: usize, found: usize },
    #[error("the database's address is not understood: {0}")]
    Address(String),
    #[error("could not migrate the database: {0}")]
    Migrate(String),
    #[error("the database refused: {0}")]
    Database(Fault),
}

/// What the database said: its code, and its message where that cannot carry data.
#[derive(Debug, Clone)]
pub struct Fault {
    pub code: String,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} ({})", self.message, self.code)
        }
    }
}

impl Error {
    /// A row that must be there is not.
    pub const NO_ROW: Self = Self::Unexpected { expected: 1, found: 0 };

    /// A row holds what we never write: somebody has changed it, or it is of a later version.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Column { .. })
    }

    /// Nothing happened and the same transaction may succeed when it is tried again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Crowded)
    }

    /// Whether the commit took effect is not known.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, Self::InDoubt(_))
    }

    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique(_))
    }

    pub(crate) fn column(column: &'static str, wanted: &'static str) -> Self {
        Self::Column { column, wanted }
    }
}

/// An error of the driver, and whether the connection can still be used.
pub(crate) struct Trouble {
    pub(crate) error: Error,
    pub(crate) connection_lost: bool,
}

impl Trouble {
    /// What an error of COMMIT says. A server that answered has decided; silence has not.
    pub(crate) fn undecided(self) -> Error {
        match self.error {
            Error::Unavailable(fault) if self.connection_lost => Error::InDoubt(fault),
            other => other,
        }
    }
}

/// Of our own, before a connection was asked anything.
impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self { error, connection_lost: false }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database)
                if database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() =>
            {
                postgres(&*database)
            }
            sqlx::Error::Database(database) => sqlite(&*database),
            sqlx::Error::Io(io) => Self::lost(format!("connection: {}", io.kind())),
            sqlx::Error::Tls(_) => Self::lost("TLS".into()),
            sqlx::Error::Protocol(_) => Self::lost("protocol".into()),
            sqlx::Error::WorkerCrashed => Self::lost("the database thread ended".into()),
            sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut => Self::lost("no connection".into()),
            sqlx::Error::Configuration(_) => {
                Self { error: Error::Address("unusable options".into()), connection_lost: true }
            }
            sqlx::Error::Encode(_) => Self::kept("", "an argument could not be encoded".into()),
            other => Self::kept("", kind_of(&other).into()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Trouble::from(error).error
    }
}

impl Trouble {
    fn lost(message: String) -> Self {
        let error = Error::Unavailable(Fault { code: String::new(), message });
        Self { error, connection_lost: true }
    }

    fn kept(code: &str, message: String) -> Self {
        Self { error: Error::Database(Fault { code: code.into(), message }), connection_lost: false }
    }
}

fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::RowNotFound => "no row",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "an answer could not be decoded",
        _ => "driver error",
    }
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn postgres(error: &dyn sqlx::error::DatabaseError) -> Trouble {
    let code = error.code().unwrap_or(Cow::Borrowed(""));
    // Class 22 (data exception) repeats the value in its message.
    let message = match (code.get(..2), error.constraint()) {
        (Some("22"), _) => "data exception".to_owned(),
        (_, Some(constraint)) => format!("constraint {constraint}"),
        _ => error.message().to_owned(),
    };
    let fault = Fault { code: code.clone().into_owned(), message };
    let class = code.get(..2).unwrap_or_default();
    let (error, connection_lost) = match (&*code, class) {
        ("23505", _) => (Error::Unique(fault), false),
        ("53100", _) => (Error::Full(fault), false),
        // Serialisation, deadlock, lock not available, cancelled or timed out.
        ("40001" | "40P01" | "55P03" | "57014", _) => (Error::Unavailable(fault), false),
        // Shutdown, crash, not yet up; idle too long; demoted to a standby; a plan older than a migration.
        ("57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25P04" | "25006" | "0A000", _) => {
            (Error::Unavailable(fault), true)
        }
        (_, "08" | "53" | "58") => (Error::Unavailable(fault), true),
        _ => (Error::Database(fault), false),
    };
    Trouble { error, connection_lost }
}

/// Extended result codes: the low byte is the primary one, <https://www.sqlite.org/rescode.html>.
fn sqlite(error: &dyn sqlx::error::DatabaseError) -> Trouble {
    let code = error.code().unwrap_or(Cow::Borrowed(""));
    let fault = Fault { code: code.clone().into_owned(), message: error.message().to_owned() };
    let number: i32 = code.parse().unwrap_or(0);
    let (error, connection_lost) = match (number, number & 0xff) {
        (1555 | 2067, _) => (Error::Unique(fault), false),
        (_, 5 | 6) => (Error::Unavailable(fault), false),
        (_, 10) => (Error::Unavailable(fault), true),
        (_, 13) => (Error::Full(fault), false),
        (_, 11 | 26) => (Error::Database(fault), true),
        _ => (Error::Database(fault), false),
    };
    Trouble { error, connection_lost }
}
