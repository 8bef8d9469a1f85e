//! Grants, e-ID verification and unsealing: the only holder of keys that open letters.
//!
//! A letter opens only for somebody who is logged in now, whose e-ID answer this service verified itself, and
//! only after the opening stands in the letter's history. The service gives out keys derived for one purpose,
//! never a letter's key, and has no door to the outside: it is asked through [`key_client::Keys`].
//!
//! There is one such service to a house: log-ins and budgets are in its memory. Its key store must outlive the
//! letters: back it up at every change, or replicate it; a mailbox key that is lost takes its letters with it.
//!
//! Keys, from the top: a root file wraps key-encryption keys, one per [`Purpose`] and version; those wrap the
//! private keys of mailboxes, one per mailbox and epoch; letter keys are sealed to a mailbox's public key.
//!
//! Renewal, by `keys rotate PURPOSE`, while everybody works on: private keys of mailboxes are wrapped anew and
//! columns are sealed anew at once. Keys that are handed out (events, references, sessions, receipts) begin to
//! seal some minutes after they were made, when all holders know them; what older versions sealed is not
//! touched, and those versions stay for opening. The keys of indexes (addresses, log-in, contacts, senders), of
//! form tokens and of notice ids do not rotate: their tags would have to be made anew from numbers that nobody
//! keeps in clear. The root does not rotate either; wrapping the keys under another root is not built.

mod acts;
mod adopt;
mod agreements;
mod change;
mod check;
mod check_sets;
mod columns;
mod content;
mod directory;
mod failure;
mod feed_epoch;
mod grants;
mod headers;
mod heads;
mod history;
mod keks;
mod letter_key;
mod log_ins;
mod login;
mod lookups;
mod mailbox_key;
mod misses;
mod nonces;
mod notices;
mod outbound;
mod permit;
mod purpose;
mod reached;
mod recolumn;
mod reconcile;
mod restore;
mod rights;
mod roll;
mod root;
mod rotate;
mod serve;
mod service;
mod settings;
mod settle;
mod status;
mod tags;
mod tend;
mod unseal;
mod unvouched;
mod vouched;

pub use adopt::{Adoption, decides_anything};
pub use check::NotChecked;
pub use check_sets::SetFault;
pub use heads::{Checked, EvidenceFault};
pub use keks::KeksError;
pub use purpose::Purpose;
pub use reconcile::Reconciled;
pub use restore::Restored;
pub use roll::Swept;
pub use root::{Root, RootError};
pub use service::{KeyService, OpenError, Parts};
pub use settings::Settings;
pub use tend::TendError;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
