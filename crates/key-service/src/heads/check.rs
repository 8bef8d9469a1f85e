//! One mailbox's evidence, compared with everything that is known of it.

use super::{Head, beside::RollDue, explain::uncounted};
use crate::{adopt, failure::Failure, letter_key::find, service::Inner};
use domain::{
    LetterId, MailboxId, Time,
    words::{Because, EventType, NoticeState},
};
use evidence::{Event, Rings, Walked};
use std::{collections::BTreeMap, time::Duration};
use store::{Row, Tx, args};
use tracing::error;

/// Something in a mailbox's evidence that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvidenceFault {
    pub mailbox: MailboxId,
    /// Which letter, or the mailbox's own chain; none where events are missing and nothing tells of which letter.
    pub chain: Option<LetterId>,
    /// Which event, where one is concerned.
    pub seq: Option<u64>,
    /// A word of a closed list: `event`, `missing`, `letter`, `letter_gone`, `opened_at`, `notice_state`, `notice_job`, `place`,
    /// `submission`, `mailbox_key`, `contact`, `erased_since`.
    pub what: &'static str,
}

/// How one mailbox stands.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub faults: Vec<EvidenceFault>,
    pub events: usize,
    /// The head that it was compared with, and entries that it does not count yet.
    pub head: Head,
    pub uncounted: Vec<[u8; 32]>,
    /// Up to when nothing is uncounted.
    pub settled_at: Option<Time>,
    /// The first erasure since the newest key pair was made.
    pub erased_at: Option<Time>,
}

/// What a letter's chain says of the letter's row.
#[derive(Default)]
struct Said {
    accepted: bool,
    erased: bool,
    opened: Option<Opened>,
    archived: bool,
    binned: bool,
    notice: Option<NoticeState>,
}

/// The first opening that counts.
#[derive(Clone, Copy)]
struct Opened {
    at: Time,
    /// The clock had gone back: the row may have an earlier instant.
    pushed: bool,
}

impl Inner {
    /// Every event of the mailbox opens, follows and is counted; every letter is as it was accepted, and as its chain says.
    /// A notice whose job is gone counts once the letter has been there for `notices_after`.
    pub(crate) async fn check_mailbox(
        &self,
        mailbox: MailboxId,
        notices_after: Duration,
    ) -> Result<Found, Failure> {
        // The head first: what it counts was committed before, so it is there when the events are read.
        let known = self.known_of(mailbox).await?;
        let mac = self.head_mac()?;
        let rings = self.keks.event_rings(self.clock.now())?;
        let mut tx = self.letters.read("check evidence").await?;
        let mut said: BTreeMap<LetterId, Said> = BTreeMap::new();
        let mut present = vec![];
        let mut entries = vec![];
        let mut faults = vec![];
        let mut erased = vec![];
        let mut chains = evidence::Walks::new(mailbox);
        while let Some(page) = chains.page(&mut tx, &rings).await? {
            for walked in page {
                present.push(known.present(&mac, mailbox, &walked));
                entries.push(walked.entry);
                match &walked.event {
                    Some(Ok(event)) => {
                        erased.extend((event.kind == EventType::Erased).then_some(event.at));
                        said.entry(walked.chain).or_default().take(event, &walked);
                    }
                    Some(Err(_)) | None => {
                        faults.push(fault(mailbox, walked.chain, Some(walked.seq), "event"))
                    }
                }
            }
        }
        let found = uncounted(&known.head, &present);
        if found.is_none() {
            known.tell_missing(mailbox, present.len());
            faults.push(EvidenceFault { mailbox, chain: None, seq: None, what: "missing" });
        }
        said.remove(&mailbox.own_chain());
        self.compare_letters(&mut tx, mailbox, &said, notices_after, &mut faults).await?;
        let there = self.unlike_accepted(&mut tx, &rings, mailbox).await?;
        let roll_due = RollDue::read(&mut tx, mailbox).await?;
        drop(tx);
        faults.extend(there.into_iter().map(|letter| fault(mailbox, letter, None, "letter")));
        let own = |what| EvidenceFault { mailbox, chain: None, seq: None, what };
        if !self.key_is_copied(mailbox).await? {
            faults.push(own("mailbox_key"));
        }
        if !self.contacts_open(mailbox).await? {
            faults.push(own("contact"));
        }
        let erased_at = self.first_to_roll(mailbox, &erased).await?;
        if erased_at.is_some_and(|at| !roll_due.covers(at)) {
            faults.push(own("erased_since"));
        }
        faults.sort_unstable();
        faults.dedup();
        let settled_at = found.as_ref().and_then(|all| known.settled_at(all.iter().map(|at| &present[*at])));
        // Openings settle by themselves.
        let others = found.unwrap_or_default().into_iter().filter(|at| !present[*at].opening);
        let uncounted = others.map(|at| entries[at]).collect();
        Ok(Found { faults, events: entries.len(), head: known.head, uncounted, settled_at, erased_at })
    }

