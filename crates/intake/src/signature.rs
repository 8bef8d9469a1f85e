//! Whether a signature holds, and for whom: judged by what we know of the registry, and once more by what it says now
//! where that refuses.

use crate::{AcceptError, Intake, sealer, signer};
use delivery::{Sealed, letter::Addressed};
use domain::{
    CertificateDigest, Code, OrgNumber, Refusal, Time,
    letter::{Address, Forwarded},
};
use registry::Snapshot;
use std::sync::Arc;
use store::Error;
use vault::{Authorities, jws::FlattenedJws};

/// What was signed, as often as it must be judged.
#[derive(Clone, Copy)]
pub(crate) enum Signature<'a> {
    /// A letter of the agency API, and what its payload says of sender and reference.
    Jws { jws: &'a FlattenedJws, address: &'a Result<Address, Refusal> },
    /// A delivery that its dispatcher brings.
    Delivery { sealed: &'a Sealed, to: &'a Addressed },
    /// A delivery that was taken elsewhere and is forwarded; whoever sealed it is not who calls.
    Forwarded { sealed: &'a Sealed, to: &'a Addressed },
}

/// Who signed a letter, where the signature holds and the caller may act for its sender.
#[derive(Clone)]
pub(crate) struct SignedBy {
    pub(crate) provenance: Provenance,
    /// Whether the certificate may sign *new* letters now. A repeat is answered in any case.
    pub(crate) usable: Result<(), Code>,
    /// The registry's version that it was judged by.
    pub(crate) registry: i64,
}

/// What is kept of who sent a letter: with it the signature is proved when the registry has changed.
#[derive(Clone)]
pub(crate) struct Provenance {
    /// The signer's, DER.
    pub(crate) certificate: Arc<[u8]>,
    pub(crate) certificate_sha256: CertificateDigest,
    /// As the registry had it.
    pub(crate) sender_name: String,
    /// Who signed or called in the sender's place.
    pub(crate) dispatcher: Option<String>,
    /// By whom the letter comes here, when it was first sent to somebody else.
    pub(crate) forwarded: Option<Arc<Forwarded>>,
}

/// What a signature is judged by.
pub(crate) struct JudgedBy<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) authorities: &'a Authorities,
    pub(crate) now: Time,
}

/// Why not: a refusal, which a fresher snapshot may lift, or the database.
pub(crate) enum NotSigned {
    Refused(Refusal),
    Store(Error),
}

impl Intake {
    /// Who signed what the organisation brings.
    pub(crate) async fn verified(
        &self,
        caller: &OrgNumber,
        signature: Signature<'_>,
        now: Time,
    ) -> Result<SignedBy, AcceptError> {
        let house = &*self.0;
        let known = house.directory.current();
        let mut judged = self.judged(&known, caller, signature, now).await;
        if matches!(judged, Err(NotSigned::Refused(_))) {
            house.directory.refresh(&house.store).await?;
            let fresh = house.directory.current();
            if fresh.version != known.version {
                judged = self.judged(&fresh, caller, signature, now).await;
            }
        }
        Ok(judged?)
    }

    async fn judged(
        &self,
        snapshot: &Snapshot,
        caller: &OrgNumber,
        signature: Signature<'_>,
        now: Time,
    ) -> Result<SignedBy, NotSigned> {
        let authorities = self.0.trust.current();
        let by = JudgedBy { snapshot, authorities: &authorities, now };
        match signature {
            Signature::Jws { jws, address } => {
                signer::verify(&self.0.store, &by, caller, jws, address.as_ref()).await
            }
            Signature::Delivery { sealed, to } => sealer::verify(&by, caller, sealed, to),
            Signature::Forwarded { sealed, to } => sealer::verify_forwarded(&by, sealed, to),
        }
    }

    /// Whether what was judged by one version of the registry must be judged again, since a recipient was looked up in a
    /// later one, which is in memory now. Whoever read it there does not matter: between the two others read it as well.
    pub(crate) async fn overtaken(&self, judged: i64, found: i64) -> Result<bool, AcceptError> {
        self.0.directory.refresh_if(&self.0.store, found).await?;
        Ok(judged < found)
    }
}

impl From<Refusal> for NotSigned {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for NotSigned {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Error> for NotSigned {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<NotSigned> for AcceptError {
    fn from(why: NotSigned) -> Self {
        match why {
            NotSigned::Refused(refusal) => refusal.into(),
            NotSigned::Store(error) => error.into(),
        }
    }
}
