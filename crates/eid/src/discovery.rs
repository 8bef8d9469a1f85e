//! OpenID Connect Discovery 1.0: what a provider says of itself.

use crate::{ProviderConfig, Rejection, cache::Cached, http::Http, json};
use domain::Time;
use serde_json::{Map, Value};
use std::sync::Arc;
use url::Url;

#[derive(Debug)]
pub(crate) struct Metadata {
    pub authorization: Url,
    pub token: Url,
    pub jwks: Url,
    pub userinfo: Option<Url>,
    /// RFC 9207 §3: the provider promises `iss` in every authorization response.
    pub names_itself: bool,
}

/// A provider's metadata, fetched when needed.
pub(crate) struct Discovery {
    cached: Cached<Metadata>,
}

impl Discovery {
    pub(crate) fn new() -> Self {
        Self { cached: Cached::empty() }
    }

    pub(crate) async fn metadata(
        &self,
        config: &ProviderConfig,
        http: &Http,
        now: Time,
    ) -> Result<Arc<Metadata>, Rejection> {
        self.cached.current(now, fetch(config, http)).await
    }
}

async fn fetch(config: &ProviderConfig, http: &Http) -> Result<Metadata, Rejection> {
    let address = format!("{}/.well-known/openid-configuration", config.issuer.trim_end_matches('/'));
    let reply = http.get(&http.endpoint(&address)?, None).await?;
    if reply.status != 200 {
        return Err(Rejection::DiscoveryMalformed);
    }
    read(&reply.body, config, http)
}

fn read(body: &[u8], config: &ProviderConfig, http: &Http) -> Result<Metadata, Rejection> {
    let document = json::object(body).map_err(|_| Rejection::DiscoveryMalformed)?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).ok_or(Rejection::DiscoveryMalformed);
    // Discovery 1.0 §4.3: identical, or the document may be another provider's.
    if text("issuer")? != config.issuer {
        return Err(Rejection::DiscoveryIssuer);
    }
    if !offers(&document, "code_challenge_methods_supported", "S256") {
        return Err(Rejection::DiscoveryMalformed);
    }
    Ok(Metadata {
        authorization: http.endpoint(text("authorization_endpoint")?)?,
        token: http.endpoint(text("token_endpoint")?)?,
        jwks: http.endpoint(text("jwks_uri")?)?,
        userinfo: match document.get("userinfo_endpoint") {
            None | Some(Value::Null) => None,
            Some(_) => Some(http.endpoint(text("userinfo_endpoint")?)?),
        },
        names_itself: document.get("authorization_response_iss_parameter_supported")
            == Some(&Value::Bool(true)),
    })
}

/// Whether a list that may be left out has an item, or is left out.
fn offers(document: &Map<String, Value>, name: &str, item: &str) -> bool {
    match document.get(name) {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.iter().any(|i| i == item),
        Some(_) => false,
    }
}
