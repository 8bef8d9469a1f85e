//! The service over real databases, asked through its handle.

mod before;
mod columns;
mod deaths;
mod door;
mod erased;
mod feed;
mod fresh;
mod heads;
mod keys;
mod log_in;
mod lookups;
mod moved;
mod moves;
mod notices;
mod outgoing;
mod reading;
mod registering;
mod restore;
mod revoking;
mod rolling;
mod tampered;
mod vouched;
mod vouching;
mod world;
