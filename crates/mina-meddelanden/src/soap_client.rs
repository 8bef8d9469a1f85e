//! Calls to others' services: SOAP 1.1 over mutual TLS, the SOAPAction empty as the interface has it.

use crate::elsewhere::Elsewhere;
use delivery::{
    document::{self, is},
    names::{Name, SOAP},
    soap,
    write::envelope,
};
use reqwest::{Client, ClientBuilder, StatusCode, header};
use roxmltree::Node;
use std::{sync::Arc, time::Duration};

/// Speaks for this organisation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SoapClient {
    http: Client,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// There was no connection, and nothing was sent.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// Nothing is known of what became of it.
    #[error("no answer: {0}")]
    NoAnswer(&'static str),
    /// The other side refused it. The text is its own and may say anything: never for logs.
    #[error("fault {code}")]
    Fault { code: u32, call_id: String },
    #[error("an answer that is none: {0}")]
    Answer(&'static str),
}

/// The client could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoapClientError {
    #[error("the certificate and key cannot be used for TLS")]
    Identity,
    #[error("the authorities cannot be read")]
    Authorities,
}

impl SoapClient {
    /// `certificate` (with its chain) and `key` are PEM, `authorities` those of the other side's server certificate.
    pub fn new(
        certificate: &[u8],
        key: &[u8],
        authorities: &[u8],
        timeout: Duration,
    ) -> Result<Self, SoapClientError> {
        Self::with(certificate, key, authorities, |http| http.timeout(timeout))
    }

    /// The same for addresses that another register names: a name that leads to an address of this machine or network is
    /// not called.
    pub fn elsewhere(
        certificate: &[u8],
        key: &[u8],
        authorities: &[u8],
        timeout: Duration,
    ) -> Result<Self, SoapClientError> {
        let far = |http: ClientBuilder| http.timeout(timeout).dns_resolver(Arc::new(Elsewhere));
        Self::with(certificate, key, authorities, far)
    }

    fn with(
        certificate: &[u8],
        key: &[u8],
        authorities: &[u8],
        more: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, SoapClientError> {
        let pem = [key, b"\n", certificate].concat();
        let identity = reqwest::Identity::from_pem(&pem).map_err(|_| SoapClientError::Identity)?;
        let trusted = reqwest::Certificate::from_pem_bundle(authorities);
        let trusted = trusted.map_err(|_| SoapClientError::Authorities)?;
        let http = Client::builder()
            .identity(identity)
            .tls_certs_only(trusted)
            // A redirect would carry a letter to an address that no register has named.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            // A variable of the environment must not decide where letters go.
            .no_proxy();
        Ok(Self { http: more(http).build().map_err(|_| SoapClientError::Identity)? })
    }

    /// Sends a whole message, and reads the element `answer` of the Body by `read`.
    pub async fn send<T>(
        &self,
        address: &str,
        message: String,
        answer: Name<'_>,
        read: impl FnOnce(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        let request = self
            .http
            .post(address)
            .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", "\"\"")
            .body(message);
        // Only without a connection is it sure that nothing arrived; after that the other side may have taken
        // it.
        let mut response = request.send().await.map_err(|error| match error.is_connect() {
            true => CallError::NotSent(why(&error)),
            false => CallError::NoAnswer(why(&error)),
        })?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| CallError::NoAnswer(why(&error)))? {
            if bytes.len() + piece.len() > MOST_BYTES {
                return Err(CallError::Answer("it is too long"));
            }
            bytes.extend_from_slice(&piece);
        }
        // Pages that stand for errors may be XML too.
        let no_soap = |why| match status.is_success() {
            true => CallError::Answer(why),
            false => without_fault(status),
        };
        let document = delivery::parse_within(&bytes, MOST_NODES).map_err(|_| no_soap("it is no XML"))?;
        let body = soap::body(&document).map_err(|_| no_soap("it is no SOAP"))?;
        if is(&body, (SOAP, "Fault")) {
            return Err(fault(body));
        }
        if status != StatusCode::OK {
            return Err(without_fault(status));
        }
        if !is(&body, answer) {
            return Err(CallError::Answer("it is another element"));
        }
        read(body).ok_or(CallError::Answer("it lacks something"))
    }

    /// The same with one element, which is put into an envelope.
    pub async fn call<T>(
        &self,
        address: &str,
        element: &str,
        answer: Name<'_>,
        read: impl FnOnce(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        self.send(address, envelope(element), answer, read).await
    }
}

/// The text of the first element of this local name below `of`, whatever its namespace: operators differ in them.
pub(crate) fn text_below(of: Node<'_, '_>, local: &str) -> Option<String> {
    let node = of.descendants().find(|node| node.is_element() && node.tag_name().name() == local)?;
    document::text(node).map(|text| text.trim().to_owned())
}

fn fault(body: Node<'_, '_>) -> CallError {
    let code = text_below(body, "ErrorCode").and_then(|code| code.parse().ok()).unwrap_or(0);
    // An id is a short word; anything else is not repeated.
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let call_id = text_below(body, "CallId").filter(|id| id.len() <= 50 && id.chars().all(word));
    CallError::Fault { code, call_id: call_id.unwrap_or_default() }
}

/// What stands before a service says that it is not there. Any other error may be for this message alone.
fn without_fault(status: StatusCode) -> CallError {
    let absent = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    match absent.contains(&status) {
        true => CallError::NoAnswer("the service is not there"),
        false => CallError::Answer("it is an error without a fault"),
    }
}

fn why(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it took too long"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection was lost"
    }
}

const CONNECT: Duration = Duration::from_secs(5);
/// No answer of the interface is longer than a thousand accounts.
const MOST_BYTES: usize = 2 * 1024 * 1024;
/// An account is some 25 elements and texts.
const MOST_NODES: u32 = 100_000;
