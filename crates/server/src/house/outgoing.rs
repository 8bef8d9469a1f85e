//! Letters for other operators: our certificate as it is configured, and the worker that hands over.

use super::{House, read_file};
use crate::config;
use anyhow::{Context, Result, ensure};
use delivery::XmlSigner;
use domain::{OrgNumber, Time};
use mina_meddelanden::{HandOver, SoapClient};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::error;
use vault::Certificate;

/// What intake signs and seals with. The certificate must be our own; its chain goes with each signature.
pub fn read(outgoing: &config::Outgoing, own: &OrgNumber) -> Result<intake::Outgoing> {
    let key = read_file("outgoing.key_file", &outgoing.key_file)?;
    let pem = read_file("outgoing.certificate", &outgoing.certificate)?;
    let chain = Certificate::chain_from_pem(&pem).context("outgoing.certificate")?;
    let signer = XmlSigner::from_pem(&key, &chain).context("outgoing.certificate, outgoing.key_file")?;
    ensure!(
        signer.certificate().organisation.as_ref() == Some(own),
        "outgoing.certificate: it is not of instance.number, which senders list as their dispatcher: take our own"
    );
    Ok(intake::Outgoing {
        organisation: own.clone(),
        signer,
        envelope_bytes: outgoing.max_envelope_mib * 1024 * 1024,
        give_up_after: Duration::from_secs(outgoing.give_up_after_hours * 3600),
    })
}

/// Says in the log, at start, what else is only seen when the first letter is refused. An expired certificate is no reason
/// not to serve the mailboxes here.
pub(super) fn tell_expired(outgoing: &intake::Outgoing, now: Time) {
    let certificate = outgoing.signer.certificate();
    if !certificate.valid_at(now) {
        error!(
            valid.from = %certificate.not_before,
            valid.until = %certificate.not_after,
            "outgoing.certificate is not valid now: no letter to another operator is taken in charge until it is renewed"
        );
    }
}

/// Calls other operators with the same. Where another register names them, no name leads into this machine or network.
pub fn client(outgoing: &config::Outgoing, config: &config::Config) -> Result<SoapClient> {
    let key = read_file("outgoing.key_file", &outgoing.key_file)?;
    let certificate = read_file("outgoing.certificate", &outgoing.certificate)?;
    let authorities = read_file("outgoing.authorities", &outgoing.authorities)?;
    let timeout = Duration::from_secs(outgoing.timeout_seconds);
    let of_another = config.instance.production && config.far.mode == config::FarMode::External;
    let made = if of_another { SoapClient::elsewhere } else { SoapClient::new };
    made(&certificate, &key, &authorities, timeout).context("outgoing")
}

impl House {
    /// One of [`HandOver::WORKERS`] that hand letters over until `stop`; nothing where it is not configured.
    pub(super) async fn hand_over(&self, stop: CancellationToken) {
        let Some(handler) = self.hand_over.clone() else {
            stop.cancelled().await;
            return;
        };
        self.worker(HandOver::settings()).run(handler, stop).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
