//! `kuvert doctor`: what is wrong, and what to do about it. Each check says the fact it found.

mod delivery;
mod instance;
mod registered;

use super::{JsonArg, agency::OrgArg};
use crate::config::FarMode;
use anyhow::Result;
use clap::ArgGroup;
use sender_tools::doctor::{
    Findings,
    listing::ListedBy,
    sender::{self, Own},
};
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

pub async fn run(args: Args) -> Result<ExitCode> {
    let mut findings = Findings::default();
    if let (Some(certificate), Some(key)) = (&args.certificate, &args.key) {
        let door = args.door.as_deref().zip(args.ca.as_deref());
        let own = Own { certificate, key, door };
        match &args.delivery {
            Some(_) => sender::connection(&mut findings, &own).await,
            None => sender::examine(&mut findings, &own).await,
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
    findings.report(args.json.json);
    Ok(if findings.into_broken().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// By whose word organisations send here.
fn listed_by(mode: FarMode) -> ListedBy {
    match mode {
        FarMode::Own => ListedBy::Operator,
        FarMode::External => ListedBy::Register,
    }
}
