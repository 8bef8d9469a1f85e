//! A provider that says over HTTP whatever a test wants it to say.

use crate::{
    Answer, LOA3, Login, Provider, ProviderConfig, Rejection, Verifier, claims::PERSONAL_NUMBER,
    demo_provider, signer::Signer,
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Clock, ManualClock, Time};
use ring::digest;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

/// All that the provider says; a test changes it before anybody asks.
pub(super) struct Story {
    pub issuer: String,
    pub discovery: Value,
    pub jwks: Value,
    /// The provider's own key, and one it does not publish.
    pub key: Arc<Signer>,
    pub stranger: Arc<Signer>,
    pub id_token: Token,
    pub userinfo: Token,
    pub userinfo_type: &'static str,
    pub token_status: u16,
    /// Instead of the usual token answer.
    pub token_answer: Option<Value>,
}

/// A token to be made.
pub(super) struct Token {
    pub header: Value,
    pub claims: Value,
    pub signer: Arc<Signer>,
    /// Instead of `claims`, for texts that `Value` cannot hold.
    pub payload: Option<String>,
    /// Instead of all the above.
    pub whole: Option<String>,
}

impl Token {
    fn honest(signer: &Arc<Signer>, claims: Value) -> Self {
        let header = json!({"alg": signer.algorithm().as_str(), "kid": signer.jwk()["kid"], "typ": "JWT"});
        Self { header, claims, signer: signer.clone(), payload: None, whole: None }
    }

    pub fn text(&self) -> String {
        let payload = self.payload.clone().unwrap_or_else(|| self.claims.to_string());
        let made = || self.signer.sign_text(&self.header.to_string(), &payload).unwrap();
        self.whole.clone().unwrap_or_else(made)
    }
}

/// The provider, and the two halves of a relying party that talk to it.
pub(super) struct World {
    pub story: Arc<Mutex<Story>>,
    pub provider: Provider,
    pub verifier: Verifier,
    pub clock: Arc<ManualClock>,
    pub fetched_keys: Arc<AtomicU32>,
}

impl World {
    pub async fn new(lie: impl FnOnce(&mut Story), change: impl FnOnce(&mut ProviderConfig)) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(ManualClock::at(Time::parse(NOW).unwrap()));
        let mut story = honest(&issuer, clock.now());
        lie(&mut story);
        let story = Arc::new(Mutex::new(story));
        let fetched_keys = Arc::new(AtomicU32::new(0));
        let app = app(story.clone(), fetched_keys.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

        let mut config = ProviderConfig {
            algorithms: vec![crate::Algorithm::ES256],
            acr: vec![LOA3.to_owned()],
            acr_aliases: BTreeMap::new(),
            ..demo_provider::provider_config("liar", &issuer, CLIENT, None)
        };
        change(&mut config);
        Self {
            provider: Provider::open(config.clone(), clock.clone(), Arc::new(vault::SystemRandom)).unwrap(),
            verifier: Verifier::open(config).unwrap(),
            story,
            clock,
            fetched_keys,
        }
    }

    /// The whole walk from the code on.
    pub async fn log_in(&self) -> Result<Login, Rejection> {
        self.verify(&self.provider.redeem("code", "verifier", "https://kuvert.example.se/eid").await?).await
    }

    pub async fn verify(&self, answer: &Answer) -> Result<Login, Rejection> {
        self.verifier.verify(answer, NONCE, self.clock.now()).await
    }
}

/// The left half of a SHA-256, as in `at_hash` under ES256.
pub(super) fn at_hash(access_token: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, access_token.as_bytes()).as_ref()[..16])
}

fn honest(issuer: &str, now: Time) -> Story {
    let key = Arc::new(Signer::new_p256().unwrap());
    let stranger = Arc::new(Signer::new_p256().unwrap());
    let seconds = now.seconds();
    let id_token = Token::honest(
        &key,
        json!({
            "iss": issuer, "aud": CLIENT, "sub": "s-1", "nonce": NONCE, "acr": LOA3, "at_hash": at_hash(ACCESS),
            "iat": seconds, "exp": seconds + 300, "auth_time": seconds - 5,
        }),
    );
    let userinfo = Token::honest(
        &key,
        json!({"iss": issuer, "aud": CLIENT, "sub": "s-1", PERSONAL_NUMBER: "198101052382", "name": "Anna Exempelsson"}),
    );
    Story {
        discovery: json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
        }),
        jwks: json!({"keys": [key.jwk()]}),
        issuer: issuer.to_owned(),
        key,
        stranger,
        id_token,
        userinfo,
        userinfo_type: "application/jwt",
        token_status: 200,
        token_answer: None,
    }
}

fn app(story: Arc<Mutex<Story>>, fetched_keys: Arc<AtomicU32>) -> Router {
    type Told = State<Arc<Mutex<Story>>>;

    fn json(value: &Value) -> Response {
        ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
    }
    let keys = move |State(story): Told| async move {
        fetched_keys.fetch_add(1, SeqCst);
        json(&story.lock().unwrap().jwks)
    };
    let token = async |State(story): Told| {
        let story = story.lock().unwrap();
        let usual =
            json!({"access_token": ACCESS, "token_type": "Bearer", "id_token": story.id_token.text()});
        let status = StatusCode::from_u16(story.token_status).unwrap();
        (status, json(story.token_answer.as_ref().unwrap_or(&usual))).into_response()
    };
    let userinfo = async |State(story): Told| {
        let story = story.lock().unwrap();
        ([(header::CONTENT_TYPE, story.userinfo_type)], story.userinfo.text()).into_response()
    };
    Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(async |State(story): Told| json(&story.lock().unwrap().discovery)),
        )
        .route("/jwks", get(keys))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .with_state(story)
}

pub(super) const NOW: &str = "2026-11-22T10:00:00Z";
pub(super) const CLIENT: &str = "kuvert";
pub(super) const NONCE: &str = "n-1";
pub(super) const ACCESS: &str = "access-1";
