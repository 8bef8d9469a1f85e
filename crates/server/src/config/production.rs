//! What is only good for trying, or is seldom meant, and is refused where `instance.production` is set.

use super::{Config, check::site};
use crate::published_keys::PUBLIC_KEYS;
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use store::ServerAddress;

impl Config {
    pub(super) fn check_production(&self) -> Result<()> {
        for (key, origin) in
            [("web.origin", &self.web.origin), ("web.content_origin", &self.web.content_origin)]
        {
            ensure!(origin.starts_with("https://"), "{key}: in production an https address");
        }
        let web = site(&self.web.origin);
        let content = site(&self.web.content_origin);
        ensure!(
            web != content,
            "web.content_origin: in production another site than web.origin, so that content can never act as the page"
        );
        self.check_plain_http()?;
        self.check_stores()?;
        self.check_times()?;
        let loud = |part: &str| part.trim().eq_ignore_ascii_case("trace");
        ensure!(
            !self.log.level.split([',', '=']).any(loud),
            "log.level: trace is for developers: it writes so much that the log is what the service does"
        );
        ensure!(
            self.agency.envelope_mib.saturating_mul(9) <= self.agency.queue_mib as u64,
            "agency.queue_mib: give nine times agency.envelope_mib at least, or the largest message never finds room"
        );
        self.check_published_keys()
    }

    fn check_plain_http(&self) -> Result<()> {
        let web = &self.web;
        let elsewhere = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
        // A proxy on another machine, or in a container of its own, is meant when it is named.
        let named = edge::Proxies::parse(&web.trusted_proxies).is_ok_and(|proxies| !proxies.are_local());
        for (key, listen) in [("web.listen", &web.listen), ("web.content_listen", &web.content_listen)] {
            ensure!(
                web.certificate.is_some() || named || !listen.iter().any(elsewhere),
                "{key}: letters would travel in plain HTTP beyond this machine: give web.certificate and web.key_file, \
                 or listen on 127.0.0.1 and [::1] behind a proxy that ends TLS; where that proxy is on another machine or in \
                 another container, name it in web.trusted_proxies and let nobody else reach the port"
            );
        }
        Ok(())
    }

    fn check_stores(&self) -> Result<()> {
        let mut places = Vec::new();
        for (key, database) in
            [("store.database", &self.store.database), ("keys.database", &self.keys.database)]
        {
            ensure!(
                !database.starts_with("sqlite:"),
                "{key}: in production PostgreSQL, postgres://USER@HOST/DATABASE: SQLite keeps one copy, on this machine, \
                 and whoever administers it has letters and keys"
            );
            let place = ServerAddress::of(database)
                .with_context(|| format!("{key}: not an address of PostgreSQL"))?;
            ensure!(
                place.is_near || place.is_encrypted,
                "{key}: rows would travel unencrypted, or might: add sslmode=verify-full (with sslrootcert), verify-ca or \
                 require to the address; or use PostgreSQL's socket"
            );
            places.push((place.server, place.user));
        }
        ensure!(
            places[0] != places[1] || self.keys.shared_administrator,
            "keys.database: the same server and user as store.database: whoever administers the letters then has their \
             keys too, and can open every one. Give the key store a server of its own with an administrator of its own \
             (a user of its own at least), or choose this by name: keys.shared_administrator = true"
        );
        Ok(())
    }

    /// Of the key service: what is not refused anywhere, since tests and trials use it, but is no limit any more.
    fn check_times(&self) -> Result<()> {
        let limits = &self.keys.limits;
        for (key, value, most) in [
            ("grant_idle_seconds", limits.grant_idle_seconds, 3_600),
            ("grant_absolute_seconds", limits.grant_absolute_seconds, 43_200),
            ("login_seconds", limits.login_seconds, 3_600),
            ("opens_per_ten_seconds", limits.opens_per_ten_seconds, 1_000),
            ("lists_per_ten_seconds", limits.lists_per_ten_seconds, 1_000),
            ("all_opens_per_second", limits.all_opens_per_second, 100_000),
            ("erase_within_days", limits.erase_within_days, 90),
            ("spread_seconds", limits.spread_seconds, 86_400),
            ("tend_seconds", limits.tend_seconds, 3_600),
        ] {
            ensure!(value <= most, "keys.limits.{key}: in production {most} at most");
        }
        Ok(())
    }

    fn check_published_keys(&self) -> Result<()> {
        for (section, path) in [
            ("agency", Some(&self.agency.key_file)),
            ("web", self.web.key_file.as_ref()),
            ("far", self.far.key_file.as_ref()),
            ("outgoing", self.outgoing.as_ref().map(|outgoing| &outgoing.key_file)),
        ] {
            if let Some(Ok(pem)) = path.map(std::fs::read_to_string)
                && PUBLIC_KEYS.iter().any(|(_, public)| public.trim() == pem.trim())
            {
                bail!("{section}.key_file: this is one of the demo's published keys; anyone has it");
            }
        }
        Ok(())
    }
}
