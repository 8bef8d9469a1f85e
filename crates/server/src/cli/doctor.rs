//! `kuvert doctor`: what is wrong, and what to do about it. Each check says the fact it found.

pub(super) mod delivery;
mod instance;
mod listing;
mod registered;
mod sender;

use super::{JsonArg, agency::OrgArg};
use crate::out;
use anyhow::Result;
use clap::ArgGroup;
use domain::{Code, Refusal};
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

/// Checks an instance (--config), a sender's certificate and door (--certificate, --key, --door, --ca), a delivery of
/// Mina Meddelanden before it is sent (--delivery), or whether a sender is ready for that interface (--sender).
#[derive(clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("what").args(["config", "certificate", "delivery"]).required(true).multiple(true))]
pub struct Args {
    /// An instance's configuration: databases, durability, keys, certificates, notices. With --delivery or --sender, what
    /// the instance trusts and has registered
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A sender's certificate, PEM. With --delivery, the one that the connection is made with
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
    /// A delivery of Mina Meddelanden, as a client would send it: a deliverSecure message, or a SealedDelivery or
    /// SignedDelivery alone; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "sender")]
    delivery: Option<PathBuf>,
    /// The authorities whose certificates may sign, PEM; those of --config if left out
    #[arg(long, value_name = "FILE", requires = "delivery")]
    authorities: Option<PathBuf>,
    /// Folder of their revocation lists, .crl or .pem
    #[arg(long, value_name = "DIR", requires = "authorities")]
    revocation_lists: Option<PathBuf>,
    /// A registered sender: is it ready for the interface of Mina Meddelanden?
    #[arg(long, value_name = "ORGNR", requires = "config")]
    sender: Option<OrgArg>,
    #[command(flatten)]
    json: JsonArg,
}

/// One check and what came of it.
#[derive(Serialize)]
pub(super) struct Finding {
    check: &'static str,
    /// Null where it could not be judged.
    good: Option<bool>,
    /// What the door would answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// The fact, or what is wrong and what to do.
    says: String,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, result: Result<String>) -> bool {
        match result {
            Ok(says) => self.good(check, says),
            Err(error) => {
                self.0.push(Finding { check, good: Some(false), code: None, says: format!("{error:#}") });
                false
            }
        }
    }

    fn good(&mut self, check: &'static str, says: impl Into<String>) -> bool {
        self.0.push(Finding { check, good: Some(true), code: None, says: says.into() });
        true
    }

    /// What the door would refuse with this code.
    fn bad(&mut self, check: &'static str, code: Code, says: impl Into<String>) {
        self.0.push(Finding { check, good: Some(false), code: Some(code.as_str()), says: says.into() });
    }

    /// The same, in the catalogue's words.
    fn refused(&mut self, check: &'static str, refusal: &Refusal) {
        let Refusal { code, detail, pointer } = refusal;
        let said =
            [pointer.as_deref(), detail.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        self.bad(check, *code, format!("{}{said}. {}", code.title(), code.mend()));
    }

    /// What cannot be said, and why.
    fn unknown(&mut self, check: &'static str, says: impl Into<String>) {
        self.0.push(Finding { check, good: None, code: None, says: says.into() });
    }

    /// The first step that is broken.
    pub(super) fn into_broken(self) -> Option<Finding> {
        self.0.into_iter().find(|finding| finding.good == Some(false))
    }
}

impl Finding {
    /// On one line, its check as wide as the others'.
    pub(super) fn line(&self, width: usize) -> String {
        let word = match self.good {
            Some(true) => "good",
            Some(false) => "BAD ",
            None => "?   ",
        };
        let code = self.code.map(|code| format!(" [{code}]")).unwrap_or_default();
        format!("{word}  {:<width$} {}{code}", self.check, self.says)
    }
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let mut findings = Findings::default();
    if let (Some(certificate), Some(key)) = (&args.certificate, &args.key) {
        let door = args.door.as_ref().zip(args.ca.as_ref());
        if args.delivery.is_some() {
            sender::connection(&mut findings, certificate, key);
            if let Some((door, ca)) = door {
                findings.add("connection door", sender::try_service(door, certificate, key, ca).await);
            }
        } else {
            sender::examine(&mut findings, certificate, key);
            if let Some((door, ca)) = door {
                findings.add("door", sender::try_door(door, certificate, key, ca).await);
            }
        }
    }
    if let (Some(certificate), Some(config)) = (&args.certificate, &args.config)
        && let Err(error) = registered::caller(&mut findings, config, certificate).await
    {
        findings.unknown("caller", format!("not asked: {error:#}"));
    }
    match (&args.delivery, &args.sender, &args.config) {
        (Some(file), ..) => delivery::run(&mut findings, file, &args).await?,
        (None, Some(OrgArg(number)), Some(config)) => {
            registered::examine(&mut findings, config, number).await?;
        }
        (None, _, Some(config)) => instance::examine(&mut findings, config).await,
        (None, ..) => {}
    }
    if args.json.json {
        out::json(&findings.0);
    } else {
        let width = findings.0.iter().map(|finding| finding.check.len()).max().unwrap_or_default().max(12);
        findings.0.iter().for_each(|finding| out::line(&finding.line(width)));
    }
    Ok(if findings.into_broken().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
