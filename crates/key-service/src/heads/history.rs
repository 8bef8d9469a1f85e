//! What happened, for whoever the mailbox belongs to: checked before it is shown.

use super::{
    check::{EvidenceFault, alarm, fault},
    explain::uncounted,
};
use crate::{failure::Failure, service::Inner};
use domain::{LetterId, MailboxId, words::Act};
use key_client::{GrantToken, History, HistoryLine, KeysError};
use mailbox::may_box;
use std::time::Duration;

impl Inner {
    /// The lines of one letter, or what people did in the whole mailbox, newest first.
    pub(crate) async fn history(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letter: Option<LetterId>,
    ) -> Result<History, Failure> {
        let now = self.clock.now();
        let person = self.grants.lock().touch(grant, now)?.person.ok_or(KeysError::NotAllowed)?;
        let admitted = self.grants.lock().admitted(grant, now);
        let rights = match admitted {
            Some(rights) => rights,
            None => self.all_rights(person, now).await?,
        };
        may_box(&rights, mailbox, Act::History).ok_or(KeysError::NotAllowed)?;
        let (mut lines, mut faults) = self.lines(mailbox, letter).await?;
        if !faults.is_empty() {
            // What is on its way to be counted is counted by then.
            tokio::time::sleep(COUNTED_WITHIN).await;
            (lines, faults) = self.lines(mailbox, letter).await?;
        }
        if !faults.is_empty() {
            alarm(&faults);
            return Ok(History::Broken);
        }
        // Chains stand one after the other; within an instant of a chain the last event comes first.
        lines.reverse();
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        lines.truncate(MOST);
        Ok(History::Holds(lines))
    }

    /// In the order of the chains, with what does not hold of them.
    async fn lines(
        &self,
        mailbox: MailboxId,
        letter: Option<LetterId>,
    ) -> Result<(Vec<HistoryLine>, Vec<EvidenceFault>), Failure> {
        let known = self.known_of(mailbox).await?;
        let mac = self.head_mac()?;
        let rings = self.keks.event_rings(self.clock.now())?;
        let mut tx = self.letters.glance("read history").await?;
        let mut lines = vec![];
        let mut present = vec![];
        let mut faults = vec![];
        let mut chains = evidence::Walks::opening(mailbox, letter);
        while let Some(page) = chains.page(&mut tx, &rings).await? {
            for walked in page {
                present.push(known.present(&mac, mailbox, &walked));
                match &walked.event {
                    Some(Ok(event)) if letter.is_some() || walked.actor.is_some() => {
                        lines.push(HistoryLine {
                            chain: walked.chain,
                            at: event.at,
                            kind: event.kind,
                            actor: walked.actor,
                            because: walked.because,
                        });
                    }
                    Some(Err(_)) => faults.push(fault(mailbox, walked.chain, Some(walked.seq), "event")),
                    _ => {}
                }
            }
        }
        drop(tx);
        if uncounted(&known.head, &present).is_none() {
            known.tell_missing(mailbox, present.len());
            faults.push(EvidenceFault { mailbox, chain: None, seq: None, what: "missing" });
        }
        Ok((lines, faults))
    }
}

/// A little more than the second in which what was committed is counted.
const COUNTED_WITHIN: Duration = Duration::from_millis(1200);
/// Lines that are told.
const MOST: usize = 1000;
