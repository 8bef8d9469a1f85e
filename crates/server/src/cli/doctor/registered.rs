//! Whether a registered sender is ready for the interface of Mina Meddelanden, and what is missing.

use super::listed_by;
use crate::{
    config::Config,
    house::{Stores, trust},
};
use anyhow::{Result, bail};
use domain::{Clock, Code, OrgNumber, Refusal, SystemClock, Time};
use registry::{CertificateEntry, certificates, dispatch, senders};
use sender_tools::doctor::{Findings, listing, sender::validity};
use std::{fmt::Display, path::Path};
use vault::{Authorities, Certificate, Untrusted};

pub(super) async fn examine(findings: &mut Findings, config: &Path, number: &OrgNumber) -> Result<()> {
    let config = Config::read(config)?;
    let stores = Stores::open(&config).await?;
    stores.need_migrated().await?;
    let now = SystemClock.now();
    let by = listed_by(config.far.mode);
    let mut tx = stores.letters.read("examine sender").await?;
    let Some(sender) = senders::find(&mut tx, number).await? else {
        let says = format!("{number} is not registered: {}", listing::sender(by, number));
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
            format!("it only dispatches for others: {}", listing::sender(by, number)),
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
            format!(
                "none: {number} seals and calls itself; for one that does it instead, {}",
                listing::dispatcher(by, number, &"DISPATCHER", true)
            ),
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

/// Whether this very certificate makes its organisation a caller at the door.
pub(super) async fn caller(findings: &mut Findings, config: &Path, file: &Path) -> Result<()> {
    const CHECK: &str = "caller";
    let pem = std::fs::read(file)?;
    let certificate = Certificate::from_pem(&pem)?;
    let Some(organisation) = &certificate.organisation else { return Ok(()) };
    let snapshot = super::delivery::registry(&Config::read(config)?).await?;
    match snapshot.caller(&certificate.sha256, organisation, SystemClock.now()) {
        Ok(()) => {
            findings.good(CHECK, format!("registered for {organisation}, which may connect with it"));
        }
        Err(why) => findings.refused(CHECK, &Refusal::new(Code::CertificateUnknown).because(why.to_string())),
    }
    Ok(())
}

/// To sign for this interface a certificate need not be registered: who it is of and who issued it are read from it.
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
            format!("none is registered, nor need be to sign: any of a trusted authority with serialNumber={number} may. To connect one must be: kuvert agency cert add, or a dispatcher connects. Try a letter with --delivery"),
        );
    }
    let authority = authorities.count().0;
    for entry in certificates {
        let named = hex::encode(&entry.sha256.as_bytes()[..4]);
        let Ok(certificate) = Certificate::parse(&entry.der) else { continue };
        let not_taken = |why: &dyn Display| format!("{named}… is not taken, others may be: {why}");
        if entry.usable(now) == Err(Code::CertificateRevoked) {
            findings.unknown(CHECK, not_taken(&"it is revoked in the registry"));
            continue;
        }
        let until = match validity(&certificate, now) {
            Ok(until) => until,
            Err(error) => {
                findings.unknown(CHECK, not_taken(&error));
                continue;
            }
        };
        if certificate.rsa_public_key().is_none() {
            let says = format!("{named}… is no RSA key: it signs for the agency API, not for this interface");
            findings.unknown(CHECK, says);
            continue;
        }
        match authorities.trust(&certificate, &[], now) {
            Ok(()) => {
                findings.good(CHECK, format!("{named}… is of a trusted authority, valid {until}"));
            }
            Err(why @ Untrusted::StaleList) => {
                findings.bad(CHECK, Code::Unavailable, format!("{named}…: {why}: fetch it anew"));
            }
            Err(why @ (Untrusted::Revoked | Untrusted::Expired)) => findings.unknown(CHECK, not_taken(&why)),
            Err(why @ Untrusted::Usage) => findings.unknown(
                CHECK,
                not_taken(&format!("{why}; order one for digital signatures, RSA of 2048 bits or more")),
            ),
            // Those in between come with each letter, and are not registered.
            Err(Untrusted::Issuer) => findings.unknown(
                CHECK,
                format!(
                    "{named}… is valid {until}; none of the {authority} that are trusted issued it itself. It is taken \
                     only with the authorities between it and one of those in X509Data: try a letter with --delivery"
                ),
            ),
        }
    }
}
