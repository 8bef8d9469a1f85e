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
    /// Addresses of the door for agencies, always with mutual TLS, ended here and not in a proxy. `[::]` takes IPv4
    /// too.
    pub listen: Vec<SocketAddr>,
    /// Its origin as senders see it, told to those who ask where a mailbox is. Without it: instance.id and the first
    /// port.
    pub origin: Option<String>,
    /// The door's certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The authorities whose client certificates are let in, PEM. Of these only those that are registered call:
    /// `kuvert agency cert add`, for mailbox operators `kuvert operator cert add`.
    pub client_authorities: PathBuf,
    /// The authorities whose certificates may sign deliveries of Mina Meddelanden, PEM; without it
    /// `client_authorities`.
    pub signing_authorities: Option<PathBuf>,
    /// Folder of revocation lists (`.crl` or `.pem`, DER or PEM), read again every minute: whom they name neither connects
    /// nor signs. Deliveries signed under a list that is out of date are not taken.
    pub revocation_lists: Option<PathBuf>,
    /// Connections at once, after the handshake. One organisation holds at most as many as are free after it: alone
    /// half.
    #[serde(default = "Defaults::door_connections")]
    pub connections: usize,
    /// Handshakes at once from one IPv4 address, or one /64 of IPv6, each of three seconds at most. Four times as
    /// many wait for their turn; more are closed at once.
    #[serde(default = "Defaults::handshakes")]
    pub handshakes_per_source: usize,
    /// Letters that wait to be committed, in MiB; above that senders are asked to come back.
    #[serde(default = "Defaults::queue")]
    pub queue_mib: usize,
    /// A whole deliverSecure message of Mina Meddelanden, in MiB, 2 to 10; at most a ninth of queue_mib.
    #[serde(default = "Defaults::envelope")]
    pub envelope_mib: u64,
    /// Recipients of announcements (`notify`) that one sender may ask for in a day.
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
    /// Addresses of the citizen's pages. Plain HTTP on loopback behind a proxy that ends TLS; or public addresses
    /// with `certificate`.
    pub listen: Vec<SocketAddr>,
    /// Their origin, as browsers see it.
    pub origin: String,
    /// Addresses of the content origin.
    pub content_listen: Vec<SocketAddr>,
    /// The origin that shows what letters contain: another site altogether, so that content can never act as the
    /// page.
    pub content_origin: String,
    /// For ending TLS here: the certificate chain, PEM, with the names of both origins. Without it and `key_file`
    /// plain HTTP, for loopback or behind a proxy.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "Defaults::door_connections")]
    pub connections: usize,
    /// The proxies, addresses or networks, whose `X-Forwarded-For` says who asks: the right-most there who is none of
    /// them. A proxy on another machine or in a container of its own stands here, or all citizens count as one.
    #[serde(default = "Defaults::proxies")]
    pub trusted_proxies: Vec<String>,
    /// Log-ins that may begin in a minute from one address, in IPv6 from one /64. Thousands share one address in a
    /// mobile network.
    #[serde(default = "Defaults::address_logins")]
    pub address_logins_per_minute: u32,
    /// Log-ins that may begin in a minute from one network: a /24, in IPv6 a /48. Both together keep a flood from one
    /// place out.
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
    /// Health and metrics: /health/live, /health/ready, /metrics. Never a public address.
    pub listen: Vec<SocketAddr>,
}
