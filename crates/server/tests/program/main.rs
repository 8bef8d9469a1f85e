//! The program as its users start it: the real binary, real ports, real files.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod administrator;
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
#[path = "../../examples/administrator/play.rs"]
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "what it finds is told line by line")]
mod play;
mod process;
mod restored;
mod search;
mod sender;
