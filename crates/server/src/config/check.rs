//! What a configuration must hold beyond its form. Each error names the key and the mend.

use super::{Config, FarMode};
use anyhow::{Result, bail, ensure};
use domain::OrgNumber;
use std::net::SocketAddr;

impl Config {
    /// Checks the values against each other, and in production against what is only good for trying. Looks at no
    /// database and needs no file.
    pub fn check(&self) -> Result<()> {
        ensure!(is_domain(&self.instance.id), "instance.id: give the operator's internet domain");
        ensure!(
            OrgNumber::parse(&self.instance.number).is_ok(),
            "instance.number: give 16 and the ten digits of the organisation's number"
        );
        self.check_databases()?;
        if let Err((key, what)) = self.keys.limits.check() {
            bail!("keys.limits.{key}: {what}");
        }
        self.check_doors()?;
        ensure!(!self.eid.is_empty(), "eid: at least one provider, or nobody can log in");
        for (no, provider) in self.eid.iter().enumerate() {
            provider.check(self.instance.production)?;
            let twice = self.eid[..no].iter().any(|other| other.id == provider.id);
            ensure!(!twice, "eid: two providers are called \"{}\"", provider.id);
        }
        self.check_far()?;
        self.check_outgoing()?;
        if let Err((key, what)) = self.codes.check() {
            bail!("codes.{key}: {what}");
        }
        self.notices.check(self.instance.production)?;
        crate::logs::filter(&self.log.level)?;
        if self.instance.production { self.check_production() } else { Ok(()) }
    }

    fn check_databases(&self) -> Result<()> {
        ensure!(
            ["single-fsync", "sync-quorum"].contains(&self.store.promise.as_str()),
            "store.promise: give single-fsync or sync-quorum"
        );
        ensure!(
            !(self.store.promise == "sync-quorum" && self.store.database.starts_with("sqlite:")),
            "store.promise: SQLite keeps one copy; sync-quorum needs PostgreSQL with a synchronous standby"
        );
        ensure!(self.store.max_connections > 0, "store.max_connections: give at least 1");
        for (key, database) in
            [("store.database", &self.store.database), ("keys.database", &self.keys.database)]
        {
            let known = ["sqlite:", "postgres://", "postgresql://"].iter().any(|p| database.starts_with(p));
            ensure!(known, "{key}: give sqlite:PATH or postgres://USER@HOST/DATABASE");
            ensure!(
                !has_password(database) || !self.instance.production,
                "{key}: a password in the address ends up in logs and process lists; use password_file"
            );
        }
        ensure!(
            !(self.store.database == self.keys.database && self.store.database.starts_with("sqlite:")),
            "keys.database: give a file of its own"
        );
        Ok(())
    }

    fn check_far(&self) -> Result<()> {
        let far = &self.far;
        let external = far.mode == FarMode::External;
        for (key, address) in
            [("authority_address", &far.authority_address), ("recipient_address", &far.recipient_address)]
        {
            let https = address.as_ref().is_some_and(|address| address.starts_with("https://"));
            let there = https || address.is_none();
            ensure!(
                there && https == external,
                "far.{key}: an https address where far.mode is external, and only there"
            );
        }
        ensure!(far.fresh_seconds <= 86_400, "far.fresh_seconds: give a day, 86400, at most");
        ensure!((1..=168).contains(&far.stale_hours), "far.stale_hours: give 1 to 168");
        for (key, path) in [
            ("certificate", &far.certificate),
            ("key_file", &far.key_file),
            ("authorities", &far.authorities),
        ] {
            ensure!(path.is_some() || !external, "far.{key}: needed where far.mode is external");
        }
        Ok(())
    }

    fn check_outgoing(&self) -> Result<()> {
        let Some(outgoing) = &self.outgoing else { return Ok(()) };
        for (key, number, range) in [
            ("max_envelope_mib", outgoing.max_envelope_mib, 1..=10),
            ("give_up_after_hours", outgoing.give_up_after_hours, 1..=240),
            ("timeout_seconds", outgoing.timeout_seconds, 1..=600),
        ] {
            let least = range.start();
            let most = range.end();
            ensure!(range.contains(&number), "outgoing.{key}: give {least} to {most}");
        }
        Ok(())
    }

