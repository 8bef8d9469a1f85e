//! The agency door's router, asked as its listener asks it: with the other end of the connection and a whole request.
#![allow(clippy::unwrap_used, reason = "tests")]

mod asking;
mod callers;
mod door;
mod feed;
mod letters;
