//! The authorities whose certificates may sign, and what they have revoked (RFC 5280 §6).

use crate::{certificate::Certificate, pem, revocation_list::RevocationList};
use domain::Time;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, TrustAnchor, UnixTime};
use std::time::Duration;
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
    anchor_from_trusted_cert,
    ring::{
        ECDSA_P256_SHA256, ECDSA_P256_SHA384, ECDSA_P384_SHA256, ECDSA_P384_SHA384, ED25519,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256_LEGACY_KEY, RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    },
};

/// Trusted authorities and their revocation lists.
#[derive(Debug, Default)]
pub struct Authorities {
    anchors: Vec<TrustAnchor<'static>>,
    lists: Vec<CertRevocationList<'static>>,
}

/// A file holds no authorities or revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    #[error("no certificates of authorities, in PEM")]
    Certificates,
    #[error("not a certificate revocation list, in PEM or DER")]
    RevocationList,
}

/// Why a certificate may not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("the certificate is not issued by a trusted authority")]
    Issuer,
    #[error("the certificate, or one above it, is outside its time of validity")]
    Expired,
    #[error("the certificate, or one above it, is revoked")]
    Revoked,
    #[error("the certificate is not for signing, or its key is too short")]
    Usage,
    /// Nothing is wrong with the certificate: the operator must fetch the list anew.
    #[error("the revocation list of the certificate's authority is out of date")]
    StaleList,
}

impl Authorities {
    /// From the `CERTIFICATE` blocks of a PEM file.
    pub fn from_pem(text: &[u8]) -> Result<Self, AuthoritiesError> {
        let blocks = pem::blocks(text, "CERTIFICATE").filter(|blocks| !blocks.is_empty());
        let anchors = blocks.ok_or(AuthoritiesError::Certificates)?.into_iter().map(|der| {
            let der = CertificateDer::from(der.as_slice());
            anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned())
        });
        let anchors = anchors.collect::<Result<_, _>>().map_err(|_| AuthoritiesError::Certificates)?;
        Ok(Self { anchors, lists: Vec::new() })
    }

    /// Adds a revocation list, PEM or DER. Certificates of its authority are looked for in it from then on.
    pub fn add_list(&mut self, bytes: &[u8]) -> Result<(), AuthoritiesError> {
        RevocationList::parse_all(bytes)?.iter().try_for_each(|list| self.add(list))?;
        Ok(())
    }

    /// Adds a list that was read before.
    pub fn add(&mut self, list: &RevocationList) -> Result<(), AuthoritiesError> {
        let der = CertificateRevocationListDer::from(list.der.as_slice());
        let list = OwnedCertRevocationList::from_der(&der).map_err(|_| AuthoritiesError::RevocationList)?;
        self.lists.push(list.into());
        Ok(())
    }

    pub(crate) fn anchors(&self) -> impl Iterator<Item = &TrustAnchor<'static>> {
        self.anchors.iter()
    }

    /// How many authorities and lists there are.
    pub fn count(&self) -> (usize, usize) {
        (self.anchors.len(), self.lists.len())
    }

    /// Whether a certificate may sign at `now`. `others` came with it and may hold authorities in between.
    pub fn trust(&self, certificate: &Certificate, others: &[Vec<u8>], now: Time) -> Result<(), Untrusted> {
        if !certificate.may_sign || certificate.verifying_key().is_err() {
            return Err(Untrusted::Usage);
        }
        let der = CertificateDer::from(certificate.der.as_slice());
        let leaf = EndEntityCert::try_from(&der).map_err(|_| Untrusted::Issuer)?;
        let between: Vec<_> = others.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
        let lists: Vec<_> = self.lists.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::Chain)
                // An authority whose list the operator does not have is not asked.
                .with_status_policy(UnknownStatusPolicy::Allow)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        match leaf.verify_for_usage(ALGORITHMS, &self.anchors, &between, now, AnyPurpose, revocation, None) {
            Ok(_) => Ok(()),
            Err(Error::CertExpired { .. } | Error::CertNotValidYet { .. }) => Err(Untrusted::Expired),
            Err(Error::CertRevoked) => Err(Untrusted::Revoked),
            Err(Error::CrlExpired { .. }) => Err(Untrusted::StaleList),
            Err(_) => Err(Untrusted::Issuer),
        }
    }
}

/// Organisation certificates name client authentication, e-mail, both or nothing; none of it forbids to sign.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

pub(crate) const ALGORITHMS: &[&dyn rustls_pki_types::SignatureVerificationAlgorithm] = &[
    RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
    RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
    RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
    ECDSA_P256_SHA256,
    ECDSA_P256_SHA384,
    ECDSA_P384_SHA256,
    ECDSA_P384_SHA384,
    ED25519,
];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
pub(crate) mod tests;
