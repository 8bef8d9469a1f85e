//! People who read: an e-ID of our own that knows as many as are wanted (the demo's knows three), and a service that asks it.

use super::plan::Plan;
use crate::demo::CLIENT;
use anyhow::{Context, Result};
use domain::{Identity, SystemClock};
use edge::listen::{self, Door};
use eid::demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings};
use sender_tools::load::{Service, open_mailboxes};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// The e-ID. It ends when it is dropped.
pub struct Eid {
    issuer: String,
    stop: CancellationToken,
}

impl Eid {
    /// Knows these people, and sends them back to these services.
    pub async fn start(people: &[Identity], plans: &[&Plan]) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let client = DemoClient {
            client_id: CLIENT.to_owned(),
            secret: None,
            redirect_uris: plans.iter().map(|plan| plan.callback()).collect(),
        };
        let person = |(no, identity): (usize, &Identity)| DemoPerson {
            subject: format!("load-{no}"),
            given_name: "Prov".to_owned(),
            family_name: "Prov".to_owned(),
            identity: identity.clone(),
        };
        let people = people.iter().enumerate().map(person).collect();
        let settings = DemoSettings { issuer: issuer.clone(), clients: vec![client], people };
        let provider = DemoProvider::new(settings, Arc::new(SystemClock), Arc::new(SystemRandom))?;
        let door = Door::plain("e-ID", provider.router(), 256);
        let stop = CancellationToken::new();
        tokio::spawn(listen::serve(vec![listener], door, stop.clone()));
        Ok(Self { issuer, stop })
    }
}

impl Drop for Eid {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Prepares the folder as a demo does, and starts a service on it that asks this e-ID. Each of these people gets a mailbox,
/// over the pages: so it makes no difference of which version the service is.
pub async fn serve(plan: &Plan, eid: &Eid, people: &[Identity], at_once: usize) -> Result<Service> {
    let mut demo = plan.demo().await?;
    demo.stop().await?;
    let service = plan.serve(configure(demo.folder(), &eid.issuer)?).await?;
    open_mailboxes(&service, people, at_once).await?;
    Ok(service)
}

/// The demo's configuration with another e-ID, and with limits that a run reaches and people do not.
fn configure(folder: &Path, issuer: &str) -> Result<PathBuf> {
    let mut config: toml::Table = std::fs::read_to_string(folder.join("kuvert.toml"))?.parse()?;
    let eid = config.get_mut("eid").and_then(|all| all.get_mut(0)).and_then(toml::Value::as_table_mut);
    eid.context("no e-ID is configured")?.insert("issuer".to_owned(), issuer.into());
    let limits = config.get_mut("keys").and_then(|keys| keys.get_mut("limits"));
    let limits = limits.and_then(toml::Value::as_table_mut).context("no limits are configured")?;
    for name in RAISED {
        // One that this version does not have is not added.
        if let Some(limit) = limits.get_mut(name) {
            *limit = UNLIMITED.into();
        }
    }
    let path = folder.join("load.toml");
    std::fs::write(&path, toml::to_string_pretty(&config)?)?;
    Ok(path)
}

const RAISED: [&str; 6] = [
    "opens_per_ten_seconds",
    "lists_per_ten_seconds",
    "all_opens_per_second",
    "lookups_per_day",
    "lookups_all_per_day",
    "lookups_web_per_day",
];
const UNLIMITED: i64 = 1_000_000_000;
