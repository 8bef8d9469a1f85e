//! What is measured, prepared: a program, a folder with its databases, and free ports.

use anyhow::{Context, Result, bail};
use domain::chance;
use sender_tools::load::{Addresses, Own, Service};
use serde::Deserialize;
use std::{
    ffi::OsString,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};
use vault::SystemRandom;

/// What is started, and where.
pub struct Plan {
    program: PathBuf,
    folder: PathBuf,
    port_base: u16,
    database: Option<String>,
}

/// Where its doors are. All of a configuration that is read of a service of another version.
#[derive(Deserialize)]
struct Listed {
    agency: Door,
    internal: Door,
    web: Pages,
}

#[derive(Deserialize)]
struct Door {
    listen: Vec<SocketAddr>,
}

#[derive(Deserialize)]
struct Pages {
    origin: String,
}

impl Plan {
    /// By this program or another one, on free ports.
    pub fn new(program: Option<&Path>, folder: &Path, database: Option<&str>) -> Result<Self> {
        let program = match program {
            Some(program) => program.canonicalize().with_context(|| format!("no {}", program.display()))?,
            None => std::env::current_exe()?,
        };
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let port_base = free_ports()?;
        Ok(Self { program, folder, port_base, database: database.map(str::to_owned) })
    }

    /// The service that runs on the folder already.
    pub async fn running(&self) -> Option<Service> {
        let config = self.folder.join("kuvert.toml");
        let addresses = Listed::read(&config).ok()?.into();
        Service::running(self.folder.clone(), config, addresses).await
    }

    /// Where an e-ID sends people back to.
    pub fn callback(&self) -> String {
        format!("http://127.0.0.1:{}/login/callback", self.port_base)
    }

    /// Prepares the folder and starts a demo on it.
    pub async fn demo(&self) -> Result<Service> {
        let mut arguments: Vec<OsString> = vec!["demo".into(), "--data".into(), self.folder.clone().into()];
        arguments.extend(["--port-base".into(), self.port_base.to_string().into()]);
        if let Some(database) = &self.database {
            arguments.extend(["--database".into(), database.into()]);
        }
        self.start(arguments, self.folder.join("kuvert.toml")).await
    }

    /// The same service with another configuration, once a demo has prepared the folder.
    pub async fn serve(&self, config: PathBuf) -> Result<Service> {
        self.start(vec!["serve".into(), "--config".into(), config.clone().into()], config).await
    }

    async fn start(&self, arguments: Vec<OsString>, config: PathBuf) -> Result<Service> {
        let own = Own::start(&self.program, arguments).await?;
        let addresses = Listed::read(&config)?.into();
        Ok(Service::ours(self.folder.clone(), config, addresses, own))
    }
}

impl Listed {
    fn read(config: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(config)?;
        toml::from_str(&text).with_context(|| format!("no addresses in {}", config.display()))
    }
}

impl From<Listed> for Addresses {
    fn from(listed: Listed) -> Self {
        let port = listed.agency.listen.first().map_or(0, SocketAddr::port);
        Self {
            door: format!("https://127.0.0.1:{port}"),
            web: listed.web.origin,
            internal: listed.internal.listen.first().copied(),
        }
    }
}

/// Five ports in a row that are free now.
fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let base = 20_000 + u16::from_be_bytes(chance::bytes(&SystemRandom)) % 20_000;
        if (0..5).all(|n| TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
}
