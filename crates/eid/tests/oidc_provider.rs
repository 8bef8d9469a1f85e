//! The relying party against `oidc-provider`, an OpenID-certified provider that we did not write.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Browser, Party, location};
use domain::IdentityKind;
use eid::{Algorithm, Callback, ClientAuthentication, LOA3, ProviderConfig, Rejection, Shown, UserinfoMode};
use serde_json::Value;
use std::{collections::BTreeMap, io::Write, path::Path, process::Stdio};
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use url::Url;

#[tokio::test]
async fn each_way_of_proving_who_we_are_and_each_algorithm_logs_anna_in() {
    let peer = Peer::start(&[]).await;
    for (client, authentication, algorithm) in [
        ("basic", ClientAuthentication::ClientSecretBasic, Algorithm::ES256),
        ("post", ClientAuthentication::ClientSecretPost, Algorithm::PS256),
        ("public", ClientAuthentication::None, Algorithm::RS256),
        ("es384", ClientAuthentication::ClientSecretBasic, Algorithm::ES384),
        ("jwt_ec", ClientAuthentication::PrivateKeyJwt, Algorithm::EdDSA),
        ("jwt_rsa", ClientAuthentication::PrivateKeyJwt, Algorithm::EdDSA),
        ("jwt_ed", ClientAuthentication::PrivateKeyJwt, Algorithm::ES256),
    ] {
        let (config, _files) = peer.config(client, authentication, algorithm);
        let party = Party::new(config, &peer.callback);
        let back = log_in_as("anna", &party, &peer.callback).await;
        let answer = party.redeem(&back).await.unwrap_or_else(|rejection| panic!("{client}: {rejection}"));
        let login = party.verify(&answer).await.unwrap_or_else(|rejection| panic!("{client}: {rejection}"));
        assert_eq!(login.identity.expose(), "198101052382", "{client}");
        assert_eq!(login.name.as_deref(), Some("Anna Exempelsson"), "{client}");
        assert_eq!((login.loa.as_str(), login.subject.as_str()), (LOA3, "anna"), "{client}");
        assert_eq!((&login.issuer, login.provider.as_str()), (&peer.issuer, "peer"), "{client}");
        let again = party.redeem(&back).await.unwrap_err();
        assert_eq!(again, Rejection::CodeRefused, "{client}: a code is good for once");
    }
}

#[tokio::test]
async fn a_coordination_number_is_an_identity_of_its_own_kind() {
    let peer = Peer::start(&[]).await;
    let (mut config, _files) = peer.config("public", ClientAuthentication::None, Algorithm::RS256);
    config.request_claims = true;
    config.user_message = Some(Shown { sv: "Logga in i Kuvert".into(), en: "Log in to Kuvert".into() });
    let party = Party::new(config, &peer.callback);
    let answer = party.redeem(&log_in_as("sam", &party, &peer.callback).await).await.unwrap();
    let login = party.verify(&answer).await.unwrap();
    assert_eq!(login.identity.kind(), IdentityKind::Samordningsnummer);
    assert_eq!(login.name.as_deref(), Some("Samuelsson"));
}

#[tokio::test]
async fn an_id_token_that_has_all_needs_no_userinfo() {
    let peer = Peer::start(&["--id-token-claims"]).await;
    let (mut config, _files) = peer.config("public", ClientAuthentication::None, Algorithm::RS256);
    config.userinfo = UserinfoMode::None;
    let party = Party::new(config, &peer.callback);
    let answer = party.redeem(&log_in_as("anna", &party, &peer.callback).await).await.unwrap();
    assert!(answer.userinfo_jwt.is_none());
    assert_eq!(party.verify(&answer).await.unwrap().identity.expose(), "198101052382");
}

#[tokio::test]
async fn plain_userinfo_is_refused_unless_the_configuration_says_so() {
    let peer = Peer::start(&[]).await;
    let (config, _files) = peer.config("plain", ClientAuthentication::None, Algorithm::ES256);
    let party = Party::new(config.clone(), &peer.callback);
    let back = log_in_as("anna", &party, &peer.callback).await;
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::UserinfoUnsigned);

    let party = Party::new(ProviderConfig { userinfo: UserinfoMode::Plain, ..config }, &peer.callback);
    let answer = party.redeem(&log_in_as("anna", &party, &peer.callback).await).await.unwrap();
    assert!(answer.userinfo_jwt.is_none(), "whoever verifies fetches it itself");
    assert_eq!(party.verify(&answer).await.unwrap().identity.expose(), "198101052382");
}

