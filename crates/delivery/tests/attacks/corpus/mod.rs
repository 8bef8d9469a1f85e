//! Messages that must not be taken, made from good ones: by whoever stands between, and by a dispatcher who seals what
//! no sender signed. Shared by the test beside it and by `attack`, which sends them to a running service.

#![allow(dead_code, unused_imports, reason = "each of the two uses its part")]

mod bulk;
mod certificates;
mod forge;
mod keys;
mod signatures;
mod soap;
mod text;
mod wrapping;

pub use forge::{Cast, Forge, LINE_ENDS, Party, SUBJECT, authority, issuer, revocable, subject};

/// Who must refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Reading and verifying.
    Reader,
    /// The signatures hold; who signed, and with what, is judged by authorities and registry.
    House,
}

/// One message.
pub struct Attack {
    pub group: &'static str,
    pub name: &'static str,
    pub by: By,
    pub body: Vec<u8>,
}

impl Attack {
    fn new(group: &'static str, name: &'static str, by: By, body: impl Into<Vec<u8>>) -> Self {
        Self { group, name, by, body: body.into() }
    }
}

/// All of them; each with a letter of its own, so that none passes as a repeat of another.
pub fn all(forge: &Forge) -> Vec<Attack> {
    let groups = [wrapping::all, signatures::all, certificates::all, text::all, soap::all, bulk::all];
    groups.iter().flat_map(|group| group(forge)).collect()
}

/// Good messages in other forms: each must be taken, and say the same.
pub fn harmless(forge: &Forge) -> Vec<(&'static str, Vec<u8>)> {
    text::harmless(forge)
}
