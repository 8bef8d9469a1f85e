//! A pretend e-ID, for the demo and for tests only: a small, real OpenID provider where anybody is whom they
//! pick. Production refuses it three times over: by `demo`, by its address on this machine, and by its level of
//! assurance, which is the uncertified one and counts for nothing without an alias.
//!
//! A script logs in without reading the page: it sends the parameters of the authorization request as a form to
//! `/login`, with `person` (twelve digits) or `cancel` added, and follows the `Location` it gets.

mod authorize;
mod grants;
mod page;
mod token;

use crate::{
    Algorithm, ClientAuthentication, LOA3, LOA4, ProviderConfig, SCOPE_INFO, SCOPE_NUMBER, Shown,
    UNCERTIFIED_LOA3, UserinfoMode,
    signer::{NotAKey, Signer},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    routing::{get, post},
};
use domain::{Clock, Identity, Random};
use grants::Grants;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// What the pretend e-ID knows.
pub struct DemoSettings {
    /// Its own address, without a slash at the end: `http://localhost:8084`.
    pub issuer: String,
    /// Who may send people here.
    pub clients: Vec<DemoClient>,
    /// Whom one may pick, in this order.
    pub people: Vec<DemoPerson>,
}

/// A service that may send people here.
pub struct DemoClient {
    pub client_id: String,
    /// Its secret, by `client_secret_basic` or `client_secret_post`; without one it is a public client.
    pub secret: Option<String>,
    /// The exact addresses that people are sent back to.
    pub redirect_uris: Vec<String>,
}

/// A person one may pick. Fictional.
pub struct DemoPerson {
    /// The provider's own word for the person, the same over restarts; not the number.
    pub subject: String,
    pub given_name: String,
    pub family_name: String,
    pub identity: Identity,
}

/// The keys could not be made.
#[derive(Debug, thiserror::Error)]
#[error("could not make the pretend e-ID's keys")]
pub struct DemoError;

impl From<NotAKey> for DemoError {
    fn from(_: NotAKey) -> Self {
        Self
    }
}

/// The pretend e-ID. Its keys live as long as it does.
#[derive(Clone)]
pub struct DemoProvider(Arc<House>);

struct House {
    settings: DemoSettings,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    grants: Grants,
    id_tokens: Signer,
    /// Signs userinfo; another kind of key, so that both are exercised.
    userinfo: Signer,
}

impl DemoProvider {
    pub fn new(
        settings: DemoSettings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, DemoError> {
        let id_tokens = Signer::new_p256()?;
        let userinfo = Signer::new_ed25519()?;
        Ok(Self(Arc::new(House { settings, clock, random, grants: Grants::default(), id_tokens, userinfo })))
    }

    /// All of its addresses, to be served at the root of the issuer.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize::ask))
            .route("/login", post(authorize::answer))
            .route("/token", post(token::redeem))
            .route("/userinfo", get(token::userinfo).post(token::userinfo))
            .layer(DefaultBodyLimit::max(16 * 1024))
            .with_state(self.0.clone())
    }
}

/// The relying party's configuration for a pretend e-ID at `issuer`. Without `secret_file` we are a public client.
pub fn provider_config(
    id: &str,
    issuer: &str,
    client_id: &str,
    secret_file: Option<PathBuf>,
) -> ProviderConfig {
    ProviderConfig {
        id: id.to_owned(),
        name: Shown { sv: "Låtsas-e-legitimation".to_owned(), en: "Pretend e-ID".to_owned() },
        issuer: issuer.to_owned(),
        client_id: client_id.to_owned(),
        client_authentication: match secret_file {
            Some(_) => ClientAuthentication::ClientSecretBasic,
            None => ClientAuthentication::None,
        },
        client_secret_file: secret_file,
        client_key_file: None,
        client_key_id: None,
        algorithms: vec![Algorithm::ES256, Algorithm::EdDSA],
        acr: vec![LOA3.to_owned(), LOA4.to_owned()],
        acr_aliases: BTreeMap::from([(UNCERTIFIED_LOA3.to_owned(), LOA3.to_owned())]),
        scopes: ["openid", SCOPE_NUMBER, SCOPE_INFO].map(str::to_owned).to_vec(),
        userinfo: UserinfoMode::Signed,
        request_claims: false,
        user_message: None,
        max_age_seconds: 300,
        always_identify: true,
        ca_file: None,
        demo: true,
    }
}

async fn discovery(State(house): State<Arc<House>>) -> Json<Value> {
    let issuer = &house.settings.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [house.id_tokens.algorithm().as_str()],
        "userinfo_signing_alg_values_supported": [house.userinfo.algorithm().as_str()],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [UNCERTIFIED_LOA3],
        "scopes_supported": ["openid", SCOPE_NUMBER, SCOPE_INFO],
        "ui_locales_supported": ["sv"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn jwks(State(house): State<Arc<House>>) -> Json<Value> {
    Json(json!({"keys": [house.id_tokens.jwk(), house.userinfo.jwk()]}))
}
