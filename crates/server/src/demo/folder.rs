//! What stands in the demo's folder besides the databases: certificates, configuration, who is who.

use super::{cast, pki};
use crate::config::{
    Agency, Config, FarSection, Instance, Internal, KeysSection, Log, LogFormat, Objects, Register,
    ScannerSection, StoreSection, Web,
};
use anyhow::{Context, Result, anyhow, ensure};
use domain::Time;
use notifier::settings::{EmailSettings, NoticeSettings, SmsSettings};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

pub struct Folder {
    pub path: PathBuf,
    pub config: Config,
    pub urls: Urls,
}

/// The addresses of the demo.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Urls {
    pub web: String,
    pub agency: String,
    pub internal: String,
    pub content: String,
    pub eid: String,
}

/// The client id of the citizen pages at the demo's e-ID provider.
pub const CLIENT: &str = "kuvert-demo";

/// The folder and the configuration in it. Nothing but the folder itself is made yet.
pub fn plan(path: &Path, port_base: u16, database: Option<&str>, log: &str) -> Result<Folder> {
    ensure!(port_base <= u16::MAX - 4, "--port-base: five ports from {port_base} on do not exist");
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
    let path = path.canonicalize()?;
    let urls = Urls {
        web: format!("http://127.0.0.1:{port_base}"),
        agency: format!("https://127.0.0.1:{}", port_base + 1),
        internal: format!("http://127.0.0.1:{}", port_base + 2),
        // Another host name on purpose: cookies ignore ports.
        content: format!("http://localhost:{}", port_base + 3),
        eid: format!("http://localhost:{}", port_base + 4),
    };
    let config = config(&path, port_base, database, log, &urls);
    config.check()?;
    Ok(Folder { path, config, urls })
}

impl Folder {
    /// The folder is ours until what is answered goes, however the process ends.
    pub fn lock(&self) -> Result<fs::File> {
        let lock = fs::File::create(self.path.join("kuvert.lock"))?;
        lock.try_lock().map_err(|_| {
            let path = self.path.display();
            anyhow!("another demo runs on {path}: stop it, or give another folder with --data and other ports with --port-base")
        })?;
        Ok(lock)
    }

    /// Makes or completes what stands in it. The configuration is written anew, since ports may be others than last
    /// time.
    pub fn prepare(&self, now: Time) -> Result<()> {
        private(&self.path)?;
        pki::prepare(&self.path.join("pki"), &cast::certified(), now)?;
        write(&self.path, &self.config, &self.urls)
    }
}

fn config(path: &Path, base: u16, database: Option<&str>, log: &str, urls: &Urls) -> Config {
    let sqlite = |name: &str| format!("sqlite:{}", path.join(name).display());
    let pki = path.join("pki");
    Config {
        instance: Instance {
            id: "kuvert.example".into(),
            name: "Exempeloperatören".into(),
            number: "164020000057".into(),
            email: "fragor@kuvert.example".into(),
            production: false,
        },
        store: StoreSection {
            database: database.map_or_else(|| sqlite("kuvert.db"), str::to_owned),
            password_file: None,
            max_connections: 12,
            promise: "single-fsync".into(),
        },
        keys: KeysSection {
            database: database.map_or_else(|| sqlite("keys.db"), str::to_owned),
            password_file: None,
            root_file: path.join("root.key"),
            shared_administrator: true,
            limits: key_service::Settings::default(),
        },
        objects: Objects { folder: path.join("objects") },
        agency: Agency {
            listen: both(base + 1),
            origin: Some(urls.agency.clone()),
            certificate: pki.join("server.pem"),
            key_file: pki.join("server.key"),
            client_authorities: pki.join("ca.pem"),
            signing_authorities: None,
            revocation_lists: None,
            connections: 1024,
            handshakes_per_source: 64,
            queue_mib: 128,
            envelope_mib: 10,
            announced_per_day: 20_000,
            announced_per_day_of: BTreeMap::new(),
            limits: domain::letter::Limits::default(),
        },
        web: Web {
            listen: both(base),
            origin: urls.web.clone(),
            content_listen: both(base + 3),
            content_origin: urls.content.clone(),
            certificate: None,
            key_file: None,
            connections: 1024,
            trusted_proxies: ["127.0.0.0/8", "::1"].map(str::to_owned).into(),
            address_logins_per_minute: web::Limits::default().address_logins_per_minute,
            network_logins_per_minute: web::Limits::default().network_logins_per_minute,
        },
        internal: Internal { listen: both(base + 2) },
        eid: vec![eid::demo_provider::provider_config("demo", &urls.eid, CLIENT, None)],
        codes: account::CodeLimits::default(),
        notices: NoticeSettings {
            from: "Kuvert <avisering@kuvert.example>".into(),
            coalesce_minutes: 10,
            email: EmailSettings::Folder { path: path.join("outbox") },
            sms: SmsSettings::Folder { path: path.join("outbox") },
        },
        register: Register { file: Some(path.join("signatories.json")) },
        far: FarSection::default(),
        outgoing: None,
        scanner: ScannerSection::default(),
        log: Log { level: log.into(), format: LogFormat::Text },
    }
}

fn write(path: &Path, config: &Config, urls: &Urls) -> Result<()> {
    let head = "# The configuration in force, written anew at every start of the demo.\n\n";
    fs::write(path.join("kuvert.toml"), format!("{head}{}", toml::to_string_pretty(config)?))?;
    fs::create_dir_all(path.join("outbox"))?;
    let pki = path.join("pki");
    let organisations = cast::ORGANISATIONS.iter().map(|o| {
        json!({"number": o.number, "name": o.name, "role": o.role,
            "certificate": pki.join(format!("{}.pem", o.number)), "key": pki.join(format!("{}.key", o.number))})
    });
    let demo = json!({
        "organisations": organisations.collect::<Vec<_>>(),
        "citizens": cast::CITIZENS,
        "signatories": [{"organisation": cast::BOLAGET, "citizen": cast::CITIZENS[0].number}],
        "urls": urls,
        "ca": pki.join("ca.pem"),
        "config": path.join("kuvert.toml"),
        "outbox": path.join("outbox"),
    });
    fs::write(path.join("demo.json"), serde_json::to_string_pretty(&demo)? + "\n")?;
    Ok(())
}

/// IPv4 and IPv6 loopback.
pub fn both(port: u16) -> Vec<SocketAddr> {
    vec![SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port))]
}

/// For the owner alone: the folder holds keys.
fn private(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
