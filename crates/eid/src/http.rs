//! Calls to a provider: bounded in time and size, never redirected, https everywhere but on this machine.

use crate::{ProviderConfig, Rejection, config::is_loopback};
use reqwest::{Client, RequestBuilder, header, redirect};
use std::time::Duration;
use url::Url;

/// A provider could not be set up from its configuration.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Config(#[from] crate::ConfigError),
    #[error("e-ID provider \"{provider}\": could not read {}", file.display())]
    File {
        provider: String,
        file: std::path::PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("e-ID provider \"{provider}\": could not set up https")]
    Tls {
        provider: String,
        #[source]
        source: reqwest::Error,
    },
}

pub(crate) struct Http {
    client: Client,
    /// The issuer is on this machine, so its endpoints may be plain http here, and only here.
    loopback: bool,
}

/// What came back with a status that is no failure of the provider's machinery.
pub(crate) struct Reply {
    pub status: u16,
    /// Without parameters, in lower case.
    pub media_type: String,
    pub body: Vec<u8>,
}

impl Http {
    pub(crate) fn open(config: &ProviderConfig) -> Result<Self, OpenError> {
        // Does nothing when the process has chosen already; without a choice reqwest would panic.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let issuer = config.issuer_url()?;
        let tls = |source| OpenError::Tls { provider: config.id.clone(), source };
        let mut builder = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::none())
            .referer(false)
            .user_agent("kuvert");
        if let Some(file) = &config.ca_file {
            let pem = std::fs::read(file).map_err(|source| OpenError::File {
                provider: config.id.clone(),
                file: file.clone(),
                source,
            })?;
            let roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(tls)?;
            builder = builder.tls_certs_only(roots);
        } else if issuer.scheme() == "http" {
            // No https is spoken, so a machine without certificate authorities is no hindrance.
            builder = builder.tls_certs_only([]);
        }
        if is_loopback(&issuer) {
            builder = builder.no_proxy();
        }
        Ok(Self { client: builder.build().map_err(tls)?, loopback: is_loopback(&issuer) })
    }

    /// An endpoint that the provider names.
    pub(crate) fn endpoint(&self, text: &str) -> Result<Url, Rejection> {
        let url = Url::parse(text).map_err(|_| Rejection::DiscoveryMalformed)?;
        match url.scheme() {
            "https" => Ok(url),
            "http" if self.loopback && is_loopback(&url) => Ok(url),
            _ => Err(Rejection::EndpointInsecure),
        }
    }

    pub(crate) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Reply, Rejection> {
        let request = self.client.get(url.clone());
        send(match bearer {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    pub(crate) async fn post(
        &self,
        url: &Url,
        basic: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        let request = self.client.post(url.clone()).header(header::ACCEPT, "application/json").form(form);
        send(match basic {
            Some(credentials) => request.header(header::AUTHORIZATION, format!("Basic {credentials}")),
            None => request,
        })
        .await
    }
}

async fn send(request: RequestBuilder) -> Result<Reply, Rejection> {
    let unreachable = |_| Rejection::ProviderUnreachable;
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status().as_u16();
    if status >= 500 || status == 429 || status == 408 {
        return Err(Rejection::ProviderUnreachable);
    }
    let media_type =
        response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(unreachable)? {
        if body.len() + part.len() > MOST_BYTES {
            return Err(Rejection::AnswerTooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(Reply { status, media_type, body })
}

/// Far above any real discovery document, key set or token.
const MOST_BYTES: usize = 256 * 1024;
