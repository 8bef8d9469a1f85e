//! The pretend e-ID is a real provider: our own relying party passes it by the same walk as any other.
#![allow(clippy::unwrap_used)]

mod common;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{Browser, Party, hidden_fields, location};
use domain::{Identity, SystemClock};
use eid::{
    Callback, LOA3, ProviderConfig, Rejection,
    demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings, provider_config},
};
use reqwest::StatusCode;
use ring::digest;
use std::{collections::BTreeMap, io::Write, sync::Arc};
use tempfile::NamedTempFile;
use url::Url;

#[tokio::test]
async fn a_person_picks_anna_and_is_logged_in_as_anna() {
    let demo = Demo::start().await;
    let party = Party::new(demo.config(None), CALLBACK);
    let mut browser = Browser::new();
    let page = browser.get(&party.address().await).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self' http://127.0.0.1:8080;")
    );
    let html = page.text().await.unwrap();
    assert!(html.contains("Anna Exempelsson") && html.contains("19810105-2382"));
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, style.as_bytes()));
    assert!(policy.contains(&format!("style-src 'sha256-{hash}'")), "the browser would drop the style");
    assert!(html.contains("låtsas-e-legitimation") && html.contains("<html lang=\"sv\">"));

    let mut form = hidden_fields(&html);
    form.push(("person".into(), "198101052382".into()));
    let sent = browser.post(&demo.address("/login"), &form).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let back = location(&sent).unwrap();
    assert!(back.as_str().starts_with(CALLBACK) && !back.as_str().contains("1981"));

    let login = party.verify(&party.redeem(&back).await.unwrap()).await.unwrap();
    assert_eq!(login.identity.expose(), "198101052382");
    assert_eq!((login.name.as_deref(), login.loa.as_str()), (Some("Anna Exempelsson"), LOA3));
    assert!(!format!("{login:?}").contains("1981") && !format!("{login:?}").contains("Anna"));
}

#[tokio::test]
async fn a_script_needs_no_page_and_a_client_with_a_secret_must_know_it() {
    let demo = Demo::start().await;
    let mut file = NamedTempFile::new().unwrap();
    writeln!(file, "{SECRET}").unwrap();
    let party = Party::new(demo.config(Some(&file)), CALLBACK);
    let back = demo.pick("197010632391", &party).await;
    let login = party.verify(&party.redeem(&back).await.unwrap()).await.unwrap();
    assert_eq!(login.identity.expose(), "197010632391");

    let mut wrong = NamedTempFile::new().unwrap();
    writeln!(wrong, "guessed").unwrap();
    let party = Party::new(demo.config(Some(&wrong)), CALLBACK);
    let back = demo.pick("198101052382", &party).await;
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::ClientRefused);
}

#[tokio::test]
async fn a_code_is_good_once_for_one_client_one_address_and_one_verifier() {
    let demo = Demo::start().await;
    let party = Party::new(demo.config(None), CALLBACK);
    let back = demo.pick("198101052382", &party).await;
    let answer = party.redeem(&back).await.unwrap();
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::CodeRefused);
    let userinfo = reqwest_get(&demo.address("/userinfo"), &answer.access_token).await;
    assert_eq!(userinfo, StatusCode::UNAUTHORIZED, "a code used twice takes its access token back");

    let mut party = Party::new(demo.config(None), CALLBACK);
    let back = demo.pick("198101052382", &party).await;
    let right = std::mem::replace(&mut party.code_verifier, eid::word(&vault::SystemRandom));
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::CodeRefused);
    party.code_verifier = right;
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::CodeRefused, "one wrong try spends it");

    let party = Party::new(demo.config(None), CALLBACK);
    let back = demo.pick("198101052382", &party).await;
    let elsewhere = Party { redirect_uri: "http://127.0.0.1:8080/other".into(), ..party };
    assert_eq!(elsewhere.redeem(&back).await.unwrap_err(), Rejection::CodeRefused);
}

#[tokio::test]
async fn who_cancels_comes_back_and_another_browsers_answer_is_refused() {
    let demo = Demo::start().await;
    let party = Party::new(demo.config(None), CALLBACK);
    let back = demo.answer(&party, ("cancel", "1")).await;
    let query = back.query().unwrap();
    assert!(party.provider.callback(query, &party.state).await == Ok(Callback::Cancelled));
    assert!(party.provider.callback(query, "another").await == Err(Rejection::StateMismatch));
    let without_issuer = query.split("&iss=").next().unwrap();
    let answer = party.provider.callback(without_issuer, &party.state).await;
    assert!(answer == Err(Rejection::ResponseIssuer), "the provider promised to name itself");
}

#[tokio::test]
async fn a_request_that_is_not_right_never_leaves_the_provider_by_an_unknown_way() {
    let demo = Demo::start().await;
    let party = Party::new(demo.config(None), CALLBACK);
    let right = party.address().await.to_string();
    let mut browser = Browser::new();
    for (from, to) in [
        ("client_id=kuvert", "client_id=other"),
        ("callback", "callback%2F..%2Fevil"),
        ("127.0.0.1%3A8080", "evil.example.se"),
        ("prompt=login", "prompt=login&prompt=none"),
    ] {
        assert!(right.contains(from), "{from}");
        let url = Url::parse(&right.replace(from, to)).unwrap();
        assert_eq!(browser.get(&url).await.status(), StatusCode::BAD_REQUEST, "{to}");
    }
    for (from, to, error) in [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
        ("code_challenge=", "code_challenge=x", "invalid_request"),
        ("uncertified-loa3", "loa9", "invalid_request"),
        ("scope=openid", "scope=email", "invalid_scope"),
        ("prompt=login", "prompt=none", "login_required"),
        ("prompt=login", "request=x.y.z", "request_not_supported"),
    ] {
        assert!(right.contains(from), "{from}");
        let back = location(&browser.get(&Url::parse(&right.replace(from, to)).unwrap()).await).unwrap();
        assert!(back.as_str().starts_with(CALLBACK) && back.query().unwrap().contains(error), "{to}: {back}");
    }
}

