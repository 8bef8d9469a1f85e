//! A sender's certificate and key, and the door as it meets them.

use super::Findings;
use crate::{
    agency_client::unanswered,
    compose::{self, Draft},
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use domain::{Clock, SystemClock, Time};
use reqwest::{Client, Identity};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use vault::{Certificate, jws::FlattenedJws};

/// Certificate, validity, key, and a signature over a sample letter, checked as the door checks it.
pub(super) fn examine(findings: &mut Findings, certificate: &Path, key: &Path) {
    let read = std::fs::read(certificate).map_err(anyhow::Error::from);
    let parsed = read.and_then(|pem| Ok(Certificate::chain_from_pem(&pem)?));
    let chain = match parsed {
        Ok(chain) if !chain.is_empty() => chain,
        _ => {
            let what = format!("{} holds no certificate in PEM", certificate.display());
            findings.add("certificate", Err(anyhow!(what)));
            return;
        }
    };
    let own = &chain[0];
    findings.add("certificate", organisation(own));
    let now = SystemClock.now();
    findings.add("validity", validity(own, now).map_err(|error| register_new(error, own, now)));
    findings.add("use", if own.may_sign { Ok("may sign".into()) } else { not_for_signing() });
    findings.add(
        "key",
        compose::signer(certificate, key)
            .map(|s| format!("fits the certificate; signs {}", s.algorithm().as_str())),
    );
    findings.add("signature", sample(certificate, key, own));
}

fn organisation(certificate: &Certificate) -> Result<String> {
    let number = certificate.organisation.as_ref().context(
        "the subject has no serialNumber with an organisation's number: order an organisation certificate, \
         not a server certificate",
    )?;
    Ok(format!(
        "organisation {number}, {}",
        certificate.subject_common_name.as_deref().unwrap_or("without a name")
    ))
}

pub(super) fn validity(certificate: &Certificate, now: Time) -> Result<String> {
    let (from, to) = (certificate.not_before, certificate.not_after);
    ensure!(now >= from, "valid only from {}: is this machine's clock right? It says {now}", from.date());
    ensure!(now <= to, "expired {}: renew it", to.date());
    let days = now.date().days_until(to.date());
    let soon = if days < 60 { "; renew it soon" } else { "" };
    Ok(format!("until {} ({days} days{soon})", to.date()))
}

/// For the agency API alone: deliveries of Mina Meddelanden need no registered certificate.
fn register_new(error: anyhow::Error, own: &Certificate, now: Time) -> anyhow::Error {
    if now > own.not_after { anyhow!("{error} and register the new one with the operator") } else { error }
}

fn not_for_signing() -> Result<String> {
    bail!("its key usage does not allow signatures: order one with digitalSignature")
}

fn sample(certificate: &Path, key: &Path, parsed: &Certificate) -> Result<String> {
    let sender = parsed.organisation.as_ref().map_or("", |n| n.as_str());
    let draft = Draft {
        reference: "doctor".into(),
        sender: sender.into(),
        recipient: "198101052382".into(),
        subject: "Prov".into(),
        body: "Prov".into(),
        ..Draft::default()
    };
    let signed = draft.sign(&compose::signer(certificate, key)?)?;
    let jws = FlattenedJws::parse(&signed.jws)?;
    jws.verify(&parsed.verifying_key()?).context("the sample's signature does not verify")?;
    domain::letter::Letter::parse(&jws.payload, &domain::letter::Limits::default())?;
    Ok("a sample letter is signed, verified and in its form".into())
}

/// Handshake, what the caller is taken for, and the two clocks.
pub(super) async fn try_door(door: &str, certificate: &Path, key: &Path, ca: &Path) -> Result<String> {
    let mut identity = std::fs::read(key)?;
    identity.push(b'\n');
    identity.extend(std::fs::read(certificate)?);
    let ca = std::fs::read(ca).with_context(|| format!("cannot read {}", ca.display()))?;
    let http = Client::builder()
        .identity(Identity::from_pem(&identity)?)
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&ca)?)
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()?;
    let sender = Certificate::from_pem(&std::fs::read(certificate)?)?.organisation;
    let sender = sender.context("the certificate names no organisation")?;
    let question = json!({"sender": sender.as_str(), "recipients": []});
    let url = format!("{}/v1/reachability", door.trim_end_matches('/'));
    let response = http.post(&url).json(&question).send().await.map_err(unanswered).context(
        "no connection: is the address right, is the door's authority in --ca, and does the operator trust your \
         certificate's issuer? A revoked or expired certificate ends here too",
    )?;
    let date = response.headers().get("date").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    if !status.is_success() {
        bail!(
            "{door} answers {} {}: {}",
            status.as_u16(),
            body["code"].as_str().unwrap_or("without a code"),
            body["mend"].as_str().unwrap_or("ask the operator")
        );
    }
    Ok(format!("{door} takes you for {sender}{}", skew(date.as_deref())))
}

fn skew(date: Option<&str>) -> String {
    let parsed = date.and_then(httpdate);
    match parsed {
        None => String::new(),
        Some(theirs) => {
            let ours = SystemClock.now();
            let apart = ours.since(theirs).max(theirs.since(ours)).as_secs();
            if apart <= 60 {
                format!("; clocks agree within {} s", apart.max(1))
            } else {
                format!("; CLOCKS DIFFER by {apart} s: set this machine's")
            }
        }
    }
}

/// An RFC 9110 date, `Sun, 06 Nov 1994 08:49:37 GMT`, as an instant.
fn httpdate(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_whitespace().skip(1);
    let (day, month, year, clock) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|m| *m == month)? + 1;
    Time::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}Z")).ok()
}
