//! What people do with their mailboxes, with the real key service and a real log-in, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

mod contacts;
mod helping;
mod moved;
mod opening;
mod senders;
mod signing;
mod world;
