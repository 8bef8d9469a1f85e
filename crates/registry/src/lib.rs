//! Who may send, who can be reached and at which operator, and what they have chosen: senders, dispatchers,
//! certificates, operators, people, organisations, mailboxes here and registrations elsewhere, declined senders, contact
//! points and mandates.
//!
//! All functions work inside the caller's transaction. What is sealed comes in and goes out sealed: names and
//! addresses are opened by the key service alone. Whatever changes a mailbox leaves an event in the mailbox's
//! own chain, in the same transaction (see [`Recorder`]); what changes a sender or an operator, in theirs ([`history`]).

mod callers;
mod error;
mod owner;
mod recorder;
mod version;

pub mod boxes;
pub mod certificates;
pub mod contacts;
pub mod declined;
pub mod directory;
pub mod dispatch;
pub mod history;
pub mod identities;
pub mod invitations;
pub mod mandates;
pub mod operators;
pub mod organisations;
pub mod pending;
pub mod people;
pub mod preferences;
pub mod recipient;
pub mod register;
pub mod registrations;
pub mod senders;
pub mod sets;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod world;

pub use callers::NoCaller;
pub use directory::{CertificateEntry, Directory, Snapshot};
pub use error::RegistryError;
pub use owner::{Owner, OwnerKind};
pub use recorder::{By, Recorder};
pub use register::Register;
pub use version::version;
