//! The configuration: one struct for each section, unknown keys refused, units in the names.
//!
//! Only this crate reads configuration; the others are given what they need. Relative paths are taken from the
//! folder of the file. Secrets are never in here: keys that end in `_file` name where they are.

mod check;
mod files;
mod production;
mod warn;

use anyhow::{Context, Result};
use domain::{OrgNumber, letter::Limits};
use eid::ProviderConfig;
use notifier::settings::NoticeSettings;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
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
    /// The operator's id, an internet domain. Letters with another `audience` are refused.
    pub id: String,
    /// Who runs the service, as citizens see it.
    pub name: String,
    /// Its organisation number, `16` and ten digits, as citizens and senders see it.
    pub number: String,
    /// Where citizens can ask.
    pub email: String,
    /// Refuses everything that is only good for trying.
    pub production: bool,
}

/// Where letters are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite:PATH` or `postgres://user@host/database`. A password belongs in `password_file`.
    pub database: String,
    /// File with the database password, for PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "Defaults::connections")]
    pub max_connections: u32,
    /// What a 201 promises: `single-fsync` or `sync-quorum`. The service does not start with less.
    #[serde(default = "Defaults::promise")]
    pub promise: String,
}

/// The key store and what the key service allows.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeysSection {
    /// A database of its own (on PostgreSQL a schema of its own, if the address is the same as the letters').
    pub database: String,
    /// File with the database password, for PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// File with the root key, 32 bytes, mode 0600. Made at first start where `production` is false.
    pub root_file: PathBuf,
    /// The letters' administrator administers the key store too, and that is meant: in production the same server and user
    /// for both databases is refused without it.
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
    /// A folder on the same kind of disk as the database: it is fsynced before a letter is promised.
    pub folder: PathBuf,
}

/// The agency door.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Agency {
    /// Addresses to listen on, always with mutual TLS.
    pub listen: Vec<SocketAddr>,
    /// Its origin as senders see it, told to those who ask where a mailbox is. Without it `instance.id` and the first
    /// port.
    pub origin: Option<String>,
    /// The door's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The authorities whose client certificates are let in, PEM.
    pub client_authorities: PathBuf,
    /// The authorities whose certificates may sign deliveries of Mina Meddelanden, PEM; without it the same as above.
    pub signing_authorities: Option<PathBuf>,
    /// Folder of revocation lists (`.crl` or `.pem`, DER or PEM), read again every minute: whom they name neither connects
    /// nor signs. Deliveries signed under a list that is out of date are not taken.
    pub revocation_lists: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "Defaults::door_connections")]
    pub connections: usize,
    /// Handshakes at once from one IPv4 address, or from one /64 of IPv6. Four times as many wait for their turn; more are
    /// closed at once.
    #[serde(default = "Defaults::handshakes")]
    pub handshakes_per_source: usize,
    /// Letters waiting for the committer, in MiB; above that senders are asked to come back.
    #[serde(default = "Defaults::queue")]
    pub queue_mib: usize,
    /// Bytes of a whole `deliverSecure` message, in MiB. The interface asks for 2 at least.
    #[serde(default = "Defaults::envelope")]
    pub envelope_mib: u64,
    /// Recipients of announcements that one sender may ask for in a day.
    #[serde(default = "Defaults::announced")]
    pub announced_per_day: u64,
    /// The same of single senders, by their numbers.
    #[serde(default)]
    pub announced_per_day_of: BTreeMap<OrgNumber, u64>,
    #[serde(default)]
    pub limits: Limits,
}

/// The citizen's pages and the content origin.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// Addresses of the citizen's pages.
    pub listen: Vec<SocketAddr>,
    /// Their origin as browsers see it.
    pub origin: String,
    /// Addresses of the content origin.
    pub content_listen: Vec<SocketAddr>,
    /// The origin that shows letters' content. In production another site than `origin`.
    pub content_origin: String,
    /// Certificate chain and key, PEM; without them plain HTTP, for loopback or behind a proxy.
    pub certificate: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "Defaults::door_connections")]
    pub connections: usize,
    /// Addresses and networks of the proxies whose `X-Forwarded-For` says who asks. Who asks is the right-most there who
    /// is none of them.
    #[serde(default = "Defaults::proxies")]
    pub trusted_proxies: Vec<String>,
    /// Log-ins that may begin in a minute from one address; in IPv6 from one /64.
    #[serde(default = "Defaults::address_logins")]
    pub address_logins_per_minute: u32,
    /// Log-ins that may begin in a minute from one network: a /24, in IPv6 a /48.
    #[serde(default = "Defaults::network_logins")]
    pub network_logins_per_minute: u32,
}

