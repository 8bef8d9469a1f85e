//! What a configuration may hold, and yet is seldom meant.

use super::Config;
use std::net::SocketAddr;

impl Config {
    /// One sentence each, which names its key.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let web = &self.web;
        let elsewhere = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
        let proxies = edge::Proxies::parse(&web.trusted_proxies).unwrap_or_default();
        // Whoever ends TLS for it is on another machine, or in a container of its own.
        if web.certificate.is_none() && web.listen.iter().any(elsewhere) && proxies.are_local() {
            warnings.push(
                "web.trusted_proxies: pages are served without TLS beyond this machine, and no proxy elsewhere is \
                 trusted: all citizens behind one count as one address, and log-ins are limited by address"
                    .to_owned(),
            );
        }
        if web.certificate.is_some() && !web.trusted_proxies.is_empty() && !proxies.are_local() {
            warnings.push(
                "web.trusted_proxies: TLS ends here, so whoever connects is seen; a proxy that is trusted here may say \
                 that it asks for anybody"
                    .to_owned(),
            );
        }
        warnings
    }
}
