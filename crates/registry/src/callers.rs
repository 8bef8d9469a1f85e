//! Who may call at the agency door: an organisation that is registered, by a certificate that is registered for it.

use crate::Snapshot;
use domain::{CertificateDigest, Code, OrgNumber, Time};

/// Why a certificate makes nobody a caller. The text is for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCaller {
    #[error("the connection has no client certificate")]
    None,
    #[error("the certificate names no organisation")]
    Nameless,
    #[error("the organisation is not registered")]
    Organisation,
    #[error("the certificate is not registered for its organisation")]
    Certificate,
    #[error("the certificate is revoked")]
    Revoked,
    #[error("the certificate is on a revocation list of its authority")]
    Listed,
    #[error("the certificate is outside its time of validity")]
    Expired,
}

impl NoCaller {
    /// Whether a newer state of the registry may say otherwise.
    pub fn may_have_changed(self) -> bool {
        matches!(self, Self::Organisation | Self::Certificate)
    }
}

impl Snapshot {
    /// Whether this certificate makes this organisation the caller now: as a sender or dispatcher, or as a mailbox
    /// operator.
    pub fn caller(
        &self,
        sha256: &CertificateDigest,
        organisation: &OrgNumber,
        now: Time,
    ) -> Result<(), NoCaller> {
        let own = self.certificate(sha256).filter(|entry| entry.organisation == *organisation);
        let operators = self
            .operator_certificate(sha256)
            .filter(|entry| entry.operator == *organisation && self.operator(organisation).is_some());
        let states = [own.map(|entry| entry.usable(now)), operators.map(|entry| entry.usable(now))];
        if self.is_revoked(sha256) {
            return Err(NoCaller::Revoked);
        }
        match states.into_iter().flatten().min_by_key(Result::is_err) {
            Some(Ok(())) => Ok(()),
            Some(Err(Code::CertificateRevoked)) => Err(NoCaller::Revoked),
            Some(Err(_)) => Err(NoCaller::Expired),
            None if self.knows(organisation) || self.operator(organisation).is_some() => {
                Err(NoCaller::Certificate)
            }
            None => Err(NoCaller::Organisation),
        }
    }

    /// Whether it is registered for this organisation at all: what counts for a connection's share.
    pub fn is_registered(&self, sha256: &CertificateDigest, organisation: &OrgNumber) -> bool {
        self.certificate(sha256).is_some_and(|entry| entry.organisation == *organisation)
            || self.operator_certificate(sha256).is_some_and(|entry| entry.operator == *organisation)
    }
}

#[cfg(test)]
mod tests;
