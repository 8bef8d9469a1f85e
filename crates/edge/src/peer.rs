//! Who is at the other end of a connection.

use crate::Proxies;
use axum::http::HeaderMap;
use domain::{CertificateDigest, OrgNumber};
use std::net::{IpAddr, SocketAddr};

/// The other end, put into each request's extensions by [`crate::listen`].
#[derive(Clone, Debug)]
pub struct Peer {
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// From the TLS client certificate; `None` on doors without one.
    pub certificate: Option<PeerCertificate>,
}

impl Peer {
    /// Whom to count: who is connected, or whom a proxy that we trust says it asks for.
    pub fn client(&self, headers: &HeaderMap, proxies: &Proxies) -> IpAddr {
        proxies.client(self.address.ip(), headers)
    }
}

/// What the door needs of a client certificate that passed the handshake.
#[derive(Clone, Debug)]
pub struct PeerCertificate {
    /// SHA-256 of the DER.
    pub sha256: CertificateDigest,
    /// The organisation that it names, as where it is registered for signing.
    pub organisation: Option<OrgNumber>,
    /// On a revocation list that is in force at this request, itself or an authority above it.
    pub listed: bool,
}

impl PeerCertificate {
    /// Reads a certificate whose chain and validity the handshake has checked.
    pub fn read(der: &[u8]) -> Option<Self> {
        let vault::Certificate { sha256, organisation, .. } = vault::Certificate::parse(der).ok()?;
        Some(Self { sha256, organisation, listed: false })
    }
}
