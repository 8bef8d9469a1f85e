//! Revocation lists as files bring them (RFC 5280 §5): who issued one, of when it is, and whether its signature holds.

use crate::{
    authorities::{ALGORITHMS, Authorities, AuthoritiesError},
    pem,
};
use domain::Time;
use rustls_pki_types::CertificateRevocationListDer;
use webpki::OwnedCertRevocationList;
use x509_parser::{prelude::FromDer, revocation_list::CertificateRevocationList};

/// One list that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    /// The whole of it.
    pub der: Vec<u8>,
    /// When it was issued.
    pub this_update: Time,
    /// When the next is due: from then on it is out of date.
    pub next_update: Option<Time>,
    issuer: Vec<u8>,
}

impl RevocationList {
    /// Every list of a file, PEM or DER.
    pub fn parse_all(bytes: &[u8]) -> Result<Vec<Self>, AuthoritiesError> {
        let blocks = pem::blocks(bytes, "X509 CRL").filter(|blocks| !blocks.is_empty());
        let blocks = blocks.unwrap_or_else(|| vec![bytes.to_vec().into()]);
        blocks.into_iter().map(|der| Self::parse(&der)).collect()
    }

    fn parse(der: &[u8]) -> Result<Self, AuthoritiesError> {
        let bad = AuthoritiesError::RevocationList;
        // As whoever looks certificates up in it reads it, so that what is taken here can be used there.
        OwnedCertRevocationList::from_der(&CertificateRevocationListDer::from(der)).map_err(|_| bad)?;
        let (rest, list) = CertificateRevocationList::from_der(der).map_err(|_| bad)?;
        if !rest.is_empty() {
            return Err(bad);
        }
        let time = |seconds: i64| Time::from_millis(seconds.saturating_mul(1000));
        Ok(Self {
            der: der.to_vec(),
            this_update: time(list.last_update().timestamp()),
            next_update: list.next_update().map(|end| time(end.timestamp())),
            issuer: list.issuer().as_raw().to_vec(),
        })
    }

    /// Whether both are of one authority.
    pub fn has_issuer_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer
    }

    /// Whether the next one is due.
    pub fn is_stale(&self, now: Time) -> bool {
        self.next_update.is_some_and(|end| end <= now)
    }
}

impl Authorities {
    /// Whether a list that one of these authorities is said to have issued is not signed by it. Of other authorities'
    /// lists nothing can be said here: they are checked with the certificates that come with a chain.
    pub fn disowns(&self, list: &RevocationList) -> bool {
        let Ok((_, parsed)) = CertificateRevocationList::from_der(&list.der) else { return true };
        let tbs = parsed.tbs_cert_list.as_ref();
        let signature = &parsed.signature_value.data;
        let mut named =
            self.anchors().filter(|anchor| sequence(anchor.subject.as_ref()) == list.issuer).peekable();
        named.peek().is_some()
            && !named.any(|anchor| {
                let key = public_key(anchor.subject_public_key_info.as_ref());
                key.is_some_and(|key| {
                    ALGORITHMS.iter().any(|alg| alg.verify_signature(&key, tbs, signature).is_ok())
                })
            })
    }
}

/// The key's bits: the last member of the SubjectPublicKeyInfo.
fn public_key(content: &[u8]) -> Option<Vec<u8>> {
    let whole = sequence(content);
    let (_, spki) = x509_parser::x509::SubjectPublicKeyInfo::from_der(&whole).ok()?;
    Some(spki.subject_public_key.data.to_vec())
}

/// The whole SEQUENCE in DER: an anchor has only the content of its name and key.
fn sequence(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut whole = vec![0x30];
    if content.len() > 127 {
        whole.push(0x80 | length.len() as u8);
    }
    whole.extend_from_slice(if length.is_empty() { &[0] } else { length });
    whole.extend_from_slice(content);
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::authorities::tests::{authority, list};

    #[test]
    fn a_list_tells_its_dates_and_is_disowned_when_another_key_signed_it() {
        let (ours, pem) = authority("ours");
        let (namesake, other_pem) = authority("ours");
        let (other, _) = authority("other");
        let ours_only = Authorities::from_pem(&pem).unwrap();
        let read = |bytes: &[u8]| RevocationList::parse_all(bytes).unwrap().remove(0);
        let good = read(&list(&ours, 7, 2100));
        let forged = read(&list(&namesake, 7, 2100));
        assert!(!ours_only.disowns(&good));
        assert!(ours_only.disowns(&forged), "of the same name and another key");
        assert!(!ours_only.disowns(&read(&list(&other, 7, 2100))), "nothing is known of it");
        let both = Authorities::from_pem(&[pem, other_pem].concat()).unwrap();
        assert!(!both.disowns(&forged), "an authority that has changed its key");
        assert!(good.has_issuer_of(&forged) && !good.has_issuer_of(&read(&list(&other, 7, 2100))));
        assert_eq!(good.this_update, Time::parse("2025-01-02T00:00:00Z").unwrap());
        let end = Time::parse("2100-01-01T00:00:00Z").unwrap();
        assert!(good.is_stale(end) && !good.is_stale(end.minus(std::time::Duration::from_secs(1))));
        let mut changed = good.der.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        assert!(ours_only.disowns(&read(&changed)), "a changed signature");
        for bad in [&b"nothing"[..], &good.der[1..], &[good.der.as_slice(), b"more"].concat()] {
            assert_eq!(RevocationList::parse_all(bad), Err(AuthoritiesError::RevocationList));
        }
    }
}
