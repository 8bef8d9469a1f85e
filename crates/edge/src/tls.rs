//! TLS 1.2 and 1.3 on `ring`, with client certificates where a door asks for them.

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use std::{path::Path, sync::Arc};

/// Whether the certificate with this SHA-256 must not be let in, though its chain and validity hold.
pub type Revoked = Arc<dyn Fn(&[u8; 32]) -> bool + Send + Sync>;

/// What is wrong with the TLS files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {what} from {path}")]
    File { what: &'static str, path: String, source: rustls::pki_types::pem::Error },
    #[error("{path} holds no certificate")]
    Empty { path: String },
    #[error("the key and certificates do not work together")]
    Config(#[from] Error),
    #[error("the client certificate authorities cannot be used")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// A door that lets in only holders of a certificate from `authorities`, for client use, valid and not revoked.
/// The handshake fails for all others.
pub fn mutual(
    certificates: &Path,
    key: &Path,
    authorities: &Path,
    revoked: Revoked,
) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in read_certificates(authorities)? {
        roots.add(authority)?;
    }
    let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(NotRevoked { chain, revoked }))
        .with_single_cert(read_certificates(certificates)?, read_key(key)?)?;
    Ok(finish(config))
}

/// A door for anyone.
pub fn public(certificates: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
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

/// Chain and validity by webpki; then the register's own word. A resumed session is checked again too, since
/// rustls verifies no certificate on resumption: [`crate::listen`] asks once more for each connection.
#[derive(Clone)]
struct NotRevoked {
    chain: Arc<dyn ClientCertVerifier>,
    revoked: Revoked,
}

impl std::fmt::Debug for NotRevoked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NotRevoked")
    }
}

impl ClientCertVerifier for NotRevoked {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }
    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(end_entity, intermediates, now)?;
        let digest = ring::digest::digest(&ring::digest::SHA256, end_entity);
        match digest.as_ref().try_into() {
            Ok(sha256) if !(self.revoked)(&sha256) => Ok(verified),
            _ => Err(Error::InvalidCertificate(rustls::CertificateError::Revoked)),
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signature)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signature)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}
