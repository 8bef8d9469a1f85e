//! Who is at the other end of a connection.

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
    /// Whom to count. Behind a proxy on this machine every connection comes from the proxy, which says in
    /// `X-Forwarded-For` who asked: the last one there is its own word, all before it are the asker's. From anywhere
    /// else the header is anybody's invention and not looked at.
    pub fn client(&self, headers: &HeaderMap) -> IpAddr {
        let own = self.address.ip().to_canonical();
        if !own.is_loopback() {
            return own;
        }
        let last =
            headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
        let last = last.and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        last.map_or(own, |address| address.to_canonical())
    }
}

/// What the door needs of a client certificate that passed the handshake.
#[derive(Clone, Debug)]
pub struct PeerCertificate {
    /// SHA-256 of the DER.
    pub sha256: [u8; 32],
    /// The organisation in the subject's `serialNumber`, if there is one.
    pub organisation: Option<OrgNumber>,
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
        Some(Self { sha256: digest.as_ref().try_into().ok()?, organisation })
    }
}

/// Twelve digits, or ten that lack the leading `16`.
fn organisation(text: &str) -> Option<OrgNumber> {
    match text.len() {
        10 => OrgNumber::parse(&format!("16{text}")).ok(),
        _ => OrgNumber::parse(text).ok(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(from: &str, forwarded: &[&'static str]) -> String {
        let peer = Peer { address: from.parse().unwrap(), certificate: None };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        peer.client(&headers).to_string()
    }

    #[test]
    fn behind_a_proxy_on_this_machine_the_asker_is_counted_and_not_the_proxy() {
        assert_eq!(client("127.0.0.1:4000", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("[::1]:4000", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(client("[::ffff:127.0.0.1]:4000", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1:4000", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1:4000", &["unknown"]), "127.0.0.1");
    }

    #[test]
    fn what_the_asker_puts_in_front_is_not_believed() {
        assert_eq!(client("127.0.0.1:4000", &["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("127.0.0.1:4000", &["198.51.100.1", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("203.0.113.9:4000", &["192.0.2.7"]), "203.0.113.9");
    }
}
