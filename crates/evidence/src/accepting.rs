//! The event that accepted a letter: what makes it a letter and not a row that somebody wrote.

use crate::{
    chain::{Opened, event_columns, open_row, stored},
    event::{Actor, Event},
    rehome::CAME_HOME,
    rings::{EventKeys, Writer},
};
use domain::{LetterId, MailboxId, words::EventType};
use std::collections::HashMap;
use store::{Many, Tx, row};

/// The event that accepted a letter to a mailbox here, opened: `accepted` as its first, or after `taken_in_charge` when the
/// recipient came here meanwhile.
#[derive(Clone, Debug)]
pub struct Accepting {
    pub nonce: [u8; 32],
    pub event: Event,
    pub cbor: Vec<u8>,
    pub entry: [u8; 32],
    /// Whose key it was sealed with; none where one ring of all was given.
    pub writer: Option<Writer>,
}

impl Accepting {
    /// Whether it had to commit to what belongs to the letter. What was accepted before doors did so commits to recipient,
    /// content and certificate alone.
    pub fn must_commit(&self) -> bool {
        self.writer.is_none_or(Writer::commits)
    }
}

/// The accepting events of these letters, those that there are and that hold by themselves: they open in their place under
/// a key whose holder may write them, and row and bytes say the same. Two for one letter are none.
pub async fn accepting(
    tx: &mut Tx,
    keys: &dyn EventKeys,
    mailbox_id: MailboxId,
    letters: &[LetterId],
) -> Result<HashMap<LetterId, Accepting>, store::Error> {
    let wanted: Vec<_> = letters.iter().map(|id| row![id]).collect();
    let mut firsts = HashMap::new();
    let mut homes: HashMap<LetterId, Vec<Accepting>> = HashMap::new();
    for row in tx.query_many_with(&READ, &[mailbox_id.into()], &wanted).await? {
        let letter_id = row.id("letter_id")?;
        let Ok(stored) = stored(&row, mailbox_id, letter_id)? else { continue };
        let Ok(Opened { nonce, event, cbor, writer }) = open_row(keys, &stored) else { continue };
        let seq = stored.seq;
        let one = Accepting { nonce, event, cbor, entry: stored.entry, writer };
        match (seq, one.event.actor, one.event.kind) {
            (0, Actor::Sender, EventType::Accepted | EventType::TakenInCharge)
                if one.event.previous == [0; 32] =>
            {
                firsts.insert(letter_id, one);
            }
            (1.., Actor::Service, EventType::Accepted) if one.event.detail.as_deref() == Some(CAME_HOME) => {
                homes.entry(letter_id).or_default().push(one);
            }
            _ => {}
        }
    }
    let accepted = firsts.into_iter().filter_map(|(letter_id, first)| {
        let mut homes = homes.remove(&letter_id).unwrap_or_default();
        let one = match (first.event.kind, homes.len()) {
            (EventType::Accepted, _) => first,
            (_, 1) => came_home(homes.pop()?, first),
            _ => return None,
        };
        Some((letter_id, one))
    });
    Ok(accepted.collect())
}

/// The event `taken_in_charge` alone, of a letter that waits for another operator.
pub async fn taken_in_charge(
    tx: &mut Tx,
    keys: &dyn EventKeys,
    letter_id: LetterId,
) -> Result<Option<Accepting>, store::Error> {
    let mailbox_id = letter_id.own_box();
    for row in tx.query_many_with(&READ, &[mailbox_id.into()], &[row![letter_id]]).await? {
        let Ok(stored) = stored(&row, mailbox_id, letter_id)? else { continue };
        let Ok(Opened { nonce, event, cbor, writer }) = open_row(keys, &stored) else { continue };
        if (stored.seq, event.actor, event.kind) == (0, Actor::Sender, EventType::TakenInCharge) {
            return Ok(Some(Accepting { nonce, event, cbor, entry: stored.entry, writer }));
        }
    }
    Ok(None)
}

/// Before that event committed to anything, what the first one says was all there was.
fn came_home(home: Accepting, first: Accepting) -> Accepting {
    if home.event.content.is_some() { home } else { Accepting { writer: home.writer, ..first } }
}

static READ: Many = Many::new(
    concat!(
        "SELECT ",
        event_columns!(),
        ", letter_id FROM event WHERE mailbox_id = $1 AND (seq = 0 OR type = 'accepted') \
     AND letter_id IN ("
    ),
    1,
    ")",
);
