//! What a sender is told of a letter that it sent: its state, and its history.

use crate::{
    AcceptError, Intake,
    error::unserved,
    outbound,
    submission::{self, Submission},
};
use domain::{
    LetterId, OrgNumber, Time,
    words::{EventType, LetterState, ReturnReason},
};
use evidence::feed;
use store::Tx;

/// How a letter is named in a question.
#[derive(Clone, Copy, Debug)]
pub enum LetterName<'a> {
    Id(LetterId),
    Reference(&'a str),
}

/// A letter as its sender sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterStatus {
    pub letter_id: LetterId,
    /// Empty where it does not open.
    pub reference: String,
    pub state: LetterState,
    pub history: Vec<StatusEvent>,
}

/// What has happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusEvent {
    pub at: Time,
    pub kind: EventType,
    /// Of `returned` alone.
    pub why: Option<ReturnReason>,
}

impl Intake {
    /// A letter of one of these senders, whom the caller may act for. `None`: none of theirs has this name; whether another's
    /// has is not told.
    pub async fn letter_status(
        &self,
        name: LetterName<'_>,
        senders: &[OrgNumber],
    ) -> Result<Option<LetterStatus>, AcceptError> {
        self.read_status(name, senders).await.map_err(unserved)
    }

    async fn read_status(
        &self,
        name: LetterName<'_>,
        senders: &[OrgNumber],
    ) -> Result<Option<LetterStatus>, store::Error> {
        let keys = &self.0.gateway_keys;
        let now = self.0.clock.now();
        let mut tx = self.0.store.read("show letter").await?;
        let found = match name {
            LetterName::Id(id) => submission::by_letter(&mut tx, id).await?,
            LetterName::Reference(reference) => self.by_reference(&mut tx, senders, reference).await?,
        };
        let is_theirs = |found: &Submission| {
            senders.iter().any(|sender| submission::sender_mac(&keys.sender, sender) == found.sender_mac)
        };
        let Some(of) = found.filter(is_theirs) else { return Ok(None) };
        let events = feed::of_letter(&mut tx, of.mailbox_id, of.letter_id, of.tells_opened).await?;
        let kinds: Vec<EventType> = events.iter().map(|(_, kind)| *kind).collect();
        let state = state(&kinds, of.visible_from, now);
        let reason = match state {
            LetterState::Returned => outbound::reasons(&mut tx, &[of.letter_id]).await?.remove(&of.letter_id),
            _ => None,
        };
        let history = events.into_iter().map(|(at, kind)| StatusEvent {
            at,
            kind,
            why: reason.filter(|_| kind == EventType::Returned),
        });
        Ok(Some(LetterStatus {
            letter_id: of.letter_id,
            reference: of.reference(keys).unwrap_or_default(),
            state,
            history: history.collect(),
        }))
    }

    async fn by_reference(
        &self,
        tx: &mut Tx,
        senders: &[OrgNumber],
        reference: &str,
    ) -> Result<Option<Submission>, store::Error> {
        let mac = &self.0.gateway_keys.sender;
        for sender in senders {
            let reference_mac = submission::reference_mac(mac, sender, reference);
            let sender_mac = submission::sender_mac(mac, sender);
            let found = submission::by_reference(tx, &sender_mac, &reference_mac).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// What follows from what has happened.
fn state(happened: &[EventType], visible_from: Time, now: Time) -> LetterState {
    let is = |kind: EventType| happened.contains(&kind);
    if is(EventType::Opened) {
        return LetterState::Opened;
    }
    // One that was to leave and whose recipient came here is accepted too.
    if is(EventType::TakenInCharge) && !is(EventType::Accepted) {
        if is(EventType::Forwarded) {
            return LetterState::Forwarded;
        }
        return if is(EventType::Returned) { LetterState::Returned } else { LetterState::Forwarding };
    }
    if visible_from > now { LetterState::Scheduled } else { LetterState::Available }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventType::{Accepted, Forwarded, Opened, Returned, TakenInCharge};

    #[test]
    fn the_state_follows_from_what_has_happened() {
        let now = Time::from_millis(1_000);
        let at = |happened: &[EventType]| state(happened, now, now);
        for (happened, expected) in [
            (&[Accepted][..], LetterState::Available),
            (&[Accepted, Opened], LetterState::Opened),
            (&[TakenInCharge], LetterState::Forwarding),
            (&[TakenInCharge, Forwarded], LetterState::Forwarded),
            (&[TakenInCharge, Returned], LetterState::Returned),
            (&[TakenInCharge, Accepted], LetterState::Available),
        ] {
            assert_eq!(at(happened), expected, "{happened:?}");
        }
        assert_eq!(state(&[Accepted], Time::from_millis(1_001), now), LetterState::Scheduled);
        assert_eq!(state(&[Accepted, Opened], Time::from_millis(1_001), now), LetterState::Opened);
    }
}
