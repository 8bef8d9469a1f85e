//! The next event of a chain, written in the transaction of the fact.

use crate::{
    commitment,
    error::EvidenceError,
    event::{Actor, Event, is_word},
    row::{self, EventRow},
};
use domain::{
    EventId, LetterId, MailboxId, OrgNumber, PersonId, Random, Time, chance,
    words::{Because, EventType},
};
use key_client::{EventRing, KeyRing};
use std::collections::HashMap;
use store::{Many, Tx, row as values};

/// What is to be appended. Make it by [`NewEvent::by_service`] or [`NewEvent::by_person`].
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub kind: EventType,
    pub at: Time,
    pub actor: Actor,
    /// Who acted; stands in the row for the owner to see, never in the event's bytes.
    pub actor_person: Option<PersonId>,
    pub because: Option<Because>,
    /// A word of a closed list, from the code itself: never what someone wrote.
    pub detail: Option<&'static str>,
    /// The sender concerned, when the event is about one.
    pub sender: Option<OrgNumber>,
}

/// Where an event came to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    pub id: EventId,
    pub seq: u64,
    /// Not before the event in front of it, even when the clock was.
    pub at: Time,
    pub entry: [u8; 32],
}

impl NewEvent {
    /// Something the service did by itself.
    pub fn by_service(kind: EventType, at: Time) -> Self {
        Self {
            kind,
            at,
            actor: Actor::Service,
            actor_person: None,
            because: None,
            detail: None,
            sender: None,
        }
    }

    /// Something a person did, by a right.
    pub fn by_person(kind: EventType, at: Time, person: PersonId, because: Because) -> Self {
        let actor = Actor::from(because);
        let actor_person = Some(person);
        Self { kind, at, actor, actor_person, because: Some(because), detail: None, sender: None }
    }

    /// With a word of a closed list.
    #[must_use]
    pub fn with(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    #[must_use]
    pub fn about(mut self, sender: &OrgNumber) -> Self {
        self.sender = Some(sender.clone());
        self
    }

    fn agrees(&self) -> bool {
        self.because == self.actor.because()
            && self.actor_person.is_some() == self.because.is_some()
            && self.detail.is_none_or(is_word)
    }
}

/// Appends one event to a chain; the first one of an empty chain becomes its beginning.
///
/// Two transactions that append to the same chain do not disturb each other: the second waits for the first
/// and stands behind it. Once it is committed it waits in the ring to be handed over. A transaction that appends to several chains does so by [`append_many`], or in the order
/// of their keys.
pub async fn append(
    tx: &mut Tx,
    ring: &EventRing,
    mailbox_id: MailboxId,
    chain: LetterId,
    new: NewEvent,
    random: &dyn Random,
) -> Result<Appended, EvidenceError> {
    let mut appended = append_many(tx, ring, &[(mailbox_id, chain, new)], random).await?;
    appended.pop().ok_or(EvidenceError::Inconsistent)
}

/// As [`append`], for the key service, which counts the event itself: nothing waits in the ring.
pub async fn append_untold(
    tx: &mut Tx,
    ring: &EventRing,
    mailbox_id: MailboxId,
    chain: LetterId,
    new: NewEvent,
    random: &dyn Random,
) -> Result<Appended, EvidenceError> {
    let mut appended = write(tx, ring, &[(mailbox_id, chain, new)], random).await?;
    appended.pop().ok_or(EvidenceError::Inconsistent)
}

/// Appends many events, several to the same chain in the order given. Chains are visited in the order of
/// their keys and never twice, so two batches do not deadlock. Answers in the order of `events`.
pub async fn append_many(
    tx: &mut Tx,
    ring: &EventRing,
    events: &[(MailboxId, LetterId, NewEvent)],
    random: &dyn Random,
) -> Result<Vec<Appended>, EvidenceError> {
    let appended = write(tx, ring, events, random).await?;
    let entries = events.iter().zip(&appended).map(|((mailbox_id, ..), one)| (*mailbox_id, one.entry));
    row::tell(tx, ring, entries.collect());
    Ok(appended)
}

pub(crate) async fn write(
    tx: &mut Tx,
    ring: &KeyRing,
    events: &[(MailboxId, LetterId, NewEvent)],
    random: &dyn Random,
) -> Result<Vec<Appended>, EvidenceError> {
    if events.iter().any(|(.., new)| !new.agrees()) {
        return Err(EvidenceError::Inconsistent);
    }
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|at| (events[*at].0, events[*at].1));
    let mut appended = vec![None; events.len()];
    for piece in order.chunks(PIECE) {
        let news: Vec<_> = piece.iter().map(|at| &events[*at]).collect();
        let places = match together(tx, ring, &news, random).await? {
            Some(places) => places,
            None => one_by_one(tx, ring, &news, random).await?,
        };
        for (at, place) in piece.iter().zip(places) {
            appended[*at] = Some(place);
        }
    }
    Ok(appended.into_iter().flatten().collect())
}

