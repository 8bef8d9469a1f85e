//! TLS 1.2 and 1.3 on `ring`, with client certificates where a door asks for them.

use crate::clients::{Clients, Handshake};
use rustls::{
    Error, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::Path, sync::Arc};

/// What is wrong with the TLS files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {what} from {path}")]
    File { what: &'static str, path: String, source: rustls::pki_types::pem::Error },
    #[error("{path} holds no certificate")]
    Empty { path: String },
    #[error("the key and certificates do not work together")]
    Config(#[from] Error),
    #[error("the client certificate authorities or their revocation lists cannot be used")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// A door that lets in only holders of a certificate that `clients` lets in. The handshake fails for all others.
pub fn mutual(
    certificates: &Path,
    key: &Path,
    clients: &Arc<Clients>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(Handshake(clients.clone())))
        .with_single_cert(read_certificates(certificates)?, read_key(key)?)?;
    Ok(finish(config))
}

/// A door for anyone.
pub fn public(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(read_certificates(certificates)?, read_key(key)?)?;
    Ok(finish(config))
}

/// Every certificate of a PEM file.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let file = |source| TlsError::File { what: "certificates", path: path.display().to_string(), source };
    let all =
        CertificateDer::pem_file_iter(path).map_err(file)?.collect::<Result<Vec<_>, _>>().map_err(file)?;
    if all.is_empty() { Err(TlsError::Empty { path: path.display().to_string() }) } else { Ok(all) }
}

/// The private key of a PEM file.
pub fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| TlsError::File {
        what: "a private key",
        path: path.display().to_string(),
        source,
    })
}

fn finish(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

pub(crate) fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
