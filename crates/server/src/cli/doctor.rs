//! `kuvert doctor`: what is wrong, and what to do about it. Each check says the fact it found.

mod instance;
mod sender;

use super::JsonArg;
use crate::out;
use anyhow::Result;
use clap::ArgGroup;
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

/// Checks an instance (--config), or a sender's certificate and door (--certificate, --key, --door, --ca).
#[derive(clap::Args)]
#[group(skip)]
#[command(group = ArgGroup::new("what").args(["config", "certificate"]).required(true).multiple(true))]
pub struct Args {
    /// An instance's configuration: databases, durability, keys, certificates, notices
    #[arg(long, value_name = "FILE")]
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
        sender::examine(&mut findings, certificate, key);
        if let (Some(door), Some(ca)) = (&args.door, &args.ca) {
            findings.add("door", sender::try_door(door, certificate, key, ca).await);
        }
    }
    if let Some(path) = &args.config {
        instance::examine(&mut findings, path).await;
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
