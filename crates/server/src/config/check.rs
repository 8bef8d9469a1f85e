//! What a configuration must hold beyond its form. Each error names the key and the mend.

use super::Config;
use crate::demo::pki;
use anyhow::{Result, bail, ensure};
use std::net::SocketAddr;

impl Config {
    /// Checks the values against each other, and in production against what is only good for trying.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.instance.id.trim().is_empty(), "instance.id: give the operator's internet domain");
        ensure!(
            ["single-fsync", "sync-quorum"].contains(&self.store.promise.as_str()),
            "store.promise: give single-fsync or sync-quorum"
        );
        ensure!(
            !(self.store.promise == "sync-quorum" && self.store.database.starts_with("sqlite:")),
            "store.promise: SQLite keeps one copy; sync-quorum needs PostgreSQL with a synchronous standby"
        );
        for (key, database) in
            [("store.database", &self.store.database), ("keys.database", &self.keys.database)]
        {
            ensure!(
                database.starts_with("sqlite:") || database.starts_with("postgres://"),
                "{key}: give sqlite:PATH or postgres://user@host/database"
            );
            ensure!(
                !has_password(database) || !self.instance.production,
                "{key}: a password in the address ends up in logs and process lists; use password_file"
            );
        }
        if let Err((key, what)) = self.keys.limits.check() {
            bail!("keys.limits.{key}: {what}");
        }
        ensure!(
            self.web.certificate.is_some() == self.web.key_file.is_some(),
            "web.certificate and web.key_file: give both or neither"
        );
        ensure!(!self.eid.is_empty(), "eid: at least one provider, or nobody can log in");
        for provider in &self.eid {
            provider.check(self.instance.production)?;
        }
        ensure!(self.internal.listen.iter().all(is_private), "internal.listen: never a public address");
        self.notices.check(self.instance.production)?;
        if self.instance.production { self.check_production() } else { Ok(()) }
    }

    fn check_production(&self) -> Result<()> {
        for (key, origin) in
            [("web.origin", &self.web.origin), ("web.content_origin", &self.web.content_origin)]
        {
            ensure!(origin.starts_with("https://"), "{key}: in production an https address");
        }
        let (web, content) = (site(&self.web.origin), site(&self.web.content_origin));
        ensure!(
            web != content,
            "web.content_origin: in production another site than web.origin, so that content can never act as the page"
        );
        if let Ok(pem) = std::fs::read_to_string(&self.agency.key_file)
            && pki::PUBLIC_KEYS.iter().any(|(_, public)| public.trim() == pem.trim())
        {
            bail!("agency.key_file: this is one of the demo's published keys; anyone has it");
        }
        Ok(())
    }
}

fn has_password(database: &str) -> bool {
    let user = database.split_once("://").and_then(|(_, rest)| rest.split_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
}

fn is_private(address: &SocketAddr) -> bool {
    match address {
        SocketAddr::V4(v4) => v4.ip().is_loopback() || v4.ip().is_private(),
        SocketAddr::V6(v6) => v6.ip().is_loopback() || v6.ip().is_unique_local(),
    }
}

/// The last two labels of the host: near enough to the registrable domain for a refusal on the safe side.
fn site(origin: &str) -> String {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<_> = host.rsplit('.').take(2).collect();
    labels.join(".")
}