    async fn compare_letters(
        &self,
        tx: &mut Tx,
        mailbox: MailboxId,
        said: &BTreeMap<LetterId, Said>,
        notices_after: Duration,
        faults: &mut Vec<EvidenceFault>,
    ) -> Result<(), Failure> {
        let mut rows = BTreeMap::new();
        for row in tx.query(LETTERS, args![mailbox]).await? {
            rows.insert(row.id::<LetterId>("letter_id")?, row);
        }
        let before = self.clock.now().minus(notices_after);
        let mut waiting = vec![];
        for (letter, said) in said {
            let Some(row) = rows.remove(letter) else {
                faults.push(fault(mailbox, *letter, None, "letter_gone"));
                continue;
            };
            let unlike = said.unlike(&row)?;
            faults.extend(unlike.into_iter().map(|what| fault(mailbox, *letter, None, what)));
            let due = !said.erased && said.notice.is_none() && row.time("visible_from")? < before;
            if due && row.text("notice_state")? == NoticeState::Pending.as_str() {
                waiting.push(*letter);
            }
        }
        // What no event speaks of was never accepted.
        faults.extend(rows.into_keys().map(|letter| fault(mailbox, letter, None, "letter")));
        if !waiting.is_empty() {
            let mut jobs = vec![];
            for row in tx.query(JOBS, args![mailbox]).await? {
                jobs.push(row.id::<LetterId>("letter_id")?);
            }
            let gone = waiting.into_iter().filter(|letter| !jobs.contains(letter));
            faults.extend(gone.map(|letter| fault(mailbox, letter, None, "notice_job")));
        }
        Ok(())
    }

    /// Letters that have a key, and are not as they were accepted.
    async fn unlike_accepted(
        &self,
        tx: &mut Tx,
        rings: &Rings,
        mailbox: MailboxId,
    ) -> Result<Vec<LetterId>, Failure> {
        let mut unlike = vec![];
        let mut after = vec![];
        loop {
            let rows = tx.query(KEYS, args![mailbox, &after]).await?;
            let Some(last) = rows.last() else { return Ok(unlike) };
            after = last.bytes("letter_id")?.to_vec();
            let page = rows.iter().map(|row| row.id("letter_id")).collect::<Result<Vec<LetterId>, _>>()?;
            let found = find(tx, rings, mailbox, &page).await?;
            let opened = self.open_keys(mailbox, found, |key| vault::Key::from_bytes(*key.expose())).await?;
            let holds: Vec<_> = opened
                .iter()
                .filter(|(_, key)| key.is_some())
                .map(|(sealed, _)| sealed.facts.letter_id)
                .collect();
            unlike.extend(page.into_iter().filter(|letter| !holds.contains(letter)));
        }
    }

