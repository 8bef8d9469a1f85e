//! One head for each mailbox over the events of all its chains: how many there are, and a sum of keyed hashes over them.
//!
//! The sum does not care for the order in which events come (MSet-Add-Hash of Clarke et al., 2003, modulo 2^256): doors need
//! not take turns. An opening stands in the key store before it is answered; everybody else hands over what they have committed
//! at most a second later. An event that stands in the letters database and is not counted yet, since a crash came first, is
//! taken up; one that is counted and not there was taken away, and nobody but its owner may erase a letter, whose events stay.

mod beside;
mod check;
mod count;
mod explain;
mod history;
mod recent;
mod stored;
mod sum;
mod sweep;

pub use check::EvidenceFault;
pub use sweep::Checked;

pub(crate) use sum::Sum;
pub(crate) use sweep::Owed;

/// How much of a mailbox's evidence is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub events: i64,
    pub sum: Sum,
}
