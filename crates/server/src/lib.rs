//! The kuvert program: wiring, configuration and command line.

pub mod agency_client;
pub mod cli;
pub mod compose;
pub mod compose_soap;
pub mod config;
pub mod demo;
mod heap;
pub mod house;
pub mod internal;
pub mod load;
mod logs;
mod out;
mod shell;