    /// Mailboxes that either database knows of, after this one, in the order of their ids.
    pub(crate) async fn mailboxes_after(
        &self,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<MailboxId>, Failure> {
        let mut tx = self.letters.read("list mailboxes").await?;
        let there = adopt::page(&mut tx, registry::sets::SetKind::Mailbox, after).await?;
        drop(tx);
        let mut tx = self.keys.read("list mailboxes").await?;
        let known = crate::directory::page(&mut tx, registry::sets::SetKind::Mailbox, after).await?;
        drop(tx);
        let all: std::collections::BTreeSet<_> =
            there.iter().chain(&known).filter_map(registry::sets::Subject::mailbox_id).collect();
        // Either page ends somewhere else: the shorter way counts, so that none is passed over.
        Ok(all.into_iter().take(limit.min(PAGE)).collect())
    }
}

/// Counts and names what was found.
pub(crate) fn alarm(faults: &[EvidenceFault]) {
    for fault in faults {
        metrics::counter!("kuvert_evidence_faults_total", "what" => fault.what).increment(1);
        let chain = fault.chain.map(|chain| chain.to_string()).unwrap_or_default();
        error!(mailbox.id = %fault.mailbox, chain, seq = fault.seq, what = fault.what, "The evidence of a mailbox does not hold");
    }
}

pub(crate) fn fault(
    mailbox: MailboxId,
    chain: LetterId,
    seq: Option<u64>,
    what: &'static str,
) -> EvidenceFault {
    EvidenceFault { mailbox, chain: Some(chain), seq, what }
}

impl Said {
    fn take(&mut self, event: &Event, walked: &Walked) {
        match event.kind {
            EventType::Accepted => self.accepted = true,
            EventType::Erased => self.erased = true,
            EventType::Archived => (self.archived, self.binned) = (true, false),
            EventType::Binned => self.binned = true,
            EventType::Restored if self.binned => self.binned = false,
            EventType::Restored => self.archived = false,
            EventType::NoticeSent => self.notice = Some(NoticeState::Sent),
            EventType::NoticeFailed => self.notice = Some(NoticeState::Failed),
            EventType::NoContactPoint => self.notice = Some(NoticeState::NoContactPoint),
            EventType::NoticeNotNeeded => self.notice = Some(NoticeState::NotNeeded),
            EventType::Opened if event.actor.because() != Some(Because::Helper) && self.opened.is_none() => {
                self.opened = Some(Opened { at: event.at, pushed: walked.pushed });
            }
            _ => {}
        }
    }

    /// What of the row is not as the chain says.
    fn unlike(&self, row: &Row) -> Result<Vec<&'static str>, Failure> {
        let opened_at = row.opt_time("opened_at")?;
        let notice = row.text("notice_state")?;
        let archived = row.opt_time("archived_at")?.is_some();
        let binned = row.opt_time("binned_at")?.is_some();
        let whole = row.int("header_bytes")? > 0;
        let has_key = row.int("sealed")? > 0;
        let submitted = row.int("submitted")? > 0;
        let opened = match (self.opened, opened_at) {
            (None, None) => true,
            (Some(said), Some(at)) => at == said.at || said.pushed && at < said.at,
            _ => false,
        };
        let mut unlike = vec![];
        if !self.accepted || whole == self.erased || has_key == self.erased {
            unlike.push("letter");
        }
        if !opened {
            unlike.push("opened_at");
        }
        if notice != self.notice.unwrap_or(NoticeState::Pending).as_str() {
            unlike.push("notice_state");
        }
        if (archived, binned) != (self.archived, self.binned) {
            unlike.push("place");
        }
        if !submitted {
            unlike.push("submission");
        }
        Ok(unlike)
    }
}

const PAGE: usize = 500;
const LETTERS: &str = "SELECT l.letter_id, l.opened_at, l.notice_state, l.archived_at, l.binned_at, \
    length(l.header) AS header_bytes, \
    (SELECT COUNT(*) FROM letter_key k WHERE k.mailbox_id = l.mailbox_id AND k.letter_id = l.letter_id) AS sealed, \
    (SELECT COUNT(*) FROM submission s WHERE s.letter_id = l.letter_id AND s.mailbox_id = l.mailbox_id) AS submitted, \
    l.visible_from \
    FROM letter l WHERE l.mailbox_id = $1";
const JOBS: &str =
    "SELECT substr(subject, 17) AS letter_id FROM job WHERE kind = 'notice' AND substr(subject, 1, 16) = $1";
const KEYS: &str =
    "SELECT letter_id FROM letter_key WHERE mailbox_id = $1 AND letter_id > $2 ORDER BY letter_id LIMIT 200";
