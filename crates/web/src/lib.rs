//! The citizen's pages and the content origin.
//!
//! Rendered on the server and whole without JavaScript; there is none. [`pages`] holds what each page shows, as
//! plain values with a template each; `acts` holds one file for each thing a person can do. All access to letters
//! goes through `mailbox`; what is not the reader's is not found.
//!
//! [`router`] is the citizen's origin, [`content_router`] the other site on which letters' own HTML and files are
//! shown, by addresses that cannot be guessed and soon end.

mod acts;
mod address;
pub mod api;
pub mod body;
mod capability;
mod content;
mod cookies;
pub mod dates;
mod device;
mod fault;
pub mod frame;
mod fresh;
pub mod icons;
mod language;
mod limit;
pub mod links;
mod names;
mod notices;
pub mod pages;
mod posted;
mod return_to;
mod routes;
mod security;
mod state;
pub mod style;
pub mod texts;
mod visitor;

pub use routes::{content_router, router};
pub use state::{AccountChange, AccountNotice, CodeMessage, CodePost, CodeSent, Limits, Parts, Web};
