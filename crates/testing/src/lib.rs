//! What tests set up, once: who takes part, certificates, letters and deliveries, and one builder for each floor of the
//! house. Only for `[dev-dependencies]`; `cargo xtask layers` sees to it.
//!
//! A crate's own unit tests (`src/`) see its types twice when they ask for a floor that stands on it. So they take what
//! is below their crate; whoever wants a builder that knows the crate stands in its `tests/`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod letter;
mod numbers;
pub mod pki;
pub mod random;

#[cfg(feature = "delivery")]
pub mod delivery;
#[cfg(feature = "eid")]
pub mod eid;
#[cfg(feature = "intake")]
pub mod intake;
#[cfg(feature = "key-service")]
pub mod key_service;
#[cfg(feature = "world")]
pub mod keys;
#[cfg(feature = "registry")]
pub mod registry;
#[cfg(feature = "store")]
mod rows;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "world")]
pub mod world;

pub use letter::{attaching, entry, letter, with};
pub use numbers::{
    ANNA, BO, BREVEN, CLEO, COMPANY, DAVID, DISPATCHER, LADAN, NOBODY, NOW, OFFICE, OPERATORS, OWN, Operator,
    SENDERS, TOWN, identity, now, org,
};
pub use pki::{Authority, Organisation};
#[cfg(feature = "store")]
pub use rows::Rows;
