//! The service over real databases, asked through its handle.

mod columns;
mod feed;
mod keys;
mod log_in;
mod lookups;
mod notices;
mod outgoing;
mod reading;
mod rolling;
mod vouched;
mod vouching;
mod world;