#[tokio::test]
async fn who_is_known_identifies_again_only_where_it_is_asked_for() {
    let demo = Demo::start().await;
    let config = ProviderConfig { always_identify: false, ..demo.config(None) };
    let mut browser = Browser::new();
    let mut first = Party::new(config.clone(), CALLBACK);
    let mut form: Vec<_> = first.address().await.query_pairs().into_owned().collect();
    assert!(
        form.contains(&("max_age".into(), "300".into())) && !form.iter().any(|(name, _)| name == "prompt")
    );
    form.push(("person".into(), "198101052382".into()));
    let back = location(&browser.post(&demo.address("/login"), &form).await).unwrap();
    let auth_time = first.verify(&first.redeem(&back).await.unwrap()).await.unwrap().auth_time;

    // The provider still knows who it is, and says when that was.
    let second = Party::new(config.clone(), CALLBACK);
    let back = location(&browser.get(&second.address().await).await).unwrap();
    let login = second.verify(&second.redeem(&back).await.unwrap()).await.unwrap();
    assert_eq!((login.identity.expose(), login.auth_time), ("198101052382", auth_time));

    // Asked to identify anew, by `prompt`, by `max_age` or by both.
    first.anew = true;
    let address = first.address().await.to_string();
    assert!(address.contains("prompt=login") && address.contains("max_age=0"), "{address}");
    for address in [address.clone(), address.replace("prompt=login", ""), address.replace("max_age=0", "")] {
        let page = browser.get(&Url::parse(&address).unwrap()).await;
        assert_eq!(page.status(), StatusCode::OK, "{address}");
    }
    let silent = second.address().await.to_string() + "&prompt=none";
    let back = location(&browser.get(&Url::parse(&silent).unwrap()).await).unwrap();
    assert!(back.query().unwrap().contains("code="), "known: {back}");
    let back = location(&Browser::new().get(&Url::parse(&silent).unwrap()).await).unwrap();
    assert!(back.query().unwrap().contains("login_required"), "unknown: {back}");
}

#[tokio::test]
async fn without_the_alias_a_pretend_log_in_is_worth_nothing() {
    let demo = Demo::start().await;
    let mut party = Party::new(demo.config(None), CALLBACK);
    let answer = party.redeem(&demo.pick("198101052382", &party).await).await.unwrap();
    let strict = ProviderConfig { acr_aliases: BTreeMap::new(), ..demo.config(None) };
    party.verifier = eid::Verifier::open(strict).unwrap();
    assert_eq!(party.verify(&answer).await.unwrap_err(), Rejection::AssuranceLow);
    assert!(demo.config(None).check(true).is_err());
}

/// A pretend e-ID on a port of its own.
struct Demo {
    issuer: String,
}

impl Demo {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = |client_id: &str, secret: Option<&str>| DemoClient {
            client_id: client_id.into(),
            secret: secret.map(str::to_owned),
            redirect_uris: vec![CALLBACK.into(), "http://127.0.0.1:8080/other".into()],
        };
        let person = |subject: &str, given_name: &str, family_name: &str, number: &str| DemoPerson {
            subject: subject.into(),
            given_name: given_name.into(),
            family_name: family_name.into(),
            identity: Identity::parse(number).unwrap(),
        };
        let settings = DemoSettings {
            issuer: issuer.clone(),
            clients: vec![client("kuvert", None), client("kuvert-web", Some(SECRET))],
            people: vec![
                person("anna", "Anna", "Exempelsson", "198101052382"),
                person("sam", "Sam", "Samuelsson", "197010632391"),
            ],
        };
        let provider =
            DemoProvider::new(settings, Arc::new(SystemClock), Arc::new(vault::SystemRandom)).unwrap();
        tokio::spawn(async move { axum::serve(listener, provider.router()).await.unwrap() });
        Self { issuer }
    }

    fn config(&self, secret: Option<&NamedTempFile>) -> ProviderConfig {
        let client = if secret.is_some() { "kuvert-web" } else { "kuvert" };
        provider_config("demo", &self.issuer, client, secret.map(|file| file.path().to_owned()))
    }

    fn address(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.issuer)).unwrap()
    }

    async fn pick(&self, number: &str, party: &Party) -> Url {
        self.answer(party, ("person", number)).await
    }

    async fn answer(&self, party: &Party, (name, value): (&str, &str)) -> Url {
        let mut form: Vec<_> = party.address().await.query_pairs().into_owned().collect();
        form.push((name.to_owned(), value.to_owned()));
        location(&Browser::new().post(&self.address("/login"), &form).await).unwrap()
    }
}

async fn reqwest_get(url: &Url, bearer: &str) -> StatusCode {
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    client.get(url.clone()).bearer_auth(bearer).send().await.unwrap().status()
}

const CALLBACK: &str = "http://127.0.0.1:8080/eid/callback";
const SECRET: &str = "a secret: of+the%demo";
