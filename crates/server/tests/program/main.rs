//! The program as its users start it: the real binary, real ports, real files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod agency_door;
mod at_rest;
mod attacks;
mod browser;
mod cli;
mod config;
mod flood;
mod forwarded;
mod lifecycle;
mod load;
mod notify;
mod one_register;
mod outgoing;
mod process;
mod restored;
mod search;
mod sender;
