//! Who has read a letter, and whether it is dealt with: what lists show, and what decides nothing.

use crate::{MailboxError, Mailboxes, open::find, rights::Actor};
use domain::{LetterId, MailboxId, PersonId, Time, words::Act};
use store::{Error, Row, args};

/// Of one letter, for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) done_at: Option<Time>,
    /// When this person last opened it.
    pub(crate) own: Option<Time>,
    /// Who else opened it last, and when.
    pub(crate) other: Option<(PersonId, Time)>,
}

impl Reading {
    /// From a row that has [`reading!`]'s columns.
    pub(crate) fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            done_at: row.opt_time("done_at")?,
            own: row.opt_time("own")?,
            other: row.opt_id("other")?.zip(row.opt_time("other_at")?),
        })
    }
}

/// The columns of [`Reading::read`], for a statement that reads from `letter`; given the parameter of the person, which is
/// `$1`: SQLite counts parameters as they come.
macro_rules! reading {
    ($person:literal) => {
        concat!(
            "done_at, (SELECT r.read_at FROM reading r WHERE r.mailbox_id = letter.mailbox_id \
             AND r.letter_id = letter.letter_id AND r.person_id = ",
            $person,
            ") AS own, (SELECT r.person_id FROM reading r WHERE r.mailbox_id = letter.mailbox_id \
             AND r.letter_id = letter.letter_id AND r.person_id <> ",
            $person,
            " ORDER BY r.read_at DESC, r.person_id LIMIT 1) AS other, (SELECT MAX(r.read_at) FROM reading r \
             WHERE r.mailbox_id = letter.mailbox_id AND r.letter_id = letter.letter_id AND r.person_id <> ",
            $person,
            ") AS other_at"
        )
    };
}
pub(crate) use reading;

impl Mailboxes {
    /// Says that what a letter asks for is done, or takes that back. Not for helpers: it is the owner who is asked.
    /// `None` when the letter is not there for this person.
    pub async fn set_done(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        done: bool,
    ) -> Result<Option<()>, MailboxError> {
        let now = self.0.clock.now();
        let mut tx = self.0.store.begin("mark letter").await?;
        if find(&mut tx, actor, (mailbox_id, letter_id), Act::Archive, now).await?.is_none() {
            return Ok(None);
        }
        let marked = match done {
            true => tx.execute(DONE, args![mailbox_id, letter_id, now]).await?,
            false => tx.execute(UNDONE, args![mailbox_id, letter_id]).await?,
        };
        if !marked.any() {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(()))
    }
}

const DONE: &str = "UPDATE letter SET done_at = COALESCE(done_at, $3) \
    WHERE mailbox_id = $1 AND letter_id = $2 AND length(header) > 0";
const UNDONE: &str =
    "UPDATE letter SET done_at = NULL WHERE mailbox_id = $1 AND letter_id = $2 AND length(header) > 0";
