//! Certificates of organisations: what a sender signs and connects with.
//!
//! Only read here. Chains are judged by TLS; which certificates may sign for whom is the registry's.

use crate::{
    pem, sha256,
    verifying_key::{UnusableKey, VerifyingKey},
};
use domain::{CertificateDigest, Identity, OrgNumber, Time};
use x509_parser::{
    certificate::X509Certificate,
    oid_registry::{OID_PKCS1_RSAENCRYPTION, OID_X509_COMMON_NAME, OID_X509_SERIALNUMBER},
    prelude::FromDer,
    x509::{SubjectPublicKeyInfo, X509Name},
};

/// What we need of an X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub der: Vec<u8>,
    /// SHA-256 of `der`: `x5t#S256`.
    pub sha256: CertificateDigest,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Vec<u8>,
    pub not_before: Time,
    pub not_after: Time,
    /// The subject's `serialNumber`, when it is an organisation number; `None` when several disagree.
    pub organisation: Option<OrgNumber>,
    /// The subject's `serialNumber`, when it is a person's number of twelve digits; `None` when there are several.
    pub person: Option<Identity>,
    /// For people to recognise it by.
    pub subject_common_name: Option<String>,
    /// Whether its key usage, when stated, allows signatures (digitalSignature or contentCommitment).
    pub may_sign: bool,
}

/// The bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate")]
pub struct NotACertificate;

impl Certificate {
    /// Reads one certificate with nothing after it.
    pub fn parse(der: &[u8]) -> Result<Self, NotACertificate> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| NotACertificate)?;
        if !rest.is_empty() {
            return Err(NotACertificate);
        }
        let usage = parsed.key_usage().map_err(|_| NotACertificate)?;
        let instant = |seconds: i64| Time::from_millis(seconds.saturating_mul(1000));
        Ok(Self {
            der: der.to_vec(),
            sha256: CertificateDigest::from_bytes(sha256(der)),
            spki: parsed.public_key().raw.to_vec(),
            not_before: instant(parsed.validity().not_before.timestamp()),
            not_after: instant(parsed.validity().not_after.timestamp()),
            organisation: organisation(parsed.subject()),
            person: person(parsed.subject()),
            subject_common_name: common_name(parsed.subject()),
            may_sign: usage.is_none_or(|u| u.value.digital_signature() || u.value.non_repudiation()),
        })
    }

    /// Reads the first `CERTIFICATE` block.
    pub fn from_pem(text: &[u8]) -> Result<Self, NotACertificate> {
        let blocks = pem::blocks(text, "CERTIFICATE").ok_or(NotACertificate)?;
        Self::parse(blocks.first().ok_or(NotACertificate)?)
    }

    /// Reads every `CERTIFICATE` block, leaf first as files have it; at least one.
    pub fn chain_from_pem(text: &[u8]) -> Result<Vec<Self>, NotACertificate> {
        let blocks =
            pem::blocks(text, "CERTIFICATE").filter(|blocks| !blocks.is_empty()).ok_or(NotACertificate)?;
        blocks.iter().map(|der| Self::parse(der)).collect()
    }

    /// The key that verifies what its holder signs.
    pub fn verifying_key(&self) -> Result<VerifyingKey, UnusableKey> {
        VerifyingKey::from_spki(&self.spki)
    }

    /// The RSAPublicKey (RFC 8017 §A.1.1) in it; `None` when its key is of another kind.
    pub fn rsa_public_key(&self) -> Option<&[u8]> {
        let (_, info) = SubjectPublicKeyInfo::from_der(&self.spki).ok()?;
        let rsa = info.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION;
        // The bits are a slice of `spki`: found again there, since what was parsed borrows from a copy.
        rsa.then(|| &self.spki[self.spki.len() - info.subject_public_key.data.len()..])
    }

    /// Whether `now` lies within its validity, both ends included (RFC 5280 §4.1.2.5).
    pub fn valid_at(&self, now: Time) -> bool {
        self.not_before <= now && now.seconds() <= self.not_after.seconds()
    }
}

fn organisation(subject: &X509Name<'_>) -> Option<OrgNumber> {
    let mut found = subject.iter_by_oid(&OID_X509_SERIALNUMBER).filter_map(|attribute| {
        let text = attribute.as_str().ok()?;
        match text.len() {
            12 => OrgNumber::parse(text).ok(),
            10 => OrgNumber::parse(&format!("16{text}")).ok(),
            _ => None,
        }
    });
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

fn person(subject: &X509Name<'_>) -> Option<Identity> {
    let mut numbers = subject.iter_by_oid(&OID_X509_SERIALNUMBER);
    let number = numbers.next()?.as_str().ok()?;
    let identity = Identity::parse(number).ok().filter(Identity::is_person);
    identity.filter(|_| numbers.next().is_none())
}

fn common_name(subject: &X509Name<'_>) -> Option<String> {
    let name = subject.iter_by_oid(&OID_X509_COMMON_NAME).next()?;
    name.as_str().ok().map(str::to_owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
