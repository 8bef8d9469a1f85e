//! The two databases: letters, and keys.

use crate::config::Config;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use store::{Settings, Store};

#[derive(Clone)]
pub struct Stores {
    pub letters: Store,
    pub keys: Store,
}

impl Stores {
    /// Opens both. On PostgreSQL they may be one database: the keys stand in a schema of their own.
    pub async fn open(config: &Config) -> Result<Self> {
        let letters =
            Settings { max_connections: config.store.max_connections as usize, ..Settings::letters() };
        let address = address(&config.store.database, config.store.password_file.as_deref())?;
        let letters = Store::open(&address, &letters).await.context("store.database cannot be opened")?;
        let address = self::address(&config.keys.database, config.keys.password_file.as_deref())?;
        let keys =
            Store::open(&address, &Settings::keys()).await.context("keys.database cannot be opened")?;
        Ok(Self { letters, keys })
    }

    /// Brings both to this program's version.
    pub async fn migrate(&self) -> Result<()> {
        self.letters.migrate().await.context("store.database cannot be migrated")?;
        self.keys.migrate().await.context("keys.database cannot be migrated")
    }

    /// Refuses databases of another version, naming the mend.
    pub async fn need_migrated(&self) -> Result<()> {
        let pending = self.letters.pending_migrations().await? + self.keys.pending_migrations().await?;
        if pending > 0 {
            bail!("{pending} migrations have not been run; run kuvert migrate, or serve with --migrate");
        }
        Ok(())
    }
}

/// The address with the password from its file put in.
fn address(database: &str, password_file: Option<&Path>) -> Result<String> {
    if let Some(path) = database.strip_prefix("sqlite:") {
        let folder = PathBuf::from(path).parent().map(Path::to_path_buf).unwrap_or_default();
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let Some(file) = password_file else { return Ok(database.to_owned()) };
    let password =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut url = reqwest::Url::parse(database).context("the database address is not a URL")?;
    if url.set_password(Some(password.trim_end())).is_err() {
        bail!("the database address has no host that a password could be for");
    }
    Ok(url.into())
}
