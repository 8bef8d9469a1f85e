//! Over https only the certificate authorities of the configuration count.
#![allow(clippy::unwrap_used)]

use axum::Router;
use domain::SystemClock;
use eid::{
    Callback, OpenError, Provider, ProviderConfig, Rejection, Verifier,
    demo_provider::{DemoClient, DemoProvider, DemoSettings, provider_config},
};
use hyper_util::{rt::TokioExecutor, rt::TokioIo, server::conn::auto::Builder, service::TowerToHyperService};
use std::{io::Write, sync::Arc};
use tempfile::NamedTempFile;
use testing::Authority;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn a_provider_is_believed_only_under_the_authority_named_for_it() {
    let right = Authority::new();
    let other = Authority::new();
    let issuer = serve(&right).await;
    let config = |ca_file: Option<&NamedTempFile>| ProviderConfig {
        ca_file: ca_file.map(|file| file.path().to_owned()),
        ..provider_config("demo", &issuer, "kuvert", None)
    };
    let ask = async |ca_file: Option<&NamedTempFile>| {
        let random = Arc::new(vault::SystemRandom);
        let provider = Provider::open(config(ca_file), Arc::new(SystemClock), random).unwrap();
        let query = format!("code=c&state=s&iss={}", issuer.replace(':', "%3A").replace('/', "%2F"));
        provider.callback(&query, "s").await
    };
    assert!(ask(Some(&file(&right))).await == Ok(Callback::Code("c".into())));
    for untrusted in [Some(file(&other)), None] {
        assert!(ask(untrusted.as_ref()).await == Err(Rejection::ProviderUnreachable));
    }

    let mut missing = config(None);
    missing.ca_file = Some("/nowhere/ca.pem".into());
    assert!(matches!(Verifier::open(missing), Err(OpenError::File { .. })));
}

/// The pretend e-ID behind a certificate for localhost.
async fn serve(authority: &Authority) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let settings = DemoSettings {
        issuer: issuer.clone(),
        clients: vec![DemoClient { client_id: "kuvert".into(), secret: None, redirect_uris: vec![] }],
        people: vec![],
    };
    let demo = DemoProvider::new(settings, Arc::new(SystemClock), Arc::new(vault::SystemRandom)).unwrap();
    let acceptor = authority.acceptor();
    let app = demo.router();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(acceptor.clone(), stream, app.clone()));
        }
    });
    issuer
}

async fn answer(acceptor: TlsAcceptor, stream: tokio::net::TcpStream, app: Router) {
    // A client that does not trust us hangs up in the handshake.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = TowerToHyperService::new(app);
    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

fn file(authority: &Authority) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(&authority.pem).unwrap();
    file
}
