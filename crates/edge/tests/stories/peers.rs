//! Who is at the other end, as handlers are told.

use crate::door::Open;
use axum::{Extension, Router, http::HeaderMap, routing::get};
use domain::{CertificateDigest, OrgNumber};
use edge::{
    Peer, Proxies,
    clients::{Clients, Registered},
    listen::Door,
    tls::mutual,
};
use std::{path::Path, sync::Arc};
use testing::{Authority, NOBODY, TOWN, pki::named};

/// Says who it is, and for whom a trusted proxy asks.
fn router() -> Router {
    let who = |Extension(peer): Extension<Peer>, headers: HeaderMap| async move {
        let certificate = peer.certificate.as_ref();
        let organisation = certificate.and_then(|one| one.organisation.as_ref());
        let name = organisation.map_or("nobody", OrgNumber::as_str);
        let proxies = Proxies::parse(&["127.0.0.0/8"]).unwrap();
        format!("{name} {}", peer.client(&headers, &proxies))
    };
    Router::new().route("/", get(who))
}

struct All;

impl Registered for All {
    fn is_revoked(&self, _: &CertificateDigest) -> bool {
        false
    }

    fn is_known(&self, _: &CertificateDigest, _: &OrgNumber) -> bool {
        true
    }
}

#[tokio::test]
async fn a_door_without_certificates_has_nobody_and_believes_its_own_proxies() {
    let door = Open::plain(router()).await;
    let mut client = door.connects().await;
    assert_eq!(client.asks("GET / HTTP/1.1").await.body, "nobody 127.0.0.1");
    let forwarded = "GET / HTTP/1.1\r\nx-forwarded-for: 198.51.100.7, 192.0.2.1";
    assert_eq!(client.asks(forwarded).await.body, "nobody 192.0.2.1", "what a client claims is not believed");
}

#[tokio::test]
async fn a_certificate_says_which_organisation_connects_and_another_authority_lets_nobody_in() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let ca = file("ca.pem", &authority.pem);
    let server = authority.server("127.0.0.1");
    let clients = Clients::new(&ca, Vec::new(), Arc::new(All)).unwrap();
    let certificate = file("door.pem", server.certificate.as_bytes());
    let tls = mutual(Path::new(&certificate), &file("door.key", server.key.as_bytes()), &clients).unwrap();
    let door = Door { tls: Some(tls), clients: Some(clients), ..Door::plain("test", router(), 16) };
    let door = Open::new(door).await;
    let asks = async |pair: Option<testing::pki::Pair>| {
        let mut client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&authority.pem).unwrap());
        if let Some(pair) = pair {
            let pem = format!("{}{}", pair.key, pair.certificate);
            client = client.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
        }
        let client = client.build().unwrap();
        client.get(format!("https://{}/", door.address)).send().await.ok()?.text().await.ok()
    };
    for number in [TOWN, NOBODY] {
        let told = asks(Some(authority.pair(&named(number)))).await;
        assert_eq!(told.as_deref(), Some(format!("{number} 127.0.0.1").as_str()));
    }
    // Of the same words, by an authority that the door does not know; and none at all.
    assert_eq!(asks(Some(Authority::new().pair(&named(TOWN)))).await, None);
    assert_eq!(asks(None).await, None);
}
