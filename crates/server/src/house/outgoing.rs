//! Letters for other operators: our certificate as it is configured, and the worker that hands over.

use super::House;
use crate::config;
use anyhow::{Context, Result, ensure};
use delivery::XmlSigner;
use domain::OrgNumber;
use key_client::Role;
use mina_meddelanden::{Forwarder, SoapClient};
use std::{path::Path, sync::Arc, time::Duration};
use store::jobs::{Worker, WorkerSettings, each};
use tokio_util::sync::CancellationToken;
use vault::Certificate;

/// What intake signs and seals with. The certificate must be our own.
pub fn read(outgoing: &config::Outgoing, own: &OrgNumber) -> Result<intake::Outgoing> {
    let (key, pem) = (file("key_file", &outgoing.key_file)?, file("certificate", &outgoing.certificate)?);
    let certificate = Certificate::from_pem(&pem).context("outgoing.certificate")?;
    ensure!(
        certificate.organisation.as_ref() == Some(own),
        "outgoing.certificate: it is not of instance.number, which senders list as their dispatcher: take our own"
    );
    Ok(intake::Outgoing {
        organisation: own.clone(),
        signer: XmlSigner::from_pem(&key, &certificate).context("outgoing.key_file")?,
        certificate,
        envelope_bytes: outgoing.max_envelope_mib * 1024 * 1024,
        give_up_after: Duration::from_secs(outgoing.give_up_after_hours * 3600),
    })
}

/// Calls other operators with the same.
pub fn client(outgoing: &config::Outgoing) -> Result<SoapClient> {
    let key = file("key_file", &outgoing.key_file)?;
    let certificate = file("certificate", &outgoing.certificate)?;
    let authorities = file("authorities", &outgoing.authorities)?;
    let timeout = Duration::from_secs(outgoing.timeout_seconds);
    SoapClient::new(&certificate, &key, &authorities, timeout).context("outgoing")
}

impl House {
    /// Hands letters over until `stop`; nothing where it is not configured.
    pub(super) async fn forward(&self, stop: CancellationToken) {
        let Some(soap) = self.operators.clone() else {
            stop.cancelled().await;
            return;
        };
        let forwarder = Forwarder {
            intake: self.intake.clone(),
            keys: self.connector.keys(Role::Outgoing),
            soap,
            clock: self.clock.clone(),
            random: self.random.clone(),
            hastened: Arc::default(),
        };
        let worker = Worker {
            store: self.stores.letters.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            wake: Arc::default(),
            settings: WorkerSettings::new(&[Forwarder::KIND]),
        };
        let handler = each(AT_ONCE, move |job| {
            let forwarder = forwarder.clone();
            async move { forwarder.run(job).await }
        });
        worker.run(handler, stop).await;
    }
}

fn file(key: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("outgoing.{key}: cannot read {}", path.display()))
}

/// Letters on their way to other operators at the same time.
const AT_ONCE: usize = 8;
