//! The door as a client sees it: one connection for each request, so that any bytes can be sent.

#![allow(dead_code, reason = "the example measures, the test does not")]

use anyhow::{Context, Result};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// What is sent.
#[derive(Clone)]
pub struct Request {
    /// Lines before the body; where the length is told, or not.
    pub head: String,
    pub body: Vec<u8>,
    pub tls: Option<Arc<ClientConfig>>,
}

impl Request {
    pub fn post(body: Vec<u8>) -> Self {
        Self::with("text/xml; charset=utf-8", body)
    }

    pub fn with(content_type: &str, body: Vec<u8>) -> Self {
        let head =
            format!("Content-Type: {content_type}\r\nContent-Length: {}\r\nSOAPAction: \"\"\r\n", body.len());
        Self { head, body, tls: None }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Outcome {
    pub took: Duration,
    answer: String,
}

impl Outcome {
    pub fn accepted(&self) -> bool {
        self.answer.starts_with("HTTP/1.1 200") && self.answer.contains("Delivered>true<")
    }

    /// The status, and the fault's number, code and inner reason.
    pub fn said(&self) -> String {
        let inside = |name: &str| {
            let (_, from) = self.answer.split_once(&format!("<{name}"))?;
            Some(from.split_once('>')?.1.split('<').next()?.to_owned())
        };
        let status = self.answer.get(9..12).unwrap_or("closed");
        let number = inside("ErrorCode").unwrap_or_default();
        // "code: title (detail). mend", of which the detail may be wanting.
        let description = inside("Description").unwrap_or_default();
        let code = description.split(':').next().unwrap_or_default();
        let detail = description.split_once(" (").and_then(|(_, rest)| rest.split_once("). "));
        let detail = detail.map(|(detail, _)| format!("({detail})")).unwrap_or_default();
        format!("{status} {number} {code} {detail}").trim_end().to_owned()
    }
}

pub struct Door {
    agency: u16,
    internal: u16,
    own: Arc<ClientConfig>,
    pub pki: std::path::PathBuf,
}

impl Door {
    pub fn new(agency: u16, internal: u16, pki: &Path) -> Self {
        let read = |name: &str| std::fs::read(pki.join(name)).unwrap();
        let own = client(pki, Some((&read("164020000032.pem"), &read("164020000032.key"))));
        Self { agency, internal, own, pki: pki.to_owned() }
    }

    /// The clock runs from the first byte of the request to the last of the answer; the handshake is done before.
    pub async fn send(&self, request: Request) -> Result<Outcome> {
        let tcp = TcpStream::connect(("127.0.0.1", self.agency)).await?;
        tcp.set_nodelay(true)?;
        let tls = request.tls.as_ref().unwrap_or(&self.own).clone();
        let stream = TlsConnector::from(tls).connect(ServerName::try_from("localhost")?, tcp).await?;
        let (mut from, mut to) = tokio::io::split(stream);
        let head = format!(
            "POST /Service/v3 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n",
            request.head
        );
        let start = Instant::now();
        let write = async {
            // A door that has heard enough stops listening.
            let _ = to.write_all(head.as_bytes()).await;
            let _ = to.write_all(&request.body).await;
            let _ = to.flush().await;
            if request.head.contains(CUT) {
                let _ = to.shutdown().await;
            }
        };
        let read = async {
            let mut answer = Vec::new();
            let _ = from.read_to_end(&mut answer).await;
            answer
        };
        let (answer, ()) = timeout(Duration::from_secs(60), async { tokio::join!(read, write) })
            .await
            .context("the door does not answer within a minute")?;
        Ok(Outcome { took: start.elapsed(), answer: String::from_utf8_lossy(&answer).into_owned() })
    }

    /// Seconds and calls in the door so far, as its metrics have it.
    pub async fn handled(&self) -> Result<(f64, f64)> {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.internal)).await?;
        tcp.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut text = Vec::new();
        tcp.read_to_end(&mut text).await?;
        let text = String::from_utf8_lossy(&text);
        let sum = |name: &str| -> f64 {
            let lines = text.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
        };
        Ok((sum("kuvert_soap_call_seconds_sum"), sum("kuvert_soap_call_seconds_count")))
    }
}

/// Of the demo's authority, with a certificate or without.
pub fn client(pki: &Path, identity: Option<(&[u8], &[u8])>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_file_iter(pki.join("ca.pem")).unwrap() {
        roots.add(ca.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    Arc::new(match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = CertificateDer::pem_slice_iter(certificate).map(Result::unwrap).collect();
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key).unwrap()).unwrap()
        }
    })
}

/// A header that tells the client to end the connection after the body.
pub const CUT: &str = "X-Cut: yes\r\n";
