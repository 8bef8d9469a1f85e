//! The database as the house sees it.

use crate::{
    Error, Many, Row, Tx, Value,
    connection::Connector,
    dialect,
    error::Trouble,
    pool::{Pool, Priority, Slot},
    settings::{Address, Contents, DatabaseKind, Settings},
};
use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    kind: DatabaseKind,
    contents: Contents,
    path: Option<PathBuf>,
    writers: Arc<Pool>,
    readers: Arc<Pool>,
    wait: Duration,
}

impl Store {
    /// Opens `sqlite:PATH` (the file is created, its folder is not) or `postgres://…`, and connects once.
    pub async fn open(url: &str, settings: &Settings) -> Result<Self, Error> {
        let inner = match Address::parse(url)? {
            Address::Sqlite(path) => {
                create_private(&path)?;
                Inner {
                    kind: DatabaseKind::Sqlite,
                    contents: settings.contents,
                    writers: Pool::new(Connector::sqlite_writer(&path, settings), 1),
                    readers: Pool::new(Connector::sqlite_reader(&path, settings), settings.readers),
                    path: Some(path),
                    wait: settings.wait,
                }
            }
            Address::Postgres(url) => {
                let connector = Connector::postgres(&url, settings)
                    .map_err(|_| Error::Address("expected postgres://USER@HOST/DATABASE".into()))?;
                let pool = Pool::new(connector, settings.max_connections);
                Inner {
                    kind: DatabaseKind::Postgres,
                    contents: settings.contents,
                    path: None,
                    writers: Arc::clone(&pool),
                    readers: pool,
                    wait: settings.wait,
                }
            }
        };
        let store = Self(Arc::new(inner));
        store.ping().await?;
        Ok(store)
    }

    /// Begins a transaction that writes. The name is the label of its metrics and of nothing else.
    pub async fn begin(&self, name: &'static str) -> Result<Tx, Error> {
        self.begin_with(Priority::Normal, name).await
    }

    /// As [`Store::begin`], but before all others: somebody waits for the page.
    pub async fn begin_urgent(&self, name: &'static str) -> Result<Tx, Error> {
        self.begin_with(Priority::Urgent, name).await
    }

    /// As [`Store::begin`], but after all others, and with patience.
    pub async fn begin_background(&self, name: &'static str) -> Result<Tx, Error> {
        self.begin_with(Priority::Background, name).await
    }

    /// Begins a transaction that only reads, and sees one state of the database throughout. Just drop it.
    pub async fn read(&self, name: &'static str) -> Result<Tx, Error> {
        self.start(&self.0.readers, Priority::Normal, name, dialect::begin_read(self.0.kind)).await
    }

    /// Statements that only read and need not fit together: each sees the newest state, and none waits for a BEGIN. Just
    /// drop it; nothing can be written or committed.
    pub async fn glance(&self, name: &'static str) -> Result<Tx, Error> {
        let mut slot = self.acquire(&self.0.readers, Priority::Normal, name).await?;
        slot.connect().await.map_err(|trouble| trouble.error)?;
        Ok(Tx::unbound(slot, name))
    }

