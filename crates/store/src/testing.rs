//! For tests: a fresh, migrated database each. Behind the feature `testing`.
//!
//! PostgreSQL is the server that `KUVERT_TEST_POSTGRES` names, or else a cluster that the test process starts for
//! itself. Where there is none the test fails: a green run covers both databases.

mod cluster;

use crate::{Error, Settings, Store, settings::DatabaseKind};
use sqlx::{ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Makes two tests of each function: `name::sqlite` and `name::postgres`.
///
/// The functions are `async fn name(store: Store)` with the letters' tables, or `async fn name(database: Database)`.
#[macro_export]
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::testing::on($crate::DatabaseKind::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                $crate::testing::on($crate::DatabaseKind::Postgres, super::$name);
            }
        }
    )+};
}

/// A database of one test's own. [`Database::remove`] takes it away again.
pub struct Database {
    pub store: Store,
    /// What [`Store::open`] was given.
    pub url: String,
    keys_url: String,
    dir: TempDir,
    admin: Option<(PgConnectOptions, String)>,
}

impl Database {
    /// A fresh one with the letters' tables.
    pub async fn fresh(kind: DatabaseKind) -> Result<Self, Error> {
        let dir = tempfile::tempdir().map_err(|e| Error::Address(format!("no temporary folder: {e}")))?;
        let (url, keys_url, admin) = match kind {
            DatabaseKind::Sqlite => {
                let file = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
                (file("kuvert.db"), file("keys.db"), None)
            }
            DatabaseKind::Postgres => {
                let server: PgConnectOptions = cluster::server_url()
                    .parse()
                    .map_err(|e| Error::Address(format!("KUVERT_TEST_POSTGRES: {e}")))?;
                let name = unique_name();
                let mut connection = server.connect().await?;
                connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
                connection.close().await?;
                let url = server.clone().database(&name).to_url_lossy().to_string();
                (url.clone(), url, Some((server, name)))
            }
        };
        let store = Store::open(&url, &Settings::letters()).await?;
        store.migrate().await?;
        Ok(Self { store, url, keys_url, dir, admin })
    }

    /// The key store beside it, migrated.
    pub async fn keys(&self) -> Result<Store, Error> {
        let keys = Store::open(&self.keys_url, &Settings::keys()).await?;
        keys.migrate().await?;
        Ok(keys)
    }

    /// A folder of the test's own, gone with the database.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Closes and drops it.
    pub async fn remove(self) {
        self.store.close().await;
        drop_database(self.admin).await;
    }
}

/// What a test of [`both!`] is given.
pub trait Given: Send + 'static {
    fn given(database: Database) -> (Self, Option<Database>)
    where
        Self: Sized;
}

impl Given for Store {
    fn given(database: Database) -> (Self, Option<Database>) {
        (database.store.clone(), Some(database))
    }
}

impl Given for Database {
    fn given(database: Database) -> (Self, Option<Database>) {
        (database, None)
    }
}

/// Runs one test on a fresh database.
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
pub fn on<G: Given, F: Future<Output = ()> + Send + 'static>(kind: DatabaseKind, test: fn(G) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let database =
            Database::fresh(kind).await.unwrap_or_else(|e| panic!("no database for this test: {e}"));
        let admin = database.admin.clone();
        let (given, kept) = G::given(database);
        let outcome = tokio::spawn(test(given)).await;
        if let Some(kept) = &kept {
            kept.store.close().await;
        }
        drop_database(admin).await;
        if let Err(failed) = outcome
            && let Ok(panic) = failed.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
    });
}

async fn drop_database(admin: Option<(PgConnectOptions, String)>) {
    let Some((server, name)) = admin else { return };
    // What stays behind is dropped with its cluster.
    if let Ok(mut connection) = server.connect().await {
        let _ = connection
            .execute(sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")))
            .await;
        let _ = connection.close().await;
    }
}

#[allow(clippy::disallowed_methods, reason = "a name that no other run has used")]
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let nanos =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    format!("kuvert_test_{}_{}_{}", std::process::id(), nanos, NEXT.fetch_add(1, Ordering::Relaxed))
}
