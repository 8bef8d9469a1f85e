//! Letters in mailboxes, as their readers have them, on both databases.
#![allow(clippy::unwrap_used, reason = "tests")]

mod keeping;
mod reading;
