//! The feed as a sender reads it: its events in order, and where to go on.

use crate::{AcceptError, Intake, error::unserved, outbound, submission};
use domain::{
    Code, LetterId, OrgNumber, Time,
    words::{EventType, ReturnReason},
};
use evidence::feed::{self, Bounds, FeedEvent};
use store::Tx;

/// Where a reader of the feed has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPosition {
    /// Counts the events of all senders.
    pub position: i64,
    /// Of the feed, when it was given.
    pub epoch: i64,
    /// Stands for the event at the position; `None` where none is kept.
    pub mark: Option<[u8; 8]>,
}

/// Some events, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    pub events: Vec<SenderEvent>,
    pub next: FeedPosition,
}

/// An event of a letter that a sender has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderEvent {
    /// The same wherever it is read.
    pub id: String,
    pub at: Time,
    pub kind: EventType,
    pub letter_id: LetterId,
    /// `None` where it does not open.
    pub reference: Option<String>,
    /// Of `returned` alone.
    pub why: Option<ReturnReason>,
}

impl Intake {
    /// The events of these senders after a position, in order, `limit` at most; fewer mean that there are no more. Refused with
    /// [`Code::CursorReset`] when the feed was restored since the position was given, with [`Code::CursorExpired`] when
    /// events after it are no longer kept.
    pub async fn sender_events(
        &self,
        senders: &[OrgNumber],
        after: Option<&FeedPosition>,
        limit: u32,
    ) -> Result<FeedPage, AcceptError> {
        let mut tx = self.0.store.read("read events").await.map_err(unserved)?;
        let bounds = feed::bounds(&mut tx).await.map_err(unserved)?;
        if let Some(position) = after {
            self.leads_on(&mut tx, position, &bounds).await.map_err(unserved)??;
        }
        self.page(&mut tx, senders, after.map_or(0, |after| after.position), limit, &bounds)
            .await
            .map_err(unserved)
    }

    async fn page(
        &self,
        tx: &mut Tx,
        senders: &[OrgNumber],
        after: i64,
        limit: u32,
        bounds: &Bounds,
    ) -> Result<FeedPage, store::Error> {
        let mac = &self.0.gateway_keys.sender;
        let senders: Vec<_> = senders.iter().map(|sender| submission::sender_mac(mac, sender)).collect();
        let events = feed::read(tx, &senders, after, limit).await?;
        // A full page ends at its last event; one that is not full has seen everything up to the newest.
        let is_full = events.len() >= limit as usize;
        let reached =
            if is_full { events.last().map_or(after, |e| e.position) } else { bounds.newest.max(after) };
        // The cursor names the event that stands where it ends. After a restore another event may stand
        // there, and only so is that seen.
        let stands = feed::at(tx, reached).await?;
        let mark = stands.map(|(letter, seq)| self.mark(letter, seq));
        let returned = events.iter().filter(|event| event.kind == EventType::Returned);
        let returned: Vec<_> = returned.map(|event| event.letter_id).collect();
        let reasons = outbound::reasons(tx, &returned).await?;
        let event = |event: FeedEvent| {
            let why = reasons.get(&event.letter_id).filter(|_| event.kind == EventType::Returned);
            self.sender_event(&event, why.copied())
        };
        let events = events.into_iter().map(event).collect();
        Ok(FeedPage { events, next: FeedPosition { position: reached, epoch: bounds.epoch, mark } })
    }

    /// Whether a position leads on from where its reader was. One that was given before the feed was restored does not: under
    /// it stands, or will stand, another event, and those before it would never be told.
    async fn leads_on(
        &self,
        tx: &mut Tx,
        from: &FeedPosition,
        bounds: &Bounds,
    ) -> Result<Result<(), Code>, store::Error> {
        if from.epoch != bounds.epoch || from.position > bounds.newest {
            return Ok(Err(Code::CursorReset));
        }
        if from.position < bounds.forgotten {
            return Ok(Err(Code::CursorExpired));
        }
        let stands = feed::at(tx, from.position).await?;
        let stands = stands.map(|(letter, seq)| self.mark(letter, seq));
        Ok(match from.mark.zip(stands) {
            // At the very beginning nothing stands, and there is nothing to compare.
            Some((was, is)) if was != is => Err(Code::CursorReset),
            _ => Ok(()),
        })
    }

    fn mark(&self, letter: LetterId, seq: u64) -> [u8; 8] {
        let mac = &self.0.gateway_keys.sender;
        // Keyed: a sender must not be able to make a cursor for an event that it has not been shown.
        let tag = mac.tag("cursor event", &[letter.as_bytes(), &seq.to_be_bytes()]);
        std::array::from_fn(|at| tag[at])
    }

    fn sender_event(&self, event: &FeedEvent, why: Option<ReturnReason>) -> SenderEvent {
        let open =
            |sealed| submission::open_reference(&self.0.gateway_keys.reference, event.letter_id, sealed).ok();
        SenderEvent {
            id: event.public_id(),
            at: event.at,
            kind: event.kind,
            letter_id: event.letter_id,
            reference: event.reference.as_deref().and_then(open),
            why,
        }
    }
}
