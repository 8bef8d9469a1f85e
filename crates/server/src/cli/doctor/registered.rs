//! Whether a registered sender is ready for the interface of Mina Meddelanden, and what is missing.

use super::{Findings, sender::validity};
use crate::{
    config::Config,
    house::{Stores, trust},
};
use anyhow::{Result, bail};
use domain::{Clock, Code, OrgNumber, SystemClock, Time};
use registry::{CertificateEntry, certificates, dispatch, senders};
use std::path::Path;
use vault::{Authorities, Certificate, Untrusted};

pub(super) async fn examine(findings: &mut Findings, config: &Path, number: &OrgNumber) -> Result<()> {
    let config = Config::read(config)?;
    let stores = Stores::open(&config).await?;
    stores.need_migrated().await?;
    let now = SystemClock.now();
    let mut tx = stores.letters.read("examine sender").await?;
    let Some(sender) = senders::find(&mut tx, number).await? else {
        let says = format!("{number} is not registered: kuvert agency add {number} NAME");
        findings.bad("registered", Code::SenderUnknown, says);
        return Ok(());
    };
    let certificates = certificates::list(&mut tx, number).await?;
    let listings = dispatch::of_sender(&mut tx, number).await?;
    let mut dispatchers = Vec::new();
    for listing in listings.into_iter().filter(|one| one.valid_to.is_none_or(|end| now < end)) {
        dispatchers.push((senders::find(&mut tx, &listing.dispatcher).await?, listing.dispatcher));
    }
    drop(tx);
    match (sender.may_send, sender.suspended_at) {
        (_, Some(since)) => findings.bad(
            "registered",
            Code::SenderSuspended,
            format!(
                "suspended since {}: kuvert agency suspend {number} --resume takes it back",
                since.date()
            ),
        ),
        (false, None) => findings.bad(
            "registered",
            Code::SenderUnknown,
            format!("it only dispatches for others: kuvert agency add {number} NAME makes it a sender"),
        ),
        (true, None) => {
            findings.good("registered", format!("{number} may send"));
        }
    }
    match trust::read(&config.agency) {
        Ok(authorities) => {
            let (count, lists) = authorities.count();
            let says = format!(
                "{count} authorities may issue certificates that sign, with {lists} revocation lists"
            );
            findings.good("authorities", says);
            certified(findings, number, &certificates, &authorities, now);
        }
        Err(error) => {
            findings.add("authorities", Err(error));
        }
    }
    if dispatchers.is_empty() {
        findings.good(
            "dispatchers",
            format!("none: {number} seals and calls itself; one that does it instead is listed with kuvert agency dispatch {number} DISPATCHER"),
        );
    }
    for (found, dispatcher) in dispatchers {
        match found.filter(|found| found.suspended_at.is_none()) {
            Some(_) => {
                findings.good("dispatchers", format!("{dispatcher} may sign, seal and call for {number}"))
            }
            None => findings.add("dispatchers", suspended(&dispatcher)),
        };
    }
    let sha1 = if sender.sha1 {
        format!("SHA-1 is let: once its client is renewed, kuvert agency sha1 {number} --refuse")
    } else {
        "SHA-256 is asked for; SHA-1 is not taken".to_owned()
    };
    findings.good("hash", sha1);
    Ok(())
}

fn suspended(dispatcher: &OrgNumber) -> Result<String> {
    bail!("{dispatcher} is listed and suspended: what it sends is refused")
}

/// For this interface a certificate need not be registered: who it is of and who issued it are read from it.
fn certified(
    findings: &mut Findings,
    number: &OrgNumber,
    certificates: &[CertificateEntry],
    authorities: &Authorities,
    now: Time,
) {
    const CHECK: &str = "certificate";
    if certificates.is_empty() {
        findings.unknown(
            CHECK,
            format!("none is registered, nor need be: any of a trusted authority with serialNumber={number} may sign. Try a letter with --delivery"),
        );
    }
    for entry in certificates {
        let named: String = entry.sha256[..4].iter().map(|b| format!("{b:02x}")).collect();
        let Ok(certificate) = Certificate::parse(&entry.der) else { continue };
        let until = validity(&certificate, now);
        let rsa = certificate.rsa_public_key().is_some();
        let trusted = authorities.trust(&certificate, &[], now);
        match (entry.usable(now), until, rsa, trusted) {
            (Err(Code::CertificateRevoked), ..) => {
                findings.unknown(CHECK, format!("{named}… is revoked: it is not taken, others may be"));
            }
            (_, Err(error), ..) => findings.unknown(CHECK, format!("{named}… is not taken: {error:#}")),
            (_, Ok(_), false, _) => {
                findings.unknown(CHECK, format!("{named}… is no RSA key: it signs for the agency API, not for this interface"));
            }
            (_, Ok(until), true, Ok(())) => {
                findings.good(CHECK, format!("{named}… is of a trusted authority, valid {until}"));
            }
            (_, Ok(_), true, Err(why @ Untrusted::StaleList)) => {
                findings.bad(CHECK, Code::Unavailable, format!("{named}…: {why}: fetch it anew"));
            }
            (_, Ok(_), true, Err(why @ Untrusted::Revoked)) => {
                findings.bad(CHECK, Code::CertificateRevoked, format!("{named}…: {why}"));
            }
            (_, Ok(_), true, Err(why)) => findings.bad(
                CHECK,
                Code::CertificateUntrusted,
                format!("{named}…: {why}, unless the authorities in between are sent along (agency.signing_authorities)"),
            ),
        }
    }
}
