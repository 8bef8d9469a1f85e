//! An instance: what it is told, what it keeps, and the files that it needs.

mod elsewhere;

use crate::{
    config::Config,
    house::{Operator, Stores},
};
use anyhow::{Context, Result, ensure};
use domain::{CertificateDigest, Clock, SystemClock};
use key_service::Reconciled;
use notifier::{Post, Sms, settings::SmsSettings};
use sender_tools::doctor::{Findings, sender::validity};
use std::{path::Path, sync::Arc};
use vault::{Certificate, SystemRandom};

/// Configuration, databases, durability, keys, certificates, authorities, notices.
pub(super) async fn examine(findings: &mut Findings, path: &Path) {
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
    elsewhere::examine(findings, &config);
    findings.add("objects", writable(&config.objects.folder));
    findings.add("e-ID", providers(&config));
    findings.add("notices", notices(&config));
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
    let certificate = &agency.certificate;
    let key = &agency.key_file;
    let authorities = &agency.client_authorities;
    let clients = edge::clients::Clients::new(authorities, Vec::new(), Arc::new(Nobody));
    clients.and_then(|clients| edge::tls::mutual(certificate, key, &clients)).context(
        "agency.certificate, agency.key_file and agency.client_authorities: give the door's chain, the key that belongs \
         to it, and the authorities of the agencies' certificates",
    )?;
    Ok("certificate and key belong together, and the client authorities can be used".to_owned())
}

fn door_certificate(config: &Config) -> Result<String> {
    let pem = std::fs::read(&config.agency.certificate).context("agency.certificate cannot be read")?;
    validity(&Certificate::from_pem(&pem)?, SystemClock.now()).context("agency.certificate")
}

/// Every file that the providers' sections name can be used. Whether a provider answers is seen by logging in.
fn providers(config: &Config) -> Result<String> {
    for provider in &config.eid {
        eid::Provider::open(provider.clone(), Arc::new(SystemClock), Arc::new(SystemRandom))
            .with_context(|| format!("eid \"{}\"", provider.id))?;
    }
    let names: Vec<_> = config.eid.iter().map(|provider| provider.id.as_str()).collect();
    Ok(format!("{} can be used", names.join(", ")))
}

/// Every file that the section names can be used.
fn notices(config: &Config) -> Result<String> {
    Post::open(&config.notices).context("notices.email")?;
    Sms::open(&config.notices.sms).context("notices.sms")?;
    let sms =
        if matches!(config.notices.sms, SmsSettings::Off) { "no text messages" } else { "text messages" };
    Ok(format!("e-mail and {sms}, from {}", config.notices.from))
}

fn writable(folder: &Path) -> Result<String> {
    let probe = folder.join(".doctor");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&probe, b"probe"))
        .and_then(|()| std::fs::remove_file(&probe))
        .with_context(|| format!("objects.folder: {} cannot be written by this user", folder.display()))?;
    Ok(format!("{} can be written", folder.display()))
}

/// The files are tried, and nobody connects.
struct Nobody;

impl edge::clients::Registered for Nobody {
    fn is_revoked(&self, _: &CertificateDigest) -> bool {
        false
    }

    fn is_known(&self, _: &CertificateDigest, _: &domain::OrgNumber) -> bool {
        false
    }
}
