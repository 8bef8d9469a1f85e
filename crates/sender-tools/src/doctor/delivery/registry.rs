//! What only an instance's registry can answer about a delivery. It is in a database, and the tools have none: whoever has
//! one implements this over one state of it.

use delivery::{Hash, Verified};
use domain::{CertificateDigest, Code, OrgNumber, Time};

/// One state of what is registered.
pub trait Registry: Send + Sync {
    /// Whether an organisation may be the sender of letters.
    fn standing(&self, number: &OrgNumber) -> Standing;

    /// Whether it is registered at all, as a sender or a dispatcher.
    fn knows(&self, number: &OrgNumber) -> bool;

    /// Whether this caller may send for this sender.
    fn may_send(&self, caller: &OrgNumber, sender: &OrgNumber, now: Time) -> Result<(), Code>;

    /// Whether who signed may sign for this sender.
    fn may_sign(&self, signature: &Verified, sender: &OrgNumber, now: Time) -> Result<(), Code>;

    /// Whether the hash is one that this sender may use.
    fn takes(&self, sender: &OrgNumber, hash: Hash) -> bool;

    /// Whether the operator revoked the certificate.
    fn is_revoked(&self, sha256: &CertificateDigest) -> bool;
}

/// How a registry has an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    MaySend,
    Suspended,
    /// It is a dispatcher, and no sender.
    DispatchesOnly,
    Unknown,
}