/// `None`, and nothing written, when another transaction has taken a place meanwhile: going back to that chain
/// while holding later ones is how deadlocks come about.
async fn together(
    tx: &mut Tx,
    ring: &KeyRing,
    news: &[&(MailboxId, LetterId, NewEvent)],
    random: &dyn Random,
) -> Result<Option<Vec<Appended>>, EvidenceError> {
    // A lone event has nothing to share a statement with, and would pay for a savepoint.
    if news.len() == 1 {
        return Ok(None);
    }
    let mut chains: Vec<ChainKey> = news.iter().map(|(mailbox_id, chain, _)| (*mailbox_id, *chain)).collect();
    chains.dedup();
    let mut heads = heads(tx, &chains).await?;
    let mut rows = Vec::with_capacity(news.len());
    let mut places = Vec::with_capacity(news.len());
    for (mailbox_id, chain, new) in news {
        let key = (*mailbox_id, *chain);
        let (row, place) = follow(heads.get(&key), key, new, ring, random);
        // The next event of this chain follows on this one, which is not in the database yet.
        heads.insert(key, Head { seq: place.seq, at: place.at, entry: place.entry });
        rows.push(row);
        places.push(place);
    }
    // When one place is taken, the events that did find theirs must go again too: those behind it on its
    // chain hash an entry that never came to be.
    tx.execute("SAVEPOINT events", &[]).await?.ignore();
    let values: Vec<_> = rows.iter().map(EventRow::values).collect();
    // Waits for a transaction that holds one of these places and has not ended; its commit shows as a row too
    // few.
    let all = tx.execute_many(&INSERT_FREE, &values).await?.count() == rows.len() as u64;
    if !all {
        tx.execute("ROLLBACK TO SAVEPOINT events", &[]).await?.ignore();
    }
    tx.execute("RELEASE SAVEPOINT events", &[]).await?.ignore();
    Ok(all.then_some(places))
}

/// Each event waits for those who were first on its chain before the next one is touched.
async fn one_by_one(
    tx: &mut Tx,
    ring: &KeyRing,
    news: &[&(MailboxId, LetterId, NewEvent)],
    random: &dyn Random,
) -> Result<Vec<Appended>, EvidenceError> {
    let mut places = Vec::with_capacity(news.len());
    for (mailbox_id, chain, new) in news {
        let key = (*mailbox_id, *chain);
        let mut tries = 0;
        loop {
            let heads = heads(tx, &[key]).await?;
            let (row, place) = follow(heads.get(&key), key, new, ring, random);
            // Taken: whoever was first has committed by now, so the head is read anew.
            if tx.execute_many(&INSERT_FREE, &[row.values()]).await?.any() {
                places.push(place);
                break;
            }
            tries += 1;
            if tries > MAX_TRIES {
                return Err(EvidenceError::Contended(*chain));
            }
        }
    }
    Ok(places)
}

type ChainKey = (MailboxId, LetterId);

pub(crate) struct Head {
    pub(crate) seq: u64,
    pub(crate) at: Time,
    pub(crate) entry: [u8; 32],
}

pub(crate) fn follow(
    head: Option<&Head>,
    (mailbox_id, chain): ChainKey,
    new: &NewEvent,
    ring: &KeyRing,
    random: &dyn Random,
) -> (EventRow, Appended) {
    let at = head.map_or(new.at, |head| head.at.max(new.at));
    let actor = new.actor_person.map(|person| (person, chance::bytes::<32>(random)));
    let by =
        actor.zip(new.because).map(|((person, salt), because)| commitment::actor(&salt, person, because));
    let event = Event {
        id: EventId::new(at, random),
        chain,
        seq: head.map_or(0, |head| head.seq + 1),
        at,
        kind: new.kind,
        previous: head.map_or([0; 32], |head| head.entry),
        actor: new.actor,
        recipient: None,
        content: None,
        sender: new.sender.clone(),
        certificate: None,
        detail: new.detail.map(str::to_owned),
        by,
        letter: None,
        original: None,
        address: None,
    };
    let row = row::seal(&event, &chance::bytes(random), mailbox_id, actor, ring, random);
    let place = Appended { id: event.id, seq: event.seq, at, entry: row.entry };
    (row, place)
}

async fn heads(tx: &mut Tx, chains: &[ChainKey]) -> Result<HashMap<ChainKey, Head>, store::Error> {
    let wanted: Vec<_> = chains.iter().map(|(mailbox_id, chain)| values![mailbox_id, chain]).collect();
    let rows = tx.query_many(&HEADS, &wanted).await?;
    let mut heads = HashMap::with_capacity(rows.len());
    for row in rows {
        let head = Head { seq: row.number("seq")?, at: row.time("at")?, entry: row.array("entry")? };
        heads.insert((row.id("mailbox_id")?, row.id("letter_id")?), head);
    }
    Ok(heads)
}

/// Events written by one statement at most.
const PIECE: usize = 64;
/// How often another transaction may be first on one chain before this one gives up.
const MAX_TRIES: u32 = 32;

// The subquery stands on the wanted chain, so that it is asked once a chain and not once an event.
static HEADS: Many = Many::new(
    "SELECT e.mailbox_id, e.letter_id, e.seq, e.at, e.entry FROM (VALUES ",
    2,
    ") AS want JOIN event e ON e.mailbox_id = want.column1 AND e.letter_id = want.column2 \
     AND e.seq = (SELECT MAX(x.seq) FROM event x WHERE x.mailbox_id = want.column1 AND x.letter_id = want.column2)",
);
static INSERT_FREE: Many = Many::new(
    "INSERT INTO event (mailbox_id, letter_id, seq, at, type, actor, because, body, entry) VALUES ",
    9,
    " ON CONFLICT DO NOTHING",
);

#[cfg(test)]
mod tests;
