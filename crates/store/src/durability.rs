//! What a commit survives, read back from the database rather than believed.

use crate::{Error, Store, Tx, settings::DatabaseKind};
use std::collections::HashMap;

/// What a commit survives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the process and of the operating system.
    SingleFsync,
    /// Also the loss of one database node.
    SyncQuorum,
    /// Less than either. Names the setting and its value.
    Weaker { what: String },
}

impl Durability {
    /// As receipts write it; `None` when nothing can be promised.
    pub fn word(&self) -> Option<&'static str> {
        match self {
            Self::SingleFsync => Some("single-fsync"),
            Self::SyncQuorum => Some("sync-quorum"),
            Self::Weaker { .. } => None,
        }
    }
}

impl Store {
    /// Reads back what commits of this store survive.
    pub async fn durability(&self) -> Result<Durability, Error> {
        // The writer's own connection: each connection of SQLite has its own `synchronous`.
        let mut tx = self.begin("read durability").await?;
        let found = match self.database_kind() {
            DatabaseKind::Sqlite => sqlite(&mut tx).await,
            DatabaseKind::Postgres => postgres(&mut tx).await,
        };
        tx.rollback().await;
        found
    }
}

async fn sqlite(tx: &mut Tx) -> Result<Durability, Error> {
    let mut weaker = Vec::new();
    if let Some(row) = tx.one("PRAGMA journal_mode", &[]).await? {
        let mode = row.text("journal_mode")?;
        if mode != "wal" {
            weaker.push(format!("journal_mode={mode}"));
        }
    }
    if let Some(row) = tx.one("PRAGMA synchronous", &[]).await? {
        // 2 is FULL, 3 is EXTRA.
        let level = row.int("synchronous")?;
        if level < 2 {
            weaker.push(format!("synchronous={level}"));
        }
    }
    Ok(judged(weaker, false))
}

pub(crate) async fn postgres(tx: &mut Tx) -> Result<Durability, Error> {
    const SETTINGS: &str = "SELECT name, setting FROM pg_settings WHERE name IN \
        ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names')";
    let mut found = HashMap::new();
    for row in tx.query(SETTINGS, &[]).await? {
        found.insert(row.text("name")?.to_owned(), row.text("setting")?.to_owned());
    }
    let of = |name: &str| found.get(name).map_or("", String::as_str);
    let mut weaker = Vec::new();
    for name in ["fsync", "full_page_writes"] {
        if of(name) != "on" {
            weaker.push(format!("{name}={}", of(name)));
        }
    }
    let commit = of("synchronous_commit");
    if !["on", "remote_apply", "remote_write", "local"].contains(&commit) {
        weaker.push(format!("synchronous_commit={commit}"));
    }
    // `remote_write` does not wait for the standby's disk, `local` not for the standby.
    let waits = ["on", "remote_apply"].contains(&commit) && !of("synchronous_standby_names").is_empty();
    Ok(judged(weaker, waits))
}

fn judged(weaker: Vec<String>, quorum: bool) -> Durability {
    match (weaker.is_empty(), quorum) {
        (false, _) => Durability::Weaker { what: weaker.join(", ") },
        (true, true) => Durability::SyncQuorum,
        (true, false) => Durability::SingleFsync,
    }
}
