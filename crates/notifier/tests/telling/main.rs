//! What becomes of the notice of a letter: on both databases, with channels that end in memory.

#![allow(clippy::unwrap_used, reason = "tests")]

mod announcements;
mod batches;
mod faults;
mod measures;
mod moves;
mod secrecy;
mod states;
mod windows;
mod world;
