//! Reaches people by e-mail and SMS; cannot read a letter.
//!
//! A notice says that a letter has come and nothing more: no subject, no link, never the sender's name unless
//! the person chose it. It goes out after the commit, by a job, at least once; a repeat bears the same
//! Message-ID. Every letter ends in exactly one visible notice state.
//!
//! What an agency announces in words of its own goes the same ways, as work of its own: [`Announcer`].

mod announce;
mod channels;
mod courier;
mod delivery;
mod memory;
mod moved;
mod outcome;
mod plan;
mod post;
mod reach;
pub mod settings;
mod sms;
mod texts;
mod window;
mod worker;

pub use announce::{ANNOUNCEMENT, Announcer};
pub use channels::Channels;
pub use courier::{Courier, To};
pub use delivery::{Delivery, Failure};
pub use memory::{Fault, Memory, Message};
pub use moved::{MOVED, Mover};
pub use post::Post;
pub use settings::NoticeSettings;
pub use sms::Sms;
pub use texts::Change;
pub use worker::{KIND, Notifier};