    fn check_doors(&self) -> Result<()> {
        let agency = &self.agency;
        let web = &self.web;
        for (key, addresses) in [
            ("agency.listen", &agency.listen),
            ("web.listen", &web.listen),
            ("web.content_listen", &web.content_listen),
            ("internal.listen", &self.internal.listen),
        ] {
            ensure!(!addresses.is_empty(), "{key}: give at least one address, such as 127.0.0.1:8080");
        }
        for (key, number) in [
            ("agency.connections", agency.connections),
            ("agency.handshakes_per_source", agency.handshakes_per_source),
            ("agency.queue_mib", agency.queue_mib),
            ("web.connections", web.connections),
        ] {
            ensure!(number > 0, "{key}: give at least 1");
        }
        ensure!((2..=10).contains(&agency.envelope_mib), "agency.envelope_mib: give 2 to 10");
        let all = [&agency.listen, &web.listen, &web.content_listen, &self.internal.listen];
        let mut taken = std::collections::HashSet::new();
        for address in all.into_iter().flatten().filter(|address| address.port() != 0) {
            ensure!(
                taken.insert(address),
                "{address} is listed twice under agency.listen, web.listen, web.content_listen and internal.listen"
            );
        }
        for (key, origin) in [("web.origin", &web.origin), ("web.content_origin", &web.content_origin)] {
            ensure!(
                is_origin(origin, &["http", "https"]),
                "{key}: give scheme, host and port alone, such as https://post.example.se"
            );
        }
        ensure!(
            agency.origin.as_ref().is_none_or(|origin| is_origin(origin, &["https"])),
            "agency.origin: give https, host and port alone, such as https://post.example.se:8443"
        );
        ensure!(
            host(&web.origin) != host(&web.content_origin),
            "web.content_origin: give another host than web.origin; cookies do not look at ports"
        );
        ensure!(
            web.certificate.is_some() == web.key_file.is_some(),
            "web.certificate and web.key_file: give both or neither"
        );
        web.limits()?;
        for (key, number) in [
            ("web.address_logins_per_minute", web.address_logins_per_minute),
            ("web.network_logins_per_minute", web.network_logins_per_minute),
        ] {
            ensure!(number > 0, "{key}: give at least 1, or nobody can log in");
        }
        ensure!(
            web.network_logins_per_minute >= web.address_logins_per_minute,
            "web.network_logins_per_minute: give at least as many as web.address_logins_per_minute"
        );
        ensure!(self.internal.listen.iter().all(is_private), "internal.listen: never a public address");
        Ok(())
    }
}

/// Between user and host, or as a parameter.
fn has_password(database: &str) -> bool {
    let Some((_, rest)) = database.split_once("://") else { return false };
    let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let user = place.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || parameters.split('&').any(|one| one.starts_with("password="))
}

/// Letters, digits, dots and hyphens, as it stands in letters' `audience`.
fn is_domain(id: &str) -> bool {
    id.contains('.') && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b))
}

fn is_origin(origin: &str, schemes: &[&str]) -> bool {
    let url = reqwest::Url::parse(origin).ok().filter(|url| schemes.contains(&url.scheme()));
    url.is_some_and(|url| url.origin().ascii_serialization() == origin)
}

fn is_private(address: &SocketAddr) -> bool {
    match address {
        SocketAddr::V4(v4) => v4.ip().is_loopback() || v4.ip().is_private(),
        SocketAddr::V6(v6) => v6.ip().is_loopback() || v6.ip().is_unique_local(),
    }
}

fn host(origin: &str) -> &str {
    let rest = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    match rest.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((address, _)) => address,
        None => rest.split(['/', ':']).next().unwrap_or_default(),
    }
}

/// The last two labels of the host: near enough to the registrable domain for a refusal on the safe side.
pub(super) fn site(origin: &str) -> String {
    let labels: Vec<_> = host(origin).rsplit('.').take(2).collect();
    labels.join(".")
}
