//! A delivery of Mina Meddelanden before it is sent: what it is judged by, of this instance or of files.

use super::{Args, listed_by};
use crate::{
    config::Config,
    house::{self, Stores, trust},
};
use anyhow::Result;
use delivery::{Hash, Verified};
use domain::{CertificateDigest, Code, OrgNumber, Time};
use intake::sealer;
use registry::Snapshot;
use sender_tools::{
    doctor::{
        Findings,
        delivery::{self as steps, Known, Registry, Standing},
    },
    files,
};
use std::path::Path;
use vault::Certificate;

pub(super) async fn run(findings: &mut Findings, file: &Path, args: &Args) -> Result<()> {
    let message = steps::read(file)?;
    let known = known(findings, args).await?;
    known.examine(findings, &message);
    Ok(())
}

async fn known(findings: &mut Findings, args: &Args) -> Result<Known> {
    let mut known = Known::nothing();
    if let Some(path) = &args.config {
        let config = Config::read(path)?;
        known.listed_by = listed_by(config.far.mode);
        let settings = house::intake_settings(&config);
        (known.limits, known.most_bytes) = (settings.limits, settings.envelope_bytes);
        if args.authorities.is_none() {
            known.authorities = Some(trust::read(&config.agency)?);
        }
        match registry(&config).await {
            Ok(snapshot) => known.registry = Some(Box::new(Registered(snapshot))),
            Err(error) => findings.unknown("registry", format!("not asked: {error:#}")),
        }
    }
    if let Some(path) = &args.authorities {
        let lists = args.revocation_lists.as_deref().map(|folder| ("--revocation-lists", folder));
        known.authorities = Some(files::authorities_with_lists(("--authorities", path), lists)?);
    }
    if let Some(path) = &args.certificate {
        let pem = std::fs::read(path).ok();
        known.caller = pem.and_then(|pem| Certificate::from_pem(&pem).ok()?.organisation);
    }
    Ok(known)
}

/// One state of what an instance has registered. Nothing is changed, and no key is needed.
pub(super) async fn registry(config: &Config) -> Result<Snapshot> {
    let stores = Stores::open(config).await?;
    stores.need_migrated().await?;
    let mut tx = stores.letters.read("read registry").await?;
    Ok(Snapshot::load(&mut tx).await?)
}

/// The instance's registry, as the steps ask it.
struct Registered(Snapshot);

impl Registry for Registered {
    fn standing(&self, number: &OrgNumber) -> Standing {
        match self.0.sender(number) {
            None => Standing::Unknown,
            Some(found) if !found.may_send => Standing::DispatchesOnly,
            Some(found) if found.suspended_at.is_some() => Standing::Suspended,
            Some(_) => Standing::MaySend,
        }
    }

    fn knows(&self, number: &OrgNumber) -> bool {
        self.0.knows(number)
    }

    fn may_send(&self, caller: &OrgNumber, sender: &OrgNumber, now: Time) -> Result<(), Code> {
        self.0.may_send(caller, sender, now)
    }

    fn may_sign(&self, signature: &Verified, sender: &OrgNumber, now: Time) -> Result<(), Code> {
        sealer::signed_by(&self.0, signature, sender, now).map(drop)
    }

    fn takes(&self, sender: &OrgNumber, hash: Hash) -> bool {
        sealer::strong(&self.0, sender, hash).is_ok()
    }

    fn is_revoked(&self, sha256: &CertificateDigest) -> bool {
        self.0.is_revoked(sha256)
    }
}
