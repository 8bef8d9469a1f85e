//! How a database is opened.

use crate::Error;
use std::{path::PathBuf, time::Duration};

/// Which of the two databases of the house this is: each has its own tables and its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Letters, evidence, registry, jobs.
    Letters,
    /// Wrapped mailbox keys. On PostgreSQL in the schema `kuvert_keys`.
    Keys,
}

/// How to open a database. Start from [`Settings::letters`] or [`Settings::keys`].
#[derive(Clone, Debug)]
pub struct Settings {
    pub contents: Contents,
    /// PostgreSQL: connections at most. SQLite has one writer whatever stands here.
    pub max_connections: usize,
    /// SQLite: connections that read beside the writer.
    pub readers: usize,
    /// How long anyone but background work waits for a connection.
    pub wait: Duration,
    /// PostgreSQL: longest time for one statement.
    pub statement_timeout: Duration,
    /// PostgreSQL: shown in `pg_stat_activity`.
    pub application_name: String,
}

impl Settings {
    pub fn letters() -> Self {
        Self {
            contents: Contents::Letters,
            max_connections: 16,
            readers: 4,
            wait: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            application_name: "kuvert".into(),
        }
    }

    pub fn keys() -> Self {
        Self {
            contents: Contents::Keys,
            max_connections: 8,
            readers: 2,
            application_name: "kuvert-keys".into(),
            ..Self::letters()
        }
    }
}

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    Sqlite,
    Postgres,
}

pub(crate) enum Address {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() && !path.starts_with(':') && !path.contains('?') => {
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            _ => Err(Error::Address("expected sqlite:PATH or postgres://…".into())),
        }
    }
}
