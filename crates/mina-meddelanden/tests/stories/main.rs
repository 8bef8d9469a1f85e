//! The register of addresses and an operator's service, as their callers see them, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

mod agreements;
mod another;
mod asking;
mod authority;
mod guarded;
mod handing_over;
mod moving;
mod notify;
mod odd_answers;
mod service;
mod steered;
mod two;
mod waiting;
mod world;
