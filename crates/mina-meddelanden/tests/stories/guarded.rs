//! Calls to addresses that another register names.

use crate::world::{LADAN, Pki};
use mina_meddelanden::{CallError, SoapClient};
use std::time::Duration;
use tokio::net::TcpListener;

/// The client itself, not only its look-up: a name in the register is all that somebody outside chooses.
#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_called() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let files = Pki::new().files(folder.path(), LADAN);
    let read = |path: &std::path::Path| std::fs::read(path).unwrap();
    let certificate = read(&files.client);
    let key = read(&files.client_key);
    let authority = read(&files.authority);
    type Made = fn(&[u8], &[u8], &[u8], Duration) -> Result<SoapClient, mina_meddelanden::SoapClientError>;
    for (made, called) in [(SoapClient::new as Made, true), (SoapClient::elsewhere, false)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("https://localhost:{}/Service/v3", listener.local_addr().unwrap().port());
        let came = tokio::spawn(async move { listener.accept().await.map(drop) });
        let client = made(&certificate, &key, &authority, Duration::from_secs(10)).unwrap();
        let outcome = client.call(&address, "<a/>", ("", "b"), |_| Some(())).await;
        assert!(matches!(outcome, Err(CallError::NotSent(_) | CallError::NoAnswer(_))), "{outcome:?}");
        assert_eq!(came.is_finished(), called);
        came.abort();
    }
}
