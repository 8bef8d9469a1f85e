//! Who has opened my letters, and by what right.

use crate::{MailboxError, Mailboxes, may_box, open::find, rights::Actor};
use domain::{
    LetterId, MailboxId, PersonId, Time,
    words::{Act, Because, EventType},
};
use store::args;

/// One line of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Which letter, or the mailbox's own chain.
    pub chain: LetterId,
    pub at: Time,
    pub kind: EventType,
    /// Who, when it was a person.
    pub actor: Option<PersonId>,
    pub because: Option<Because>,
}

impl Mailboxes {
    /// All that happened to a letter, newest first.
    pub async fn history(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<Option<Vec<HistoryEntry>>, MailboxError> {
        let mut tx = self.0.store.read("read history").await?;
        let now = self.0.clock.now();
        if find(&mut tx, actor, (mailbox_id, letter_id), Act::History, now).await?.is_none() {
            return Ok(None);
        }
        let lines = evidence::history_of(&mut tx, mailbox_id, letter_id, MOST).await?;
        let entry = |line: evidence::HistoryLine| HistoryEntry {
            chain: letter_id,
            at: line.at,
            kind: line.kind,
            actor: line.actor,
            because: line.because,
        };
        Ok(Some(lines.into_iter().map(entry).collect()))
    }

    /// What people did in a mailbox, newest first: lists shown, letters opened, moved and erased, rights given.
    pub async fn mailbox_history(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        limit: u32,
    ) -> Result<Option<Vec<HistoryEntry>>, MailboxError> {
        if may_box(&actor.rights, mailbox_id, Act::History).is_none() {
            return Ok(None);
        }
        let mut tx = self.0.store.read("read history").await?;
        let rows = tx.query(BY_PEOPLE, args![mailbox_id, limit.min(MOST)]).await?;
        let entries = rows.iter().map(|row| {
            // A kind that a later version wrote is not shown by this one.
            let Some(kind) = EventType::parse(row.text(2)?) else { return Ok(None) };
            let because = row.opt_text(4)?.and_then(Because::parse);
            Ok(Some(HistoryEntry {
                chain: row.id(0)?,
                at: row.time(1)?,
                kind,
                actor: row.opt_id(3)?,
                because,
            }))
        });
        Ok(Some(entries.filter_map(Result::transpose).collect::<Result<_, store::Error>>()?))
    }
}

const MOST: u32 = 1000;
const BY_PEOPLE: &str = "SELECT letter_id, at, type, actor, because FROM event \
    WHERE mailbox_id = $1 AND actor IS NOT NULL ORDER BY at DESC, letter_id, seq DESC LIMIT $2";
