//! The ring that seals events, and which of them were committed since they were last handed over.
//!
//! The key service counts the events of each mailbox in its own store, so that one that is taken away is missed. Whoever
//! commits events tells it afterwards, at most once a second ([`Keys::hand_over`]): nothing waits for it.

use crate::{Keys, KeysError, ring::KeyRing};
use domain::{MailboxId, Random, Time, chance};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref, sync::Arc, time::Duration};
use tracing::error;

/// A ring of `event.body`, with what was sealed and committed in its name.
pub struct EventRing {
    ring: KeyRing,
    committed: Arc<Committed>,
}

/// Entries of events that are committed and not handed over yet.
#[derive(Default)]
pub struct Committed(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    fresh: Vec<(MailboxId, [u8; 32])>,
    /// Handed over, and not answered: handed over again under the same id, it counts once.
    batches: Vec<(HandedOver, Time)>,
}

/// Events that were committed, by mailbox and entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// A batch counts once, however often it is handed over.
    #[serde(with = "crate::wire::bytes")]
    pub id: [u8; 16],
    pub events: Vec<(MailboxId, [u8; 32])>,
}

impl EventRing {
    /// What is told of what was committed.
    pub fn committed(&self) -> &Arc<Committed> {
        &self.committed
    }

    pub fn into_ring(self) -> KeyRing {
        self.ring
    }
}

impl From<KeyRing> for EventRing {
    fn from(ring: KeyRing) -> Self {
        Self { ring, committed: Arc::default() }
    }
}

impl Deref for EventRing {
    type Target = KeyRing;

    fn deref(&self) -> &KeyRing {
        &self.ring
    }
}

impl fmt::Debug for EventRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ring.fmt(f)
    }
}

impl Committed {
    /// These events are committed.
    pub fn add(&self, events: impl IntoIterator<Item = (MailboxId, [u8; 32])>) {
        self.0.lock().fresh.extend(events);
    }

    /// All that waits, in batches. They stay until [`Committed::answered`], or until nobody has taken them for so long that
    /// the key service may have found them by itself.
    pub fn batches(&self, now: Time, random: &dyn Random) -> Vec<HandedOver> {
        let mut waiting = self.0.lock();
        let before = waiting.batches.len();
        waiting.batches.retain(|(_, since)| now.since(*since) < KEPT);
        if waiting.batches.len() < before {
            error!(
                "Committed events could not be handed over in time; the key service looks for them itself"
            );
        }
        let fresh = std::mem::take(&mut waiting.fresh);
        for events in fresh.chunks(BATCH) {
            let id = chance::bytes(random);
            waiting.batches.push((HandedOver { id, events: events.to_vec() }, now));
        }
        waiting.batches.iter().map(|(batch, _)| batch.clone()).collect()
    }

    /// The key service has taken it.
    pub fn answered(&self, id: &[u8; 16]) {
        let mut waiting = self.0.lock();
        waiting.batches.retain(|(batch, _)| batch.id != *id);
    }
}

impl fmt::Debug for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Committed")
    }
}

impl Keys {
    /// Hands over what was committed since the last time. To be done once a second, and when the role ends.
    pub async fn hand_over(&self, ring: &EventRing, now: Time, random: &dyn Random) -> Result<(), KeysError> {
        for batch in ring.committed.batches(now, random) {
            let id = batch.id;
            self.committed(batch).await?;
            ring.committed.answered(&id);
        }
        Ok(())
    }
}

/// Events in a message.
const BATCH: usize = 4096;
/// Shorter than the time after which the key service takes up what it finds uncounted (`heads::TAKEN_UP_AFTER`).
const KEPT: Duration = Duration::from_secs(60);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::{Answer, Role, channel};
    use vault::SystemRandom;

    fn entry(n: u8) -> (MailboxId, [u8; 32]) {
        (MailboxId::OUTGOING, [n; 32])
    }

    #[tokio::test]
    async fn what_was_not_answered_is_handed_over_again_under_the_same_id_and_then_no_more() {
        let ring = EventRing::from(KeyRing::random(&SystemRandom));
        ring.committed().add([entry(1), entry(2)]);
        let (connector, mut receiver) = channel(8);
        let keys = connector.keys(Role::Gateway);
        let service = tokio::spawn(async move {
            let mut seen = vec![];
            for answer in [Err(KeysError::Unavailable), Ok(Answer::Done), Ok(Answer::Done)] {
                let envelope = receiver.recv().await.unwrap();
                let crate::Request::Committed { batch } = envelope.request else { panic!("another request") };
                seen.push(batch);
                envelope.answer.send(answer).unwrap();
            }
            seen
        });
        let now = Time::from_millis(1_000_000);
        assert!(keys.hand_over(&ring, now, &SystemRandom).await.is_err());
        ring.committed().add([entry(3)]);
        keys.hand_over(&ring, now, &SystemRandom).await.unwrap();
        keys.hand_over(&ring, now, &SystemRandom).await.unwrap();
        let seen = service.await.unwrap();
        assert_eq!(seen[0], seen[1]);
        assert_eq!((seen[1].events.len(), seen[2].events.as_slice()), (2, [entry(3)].as_slice()));
    }

    #[test]
    fn what_nobody_takes_is_dropped_before_the_key_service_finds_it_by_itself() {
        let committed = Committed::default();
        committed.add([entry(1)]);
        let now = Time::from_millis(0);
        assert_eq!(committed.batches(now, &SystemRandom).len(), 1);
        assert_eq!(committed.batches(now.plus(KEPT - Duration::from_millis(1)), &SystemRandom).len(), 1);
        assert!(committed.batches(now.plus(KEPT), &SystemRandom).is_empty());
    }
}
