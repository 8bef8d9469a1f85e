//! Ids of our own. Each is its own type, so that a letter's id never stands where a mailbox's should.

use crate::{chance, chance::Random, time::Time};
use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::{Builder, Uuid};

/// The text is not a UUID.
#[derive(Debug, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, ordered) => {
        id!(@ $(#[$doc])* $name);
        impl $name {
            /// A new id, ordered by `now` (UUID version 7, RFC 9562 §5.7).
            pub fn new(now: Time, random: &dyn Random) -> Self {
                let tail = chance::bytes::<10>(random);
                Self(Builder::from_unix_timestamp_millis(now.millis().max(0).cast_unsigned(), &tail).into_uuid())
            }
        }
    };
    ($(#[$doc:meta])* $name:ident, unordered) => {
        id!(@ $(#[$doc])* $name);
        impl $name {
            /// A new id that says nothing of when it was made (UUID version 4).
            pub fn new(random: &dyn Random) -> Self {
                Self(Builder::from_random_bytes(chance::bytes(random)).into_uuid())
            }
        }
    };
    (@ $(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(Uuid);
        impl $name {
            /// The sixteen bytes, as stored.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From sixteen stored bytes; any other length is no id.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, NotAnId> {
                Uuid::from_slice(bytes).map(Self).map_err(|_| NotAnId)
            }
        }
        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.hyphenated())
            }
        }
    };
}

id!(/** A letter. Ordered by acceptance. */ LetterId, ordered);
id!(/** A mailbox. Says nothing of its owner or age. */ MailboxId, unordered);
id!(/** A person, whatever number they have today. */ PersonId, unordered);
id!(/** An organisation that owns a mailbox. */ OrganisationId, unordered);
id!(/** One event of a letter's or a mailbox's history. */ EventId, ordered);
id!(/** A unit of background work. */ JobId, ordered);
id!(/** A way to reach a person: an e-mail address or a phone number. */ ContactId, unordered);
id!(/** A right to act for a mailbox that is not one's own. */ MandateId, unordered);
id!(/** What an agency tells many people in words of its own. Ordered by acceptance. */ AnnouncementId, ordered);

impl MailboxId {
    /// No mailbox: the key pair that letters for other operators are sealed to until they are handed over.
    pub const OUTGOING: Self = Self(Uuid::from_bytes(*b"kuvert outgoing!"));

    /// The mailbox's own history is a chain beside those of its letters and is filed under this id.
    pub fn own_chain(self) -> LetterId {
        LetterId(self.0)
    }
}

impl LetterId {
    /// Where the events of a letter stand that is on its way to another operator and in nobody's mailbox here: a place
    /// of its own, which no mailbox has.
    pub fn own_box(self) -> MailboxId {
        MailboxId(self.0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    struct Count;
    impl Random for Count {
        fn fill(&self, out: &mut [u8]) {
            out.iter_mut().zip(1..).for_each(|(b, n)| *b = n);
        }
    }

    #[test]
    fn letter_ids_sort_by_time_and_survive_text() {
        let early = LetterId::new(Time::from_millis(1_700_000_000_000), &Count);
        let late = LetterId::new(Time::from_millis(1_700_000_000_001), &Count);
        assert!(early < late);
        assert_eq!(early.to_string().parse::<LetterId>().unwrap(), early);
        assert_eq!(LetterId::from_slice(early.as_bytes()).unwrap(), early);
        assert!("198101052382".parse::<LetterId>().is_err());
    }
}