#[tokio::test]
async fn what_the_configuration_does_not_accept_is_no_log_in() {
    let peer = Peer::start(&[]).await;
    let (config, _files) = peer.config("public", ClientAuthentication::None, Algorithm::RS256);

    let unpinned = ProviderConfig { algorithms: vec![Algorithm::PS256], ..config.clone() };
    let party = Party::new(unpinned, &peer.callback);
    let answer = party.redeem(&log_in_as("anna", &party, &peer.callback).await).await.unwrap();
    assert_eq!(party.verify(&answer).await.unwrap_err(), Rejection::AlgorithmRefused);

    let party = Party::new(config.clone(), &peer.callback);
    let low = ("acr", "http://id.elegnamnden.se/loa/1.0/loa2");
    let answer =
        party.redeem(&log_in(&[("login", "anna"), low], &party, &peer.callback).await).await.unwrap();
    assert_eq!(party.verify(&answer).await.unwrap_err(), Rejection::AssuranceLow);

    let mut party = Party::new(config, &peer.callback);
    let back = log_in_as("anna", &party, &peer.callback).await;
    party.code_verifier = eid::word(&vault::SystemRandom);
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::CodeRefused, "PKCE");

    let (mut config, _files) =
        peer.config("basic", ClientAuthentication::ClientSecretBasic, Algorithm::ES256);
    let mut wrong = NamedTempFile::new().unwrap();
    writeln!(wrong, "not the secret").unwrap();
    config.client_secret_file = Some(wrong.path().to_owned());
    let party = Party::new(config, &peer.callback);
    let back = log_in_as("anna", &party, &peer.callback).await;
    assert_eq!(party.redeem(&back).await.unwrap_err(), Rejection::ClientRefused);
}

#[tokio::test]
async fn a_person_who_changes_their_mind_has_cancelled() {
    let peer = Peer::start(&[]).await;
    let (config, _files) = peer.config("public", ClientAuthentication::None, Algorithm::RS256);
    let party = Party::new(config, &peer.callback);
    let back = log_in(&[("abort", "1")], &party, &peer.callback).await;
    let callback = party.provider.callback(back.query().unwrap(), &party.state).await;
    assert!(callback == Ok(Callback::Cancelled));
}

/// Drives the provider's log-in and consent pages by their forms, up to the address we are sent back to.
async fn log_in_as(person: &str, party: &Party, callback: &str) -> Url {
    log_in(&[("login", person)], party, callback).await
}

async fn log_in(typed: &[(&str, &str)], party: &Party, callback: &str) -> Url {
    let mut browser = Browser::new();
    let mut response = browser.get(&party.address().await).await;
    for _ in 0..10 {
        if let Some(next) = location(&response) {
            if next.as_str().starts_with(callback) {
                return next;
            }
            response = browser.get(&next).await;
            continue;
        }
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        let url = response.url().clone();
        let mut form = common::hidden_fields(&response.text().await.unwrap());
        form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        response = browser.post(&url, &form).await;
    }
    panic!("the provider never sent us back");
}

/// A running `oidc-provider`. Dropping it closes its input, and it ends.
struct Peer {
    _process: Child,
    issuer: String,
    callback: String,
    facts: Value,
}

impl Peer {
    async fn start(arguments: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/oidc");
        assert!(
            folder.join("node_modules/oidc-provider").exists(),
            "the peer is not installed: run `npm ci --ignore-scripts` in tests/peers/oidc (needs Node.js 20)"
        );
        let mut process = Command::new("node")
            .arg("op.mjs")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js 20 or later is needed: install the package nodejs");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("the peer ended before it was ready");
        let facts: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| facts[name].as_str().unwrap().to_owned();
        Self { issuer: text("issuer"), callback: text("callback"), _process: process, facts }
    }

    /// A configuration for one of the peer's clients, and the files it names.
    fn config(
        &self,
        client_id: &str,
        client_authentication: ClientAuthentication,
        algorithm: Algorithm,
    ) -> (ProviderConfig, NamedTempFile) {
        let mut file = NamedTempFile::new().unwrap();
        let secret = match client_authentication {
            ClientAuthentication::PrivateKeyJwt => self.facts["client_keys"][client_id].as_str(),
            _ => self.facts["client_secret"].as_str(),
        };
        file.write_all(secret.unwrap().as_bytes()).unwrap();
        let path = Some(file.path().to_owned());
        let (client_secret_file, client_key_file) = match client_authentication {
            ClientAuthentication::None => (None, None),
            ClientAuthentication::PrivateKeyJwt => (None, path),
            _ => (path, None),
        };
        let config = ProviderConfig {
            client_authentication,
            client_secret_file,
            client_key_id: client_key_file.is_some().then(|| format!("{client_id}-1")),
            client_key_file,
            algorithms: vec![algorithm],
            acr: vec![LOA3.to_owned()],
            acr_aliases: BTreeMap::new(),
            demo: false,
            ..eid::demo_provider::provider_config("peer", &self.issuer, client_id, None)
        };
        (config, file)
    }
}
