//! Which client certificates a door lets in: chain, validity and revocation lists by webpki, then the register's own word.
//!
//! The handshake asks, and so does each request: rustls verifies no certificate when a session is resumed, and a connection
//! can be older than the list that names its certificate.

use crate::tls::{TlsError, provider, read_certificates};
use domain::{CertificateDigest, OrgNumber};
use parking_lot::RwLock;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// What the register says of certificates.
pub trait Registered: Send + Sync {
    /// This very certificate is not let in, though its chain and validity hold.
    fn is_revoked(&self, sha256: &CertificateDigest) -> bool;

    /// It is registered for this organisation: what counts for its share of the door.
    fn is_known(&self, sha256: &CertificateDigest, organisation: &OrgNumber) -> bool;
}

/// The authorities, their revocation lists and the register. The lists change while the door is open.
pub struct Clients {
    roots: Arc<RootCertStore>,
    /// Their names, by which a client chooses among its certificates.
    hints: Vec<DistinguishedName>,
    registered: Arc<dyn Registered>,
    chain: RwLock<Chain>,
}

#[derive(Clone)]
struct Chain {
    verifier: Arc<dyn ClientCertVerifier>,
    /// Raised with every list that is not what it was.
    version: u64,
    lists: Arc<Vec<Vec<u8>>>,
}

impl Clients {
    /// From a PEM file of authorities and their lists in DER.
    pub fn new(
        authorities: &Path,
        lists: Vec<Vec<u8>>,
        registered: Arc<dyn Registered>,
    ) -> Result<Arc<Self>, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in read_certificates(authorities)? {
            roots.add(authority)?;
        }
        let roots = Arc::new(roots);
        let chain = Chain { verifier: verifier(&roots, &lists)?, version: 1, lists: Arc::new(lists) };
        Ok(Arc::new(Self { hints: roots.subjects(), roots, registered, chain: RwLock::new(chain) }))
    }

    /// Takes other lists. Connections that are open are judged by them at their next request.
    pub fn renew_lists(&self, lists: Vec<Vec<u8>>) -> Result<(), TlsError> {
        let before = self.chain();
        if *before.lists == lists {
            return Ok(());
        }
        let verifier = verifier(&self.roots, &lists)?;
        let chain = Chain { verifier, version: before.version + 1, lists: Arc::new(lists) };
        *self.chain.write() = chain;
        Ok(())
    }

    pub(crate) fn registered(&self) -> &dyn Registered {
        &*self.registered
    }

    fn chain(&self) -> Chain {
        self.chain.read().clone()
    }
}

/// A list is enforced also when it is out of date: what it names was revoked, and whoever keeps the lists is told. An
/// authority whose list is not there is not asked.
fn verifier(roots: &Arc<RootCertStore>, lists: &[Vec<u8>]) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let lists = lists.iter().map(|list| CertificateRevocationListDer::from(list.clone()));
    let builder = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
    Ok(builder.with_crls(lists).allow_unknown_revocation_status().build()?)
}

/// The certificates that a connection was made with, and how the newest lists judge them.
pub(crate) struct Shown {
    chain: Vec<CertificateDer<'static>>,
    /// The version of the lists that it was found good under. 0: none.
    good_under: AtomicU64,
}

impl Shown {
    pub(crate) fn new(chain: &[CertificateDer<'_>]) -> Self {
        let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Self { chain, good_under: AtomicU64::new(0) }
    }

    /// Whether the lists in force let it in. Verified again only under lists that it was not verified under.
    pub(crate) fn is_good(&self, clients: &Clients, now: UnixTime) -> bool {
        let Chain { verifier, version, .. } = clients.chain();
        if self.good_under.load(Relaxed) == version {
            return true;
        }
        let Some((own, others)) = self.chain.split_first() else { return false };
        let good = match verifier.verify_client_cert(own, others, now) {
            Ok(_) => true,
            // That is for the caller's own check to say, which knows the certificate's times.
            Err(Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            )) => true,
            Err(_) => false,
        };
        if good {
            self.good_under.store(version, Relaxed);
        }
        good
    }
}

/// For rustls: the lists in force when it asks.
pub(crate) struct Handshake(pub(crate) Arc<Clients>);

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake")
    }
}

impl ClientCertVerifier for Handshake {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.0.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.chain().verifier.verify_client_cert(end_entity, intermediates, now)?;
        if self.0.registered.is_revoked(&CertificateDigest::from_bytes(vault::sha256(end_entity))) {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.chain().verifier.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.chain().verifier.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.chain().verifier.supported_verify_schemes()
    }
}
