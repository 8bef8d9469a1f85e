//! What the key service vouches for: it alone keeps and moves these, in a store of its own.

use crate::{MailboxKey, wire};
use domain::{MailboxId, RowsDigest};
use serde::{Deserialize, Serialize};

/// Version and digests of one set of rows that decide; see `registry::sets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// Raised by every change.
    pub version: i64,
    /// One digest for each table of the set, in its order.
    #[serde(with = "wire::byte_lists")]
    pub digests: Vec<RowsDigest>,
    /// Set while a change is between the two databases: either holds until it has settled.
    pub next: Option<Next>,
}

/// The digests of a change that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next(#[serde(with = "wire::byte_lists")] pub Vec<RowsDigest>);

impl Vouched {
    /// Whether rows with these digests are vouched for, table by table. `None` is not looked at.
    pub fn fits(&self, found: &[Option<RowsDigest>]) -> bool {
        found.len() == self.digests.len() && (0..found.len()).all(|at| self.fits_at(found[at].as_ref(), at))
    }

    /// Whether the rows of table `at` are vouched for.
    pub fn fits_at(&self, found: Option<&RowsDigest>, at: usize) -> bool {
        let Some(found) = found else { return true };
        let next = self.next.as_ref().and_then(|next| next.0.get(at));
        self.digests.get(at) == Some(found) || next == Some(found)
    }
}

/// Whose an address is, as the key service knows it, and the mailbox that letters to it go to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressStatement {
    /// As stored: person or organisation.
    pub owner_kind: String,
    /// The person's or organisation's id.
    pub owner_id: [u8; 16],
    /// False while the change that made it known is between the two databases.
    pub settled: bool,
    /// The owner's own set.
    pub owner: Option<Vouched>,
    /// `None` when the owner has no mailbox here.
    pub mailbox: Option<MailboxStatement>,
}

/// A mailbox, and the only key that letters to it may be sealed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxStatement {
    pub mailbox_id: MailboxId,
    /// Of the newest epoch in the key store.
    pub key: MailboxKey,
    pub vouched: Vouched,
}

/// The set of a sender or dispatcher, or of a mailbox operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryStatement {
    /// As stored: sender or operator.
    pub kind: String,
    pub number: String,
    /// Name and states, dispatchers, certificates, and what happened to them.
    pub vouched: Vouched,
}
