//! How it ended, written where the sender and the recipient can see it.

use crate::{Notifier, worker::NotifyError};
use domain::{
    LetterId, MailboxId, SenderMac,
    jobs::NoticeJob,
    words::{EventType, NoticeState},
};
use evidence::{
    NewEvent,
    feed::{self, FeedRow},
};
use std::collections::{HashMap, HashSet};
use store::{Many, Tx, row};
use tracing::{info, warn};

/// A letter whose notice has come to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub state: NoticeState,
}

impl Told {
    pub(crate) fn new(letter: NoticeJob, state: NoticeState) -> Self {
        Self { mailbox_id: letter.mailbox_id, letter_id: letter.letter_id, state }
    }

    fn event(&self) -> EventType {
        match self.state {
            NoticeState::Sent => EventType::NoticeSent,
            NoticeState::NoContactPoint => EventType::NoContactPoint,
            NoticeState::NotNeeded => EventType::NoticeNotNeeded,
            NoticeState::Failed | NoticeState::Pending => EventType::NoticeFailed,
        }
    }
}

impl Notifier {
    /// Concludes all letters in one transaction, or one by one when that fails, so that one letter does not hold up
    /// the others. Tells which could not be concluded.
    pub(crate) async fn conclude_all(&self, told: &[Told]) -> Result<HashSet<LetterId>, NotifyError> {
        let mut lost = HashSet::new();
        if told.is_empty() {
            return Ok(lost);
        }
        match self.conclude(told).await {
            Ok(()) => {}
            // The database itself: the same would befall each.
            Err(NotifyError::Store(error)) if error.is_transient() => return Err(error.into()),
            Err(_) => {
                for one in told {
                    if let Err(error) = self.conclude(std::slice::from_ref(one)).await {
                        let id = one.letter_id;
                        warn!(%error, letter.id = %id, "Could not conclude the notice of letter {id}");
                        lost.insert(id);
                    }
                }
            }
        }
        // After the commit: what it would look for is not to be seen before.
        self.sequencer.nudge();
        Ok(lost)
    }

    async fn conclude(&self, told: &[Told]) -> Result<(), NotifyError> {
        let mut tx = self.store.begin_background("conclude notices").await?;
        let concluded = self.conclude_in(&mut tx, told).await?;
        tx.commit().await?;
        for told in concluded {
            let state = told.state.as_str();
            metrics::counter!("kuvert_letters_told_total", "state" => state).increment(1);
            if told.state == NoticeState::Failed {
                let id = told.letter_id;
                info!(letter.id = %id, "No channel reached the recipient of letter {id}");
            }
        }
        Ok(())
    }

    /// State, evidence and the sender's feed, for letters that had no state yet: running twice changes nothing.
    async fn conclude_in(&self, tx: &mut Tx, told: &[Told]) -> Result<Vec<Told>, NotifyError> {
        let mut told = told.to_vec();
        // The order in which rows and chains are locked, the same in all workers: no deadlocks.
        told.sort_unstable_by_key(|t| (t.mailbox_id, t.letter_id));
        let rows: Vec<_> = told.iter().map(|t| row![t.mailbox_id, t.letter_id, t.state.as_str()]).collect();
        let mut senders = HashMap::new();
        for row in tx.query_many(&CONCLUDE, &rows).await? {
            senders.insert(row.id::<LetterId>("letter_id")?, row.array::<32>("sender_mac")?);
        }
        told.retain(|t| senders.contains_key(&t.letter_id));
        let now = self.clock.now();
        let events: Vec<_> =
            told.iter().map(|t| (t.mailbox_id, t.letter_id, NewEvent::by_service(t.event(), now))).collect();
        let ring = &self.notifier_keys.events;
        let appended = evidence::append_many(tx, ring, &events, &*self.random).await?;
        let feed: Vec<_> = told
            .iter()
            .zip(&appended)
            .filter_map(|(t, appended)| {
                let sender_mac = *senders.get(&t.letter_id)?;
                let seq = appended.seq;
                let at = appended.at;
                let kind = t.event();
                Some(FeedRow {
                    letter_id: t.letter_id,
                    seq,
                    sender_mac: SenderMac::from_bytes(sender_mac),
                    at,
                    kind,
                })
            })
            .collect();
        feed::waiting(tx, &feed).await?;
        Ok(told)
    }
}

static CONCLUDE: Many = Many::new(
    "UPDATE letter SET notice_state = v.column3 FROM (VALUES ",
    3,
    ") AS v WHERE letter.mailbox_id = v.column1 AND letter.letter_id = v.column2 \
     AND letter.notice_state = 'pending' RETURNING letter.letter_id, letter.sender_mac",
);
