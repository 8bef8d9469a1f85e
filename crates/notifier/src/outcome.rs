//! How it ended, written where the sender and the recipient can see it.

use crate::{Notifier, delivery::Failure, plan::Planned};
use domain::{
    LetterId, MailboxId,
    words::{EventType, NoticeState},
};
use evidence::{
    NewEvent,
    feed::{self, FeedRow},
};
use std::collections::HashMap;
use store::{Many, Tx, args, jobs::Job, row};

/// A letter whose notice has come to its end.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub state: NoticeState,
}

impl Told {
    pub fn new(job: &Job, state: NoticeState) -> Self {
        Self { mailbox_id: job.mailbox_id, letter_id: job.letter_id, state }
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
    /// State, evidence and the sender's feed, for letters that had no state yet: running twice changes nothing.
    pub(crate) async fn conclude(
        &self,
        tx: &mut Tx,
        told: &[Told],
    ) -> Result<(), crate::worker::NotifyError> {
        if told.is_empty() {
            return Ok(());
        }
        let mut told = told.to_vec();
        told.sort_unstable_by_key(|t| (t.mailbox_id, t.letter_id));
        let rows: Vec<_> = told.iter().map(|t| row![t.mailbox_id, t.letter_id, t.state.as_str()]).collect();
        let mut senders = HashMap::new();
        for row in tx.query_many(&CONCLUDE, &rows).await? {
            senders.insert(row.id::<LetterId>(0)?, row.array::<32>(1)?);
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
                let (seq, at, kind) = (appended.seq, appended.at, t.event());
                Some(FeedRow { letter_id: t.letter_id, seq, sender_mac, at, kind })
            })
            .collect();
        feed::waiting(tx, &feed).await?;
        Ok(())
    }

    /// How the messages of a window ended.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        results: &[(Planned, Result<(), Failure>)],
    ) -> Result<(), store::Error> {
        let now = self.clock.now();
        for (planned, result) in results {
            let (state, sent_at, code) = match result {
                Ok(()) => ("sent", Some(now), None),
                Err(Failure::Later(code)) => ("sending", None, Some(*code)),
                Err(failure) => ("failed", None, Some(failure.code())),
            };
            tx.execute(RECORD, args![&planned.notice_id, state, sent_at, code]).await?.exactly(1)?;
            if let Err(Failure::BadAddress(_)) = result {
                registry::contacts::failed(tx, planned.contact_id, now).await?;
            }
        }
        Ok(())
    }
}

static CONCLUDE: Many = Many::new(
    "UPDATE letter SET notice_state = v.column3 FROM (VALUES ",
    3,
    ") AS v WHERE letter.mailbox_id = v.column1 AND letter.letter_id = v.column2 \
     AND letter.notice_state = 'pending' RETURNING letter.letter_id, letter.sender_mac",
);
const RECORD: &str = "UPDATE notice SET state = $2, sent_at = CAST($3 AS BIGINT), last_code = CAST($4 AS TEXT), \
    attempts = attempts + 1 WHERE notice_id = $1";
