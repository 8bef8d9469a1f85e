//! The kuvert program: wiring, configuration and command line.

pub mod cli;
pub mod config;
pub mod demo;
mod heap;
pub mod house;
pub mod internal;
pub mod load;
mod logs;
pub mod published_keys;
mod signals;

use sender_tools::{out, shell};
