//! Who is at the other end of a connection.

use crate::Proxies;
use axum::http::HeaderMap;
use domain::OrgNumber;
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
    pub sha256: [u8; 32],
    /// The organisation in the subject's `serialNumber`, if there is one.
    pub organisation: Option<OrgNumber>,
    /// On a revocation list that is in force at this request, itself or an authority above it.
    pub listed: bool,
}

impl PeerCertificate {
    /// Reads a certificate whose chain and validity the handshake has checked.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let mut organisations = certificate
            .subject()
            .iter_rdn()
            .flat_map(|rdn| rdn.iter()) // CN and serialNumber may stand in one multi-valued RDN
            .filter(|a| *a.attr_type() == x509_parser::oid_registry::OID_X509_SERIALNUMBER)
            .filter_map(|a| organisation(a.as_str().ok()?));
        // One that names several is nobody's, as where it is registered for signing.
        let first = organisations.next();
        let organisation = first.filter(|first| organisations.all(|other| other == *first));
        let digest = ring::digest::digest(&ring::digest::SHA256, der);
        Some(Self { sha256: digest.as_ref().try_into().ok()?, organisation, listed: false })
    }
}

/// Twelve digits, or ten that lack the leading `16`.
fn organisation(text: &str) -> Option<OrgNumber> {
    match text.len() {
        10 => OrgNumber::parse(&format!("16{text}")).ok(),
        _ => OrgNumber::parse(text).ok(),
    }
}
