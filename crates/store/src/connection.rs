//! One connection, whichever database it leads to. The driver's own transactions and pools are not used: a future
//! of theirs that is dropped half-way (sqlx 0.9.0, BEGIN) hands back a connection inside an open transaction.

use crate::{
    dialect,
    error::Trouble,
    row::{Inner, Row},
    settings::{Contents, DatabaseKind, Settings},
    value::{self, Value},
};
use sqlx::{
    ConnectOptions, Connection as _, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    io::ErrorKind,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

pub(crate) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// How a new connection is made.
pub(crate) enum Connector {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

impl Connector {
    pub(crate) fn sqlite_writer(path: &Path, settings: &Settings) -> Self {
        Self::Sqlite(Box::new(
            sqlite(path, settings).pragma("cache_size", "-32768").pragma("secure_delete", "ON"),
        ))
    }

    pub(crate) fn sqlite_reader(path: &Path, settings: &Settings) -> Self {
        Self::Sqlite(Box::new(
            // Whatever another connection commits empties a reader's cache, and emptying costs by its size.
            sqlite(path, settings).pragma("cache_size", "-2048").pragma("query_only", "ON"),
        ))
    }

    /// The limits travel with the connection's first message, so that none is ever without them.
    pub(crate) fn postgres(url: &str, settings: &Settings) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options
            .application_name(&settings.application_name)
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging()
            .options([
                ("idle_in_transaction_session_timeout", "10s".to_owned()),
                ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
                ("lock_timeout", settings.statement_timeout.as_millis().to_string()),
                // Whoever hangs up in the middle of a statement does not hold its locks until it ends.
                ("client_connection_check_interval", "1s".to_owned()),
            ]);
        Ok(Self::Postgres(Box::new(match settings.contents {
            Contents::Letters => options,
            Contents::Keys => options.options([("search_path", KEYS_SCHEMA)]),
        })))
    }

    pub(crate) async fn connect(&self) -> Result<Connection, Trouble> {
        Ok(match self {
            Self::Sqlite(options) => Connection::Sqlite(options.connect().await?),
            Self::Postgres(options) => {
                let connected = tokio::time::timeout(CONNECT_WITHIN, patiently(options)).await;
                Connection::Postgres(connected.map_err(|_| sqlx::Error::PoolTimedOut)??)
            }
        })
    }
}

/// Connects, again where the server asks for a moment: it is starting, or its queue of newcomers is full.
async fn patiently(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut pause = Duration::from_millis(5);
    loop {
        match options.connect().await {
            Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("57P03") => {}
            other => return other,
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

fn sqlite(path: &Path, settings: &Settings) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL, NORMAL would lose acknowledged commits when the power goes.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Another process, such as the command line beside the service, may hold the write lock for a moment.
        .busy_timeout(settings.wait.min(BUSY_AT_MOST))
        .pragma("temp_store", "MEMORY")
        .pragma("journal_size_limit", "67108864")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

impl Connection {
    pub(crate) fn kind(&self) -> DatabaseKind {
        match self {
            Self::Sqlite(_) => DatabaseKind::Sqlite,
            Self::Postgres(_) => DatabaseKind::Postgres,
        }
    }

    /// A statement without arguments and without an answer: BEGIN, COMMIT, ROLLBACK.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop)?,
            Self::Postgres(connection) => connection.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    /// How many rows were touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Trouble> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let values = value::sqlite(values)?;
                connection.execute(sqlx::query_with(sql, values)).await?.rows_affected()
            }
            Self::Postgres(connection) => {
                let values = value::postgres(values)?;
                connection.execute(sqlx::query_with(sql, values)).await?.rows_affected()
            }
        })
    }

    pub(crate) async fn query(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
        into: &mut Vec<Row>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(connection) => {
                let values = value::sqlite(values)?;
                let rows = connection.fetch_all(sqlx::query_with(sql, values)).await?;
                into.extend(rows.into_iter().map(|row| Row(Inner::Sqlite(row))));
            }
            Self::Postgres(connection) => {
                let values = value::postgres(values)?;
                let rows = connection.fetch_all(sqlx::query_with(sql, values)).await?;
                into.extend(rows.into_iter().map(|row| Row(Inner::Postgres(row))));
            }
        }
        Ok(())
    }

    /// Rolls back, and says whether the connection is surely outside any transaction afterwards. `interrupted`: a
    /// statement was on its way when its caller left, so what is still to come from the server is not known.
    pub(crate) async fn rolled_back(&mut self, interrupted: bool) -> bool {
        let rolling_back = async {
            match (self.kind(), interrupted) {
                // PostgreSQL: first the answer to the statement, which may be an error, then that to ROLLBACK.
                (DatabaseKind::Postgres, true) => {
                    (self.run(dialect::ROLLBACK).await.is_ok() || self.run(dialect::ROLLBACK).await.is_ok())
                        && self.answers_what_is_asked().await
                }
                // SQLite's own thread finishes the statement and then takes the ROLLBACK.
                _ => self.run(dialect::ROLLBACK).await.is_ok(),
            }
        };
        tokio::time::timeout(ROLLBACK_WITHIN, rolling_back).await.unwrap_or(false)
    }

    /// Whether question and answer are still in step: asks for a number that was never asked for before.
    async fn answers_what_is_asked(&mut self) -> bool {
        static NUMBER: AtomicI64 = AtomicI64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut rows = Vec::new();
        let asked = self.query("SELECT CAST($1 AS BIGINT) AS echo", &[Value::Int(number)], &mut rows).await;
        asked.is_ok() && rows.len() == 1 && rows[0].int("echo").is_ok_and(|answer| answer == number)
    }

    pub(crate) async fn close(self) {
        let closing = async {
            match self {
                Self::Sqlite(connection) => connection.close().await,
                Self::Postgres(connection) => connection.close().await,
            }
        };
        // What cannot be closed in order is closed by being dropped; there is nothing left to lose.
        let _ = tokio::time::timeout(ROLLBACK_WITHIN, closing).await;
    }
}

pub(crate) const KEYS_SCHEMA: &str = "kuvert_keys";
const STATEMENTS: usize = 512;
const BUSY_AT_MOST: Duration = Duration::from_secs(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ROLLBACK_WITHIN: Duration = Duration::from_secs(5);