    /// One question, without a transaction around it: for what is asked alone. Whatever must fit together is asked in
    /// [`Store::read`].
    pub async fn ask(
        &self,
        name: &'static str,
        sql: &'static str,
        args: &[Value<'_>],
    ) -> Result<Vec<Row>, Error> {
        self.by_itself((&self.0.readers, Priority::Normal), name, sql, args)
            .await
            .map_err(|trouble| trouble.error)
    }

    /// One statement that writes and is committed by itself, before all others: somebody waits for the page. Where a
    /// connection was lost it may be sent twice, so let it be one that does the same thing once.
    pub async fn put_urgent(
        &self,
        name: &'static str,
        sql: &'static str,
        args: &[Value<'_>],
    ) -> Result<(), Error> {
        let put = self.by_itself((&self.0.writers, Priority::Urgent), name, sql, args).await;
        put.map(drop).map_err(Trouble::undecided)
    }

    async fn by_itself(
        &self,
        (pool, priority): (&Arc<Pool>, Priority),
        name: &'static str,
        sql: &'static str,
        args: &[Value<'_>],
    ) -> Result<Vec<Row>, Trouble> {
        let mut slot = self.acquire(pool, priority, name).await?;
        let used = slot.connection().is_some();
        // Nothing has been sent yet.
        slot.connect().await.map_err(|trouble| Trouble::from(trouble.error))?;
        match Tx::once(slot, name, sql, args).await {
            Ok(rows) => Ok(rows),
            // As in `start`.
            Err((Some(mut slot), trouble)) if used && trouble.connection_lost => {
                let again = |trouble: Trouble| Trouble { connection_lost: true, ..trouble };
                slot.discard();
                slot.connect().await.map_err(again)?;
                Tx::once(slot, name, sql, args).await.map_err(|(_, trouble)| trouble)
            }
            Err((_, trouble)) => Err(trouble),
        }
    }

    /// The first row of [`Store::ask`], if any. Write `LIMIT 1` where more could match.
    pub async fn ask_one(
        &self,
        name: &'static str,
        sql: &'static str,
        args: &[Value<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(self.ask(name, sql, args).await?.into_iter().next())
    }

    /// [`Store::ask`] about many rows. Where that takes several statements they see one state of the database too.
    pub async fn ask_many<'a, R: AsRef<[Value<'a>]> + Sync>(
        &self,
        name: &'static str,
        many: &'static Many,
        rows: &[R],
    ) -> Result<Vec<Row>, Error> {
        match many.split(0, rows)[..] {
            [] => Ok(Vec::new()),
            [(sql, rows)] => self.ask(name, sql, &many.flatten(&[], rows)?).await,
            _ => self.read(name).await?.query_many(many, rows).await,
        }
    }

    /// A small question to the database, for readiness.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut tx = self.read("ping").await?;
        tx.one("SELECT 1", &[]).await?;
        tx.rollback().await;
        Ok(())
    }

    /// Bytes that the database occupies.
    pub async fn size(&self) -> Result<u64, Error> {
        let mut tx = self.read("measure database").await?;
        let row = tx.one(dialect::size(self.0.kind), &[]).await?;
        row.map_or(Ok(0), |row| row.number("bytes"))
    }

    /// How many wait for a connection now: `(to write, to read)`. One line on PostgreSQL, so the same twice.
    pub fn waiting(&self) -> (usize, usize) {
        (self.0.writers.waiting(), self.0.readers.waiting())
    }

    /// Which database it is: for `doctor` and for roles that need PostgreSQL.
    pub fn database_kind(&self) -> DatabaseKind {
        self.0.kind
    }

    /// Which of the two databases of the house it is.
    pub fn contents(&self) -> Contents {
        self.0.contents
    }

    /// The file of an SQLite database.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Closes all connections in order; those in use when they are handed back. SQLite empties its log into the file.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writers.close().await;
    }

    /// A connection of one's own, outside any transaction, that is not used again afterwards.
    pub(crate) async fn alone(&self) -> Result<Slot, Error> {
        let mut slot = self.0.writers.acquire(Priority::Urgent, self.0.wait).await?;
        slot.discard();
        slot.connect().await.map_err(|trouble| trouble.error)?;
        slot.soil();
        Ok(slot)
    }

    async fn begin_with(&self, priority: Priority, name: &'static str) -> Result<Tx, Error> {
        self.start(&self.0.writers, priority, name, dialect::begin(self.0.kind)).await
    }

    async fn acquire(&self, pool: &Arc<Pool>, priority: Priority, name: &'static str) -> Result<Slot, Error> {
        let began = Instant::now();
        let wait = if priority == Priority::Background { self.0.wait * 6 } else { self.0.wait };
        let slot = pool.acquire(priority, wait).await?;
        metrics::histogram!("kuvert_store_wait_seconds", "transaction" => name, "priority" => priority.name())
            .record(began.elapsed());
        Ok(slot)
    }

    async fn start(
        &self,
        pool: &Arc<Pool>,
        priority: Priority,
        name: &'static str,
        sql: &'static str,
    ) -> Result<Tx, Error> {
        let mut slot = self.acquire(pool, priority, name).await?;
        let used = slot.connection().is_some();
        slot.connect().await.map_err(|trouble| trouble.error)?;
        match Tx::begin(slot, name, sql).await {
            Ok(tx) => Ok(tx),
            // It may have died while nobody used it, as after a restart of the server: once more with a new one.
            Err((slot, trouble)) if used && trouble.connection_lost => again(slot, name, sql).await,
            Err((_, trouble)) => Err(trouble.error),
        }
    }
}

async fn again(mut slot: Slot, name: &'static str, sql: &'static str) -> Result<Tx, Error> {
    slot.discard();
    slot.connect().await.map_err(|trouble| trouble.error)?;
    Tx::begin(slot, name, sql).await.map_err(|(_, trouble)| trouble.error)
}

/// SQLite gives its side files the permissions of the database file.
fn create_private(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::Address(format!("cannot create {}: {}", path.display(), error.kind()))),
    }
}
