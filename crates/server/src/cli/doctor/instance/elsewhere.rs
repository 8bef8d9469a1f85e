//! What an instance meets others with: whom it trusts to sign, its certificate for other operators, and that for the
//! register.

use crate::{
    config::{Config, FarMode, Outgoing},
    house::{self, outgoing, trust},
};
use anyhow::{Context, Result, bail, ensure};
use domain::{Clock, OrgNumber, SystemClock};
use sender_tools::doctor::{Findings, sender::validity};
use std::path::Path;
use vault::{Authorities, Certificate};

/// What is not configured is not spoken of.
pub(super) fn examine(findings: &mut Findings, config: &Config) {
    findings.add("authorities", authorities(config));
    if let Some(section) = &config.outgoing {
        findings.add("outgoing", outgoing(config, section));
    }
    if config.far.mode == FarMode::External {
        findings.add("register", register(config));
    }
}

/// A list that is out of date is one by which every delivery of its authority is refused.
fn authorities(config: &Config) -> Result<String> {
    let (count, lists) = trust::read(&config.agency)?.count();
    let stale = trust::stale_lists(&config.agency, SystemClock.now())?;
    let stale: Vec<_> =
        stale.iter().map(|(path, since)| format!("{} since {}", path.display(), since.date())).collect();
    ensure!(
        stale.is_empty(),
        "agency.revocation_lists: out of date: {}. What is signed under them is refused: fetch them anew",
        stale.join(", ")
    );
    Ok(format!("{count} authorities may issue certificates that sign, with {lists} revocation lists"))
}

fn outgoing(config: &Config, section: &Outgoing) -> Result<String> {
    let own = OrgNumber::parse(&config.instance.number).context("instance.number")?;
    let signer = outgoing::read(section, &own)?.signer;
    ensure!(signer.certificate().may_sign, "outgoing.certificate: its key usage does not allow signatures");
    outgoing::client(section, config)?;
    let valid = chain(("outgoing.certificate", &section.certificate))?;
    let authorities = count(("outgoing.authorities", &section.authorities))?;
    Ok(format!(
        "a certificate of {own} with its key, valid {valid}; {authorities} authorities of other operators"
    ))
}

fn register(config: &Config) -> Result<String> {
    let far = &config.far;
    house::far_client(config)?;
    let (Some(certificate), Some(authorities)) = (&far.certificate, &far.authorities) else {
        bail!("far.certificate, far.authorities: give them");
    };
    let valid = chain(("far.certificate", certificate))?;
    let authorities = count(("far.authorities", authorities))?;
    Ok(format!("a certificate with its key, valid {valid}; {authorities} authorities of the register"))
}

/// Each certificate of a chain is valid now; answers until when its holder's own is.
fn chain((name, path): (&str, &Path)) -> Result<String> {
    let pem = read(name, path)?;
    let mut own = None;
    let now = SystemClock.now();
    for certificate in Certificate::chain_from_pem(&pem).with_context(|| name.to_owned())? {
        let whose = if own.is_some() { ", an authority in it" } else { "" };
        let until = validity(&certificate, now).with_context(|| format!("{name}{whose}"))?;
        own.get_or_insert(until);
    }
    own.with_context(|| name.to_owned())
}

fn count((name, path): (&str, &Path)) -> Result<usize> {
    let authorities = Authorities::from_pem(&read(name, path)?);
    Ok(authorities.with_context(|| format!("{name}: {}", path.display()))?.count().0)
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{name}: cannot read {}", path.display()))
}
