//! The configuration: one struct for each section, unknown keys refused, units in the names.
//!
//! Only this crate reads configuration; the others are given what they need. Relative paths are taken from the
//! folder of the file. Secrets are never in here: keys that end in `_file` name where they are.

mod check;
mod defaults;
mod doors;
mod files;
mod others;
mod production;
mod warn;

pub use doors::{Agency, Internal, Web};
pub use others::{FarMode, FarSection, Outgoing, Register};

use anyhow::{Context, Result};
use defaults::Defaults;
use eid::ProviderConfig;
use notifier::settings::NoticeSettings;
use serde::{Deserialize, Serialize};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Everything that an instance is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub instance: Instance,
    pub store: StoreSection,
    pub keys: KeysSection,
    pub objects: Objects,
    pub agency: Agency,
    pub web: Web,
    pub internal: Internal,
    /// The e-ID providers that citizens may log in with.
    #[serde(default)]
    pub eid: Vec<ProviderConfig>,
    pub notices: NoticeSettings,
    /// Whom codes that confirm an address are sent to, and how many.
    #[serde(default)]
    pub codes: account::CodeLimits,
    #[serde(default)]
    pub register: Register,
    /// The register of who has a mailbox at which operator (FaR).
    #[serde(default)]
    pub far: FarSection,
    /// Letters for mailboxes at other operators; without it they are refused.
    pub outgoing: Option<Outgoing>,
    #[serde(default)]
    pub scanner: ScannerSection,
    #[serde(default)]
    pub log: Log,
}

/// What the instance is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Instance {
    /// The operator's id, an internet domain. A letter whose `audience` names another is refused.
    pub id: String,
    /// Who runs the service, as citizens see it.
    pub name: String,
    /// Its organisation number, 16 and ten digits, as citizens and senders see it.
    pub number: String,
    /// Where citizens can ask.
    pub email: String,
    /// true refuses everything that is only good for trying: a pretend e-ID, published keys, plain HTTP origins.
    pub production: bool,
}

/// Where letters are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// The letter database: `postgres://USER@HOST/DATABASE`, or through PostgreSQL's socket,
    /// `postgres:///kuvert?host=/run/postgresql&user=kuvert`. On another machine with
    /// `?sslmode=verify-full&sslrootcert=FILE`. A password stands in `password_file`, never in the address.
    /// `sqlite:PATH` is refused in production.
    pub database: String,
    /// File with the database password, for PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "Defaults::connections")]
    pub max_connections: u32,
    /// What a 201 promises: single-fsync (on this database's disk), or sync-quorum (on a synchronous standby's too).
    /// It is read back from the database at start; the service does not start with less.
    #[serde(default = "Defaults::promise")]
    pub promise: String,
}

/// The key store and what the key service allows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysSection {
    /// The key store. In the letters' database it has a schema of its own; a database of its own lets its backups be
    /// kept shorter (35 days at most), which makes erasure real in old backups too.
    pub database: String,
    /// File with the database password, for PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// The root key: a file with 32 random bytes, mode 0600. Without it nothing here can be opened, ever: keep a copy
    /// where the backups are not. Made at the first start where `production` is false.
    pub root_file: PathBuf,
    /// The same server and user for both databases means one administrator for letters and keys: whoever that is can
    /// open every letter. It is refused unless it is chosen here; with a server and an administrator of its own for
    /// the key store, leave it out.
    #[serde(default)]
    pub shared_administrator: bool,
    /// Limits and times of the key service.
    #[serde(default)]
    pub limits: key_service::Settings,
}

/// Attachments over 256 KiB.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// Attachments over 256 KiB, encrypted, on a disk as lasting as the database's: they are synced before a letter
    /// is promised.
    pub folder: PathBuf,
}

/// The malware scanner.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerSection {
    /// clamd as host:port. Set: every attachment is scanned, and none is accepted while the scanner is silent.
    pub clamd: Option<String>,
}

/// What is written of what happens. Never personal data, at any level.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,intake=debug`. No level writes personal data.
    pub level: String,
    /// `json`, one object a line, or `text`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Json,
    Text,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Json }
    }
}

impl Config {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let config = Self::parse(&text, folder).with_context(|| format!("in {}", path.display()))?;
        config.check().with_context(|| format!("in {}", path.display()))?;
        Ok(config)
    }

    /// Parses without checking; paths are made whole from `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let mut config: Self = toml::from_str(text)?;
        let whole = |path: &mut PathBuf| *path = folder.join(&*path);
        whole(&mut config.keys.root_file);
        whole(&mut config.objects.folder);
        for path in [
            &mut config.agency.certificate,
            &mut config.agency.key_file,
            &mut config.agency.client_authorities,
        ] {
            whole(path);
        }
        for path in [
            &mut config.store.password_file,
            &mut config.keys.password_file,
            &mut config.agency.signing_authorities,
            &mut config.agency.revocation_lists,
            &mut config.web.certificate,
            &mut config.web.key_file,
            &mut config.register.file,
            &mut config.far.person_authorities,
            &mut config.far.certificate,
            &mut config.far.key_file,
            &mut config.far.authorities,
        ]
        .into_iter()
        .flatten()
        {
            whole(path);
        }
        if let Some(outgoing) = &mut config.outgoing {
            for path in [&mut outgoing.certificate, &mut outgoing.key_file, &mut outgoing.authorities] {
                whole(path);
            }
        }
        for provider in &mut config.eid {
            for path in
                [&mut provider.client_secret_file, &mut provider.client_key_file, &mut provider.ca_file]
                    .into_iter()
                    .flatten()
            {
                whole(path);
            }
        }
        config.notices.resolve(folder);
        for database in [&mut config.store.database, &mut config.keys.database] {
            if let Some(path) = database.strip_prefix("sqlite:") {
                *database = format!("sqlite:{}", folder.join(path).display());
            }
        }
        Ok(config)
    }
}

impl Config {
    /// The agency door's origin: `https://HOST[:PORT]`.
    pub fn agency_origin(&self) -> String {
        let port = self.agency.listen.first().map_or(443, SocketAddr::port);
        match (&self.agency.origin, port) {
            (Some(origin), _) => origin.clone(),
            (None, 443) => format!("https://{}", self.instance.id),
            (None, port) => format!("https://{}:{port}", self.instance.id),
        }
    }
}
