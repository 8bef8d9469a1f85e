//! `kuvert agency cert`: the certificates that an organisation connects and signs with.

use crate::{
    cli::{
        ConfigArg,
        certified::{NAMELESS, date, read_certificate, sha256_of},
    },
    config::Config,
    house::Operator,
    out,
};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use key_client::SenderChange;
use registry::certificates;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Verb {
    /// Register a certificate; the organisation is read from it
    #[command(after_help = "\
Example:
  kuvert agency cert add 164020000016.pem")]
    Add {
        #[command(flatten)]
        config: ConfigArg,
        /// PEM file
        file: PathBuf,
    },
    /// Revoke a certificate: letters signed with it and connections made with it are refused within seconds
    #[command(after_help = "\
Example:
  kuvert agency cert revoke 164020000016.pem")]
    Revoke {
        #[command(flatten)]
        config: ConfigArg,
        /// PEM file, or the SHA-256 in hexadecimal that show prints
        certificate: String,
    },
}

pub async fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Add { config, file } => add(&config, &file).await,
        Verb::Revoke { config, certificate } => revoke(&config, &certificate).await,
    }
}

async fn add(config: &ConfigArg, file: &Path) -> Result<()> {
    let read = Config::read(&config.config)?;
    let certificate = read_certificate(&read, file)?;
    let number = certificate.organisation.clone().context(NAMELESS)?;
    let operator = Operator::open(&read).await?;
    let der = certificate.der.clone();
    operator.change_sender(SenderChange::AddCertificate { number: number.clone(), der }).await?;
    let mut tx = operator.store.read("show certificate").await?;
    let all = certificates::list(&mut tx, &number).await?;
    drop(tx);
    let entry = all.into_iter().find(|entry| entry.sha256 == certificate.sha256);
    let entry = entry.context("the certificate was not registered")?;
    ensure!(entry.revoked_at.is_none(), "this certificate is revoked, and stays so: register another");
    out::line(&format!(
        "registered for {number}: {} until {}",
        hex::encode(entry.sha256),
        date(entry.not_after)
    ));
    operator.close().await;
    Ok(())
}

async fn revoke(config: &ConfigArg, certificate: &str) -> Result<()> {
    let sha256 = sha256_of(certificate)?;
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    let revoked = operator.change_sender(SenderChange::RevokeCertificate { sha256 }).await?;
    operator.close().await;
    ensure!(revoked, "no such certificate is registered, or it was revoked before");
    out::line(&format!("revoked {}", hex::encode(sha256)));
    Ok(())
}
