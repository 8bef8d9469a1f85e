//! Who has opened my letters, and by what right. The key service checks chains and head before anything is shown.

use crate::{
    MailboxError, Mailboxes, may, may_box,
    rights::{Actor, LetterFacts},
};
use domain::{LetterId, MailboxId, words::Act};
use key_client::{History, HistoryLine};

impl Mailboxes {
    /// All that happened to a letter that was found a moment ago, newest first. `None` when this person does not see it;
    /// [`MailboxError::HistoryBroken`] when something of it was changed or taken away.
    pub async fn history(
        &self,
        actor: &Actor,
        facts: &LetterFacts,
    ) -> Result<Option<Vec<HistoryLine>>, MailboxError> {
        if may(&actor.rights, facts, Act::History, self.0.clock.now()).is_none() {
            return Ok(None);
        }
        self.lines(actor, facts.mailbox_id, Some(facts.letter_id)).await.map(Some)
    }

    /// What people did in a mailbox, newest first: lists shown, letters opened, moved and erased, rights given.
    pub async fn mailbox_history(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        limit: u32,
    ) -> Result<Option<Vec<HistoryLine>>, MailboxError> {
        if may_box(&actor.rights, mailbox_id, Act::History).is_none() {
            return Ok(None);
        }
        let mut lines = self.lines(actor, mailbox_id, None).await?;
        lines.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Some(lines))
    }

    async fn lines(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: Option<LetterId>,
    ) -> Result<Vec<HistoryLine>, MailboxError> {
        let history = self.0.keys.history(&actor.grant, mailbox_id, letter_id).await;
        match history.map_err(MailboxError::Keys)? {
            History::Holds(lines) => Ok(lines),
            History::Broken => Err(MailboxError::HistoryBroken),
        }
    }
}
