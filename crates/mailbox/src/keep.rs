//! Archive and bin. Nothing disappears by time.

use crate::{MailboxError, Mailboxes, open::find, rights::Actor};
use domain::{
    LetterId, MailboxId,
    words::{Act, EventType},
};
use evidence::NewEvent;
use store::args;

/// Where a letter is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    Archive,
    Bin,
    Restore,
}

impl Mailboxes {
    /// Puts a letter in the archive, also one from the bin. `None` when it is not there for this person; else
    /// whether anything changed.
    pub async fn archive(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        letter: LetterId,
    ) -> Result<Option<bool>, MailboxError> {
        self.put(actor, mailbox, letter, Move::Archive).await
    }

    /// Puts a letter in the bin. It remembers whether it was archived.
    pub async fn bin(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        letter: LetterId,
    ) -> Result<Option<bool>, MailboxError> {
        self.put(actor, mailbox, letter, Move::Bin).await
    }

    /// Takes a letter back: out of the bin to where it lay before, or out of the archive to the inbox.
    pub async fn restore(
        &self,
        actor: &Actor,
        mailbox: MailboxId,
        letter: LetterId,
    ) -> Result<Option<bool>, MailboxError> {
        self.put(actor, mailbox, letter, Move::Restore).await
    }

    async fn put(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        to: Move,
    ) -> Result<Option<bool>, MailboxError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin("keep letter").await?;
        let act = if to == Move::Bin { Act::Bin } else { Act::Archive };
        let Some((facts, because)) = find(&mut tx, actor, (mailbox_id, letter_id), act, now).await? else {
            return Ok(None);
        };
        let (sql, kind) = match (to, facts.binned_at, facts.archived_at) {
            (Move::Archive, Some(_), _) | (Move::Archive, None, None) => (ARCHIVE, EventType::Archived),
            (Move::Bin, None, _) => (BIN, EventType::Binned),
            (Move::Restore, Some(_), _) => (UNBIN, EventType::Restored),
            (Move::Restore, None, Some(_)) => (UNARCHIVE, EventType::Restored),
            // It lies there already.
            (Move::Archive, None, Some(_)) | (Move::Bin, Some(_), _) | (Move::Restore, None, None) => {
                return Ok(Some(false));
            }
        };
        let changed = match to {
            Move::Restore => tx.execute(sql, args![mailbox_id, letter_id]).await?,
            _ => tx.execute(sql, args![mailbox_id, letter_id, now]).await?,
        };
        if !changed.any() {
            // Erased a moment ago.
            return Ok(None);
        }
        let event = NewEvent::by_person(kind, now, actor.rights.person, because);
        evidence::append(&mut tx, &self.0.web_keys.events, mailbox_id, letter_id, event, &*self.0.random)
            .await?;
        tx.commit().await?;
        Ok(Some(true))
    }
}

/// An erased letter is not there.
macro_rules! update {
    ($set:literal) => {
        concat!(
            "UPDATE letter SET ",
            $set,
            " WHERE mailbox_id = $1 AND letter_id = $2 AND length(header) > 0"
        )
    };
}
const ARCHIVE: &str = update!("archived_at = $3, binned_at = NULL");
const BIN: &str = update!("binned_at = $3");
const UNBIN: &str = update!("binned_at = NULL");
const UNARCHIVE: &str = update!("archived_at = NULL");
