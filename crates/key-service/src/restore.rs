//! Taking up an older state of the letters database, after the operator has restored it. What does not fit was stopped until
//! then; what had ended stays ended; what is missing is told.

pub(crate) mod ended;
mod numbers;

use crate::{
    SetFault, adopt, directory,
    failure::Failure,
    heads::EvidenceFault,
    service::{Inner, KeyService},
    tend::TendError,
    unvouched::unfit,
};
use domain::{
    MailboxId, Time,
    words::{EventType, RegistryEventType},
};
use evidence::NewEvent;
use registry::{
    history,
    sets::{self, SetKind, Subject},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use store::{Tx, args};
use tracing::warn;

/// What was taken up, and what is missing.
#[derive(Debug, Default)]
pub struct Restored {
    /// The epoch of the senders' feed that began with it.
    pub epoch: i64,
    /// Sets of rows that count from now on as they stand.
    pub taken_up: Vec<SetFault>,
    /// Rights that the older state had given again, and that were ended again.
    pub ended: u64,
    /// Of whom the older state knows nothing: people, organisations, mailboxes and senders that came after it.
    pub gone: Vec<String>,
    /// Mailboxes of which events are missing, and how many at least.
    pub missing: BTreeMap<MailboxId, u64>,
    /// What still does not hold: an older state does not explain it.
    pub left: Vec<EvidenceFault>,
    /// Rows that nobody has ever vouched for: left as they are, and they decide nothing.
    pub unknown: Vec<SetFault>,
}

impl KeyService {
    /// Takes up the state that the letters database has now. To be called by the operator alone, after a restore, with the
    /// reason why; again after it was cut short. An event stands in each mailbox that it concerns.
    pub async fn accept_restore(&self, reason: &str) -> Result<Restored, TendError> {
        let restored = self.0.accept_restore(reason).await;
        let mut restored = restored.map_err(|failure| TendError::from_failure(&failure))?;
        restored.epoch = self.begin_epoch().await?;
        Ok(restored)
    }
}

impl Inner {
    async fn accept_restore(&self, reason: &str) -> Result<Restored, Failure> {
        let now = self.clock.now();
        self.settle_all(Duration::ZERO).await?;
        self.reconcile().await?;
        let mut restored = Restored::default();
        let mut touched = BTreeSet::new();
        for kind in SetKind::ALL {
            self.take_up_kind(kind, now, &mut touched, &mut restored).await?;
        }
        restored.ended += self.take_up_numbers(&mut restored.gone).await?;
        self.take_up_heads(&mut touched, &mut restored).await?;
        for mailbox in touched {
            self.tell_of_restore(mailbox, now).await?;
        }
        self.count_own().await?;
        let sets = restored.taken_up.len() as u64;
        self.record_adoption(adopt::Adoption::Restore.as_str(), sets, Some(reason)).await?;
        warn!(sets, ended = restored.ended, "Took up an older state of the letters database");
        Ok(restored)
    }

    async fn take_up_kind(
        &self,
        kind: SetKind,
        now: Time,
        touched: &mut BTreeSet<MailboxId>,
        restored: &mut Restored,
    ) -> Result<(), Failure> {
        let mut after = vec![];
        loop {
            let mut tx = self.letters.read("find restored sets").await?;
            let there = adopt::page(&mut tx, kind, &after).await?;
            let mut tx_keys = self.keys.read("find restored sets").await?;
            let known = directory::page(&mut tx_keys, kind, &after).await?;
            drop(tx_keys);
            // Each of the two pages ends somewhere else: the shorter way counts.
            let page: BTreeSet<Subject> = there.into_iter().chain(known).collect();
            let page: Vec<Subject> = page.into_iter().take(PAGE).collect();
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            let found = sets::read(&mut tx, &page).await?;
            drop(tx);
            let said = self.vouched(&page).await?;
            for subject in &page {
                let set = &found[subject];
                let Some(table) = unfit(subject, set, said.get(subject), |_| true) else { continue };
                let fault = SetFault { table: table.as_str(), set: subject.to_string() };
                if !said.contains_key(subject) {
                    restored.unknown.push(fault);
                } else if set.is_empty() {
                    self.forget_set(subject).await?;
                    restored.gone.push(subject.to_string());
                } else {
                    restored.ended += self.take_up_set(subject, now).await?;
                    restored.taken_up.push(fault);
                    touched.extend(self.mailbox_of(subject).await?);
                }
            }
        }
    }

    /// One set as it stands, without what had ended.
    async fn take_up_set(&self, subject: &Subject, now: Time) -> Result<u64, Failure> {
        let mut letters = self.letters.begin("take up restored set").await?;
        if let Some(mailbox) = subject.mailbox_id() {
            registry::boxes::hold(&mut letters, mailbox).await?;
        }
        let one = std::slice::from_ref(subject);
        let before = sets::read(&mut letters, one).await?;
        let ended = self.end_again(&mut letters, subject, &before[subject], now).await?;
        self.tell_party_of_restore(&mut letters, subject, now).await?;
        let after = sets::read(&mut letters, one).await?;
        letters.commit().await?;
        let set = &after[subject];
        let mut tx = self.keys.begin("take up restored set").await?;
        directory::adopt(&mut tx, subject, set.owner(), &set.digests(subject)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Of whom the letters database knows nothing any more: their next log-in is like their first.
    async fn forget_set(&self, subject: &Subject) -> Result<(), Failure> {
        let mut tx = self.keys.begin("forget what is gone").await?;
        for sql in [FORGET_SET, FORGET_ENDED] {
            tx.execute(sql, args![subject.kind.as_str(), &subject.id]).await?.ignore();
        }
        for sql in [FORGET_ADDRESSES, FORGET_LOGINS, FORGET_HEAD, FORGET_OPENINGS] {
            tx.execute(sql, args![&subject.id]).await?.ignore();
        }
        Ok(tx.commit().await?)
    }

    /// In whose history it stands that a set was taken up.
    async fn mailbox_of(&self, subject: &Subject) -> Result<Option<MailboxId>, Failure> {
        if let Some(mailbox) = subject.mailbox_id() {
            return Ok(Some(mailbox));
        }
        let mut tx = self.keys.read("find mailbox of owner").await?;
        let row = tx.one(OF_OWNER, args![&subject.id]).await?;
        Ok(row.map(|row| row.id("id")).transpose()?)
    }

    /// Heads of mailboxes whose events are older than they are counted.
    async fn take_up_heads(
        &self,
        touched: &mut BTreeSet<MailboxId>,
        restored: &mut Restored,
    ) -> Result<(), Failure> {
        let mut after = vec![];
        loop {
            let page = self.mailboxes_after(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.as_bytes().to_vec();
            for mailbox in page {
                let found = self.check_mailbox(mailbox, Duration::MAX).await?;
                for fault in found.faults {
                    if fault.what != "missing" {
                        restored.left.push(fault);
                        continue;
                    }
                    let missing = self.begin_head_again(mailbox).await?;
                    restored.missing.insert(mailbox, missing.max(1));
                    touched.insert(mailbox);
                }
            }
        }
    }

    /// For the operator to see, of a sender or a mailbox operator: it belongs to the set.
    async fn tell_party_of_restore(&self, tx: &mut Tx, subject: &Subject, now: Time) -> Result<(), Failure> {
        let Some((party, number)) = subject.as_party() else { return Ok(()) };
        let particulars = evidence::Particulars::default();
        let happened = history::Happened { kind: RegistryEventType::RestoreAccepted, at: now, particulars };
        let to = (party, &number);
        history::append(tx, &self.events, to, happened, &*self.random).await?.ok_or(Failure::Lost).map(drop)
    }

    /// For its owner to see: from here back the history is what the backup had.
    async fn tell_of_restore(&self, mailbox: MailboxId, now: Time) -> Result<(), Failure> {
        let mut tx = self.letters.begin("tell of restore").await?;
        let event = NewEvent::by_service(EventType::RestoreAccepted, now);
        evidence::append(&mut tx, &self.events, mailbox, mailbox.own_chain(), event, &*self.random).await?;
        Ok(tx.commit().await?)
    }
}

const PAGE: usize = 200;
const FORGET_SET: &str = "DELETE FROM vouched WHERE kind = $1 AND id = $2";
const FORGET_ENDED: &str = "DELETE FROM ended_right WHERE kind = $1 AND id = $2";
const FORGET_ADDRESSES: &str = "DELETE FROM known_address WHERE owner_id = $1";
const FORGET_LOGINS: &str = "DELETE FROM known_login WHERE person_id = $1";
const FORGET_HEAD: &str = "DELETE FROM evidence_head WHERE mailbox_id = $1";
const FORGET_OPENINGS: &str = "DELETE FROM evidence_opening WHERE mailbox_id = $1";
const OF_OWNER: &str = "SELECT id FROM vouched WHERE kind = 'mailbox' AND owner_id = $1";
