//! `kuvert operator cert`: the certificates that other operators connect with.

use crate::{
    cli::{
        ConfigArg, JsonArg,
        agency::OrgArg,
        certified::{certificate_state, date, read_certificate, sha256_of},
    },
    config::Config,
    house::Operator as Handle,
    out,
};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use domain::OrgNumber;
use key_client::OperatorChange;
use registry::operators;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Verb {
    /// Register a certificate that an operator connects with; the operator is read from it
    #[command(after_help = "\
Example:
  kuvert operator cert add 164020000065.pem")]
    Add {
        #[command(flatten)]
        config: ConfigArg,
        /// PEM file
        file: PathBuf,
        #[command(flatten)]
        json: JsonArg,
    },
    /// List the certificates of one operator, or of all
    #[command(after_help = "\
Example:
  kuvert operator cert list --json")]
    List {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: Option<OrgArg>,
    },
    /// Revoke a certificate: connections made with it are refused within seconds. There is no way back
    #[command(after_help = "\
Example:
  kuvert operator cert revoke 164020000065.pem")]
    Revoke {
        #[command(flatten)]
        config: ConfigArg,
        /// PEM file, or the SHA-256 in hexadecimal that list prints
        certificate: String,
        #[command(flatten)]
        json: JsonArg,
    },
}

pub async fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Add { config, file, json } => add(&config, &file, json).await,
        Verb::List { config, json, number } => list(&config, json, number.map(|OrgArg(number)| number)).await,
        Verb::Revoke { config, certificate, json } => revoke(&config, &certificate, json).await,
    }
}

async fn add(config: &ConfigArg, file: &Path, json: JsonArg) -> Result<()> {
    let config = Config::read(&config.config)?;
    let certificate = read_certificate(&config, file)?;
    let handle = Handle::open(&config).await?;
    handle.change_operator(OperatorChange::AddCertificate { der: certificate.der.clone() }).await?;
    let mut tx = handle.store.read("show operator certificate").await?;
    let all = operators::all_certificates(&mut tx).await?;
    drop(tx);
    let entry = all.into_iter().find(|entry| entry.sha256 == certificate.sha256);
    let entry = entry.context("the certificate was not registered")?;
    ensure!(entry.revoked_at.is_none(), "this certificate is revoked, and stays so: register another");
    if json.json {
        out::json(&describe(&entry, handle.now()));
    } else {
        let sha256 = hex::encode(entry.sha256);
        let until = date(entry.not_after);
        out::line(&format!("registered for {}: {sha256} until {until}", entry.operator));
    }
    handle.close().await;
    Ok(())
}

async fn list(config: &ConfigArg, json: JsonArg, number: Option<OrgNumber>) -> Result<()> {
    let handle = Handle::open(&Config::read(&config.config)?).await?;
    let mut tx = handle.store.read("list operator certificates").await?;
    let all = match &number {
        Some(number) => {
            ensure!(operators::find(&mut tx, number).await?.is_some(), super::unknown(number));
            operators::certificates_of(&mut tx, number).await?
        }
        None => operators::all_certificates(&mut tx).await?,
    };
    drop(tx);
    let now = handle.now();
    if json.json {
        out::json(&all.iter().map(|one| describe(one, now)).collect::<Vec<_>>());
    } else {
        for one in &all {
            let sha256 = hex::encode(one.sha256);
            let state = certificate_state(one.usable(now));
            out::line(&format!("{}  {sha256}  {state}, until {}", one.operator, date(one.not_after)));
        }
    }
    handle.close().await;
    Ok(())
}

async fn revoke(config: &ConfigArg, certificate: &str, json: JsonArg) -> Result<()> {
    let sha256 = sha256_of(certificate)?;
    let handle = Handle::open(&Config::read(&config.config)?).await?;
    let revoked = handle.change_operator(OperatorChange::RevokeCertificate { sha256 }).await?;
    handle.close().await;
    ensure!(revoked, "no such certificate of an operator is registered, or it was revoked before");
    if json.json {
        out::json(&json!({"sha256": hex::encode(sha256), "state": "revoked"}));
    } else {
        out::line(&format!("revoked {}", hex::encode(sha256)));
    }
    Ok(())
}

fn describe(one: &operators::OperatorCertificate, now: domain::Time) -> Value {
    json!({"operator": one.operator.as_str(), "sha256": hex::encode(one.sha256),
        "not_before": one.not_before.to_string(), "not_after": one.not_after.to_string(),
        "added_at": one.added_at.to_string(), "state": certificate_state(one.usable(now))})
}
