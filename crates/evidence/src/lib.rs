//! What happened, so that it can be proved: events chained per letter, the senders' event feed, receipts.
//!
//! Every event is written in the transaction of the fact it speaks of. Its public side is one 32-byte
//! [`entry`]; the bytes behind it and the nonce that hides them are sealed in the row. Formats with
//! vectors: `docs/evidence.md`.

mod accepting;
mod append;
mod audit;
mod chain;
mod commitment;
mod error;
mod event;
mod registered;
mod rehome;
mod rings;
mod row;
mod sequencer;
mod walks;

pub mod feed;
pub mod receipt;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod vectors;

pub use accepting::{Accepting, accepting, taken_in_charge};
pub use append::{Appended, NewEvent, append, append_many, append_untold};
pub use audit::{Audit, audit};
pub use chain::{Broken, Flaw, chain_holds, read_chain};
pub use commitment::{Belongings, actor, address, content, entry, leaf, original, recipient};
pub use error::EvidenceError;
pub use event::{Accepted, Actor, Event, FORWARDED, NotAnEvent};
pub use registered::{Particulars, Party, Registered, Sealed};
pub use rehome::{CAME_HOME, Rehoming, bodies, rehome};
pub use rings::{EventKeys, Rings, Writer};
pub use row::{EventRow, first, insert};
pub use sequencer::Sequencer;
pub use walks::{Walked, Walks};
