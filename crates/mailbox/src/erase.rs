//! Erasing: only from the bin, only by the owner (or a company's signatory).
//!
//! The letter's sealed key goes, its parts and the content of its header. The row stays, empty, and so does its history: that there was a letter, and who erased it. Backups still hold the key sealed to
//! the mailbox's epoch; `mailbox.erased_since` makes the key service roll that, and so does the event if somebody clears it.

use crate::{MailboxError, Mailboxes, open::find, rights::Actor};
use domain::{
    LetterId, MailboxId, Time,
    words::{Act, EventType},
};
use evidence::NewEvent;
use store::args;

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    Done,
    /// Only what lies in the bin can be erased.
    NotInBin,
    /// It must be kept until then.
    Held(Time),
}

/// What emptying the bin did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emptied {
    pub erased: usize,
    /// Letters that must be kept longer.
    pub held: usize,
}

impl Mailboxes {
    /// Erases one letter. `None` when it is not there for this person.
    pub async fn erase(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<Option<Erased>, MailboxError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin("erase letter").await?;
        let Some((facts, because)) = find(&mut tx, actor, (mailbox_id, letter_id), Act::Erase, now).await?
        else {
            return Ok(None);
        };
        if facts.binned_at.is_none() {
            return Ok(Some(Erased::NotInBin));
        }
        if let Some(until) = facts.hold_until.filter(|until| *until > now) {
            return Ok(Some(Erased::Held(until)));
        }
        let empty: &[u8] = &[];
        // Said again to the database: it may have been taken out of the bin, or erased, a moment ago.
        if !tx.execute(LETTER, args![mailbox_id, letter_id, empty, now]).await?.any() {
            return Ok(Some(Erased::NotInBin));
        }
        tx.execute(KEY, args![mailbox_id, letter_id]).await?.exactly(1)?;
        let mut objects = Vec::new();
        for part in tx.query(PARTS, args![mailbox_id, letter_id]).await? {
            objects.extend(part.opt_text("object")?.map(str::to_owned));
        }
        tx.execute(READING, args![mailbox_id, letter_id]).await?.ignore();
        tx.execute(MAILBOX, args![mailbox_id, now]).await?.exactly(1)?;
        let event = NewEvent::by_person(EventType::Erased, now, actor.rights.person, because);
        evidence::append(&mut tx, &self.0.web_keys.events, mailbox_id, letter_id, event, &*self.0.random)
            .await?;
        tx.commit().await?;
        self.0.headers.forget_letter(letter_id);
        self.0.opened.forget_letter(letter_id);
        for object in objects {
            // What cannot be removed now is collected later: no row names it any more.
            if let Err(error) = self.0.objects.remove(&object).await {
                tracing::warn!(letter.id = %letter_id, "An object of letter {letter_id} stays until it is collected: {error}");
            }
        }
        tracing::info!(letter.id = %letter_id, "Erased letter {letter_id}");
        Ok(Some(Erased::Done))
    }

    /// Erases all that lies in a mailbox's bin. `None` when the person may not.
    pub async fn empty_bin(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
    ) -> Result<Option<Emptied>, MailboxError> {
        if crate::may_box(&actor.rights, mailbox_id, Act::Erase).is_none() {
            return Ok(None);
        }
        let mut tx = self.0.store.read("list bin").await?;
        let letters = tx.query(BIN, args![mailbox_id, self.0.clock.now()]).await?;
        drop(tx);
        let mut emptied = Emptied::default();
        for row in &letters {
            match self.erase(actor, mailbox_id, row.id("letter_id")?).await? {
                Some(Erased::Done) => emptied.erased += 1,
                Some(Erased::Held(_)) => emptied.held += 1,
                // Taken out of the bin, or erased, a moment ago.
                Some(Erased::NotInBin) | None => {}
            }
        }
        Ok(Some(emptied))
    }
}

const KEY: &str = "DELETE FROM letter_key WHERE mailbox_id = $1 AND letter_id = $2";
const PARTS: &str = "DELETE FROM part WHERE mailbox_id = $1 AND letter_id = $2 RETURNING object";
const READING: &str = "DELETE FROM reading WHERE mailbox_id = $1 AND letter_id = $2";
const LETTER: &str = "UPDATE letter SET header = $3 WHERE mailbox_id = $1 AND letter_id = $2 \
    AND binned_at IS NOT NULL AND length(header) > 0 AND (hold_until IS NULL OR hold_until <= $4)";
// The first of all, though another that began later was done before.
const MAILBOX: &str = "UPDATE mailbox SET erased_since = CASE WHEN erased_since <= $2 THEN erased_since ELSE $2 END \
    WHERE mailbox_id = $1";
const BIN: &str = "SELECT letter_id FROM letter WHERE mailbox_id = $1 AND binned_at IS NOT NULL \
    AND visible_from <= $2 AND length(header) > 0 ORDER BY letter_id";
