//! `kuvert doctor`: what is wrong, and what to do about it. Each check says the fact it found.

use super::JsonArg;
use crate::{
    compose::{self, Draft},
    config::Config,
    house::{Operator, Stores},
    out,
};
use anyhow::{Context, Result, bail, ensure};
use domain::{Clock, SystemClock, Time};
use key_service::Reconciled;
use reqwest::{Client, Identity};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use vault::{Certificate, jws::FlattenedJws};

/// Checks an instance (--config), or a sender's certificate and door (--certificate, --key, --door, --ca).
#[derive(clap::Args)]
pub struct Args {
    /// An instance's configuration: databases, durability, keys, certificates, notices
    #[arg(long, value_name = "FILE", required_unless_present = "certificate")]
    config: Option<PathBuf>,
    /// A sender's certificate, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The door to try, such as https://127.0.0.1:8081
    #[arg(long, value_name = "URL", requires = "ca")]
    door: Option<String>,
    /// The authorities of the door's certificate, PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    #[command(flatten)]
    json: JsonArg,
}

/// One check and what came of it.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    good: bool,
    /// The fact, or what is wrong and what to do.
    says: String,
}

/// What was found so far.
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, result: Result<String>) -> bool {
        let good = result.is_ok();
        let says = result.unwrap_or_else(|error| format!("{error:#}"));
        self.0.push(Finding { check, good, says });
        good
    }
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let mut findings = Findings(Vec::new());
    if let (Some(certificate), Some(key)) = (&args.certificate, &args.key) {
        sender(&mut findings, certificate, key);
        if let (Some(door), Some(ca)) = (&args.door, &args.ca) {
            findings.add("door", try_door(door, certificate, key, ca).await);
        }
    }
    if let Some(path) = &args.config {
        instance(&mut findings, path).await;
    }
    let good = findings.0.iter().all(|f| f.good);
    if args.json.json {
        out::json(&findings.0);
    } else {
        for finding in &findings.0 {
            let word = if finding.good { "good" } else { "BAD " };
            out::line(&format!("{word}  {:<12} {}", finding.check, finding.says));
        }
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Certificate, validity, key, and a signature over a sample letter, checked as the door checks it.
fn sender(findings: &mut Findings, certificate: &Path, key: &Path) {
    let read = std::fs::read(certificate).map_err(anyhow::Error::from);
    let parsed = read.and_then(|pem| Ok(Certificate::chain_from_pem(&pem)?));
    let chain = match parsed {
        Ok(chain) if !chain.is_empty() => chain,
        _ => {
            let what = format!("{} holds no certificate in PEM", certificate.display());
            findings.add("certificate", Err(anyhow::anyhow!(what)));
            return;
        }
    };
    let own = &chain[0];
    findings.add("certificate", organisation(own));
    findings.add("validity", validity(own, SystemClock.now()));
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

fn validity(certificate: &Certificate, now: Time) -> Result<String> {
    let (from, to) = (certificate.not_before, certificate.not_after);
    ensure!(now >= from, "valid only from {}: is this machine's clock right? It says {now}", from.date());
    ensure!(now <= to, "expired {}: renew it and register the new one with the operator", to.date());
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
    let response = http.post(&url).json(&question).send().await.context(
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

/// Configuration, databases, durability, keys, certificate of the door, notices.
async fn instance(findings: &mut Findings, path: &Path) {
    let config = match Config::read(path) {
        Ok(config) => config,
        Err(error) => {
            findings.add("config", Err(error));
            return;
        }
    };
    findings.add("config", Ok(format!("{}: good", path.display())));
    let stores = match Stores::open(&config).await {
        Ok(stores) => stores,
        Err(error) => {
            findings.add("databases", Err(error));
            return;
        }
    };
    let migrated = stores.need_migrated().await;
    let version = migrated.map(|()| "open, at this program's version".to_owned());
    if !findings.add("databases", version) {
        return;
    }
    let durability = stores.letters.durability().await.map_err(anyhow::Error::from).and_then(|found| {
        let word = found.word().context("the database may lose commits: see its fsync settings")?;
        let promised = config.store.promise.as_str();
        ensure!(
            word == promised || word == "sync-quorum",
            "the configuration promises {promised}, the database gives {word}"
        );
        Ok(word.to_owned())
    });
    findings.add("durability", durability);
    findings.add("keys", keys(&config).await);
    findings.add("mailboxes", mailboxes(&config).await);
    findings.add("certificate", door_certificate(&config));
    findings.add("door", door_tls(&config));
    findings.add("objects", writable(&config.objects.folder));
}

async fn keys(config: &Config) -> Result<String> {
    ensure!(config.keys.root_file.exists(), "keys.root_file does not exist; it is made at first start");
    let operator = Operator::open(config).await?;
    let status = operator.keys.status().await?;
    operator.close().await;
    let versions: usize = status.purposes.iter().map(|p| p.versions.len()).sum();
    Ok(format!("the root opens {versions} keys for {} purposes", status.purposes.len()))
}

/// Each mailbox's key is in the key store. After a restore the two databases may be of different ages.
async fn mailboxes(config: &Config) -> Result<String> {
    ensure!(config.keys.root_file.exists(), "not compared without keys.root_file");
    let operator = Operator::open(config).await?;
    let found = operator.reconcile().await?;
    operator.close().await;
    let Reconciled { mailboxes, behind, lost } = found;
    ensure!(
        lost == 0,
        "the keys of {lost} of {mailboxes} mailboxes are not in the key store, and their letters cannot be opened: \
         restore a key store at least as new as the letters"
    );
    let mended = if behind > 0 {
        format!("; {behind} had an older key and now have the newest")
    } else {
        String::new()
    };
    Ok(format!("{mailboxes} have their key in the key store{mended}"))
}

/// The files of the agency door work together: chain, key, client authorities.
fn door_tls(config: &Config) -> Result<String> {
    let agency = &config.agency;
    let (certificate, key, authorities) = (&agency.certificate, &agency.key_file, &agency.client_authorities);
    edge::tls::mutual(certificate, key, authorities, Arc::new(|_| false)).context(
        "agency.certificate, agency.key_file and agency.client_authorities: give the door's chain, the key that belongs \
         to it, and the authorities of the agencies' certificates",
    )?;
    Ok("certificate and key belong together, and the client authorities can be used".to_owned())
}

fn door_certificate(config: &Config) -> Result<String> {
    let pem = std::fs::read(&config.agency.certificate).context("agency.certificate cannot be read")?;
    validity(&Certificate::from_pem(&pem)?, SystemClock.now()).context("agency.certificate")
}

fn writable(folder: &Path) -> Result<String> {
    let probe = folder.join(".doctor");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe))
        .with_context(|| format!("objects.folder: {} cannot be written by this user", folder.display()))?;
    Ok(format!("{} can be written", folder.display()))
}
