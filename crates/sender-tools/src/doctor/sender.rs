//! A sender's certificate and key, and the door as it meets them.

use super::Findings;
use crate::{
    agency_client::{TurnedAway, secure_origin, unanswered},
    compose::{self, Draft},
};
use anyhow::{Context, Result, anyhow, bail, ensure};
use domain::{Clock, SystemClock, Time};
use reqwest::{Client, Identity, RequestBuilder, Response};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use vault::{Certificate, jws::FlattenedJws};

/// A sender's own files, and the door to try with the authorities of its certificate.
pub struct Own<'a> {
    pub certificate: &'a Path,
    pub key: &'a Path,
    pub door: Option<(&'a str, &'a Path)>,
}

/// Of the agency API: certificate, validity, key, a signature over a sample letter, checked as the door checks it, and the
/// door.
pub async fn examine(findings: &mut Findings, own: &Own<'_>) {
    let Own { certificate, key, door } = *own;
    if let Some(held) = held(findings, &AGENCY, certificate, key) {
        findings.add("signature", sample(certificate, key, &held));
    }
    if let Some((door, ca)) = door {
        findings.add("door", try_door(door, certificate, key, ca).await);
    }
}

/// Of a connection that brings deliveries of Mina Meddelanden, whose own steps say what signed them.
pub async fn connection(findings: &mut Findings, own: &Own<'_>) {
    let Own { certificate, key, door } = *own;
    held(findings, &CONNECTION, certificate, key);
    if let Some((door, ca)) = door {
        findings.add("connection door", try_service(door, certificate, key, ca).await);
    }
}

/// How the steps over a certificate and its key are called.
struct Steps {
    certificate: &'static str,
    validity: &'static str,
    usage: &'static str,
    key: &'static str,
    /// There a renewed certificate must be registered, and the key signs.
    is_agency_api: bool,
}

