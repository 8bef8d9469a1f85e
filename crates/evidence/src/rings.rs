//! Who may seal which events. Each role has a ring of its own, and the key service has all: so a role that is broken into
//! writes no more than what it could have written truthfully.

use domain::{Time, words::EventType};
use key_client::{EventRing, KeyRing};
use std::sync::Arc;
use vault::Place;
use zeroize::Zeroizing;

/// Whose key an event was sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Writer {
    /// The one ring that every role had before they had rings of their own. Nobody but the key service has it now; what it
    /// sealed counts up to the instant when that began ([`EventKeys::before_until`]).
    Before,
    Gateway,
    Notifier,
    Web,
    Keys,
}

impl Writer {
    pub const ALL: &'static [Self] = &[Self::Before, Self::Gateway, Self::Notifier, Self::Web, Self::Keys];

    /// Whether this role seals events of this kind. A new kind does not compile until it has its place here.
    pub const fn may_write(self, kind: EventType) -> bool {
        use EventType as E;
        match kind {
            // A letter comes through the door, or it does not come.
            E::Accepted | E::TakenInCharge | E::Forwarded | E::Returned => {
                matches!(self, Self::Before | Self::Gateway)
            }
            E::NoticeSent | E::NoticeFailed | E::NoContactPoint | E::NoticeNotNeeded => {
                matches!(self, Self::Before | Self::Notifier)
            }
            // Reading: nobody but who releases the key. What the operator alone does.
            E::Opened
            | E::Listed
            | E::EpochRolled
            | E::RestoreAccepted
            | E::DeathNoted
            | E::DeathWithdrawn => {
                matches!(self, Self::Before | Self::Keys)
            }
            // What the register of addresses is told reaches us through the door.
            E::MailboxOpened | E::MailboxClosed | E::SenderDeclined | E::SenderAccepted => {
                matches!(self, Self::Before | Self::Gateway | Self::Web | Self::Keys)
            }
            E::Archived
            | E::Binned
            | E::Restored
            | E::Erased
            | E::MandateGranted
            | E::MandateRevoked
            | E::ContactConfirmed
            | E::ContactRemoved => matches!(self, Self::Before | Self::Web | Self::Keys),
        }
    }

    /// Whether what it seals commits to the actor and to what belongs to a letter: all but the oldest.
    pub const fn commits(self) -> bool {
        !matches!(self, Self::Before)
    }
}

/// What opens events, so that reading is the same for the key service and for roles that are handed keys.
pub trait EventKeys: Sync {
    /// The plain body, and whose key it was where that is known.
    fn open_event(&self, place: &Place, body: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Option<Writer>)>;

    /// The last instant of which [`Writer::Before`] may say anything: who still has that key writes nothing new by it.
    fn before_until(&self) -> Option<Time> {
        None
    }
}

/// One role's own ring: it says nothing of who else may write.
impl EventKeys for KeyRing {
    fn open_event(&self, place: &Place, body: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Option<Writer>)> {
        Some((self.open(place, body).ok()?, None))
    }
}

impl EventKeys for EventRing {
    fn open_event(&self, place: &Place, body: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Option<Writer>)> {
        (**self).open_event(place, body)
    }
}

impl<K: EventKeys + Send + ?Sized> EventKeys for Arc<K> {
    fn open_event(&self, place: &Place, body: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Option<Writer>)> {
        (**self).open_event(place, body)
    }

    fn before_until(&self) -> Option<Time> {
        (**self).before_until()
    }
}

/// Everybody's rings, as the key service has them.
#[derive(Debug)]
pub struct Rings {
    pub rings: Vec<(Writer, KeyRing)>,
    /// When the key service took the ring of before back from everybody; none where there never was one.
    pub before_until: Option<Time>,
}

impl EventKeys for Rings {
    fn open_event(&self, place: &Place, body: &[u8]) -> Option<(Zeroizing<Vec<u8>>, Option<Writer>)> {
        // A ciphertext names its key, and no two rings share one: only the right one tries.
        self.rings.iter().find_map(|(writer, ring)| Some((ring.open(place, body).ok()?, Some(*writer))))
    }

    fn before_until(&self) -> Option<Time> {
        self.before_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_writer_but_for_what_the_register_and_the_pages_both_change() {
        for kind in EventType::ALL {
            let writers: Vec<_> =
                Writer::ALL.iter().filter(|writer| writer.commits() && writer.may_write(*kind)).collect();
            assert!(!writers.is_empty(), "{kind}");
            assert!(Writer::Before.may_write(*kind));
            if kind.reaches_sender() {
                assert_eq!(writers.len(), 1, "{kind} is told to senders");
            }
        }
    }

    #[test]
    fn only_the_key_service_says_that_something_was_read_and_only_the_door_that_something_came() {
        for writer in [Writer::Gateway, Writer::Notifier, Writer::Web] {
            assert!(!writer.may_write(EventType::Opened) && !writer.may_write(EventType::Listed));
        }
        for writer in [Writer::Keys, Writer::Notifier, Writer::Web] {
            assert!(!writer.may_write(EventType::Accepted) && !writer.may_write(EventType::TakenInCharge));
        }
    }
}
