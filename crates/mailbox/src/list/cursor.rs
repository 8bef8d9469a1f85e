//! Places in a list.

use crate::LetterFacts;
use domain::Time;
use std::{fmt, str::FromStr};

/// A place in the list: opaque text for addresses of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) visible_from: Time,
    pub(super) letter_id: [u8; 16],
}

impl Cursor {
    pub(super) const LAST_ID: [u8; 16] = [0xff; 16];

    pub(super) fn of(facts: &LetterFacts) -> Self {
        Self { visible_from: facts.visible_from, letter_id: *facts.letter_id.as_bytes() }
    }

    pub(super) fn key(self) -> (Time, [u8; 16]) {
        (self.visible_from, self.letter_id)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}", self.visible_from.millis(), hex::encode(self.letter_id))
    }
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        if text.len() != 48 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotACursor);
        }
        let millis = i64::from_str_radix(&text[..16], 16).map_err(|_| NotACursor)?;
        let id = u128::from_str_radix(&text[16..], 16).map_err(|_| NotACursor)?;
        Ok(Self { visible_from: Time::from_millis(millis), letter_id: id.to_be_bytes() })
    }
}
