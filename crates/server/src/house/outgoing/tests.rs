//! Whom the house's own client calls.

use super::*;
use config::{Config, FarMode};
use mina_meddelanden::CallError;
use rcgen::{CertificateParams, KeyPair};
use std::path::Path;
use tokio::net::TcpListener;

/// A configuration of production, with a key and a certificate of its own.
fn configured(folder: &Path, far: FarMode) -> (Config, config::Outgoing) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let file = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name)
    };
    let outgoing = config::Outgoing {
        certificate: file("own.pem", certificate.pem()),
        key_file: file("own.key", key.serialize_pem()),
        authorities: file("authorities.pem", certificate.pem()),
        max_envelope_mib: 2,
        give_up_after_hours: 1,
        timeout_seconds: 10,
    };
    let mut config = Config::parse(include_str!("../../../../../config/production.toml"), folder).unwrap();
    assert!(config.instance.production);
    config.far.mode = far;
    (config, outgoing)
}

#[tokio::test]
async fn a_name_of_another_register_that_leads_to_this_machine_is_not_called() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    for (far, called) in [(FarMode::Own, true), (FarMode::External, false)] {
        let (config, outgoing) = configured(folder.path(), far);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}/Service/v3", listener.local_addr().unwrap().port());
        let client = client(&outgoing, &config).unwrap();
        // Whoever connects is let go at once; whether anybody does is what counts.
        let came = tokio::spawn(async move { listener.accept().await.map(drop) });
        let outcome = client.call(&address, "<a/>", ("", "b"), |_| Some(())).await;
        assert!(matches!(outcome, Err(CallError::NotSent(_) | CallError::NoAnswer(_))), "{outcome:?}");
        assert_eq!(came.is_finished(), called, "{:?}", config.far.mode);
        came.abort();
    }
}
