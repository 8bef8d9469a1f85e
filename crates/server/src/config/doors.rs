//! The sections of what listens: senders, citizens, the operator.

use super::defaults::Defaults;
use anyhow::{Context, Result};
use domain::{OrgNumber, letter::Limits};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

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
