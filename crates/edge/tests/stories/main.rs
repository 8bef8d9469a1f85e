//! What every door shares, over real connections: answers, what is left of a request, and who is at the other end.
#![allow(clippy::unwrap_used, reason = "tests")]

mod answers;
mod door;
mod leftover;
mod peers;