impl Web {
    /// Who may begin to log in how often.
    pub fn limits(&self) -> Result<web::Limits> {
        Ok(web::Limits {
            proxies: edge::Proxies::parse(&self.trusted_proxies).context("web.trusted_proxies")?,
            address_logins_per_minute: self.address_logins_per_minute,
            network_logins_per_minute: self.network_logins_per_minute,
        })
    }
}

/// Health and metrics.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Internal {
    /// Never a public address.
    pub listen: Vec<SocketAddr>,
}

/// Who signs for companies.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// JSON file of signatories, kept by `kuvert mailbox open --signatory`.
    pub file: Option<PathBuf>,
}

/// The register of who has a mailbox at which operator (FaR).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FarSection {
    /// `own`: this instance is the register and serves `Recipient/v3` and `Authority` on the agency door. `external`:
    /// another one is, and is followed.
    #[serde(default)]
    pub mode: FarMode,
    /// The authorities of persons' certificates, PEM, whose signatures may open, leave and move mailboxes through the
    /// interface. Without it nothing is changed by it. For `own`.
    pub person_authorities: Option<PathBuf>,
    /// URL of the other register's `Authority`: senders and dispatchers are taken from there every five minutes. For
    /// `external`, as all below.
    pub authority_address: Option<String>,
    /// URL of its `Recipient/v3`: asked where a recipient's mailbox is.
    pub recipient_address: Option<String>,
    /// What it says of a recipient counts so long without asking again; 0 asks each time.
    #[serde(default = "Defaults::fresh")]
    pub fresh_seconds: u64,
    /// While it is silent, what it said counts so long; then only letters for mailboxes that are open here are taken.
    #[serde(default = "Defaults::stale")]
    pub stale_hours: u64,
    /// Our certificate chain, PEM, to call it with.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// The authorities of the register's server certificate, PEM.
    pub authorities: Option<PathBuf>,
}

impl Default for FarSection {
    /// We are the register, and take no signatures.
    fn default() -> Self {
        Self {
            mode: FarMode::Own,
            person_authorities: None,
            authority_address: None,
            recipient_address: None,
            fresh_seconds: Defaults::fresh(),
            stale_hours: Defaults::stale(),
            certificate: None,
            key_file: None,
            authorities: None,
        }
    }
}

/// Who the register is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum FarMode {
    #[default]
    Own,
    External,
}

/// How letters are handed over to other operators.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    /// Our certificate chain, PEM, of `instance.number` and RSA: letters are sealed and other operators called with it.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The authorities of other operators' server certificates, PEM.
    pub authorities: PathBuf,
    /// A whole message, attachments in base64, in MiB. Not all operators take more than 2.
    #[serde(default = "Defaults::outgoing_envelope")]
    pub max_envelope_mib: u64,
    /// A letter that could not be handed over for so long is returned.
    #[serde(default = "Defaults::give_up")]
    pub give_up_after_hours: u64,
    /// How long another operator's answer may take.
    #[serde(default = "Defaults::outgoing_timeout")]
    pub timeout_seconds: u64,
}

/// The malware scanner.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerSection {
    /// `host:port` of clamd. Set: every attachment is scanned, and none is accepted while it is silent.
    pub clamd: Option<String>,
}

/// What is written of what happens. Never personal data, at any level.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,intake=debug`.
    pub level: String,
    /// `json` or `text`.
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

/// Values that serde asks for by function.
struct Defaults;

impl Defaults {
    fn connections() -> u32 {
        16
    }
    fn promise() -> String {
        "single-fsync".to_owned()
    }
    fn door_connections() -> usize {
        1024
    }
    fn proxies() -> Vec<String> {
        ["127.0.0.0/8", "::1"].map(str::to_owned).into()
    }
    fn address_logins() -> u32 {
        web::Limits::default().address_logins_per_minute
    }
    fn network_logins() -> u32 {
        web::Limits::default().network_logins_per_minute
    }
    fn handshakes() -> usize {
        64
    }
    fn queue() -> usize {
        128
    }
    fn envelope() -> u64 {
        10
    }
    fn announced() -> u64 {
        20_000
    }
    fn fresh() -> u64 {
        300
    }
    fn stale() -> u64 {
        24
    }
    fn outgoing_envelope() -> u64 {
        2
    }
    fn give_up() -> u64 {
        72
    }
    fn outgoing_timeout() -> u64 {
        60
    }
}
