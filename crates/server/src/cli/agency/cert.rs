//! `kuvert agency cert`: the certificates that an organisation connects and signs with.

use crate::{
    cli::{
        ConfigArg,
        certified::{NAMELESS, date, hex, read_certificate, sha256_of},
    },
    config::Config,
    house::Operator,
    out,
};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
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
    let now = operator.now();
    let mut tx = operator.store.begin("add certificate").await?;
    let entry = certificates::add(&mut tx, &number, &certificate.der, now).await?;
    tx.commit().await?;
    ensure!(entry.revoked_at.is_none(), "this certificate is revoked, and stays so: register another");
    out::line(&format!("registered for {number}: {} until {}", hex(&entry.sha256), date(entry.not_after)));
    operator.close().await;
    Ok(())
}

async fn revoke(config: &ConfigArg, certificate: &str) -> Result<()> {
    let sha256 = sha256_of(certificate)?;
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    let now = operator.now();
    let mut tx = operator.store.begin("revoke certificate").await?;
    let revoked = certificates::revoke(&mut tx, &sha256, now).await?;
    tx.commit().await?;
    operator.close().await;
    ensure!(revoked, "no such certificate is registered, or it was revoked before");
    out::line(&format!("revoked {}", hex(&sha256)));
    Ok(())
}
