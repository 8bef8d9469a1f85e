//! The browser-facing side: sends the person to the provider and fetches what the provider gives for the code.
//! It believes nothing and decides nothing; [`crate::Verifier`] does.

use crate::{
    Answer, Callback, OpenError, ProviderConfig, Rejection, UserinfoMode, callback, claims,
    client::Client,
    discovery::{Discovery, Metadata},
    http::Http,
    json,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Clock, Random};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use url::Url;

/// One provider, as the browser-facing side sees it.
pub struct Provider {
    config: ProviderConfig,
    http: Http,
    client: Client,
    discovery: Discovery,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// One attempt to log in.
pub struct LoginRequest<'a> {
    /// Bound to the browser that asks; [`crate::word`] makes one.
    pub state: &'a str,
    /// Given out by the key service, which will take it back once.
    pub nonce: &'a str,
    /// [`crate::code_challenge`] of a verifier that only we know.
    pub code_challenge: &'a str,
    /// Our own callback address, registered at the provider.
    pub redirect_uri: &'a str,
    /// The language the person reads, `sv` or `en`.
    pub locale: &'a str,
    /// The person must identify now, whatever the provider still knows and whatever the configuration says.
    pub anew: bool,
}

impl Provider {
    /// Reads the client's secret or key, and the certificate authorities if some are named.
    pub fn open(
        config: ProviderConfig,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        config.check(false)?;
        let http = Http::open(&config)?;
        let client = Client::open(&config)?;
        Ok(Self { config, http, client, discovery: Discovery::new(), clock, random })
    }

    /// The configuration: name, `demo`, and so on.
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Where to send the browser.
    pub async fn authorization_url(&self, request: &LoginRequest<'_>) -> Result<Url, Rejection> {
        let mut url = self.metadata().await?.authorization.clone();
        let config = &self.config;
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &config.client_id)
                .append_pair("redirect_uri", request.redirect_uri)
                .append_pair("scope", &config.scopes.join(" "))
                .append_pair("state", request.state)
                .append_pair("nonce", request.nonce)
                .append_pair("code_challenge", request.code_challenge)
                // PKCE (RFC 7636), also with a client secret: a code that leaks from the browser is worth
                // nothing to another client.
                .append_pair("code_challenge_method", "S256")
                .append_pair("acr_values", &self.acr_values())
                // Only asked for here; what counts is `auth_time` in the answer, which the verifier looks at.
                .append_pair("max_age", &if request.anew { 0 } else { config.max_age_seconds }.to_string())
                .append_pair("ui_locales", request.locale);
            if config.always_identify || request.anew {
                query.append_pair("prompt", "login");
            }
            if config.request_claims {
                query.append_pair("claims", &self.wanted_claims().to_string());
            }
            if let Some(message) = &config.user_message {
                let encode = |text: &str| BASE64_STANDARD.encode(text);
                let message = json!({"message": {"sv": encode(&message.sv), "en": encode(&message.en)}});
                query.append_pair("https://id.oidc.se/param/userMessage", &message.to_string());
            }
        }
        Ok(url)
    }

    /// Reads the raw query of the callback address. `state` is what this browser was given.
    pub async fn callback(&self, query: &str, state: &str) -> Result<Callback, Rejection> {
        callback::read(query, state, &self.config.issuer, &*self.metadata().await?)
    }

    /// Redeems the code and fetches the signed userinfo if the configuration wants it.
    pub async fn redeem(&self, code: &str, verifier: &str, redirect_uri: &str) -> Result<Answer, Rejection> {
        let metadata = self.metadata().await?;
        let proof = self.client.proof(&self.config, self.clock.now(), &*self.random)?;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        form.extend(proof.form.iter().map(|(name, value)| (*name, value.as_str())));
        let basic = proof.basic.as_ref().map(|credentials| credentials.as_str());
        let reply = self.http.post(&metadata.token, basic, &form).await?;
        // Read before the status is judged: a refusal has its reason in the body (RFC 6749, section 5.2).
        let body = json::object(&reply.body).map_err(|_| Rejection::TokenAnswerMalformed);
        if reply.status != 200 {
            return Err(refusal(&body?));
        }
        let (id_token, access_token) = tokens(&body?)?;
        let userinfo_jwt = match self.config.userinfo {
            UserinfoMode::Signed => Some(self.signed_userinfo(&metadata, &access_token).await?),
            UserinfoMode::Plain | UserinfoMode::None => None,
        };
        Ok(Answer { provider: self.config.id.clone(), id_token, userinfo_jwt, access_token })
    }

    async fn signed_userinfo(&self, metadata: &Metadata, access_token: &str) -> Result<String, Rejection> {
        let endpoint = metadata.userinfo.as_ref().ok_or(Rejection::DiscoveryMalformed)?;
        let reply = self.http.get(endpoint, Some(access_token)).await?;
        if reply.status != 200 {
            return Err(Rejection::UserinfoRefused);
        }
        if reply.media_type != "application/jwt" {
            return Err(Rejection::UserinfoUnsigned);
        }
        String::from_utf8(reply.body).map_err(|_| Rejection::UserinfoUnsigned)
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, Rejection> {
        self.discovery.metadata(&self.config, &self.http, self.clock.now()).await
    }

    /// The accepted levels and what counts as one of them.
    fn acr_values(&self) -> String {
        let config = &self.config;
        config.acr.iter().chain(config.acr_aliases.keys()).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn wanted_claims(&self) -> Value {
        let person: Map<String, Value> = [claims::PERSONAL_NUMBER, claims::COORDINATION_NUMBER]
            .map(|name| (name.to_owned(), Value::Null))
            .into_iter()
            .collect();
        match self.config.userinfo {
            UserinfoMode::None => json!({"id_token": person}),
            UserinfoMode::Signed | UserinfoMode::Plain => {
                json!({"id_token": person.clone(), "userinfo": person})
            }
        }
    }
}

fn refusal(body: &Map<String, Value>) -> Rejection {
    match body.get("error").and_then(Value::as_str) {
        Some("invalid_grant") => Rejection::CodeRefused,
        Some("invalid_client" | "unauthorized_client") => Rejection::ClientRefused,
        // Worth another try by the person, as the others are not.
        Some("temporarily_unavailable") => Rejection::ProviderUnreachable,
        Some(_) => Rejection::ProviderRefused,
        None => Rejection::TokenAnswerMalformed,
    }
}

fn tokens(body: &Map<String, Value>) -> Result<(String, String), Rejection> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("Bearer"));
    match (bearer, text("id_token"), text("access_token")) {
        (true, Some(id_token), Some(access_token)) => Ok((id_token.to_owned(), access_token.to_owned())),
        _ => Err(Rejection::TokenAnswerMalformed),
    }
}