fn held(findings: &mut Findings, steps: &Steps, certificate: &Path, key: &Path) -> Option<Certificate> {
    let read = std::fs::read(certificate).ok();
    let chain = read.and_then(|pem| Certificate::chain_from_pem(&pem).ok());
    let Some(own) = chain.and_then(|chain| chain.into_iter().next()) else {
        let what = format!("{} holds no certificate in PEM", certificate.display());
        findings.add(steps.certificate, Err(anyhow!(what)));
        return None;
    };
    let now = SystemClock.now();
    findings.add(steps.certificate, organisation(&own));
    let renewed = |error: anyhow::Error| match steps.is_agency_api && now > own.not_after {
        true => anyhow!("{error} and register the new one with the operator"),
        false => error,
    };
    findings.add(steps.validity, validity(&own, now).map_err(renewed));
    findings.add(steps.usage, if own.may_sign { Ok("may sign".into()) } else { not_for_signing() });
    let signs = compose::signer(certificate, key).map(|signer| match steps.is_agency_api {
        true => format!("fits the certificate; signs {}", signer.algorithm().as_str()),
        false => "fits the certificate".to_owned(),
    });
    findings.add(steps.key, signs);
    Some(own)
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

/// Until when it is valid, if it is now.
pub fn validity(certificate: &Certificate, now: Time) -> Result<String> {
    let from = certificate.not_before;
    let to = certificate.not_after;
    ensure!(now >= from, "valid only from {}: is this machine's clock right? It says {now}", from.date());
    ensure!(now <= to, "expired {}: renew it", to.date());
    let days = now.date().days_until(to.date());
    let soon = if days < 60 { "; renew it soon" } else { "" };
    Ok(format!("until {} ({days} days{soon})", to.date()))
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
async fn try_door(door: &str, certificate: &Path, key: &Path, ca: &Path) -> Result<String> {
    let http = client(certificate, key, ca)?;
    let door = &secure_origin(door)?;
    let sender = Certificate::from_pem(&std::fs::read(certificate)?)?.organisation;
    let sender = sender.context("the certificate names no organisation")?;
    let question = json!({"sender": sender.as_str(), "recipients": []});
    let url = format!("{door}/v1/reachability");
    let response = asked(http.post(&url).json(&question)).await?;
    let skew = skew(&response);
    if !response.status().is_success() {
        return refused(door, response).await;
    }
    Ok(format!("{door} takes you for {sender}{skew}"))
}

/// In the door's own words: the code, what is wrong, and the mend.
async fn refused(door: &str, response: Response) -> Result<String> {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
    let detail = text("detail").map(|detail| format!(" ({detail})")).unwrap_or_default();
    let code = text("code").unwrap_or("without a code");
    let mend = text("mend").unwrap_or("ask the operator");
    bail!("{door} answers {status} {code}{detail}: {mend}")
}

/// Of a delivery: handshake, whether the certificate is a caller's, whether there is a `Service/v3`, and the two clocks.
/// Who may send is judged by the delivery's own steps.
async fn try_service(door: &str, certificate: &Path, key: &Path, ca: &Path) -> Result<String> {
    let door = secure_origin(door)?;
    let url = format!("{door}/Service/v3?wsdl");
    let response = asked(client(certificate, key, ca)?.get(&url)).await?;
    let status = response.status();
    ensure!(!matches!(status.as_u16(), 404 | 405), "there is no Service/v3 at {url} ({status})");
    let skew = skew(&response);
    if status == reqwest::StatusCode::FORBIDDEN {
        return refused(&door, response).await;
    }
    ensure!(status.is_success(), "{url} answers {status}: ask the operator, or try again later");
    Ok(format!("{door} lets you in, and has Service/v3{skew}"))
}

/// The door says why it turns a certificate away while the request is on its way already: where that was the quicker, only
/// a broken connection is seen, and it is asked again.
async fn asked(request: RequestBuilder) -> Result<Response> {
    let mut tries = TRIES;
    loop {
        let again = request.try_clone().context("the request cannot be sent twice")?;
        let error = match again.send().await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };
        let broken = !error.is_connect() && !error.is_timeout();
        let error = unanswered(error);
        if error.is::<TurnedAway>() {
            return Err(error);
        }
        tries -= 1;
        if !broken || tries == 0 {
            return Err(error.context(NO_CONNECTION));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn client(certificate: &Path, key: &Path, ca: &Path) -> Result<Client> {
    let mut identity = std::fs::read(key)?;
    identity.push(b'\n');
    identity.extend(std::fs::read(certificate)?);
    let ca = std::fs::read(ca).with_context(|| format!("cannot read {}", ca.display()))?;
    Ok(Client::builder()
        .identity(Identity::from_pem(&identity)?)
        .tls_certs_only(reqwest::Certificate::from_pem_bundle(&ca)?)
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .no_proxy()
        .build()?)
}

fn skew(response: &Response) -> String {
    let date = response.headers().get("date").and_then(|value| value.to_str().ok());
    match date.and_then(httpdate) {
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
    let day = parts.next()?;
    let month = parts.next()?;
    let year = parts.next()?;
    let clock = parts.next()?;
    let month = MONTHS.iter().position(|m| *m == month)? + 1;
    Time::parse(&format!("{year}-{month:02}-{day:0>2}T{clock}Z")).ok()
}

/// Of a broken connection, which hides the reason more often than not.
const TRIES: u32 = 20;
const NO_CONNECTION: &str = "no connection: is the address right, is the door's authority in --ca, and does the operator \
    trust your certificate's issuer? A revoked or expired certificate ends here too";
const AGENCY: Steps =
    Steps { certificate: "certificate", validity: "validity", usage: "use", key: "key", is_agency_api: true };
const CONNECTION: Steps = Steps {
    certificate: "connection certificate",
    validity: "connection validity",
    usage: "connection use",
    key: "connection key",
    is_agency_api: false,
};
