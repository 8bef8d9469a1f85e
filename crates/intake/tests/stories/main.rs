//! Letters from the agency's bytes to the reader's, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

mod accept;
mod announcing;
mod crowd;
mod deliveries;
mod forwarded;
mod genuine;
mod outgoing;
mod refusals;
mod world;
