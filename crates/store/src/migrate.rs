//! The tables of both databases, embedded in the program.

use crate::{
    Error, Store,
    connection::{Connection, KEYS_SCHEMA},
    error::Trouble,
    settings::{Contents, DatabaseKind},
};
use sqlx::{
    SqlSafeStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};
use std::{borrow::Cow, fs::File, path::Path};

impl Store {
    /// Brings the tables up to date. Several processes may do so at once: one does it, the others wait and find it done.
    pub async fn migrate(&self) -> Result<(), Error> {
        let migrator = migrator(self.contents(), self.database_kind());
        let _lock = match self.path() {
            Some(path) => Some(lock_file(path).await?),
            None => None,
        };
        let mut slot = self.alone().await?;
        let Some(connection) = slot.connection() else { return Err(Error::Aborted) };
        // Whatever happens, this connection is not used again: its limits were lifted, its lock may be held.
        let done = match connection {
            Connection::Sqlite(connection) => migrator.run_direct(None, connection, false).await,
            Connection::Postgres(connection) => postgres(&migrator, self.contents(), connection).await,
        };
        done.map_err(told)
    }

    /// How many migrations are not applied yet.
    pub async fn pending_migrations(&self) -> Result<usize, Error> {
        let migrator = migrator(self.contents(), self.database_kind());
        let mut slot = self.alone().await?;
        let Some(connection) = slot.connection() else { return Err(Error::Aborted) };
        let applied = match connection {
            Connection::Sqlite(connection) => connection.list_applied_migrations(TABLE).await,
            Connection::Postgres(connection) => connection.list_applied_migrations(TABLE).await,
        };
        let applied = match applied {
            Ok(applied) => applied,
            // Before the first migration there is no table of them.
            Err(MigrateError::Execute(sqlx::Error::Database(_))) => Vec::new(),
            Err(other) => return Err(told(other)),
        };
        Ok(migrator.iter().filter(|m| applied.iter().all(|a| a.version != m.version)).count())
    }
}

async fn postgres(
    migrator: &Migrator,
    contents: Contents,
    connection: &mut sqlx::PgConnection,
) -> Result<(), MigrateError> {
    use sqlx::Executor;
    // A large table takes its time, and so may the process that is first.
    connection
        .execute(
            "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0",
        )
        .await?;
    // Two who create one schema at once collide even with IF NOT EXISTS. The driver takes this lock again inside.
    connection.lock().await?;
    if contents == Contents::Keys {
        connection.create_schema_if_not_exists(KEYS_SCHEMA).await?;
    }
    migrator.run_direct(None, connection, false).await?;
    connection.unlock().await
}

fn migrator(contents: Contents, kind: DatabaseKind) -> Migrator {
    let folders: &[_] = match (contents, kind) {
        (Contents::Letters, DatabaseKind::Sqlite) => &[COMMON, SQLITE],
        (Contents::Letters, DatabaseKind::Postgres) => &[COMMON, POSTGRES],
        (Contents::Keys, _) => &[KEYS],
    };
    let migrations = folders.iter().copied().flatten().map(|&(version, what, sql)| {
        Migration::new(version, Cow::Borrowed(what), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The driver has no lock of its own for SQLite. Not on the database file: closing it would undo SQLite's locks.
async fn lock_file(path: &Path) -> Result<File, Error> {
    let mut name = path.as_os_str().to_owned();
    name.push(".migrate");
    let locked = tokio::task::spawn_blocking(move || {
        let file = File::options().create(true).truncate(false).write(true).open(name)?;
        file.lock()?;
        Ok::<_, std::io::Error>(file)
    });
    match locked.await {
        Ok(Ok(file)) => Ok(file),
        Ok(Err(error)) => Err(Error::Migrate(format!("lock file: {}", error.kind()))),
        Err(_) => Err(Error::Migrate("the program is stopping".into())),
    }
}

fn told(error: MigrateError) -> Error {
    match error {
        MigrateError::ExecuteMigration(error, version) => {
            Error::Migrate(format!("migration {version}: {}", Trouble::from(error).error))
        }
        MigrateError::Execute(error) => Trouble::from(error).error,
        other => Error::Migrate(other.to_string()),
    }
}

const TABLE: &str = "_sqlx_migrations";
include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
