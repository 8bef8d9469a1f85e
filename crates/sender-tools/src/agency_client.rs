//! A client of the agency door, as a sender's system has one.

mod origin;
mod soap;

pub use origin::secure_origin;

use crate::compose::{BOUNDARY, Signed};
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use reqwest::{Certificate, Client, Identity, Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use std::{path::Path, time::Duration};

/// Speaks for one organisation.
#[derive(Clone)]
pub struct AgencyClient {
    http: Client,
    door: String,
}

/// What the door answers to a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 201, or 200 for a repeat; 202 where it is handed on to another operator.
    Accepted { letter_id: String, receipt: String, repeated: bool, forwarding: bool },
    /// A 4xx, or a fault, that repeating does not change. `call_id` is for the operator's log, as below.
    Refused {
        status: u16,
        code: String,
        detail: String,
        pointer: String,
        mend: String,
        call_id: Option<String>,
    },
    /// 5xx, 408, 425 or 429: the outcome is unknown; the same request must be repeated.
    Unknown { status: u16, code: String, detail: String, call_id: Option<String> },
}

#[derive(Deserialize)]
struct Receipted {
    letter_id: String,
    receipt: String,
}

impl AgencyClient {
    /// `door` is the origin, such as `https://127.0.0.1:8081`; `ca` are the authorities of its certificate.
    /// An address where letters would travel unencrypted is refused here, before anything is sent.
    pub fn new(door: &str, certificate: &Path, key: &Path, ca: &Path) -> Result<Self> {
        let door = secure_origin(door)?;
        let read =
            |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let mut identity = read(key)?;
        identity.extend_from_slice(b"\n");
        identity.extend(read(certificate)?);
        let http = Client::builder()
            .identity(
                Identity::from_pem(&identity).context("the certificate and key cannot be used for TLS")?,
            )
            .tls_certs_only(Certificate::from_pem_bundle(&read(ca)?)?)
            .http1_only() // one letter, one connection at a time: cheaper than frames
            .tcp_nodelay(true)
            // Whatever the door answers, a letter goes nowhere else.
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(120))
            .no_proxy()
            .build()?;
        Ok(Self { http, door })
    }

    /// Sends a letter once.
    pub async fn send(&self, letter: &Signed) -> Result<Reply> {
        self.send_body(letter.multipart()).await
    }

    /// Sends a body made by [`Signed::multipart`].
    pub async fn send_body(&self, body: Bytes) -> Result<Reply> {
        let request = self
            .http
            .post(format!("{}/v1/letters", self.door))
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body);
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let bytes = response.bytes().await?;
        if status.is_success() {
            let Receipted { letter_id, receipt } = serde_json::from_slice(&bytes)?;
            let repeated = status == StatusCode::OK;
            let forwarding = status == StatusCode::ACCEPTED;
            return Ok(Reply::Accepted { letter_id, receipt, repeated, forwarding });
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        let status = status.as_u16();
        let code = text("code");
        Ok(match status {
            408 | 425 | 429 | 500.. => Reply::Unknown { status, code, detail: text("detail"), call_id: None },
            _ => Reply::Refused {
                status,
                code,
                detail: text("detail"),
                pointer: text("pointer"),
                mend: text("mend"),
                call_id: None,
            },
        })
    }

    /// Sends a whole `deliverSecure` message to the SOAP door.
    pub async fn deliver(&self, envelope: Bytes) -> Result<Reply> {
        let request = self
            .http
            .post(format!("{}/Service/v3", self.door))
            .header("content-type", "text/xml; charset=utf-8")
            .header("SOAPAction", "\"\"")
            .body(envelope);
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        Ok(soap::reply(status, &bytes))
    }

    /// [`AgencyClient::deliver`] until the outcome is known, at most `tries` times.
    pub async fn deliver_until_known(&self, envelope: Bytes, tries: u32) -> Result<Reply> {
        for _ in 1..tries {
            match self.deliver(envelope.clone()).await {
                Ok(Reply::Unknown { .. }) => tokio::time::sleep(Duration::from_secs(1)).await,
                Err(error) if !error.is::<TurnedAway>() => tokio::time::sleep(Duration::from_secs(1)).await,
                known => return known,
            }
        }
        self.deliver(envelope).await
    }

    /// Sends until the outcome is known, at most `tries` times, a little longer apart each time.
    pub async fn send_until_known(&self, letter: &Signed, tries: u32) -> Result<Reply> {
        let body = letter.multipart();
        let mut wait = Duration::from_millis(200);
        for _ in 1..tries {
            match self.send_body(body.clone()).await {
                Ok(Reply::Unknown { .. }) => tokio::time::sleep(wait).await,
                Err(error) if !error.is::<TurnedAway>() => tokio::time::sleep(wait).await,
                known => return known,
            }
            wait = (wait * 2).min(Duration::from_secs(30));
        }
        self.send_body(body).await
    }

    /// Asks for JSON; any answer but 2xx is an error that names the problem's code.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.door));
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let bytes = response.bytes().await?;
        let value: Value = serde_json::from_slice(&bytes).context("the answer is not JSON")?;
        if !status.is_success() {
            bail!("{} {}", status.as_u16(), value["code"].as_str().unwrap_or("without a code"));
        }
        Ok(value)
    }
}

/// The door does not take this certificate. Asking again does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    #[error("the agency door refused the connection: this certificate is revoked; use another one")]
    Revoked,
    #[error("the agency door refused the connection: this certificate has expired; renew it")]
    Expired,
}

/// Why there was no answer. A certificate that the handshake turns away, a [`TurnedAway`], is told from a door that is not
/// there.
pub fn unanswered(error: reqwest::Error) -> anyhow::Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        let said = cause.to_string();
        if said.contains("CertificateRevoked") {
            return TurnedAway::Revoked.into();
        }
        if said.contains("CertificateExpired") {
            return TurnedAway::Expired.into();
        }
        source = cause.source();
    }
    anyhow::Error::from(error)
        .context("the agency door does not answer: is it running, and is the address right?")
}
