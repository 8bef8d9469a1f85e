//! Whom an announcement is for, sealed beside its words: rows that say otherwise decide nothing.

use domain::{ContactId, OrgNumber, Time};
use serde::{Deserialize, Serialize};

/// Stands in the same sealed text as the words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnnouncedTo {
    /// Who wrote it: its number, whose name stands in every text.
    sender: String,
    /// When it was taken, unix milliseconds.
    at: i64,
    /// The contact points that it goes to, hexadecimal, one after the other.
    ways: String,
}

impl AnnouncedTo {
    pub fn new(sender: &OrgNumber, at: Time, ways: impl IntoIterator<Item = ContactId>) -> Self {
        let ways = ways.into_iter().map(|id| hex::encode(id.as_bytes())).collect();
        Self { sender: sender.as_str().to_owned(), at: at.millis(), ways }
    }

    /// From the sealed text; `None` for one of before this stood in it.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub fn sender(&self) -> &str {
        &self.sender
    }

    pub fn at(&self) -> Time {
        Time::from_millis(self.at)
    }

    /// `None` when they are not in their form.
    pub fn contacts(&self) -> Option<impl Iterator<Item = ContactId> + use<>> {
        let id = |digits: &[u8]| {
            let number = u128::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
            ContactId::from_slice(&number.to_be_bytes()).ok().filter(|_| digits.len() == DIGITS)
        };
        let ids: Option<Vec<_>> = self.ways.as_bytes().chunks(DIGITS).map(id).collect();
        Some(ids?.into_iter())
    }
}

const DIGITS: usize = 32;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let ids = [ContactId::new(&SystemRandom), ContactId::new(&SystemRandom)];
        let to = AnnouncedTo::new(&OrgNumber::parse("164020000016").unwrap(), Time::from_millis(7), ids);
        let read = AnnouncedTo::read(&serde_json::to_vec(&to).unwrap()).unwrap();
        assert_eq!((read.sender(), read.at()), ("164020000016", Time::from_millis(7)));
        assert_eq!(read.contacts().unwrap().collect::<Vec<_>>(), ids);
        assert!(AnnouncedTo::read(br#"{"sms":"Hej"}"#).is_none());
        let broken = AnnouncedTo { ways: "00ff".into(), ..to };
        assert!(broken.contacts().is_none());
    }
}
