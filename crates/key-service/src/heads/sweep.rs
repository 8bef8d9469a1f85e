//! Every mailbox's evidence is checked, one after the other, for as long as the service runs; or all at once by command.

use super::{
    EvidenceFault, Sum,
    check::{Found, alarm, fault},
};
use crate::{
    SetFault,
    failure::Failure,
    service::{Inner, KeyService},
    tend::TendError,
};
use domain::{LetterId, MailboxId, Time};
use evidence::Broken;
use std::time::{Duration, Instant};
use store::{Many, args, row};

/// What the sweep has spent and not paid for yet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owed {
    events: u64,
    time: Duration,
}

/// What is noted of a mailbox that was checked.
struct Noted {
    mailbox: MailboxId,
    faulty: i64,
    settled_at: Option<Time>,
    erased_at: Option<Time>,
}

impl Noted {
    fn of(mailbox: MailboxId, found: &Found) -> Self {
        let faulty = i64::try_from(found.faults.len()).unwrap_or(i64::MAX);
        Self { mailbox, faulty, settled_at: found.settled_at, erased_at: found.erased_at }
    }
}

impl Owed {
    fn less(self, paid: Self) -> Self {
        Self { events: self.events.saturating_sub(paid.events), time: self.time.saturating_sub(paid.time) }
    }
}

/// What a check of everything, or of one mailbox, found.
#[derive(Debug, Default)]
pub struct Checked {
    pub mailboxes: u64,
    pub events: u64,
    /// Events that are there and not counted yet.
    pub uncounted: u64,
    /// Letters for other operators.
    pub outbound: u64,
    pub faults: Vec<EvidenceFault>,
    /// Sets of rows that are not what is vouched for.
    pub sets: Vec<SetFault>,
}

impl Checked {
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.sets.is_empty()
    }
}

impl KeyService {
    /// Checks the mailboxes whose turn it is: of those that were checked longest ago, as many as the settings say for a
    /// second. Takes up what a crash has left uncounted. To be called once a second.
    pub async fn check_some(&self) -> Result<(), TendError> {
        self.0.check_some().await.map_err(|failure| TendError::from_failure(&failure))
    }

    /// Checks everything, or one mailbox with its owner: sets, chains, heads, letters. `progress` is told now and then how
    /// many mailboxes are done.
    pub async fn check_all(
        &self,
        only: Option<MailboxId>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Checked, TendError> {
        self.0.check_all(only, progress).await.map_err(|failure| TendError::from_failure(&failure))
    }

    /// Notes that the service starts, for [`KeyService::check_some`]: events that a crash left uncounted are looked for from the
    /// last counting on.
    pub async fn note_start(&self) -> Result<(), TendError> {
        self.0.begin_gap().await.map_err(|failure| TendError::from_failure(&failure))
    }

    /// Counts what this service itself has committed. Done every second, and at the end.
    pub async fn count_own(&self) -> Result<(), TendError> {
        self.0.count_own().await.map_err(|failure| TendError::from_failure(&failure))
    }
}

impl Inner {
    async fn check_all(
        &self,
        only: Option<MailboxId>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Checked, Failure> {
        let mut checked = Checked { sets: self.check_sets(only).await?, ..Checked::default() };
        let mut doubtful = vec![];
        if let Some(mailbox) = only {
            self.check_into(mailbox, &mut checked, &mut doubtful).await?;
        } else {
            let mut after = vec![];
            loop {
                let page = self.mailboxes_after(&after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.as_bytes().to_vec();
                for mailbox in page {
                    self.check_into(mailbox, &mut checked, &mut doubtful).await?;
                    progress(checked.mailboxes);
                }
            }
            self.check_outbound(&mut checked).await?;
        }
        if !doubtful.is_empty() {
            tokio::time::sleep(BETWEEN).await;
        }
        for (mailbox, first) in doubtful {
            let again = self.check_mailbox(mailbox, Duration::ZERO).await?;
            // Only what is wrong both times: a commit between two readings looks like a fault once.
            checked.faults.extend(again.faults.into_iter().filter(|one| first.contains(one)));
        }
        Ok(checked)
    }

    /// What is found once may lie between two readings, or be on its way to be counted: it is looked at again at the end.
    async fn check_into(
        &self,
        mailbox: MailboxId,
        checked: &mut Checked,
        doubtful: &mut Vec<(MailboxId, Vec<EvidenceFault>)>,
    ) -> Result<(), Failure> {
        let found = self.check_mailbox(mailbox, Duration::ZERO).await?;
        checked.mailboxes += 1;
        checked.events += found.events as u64;
        checked.uncounted += found.uncounted.len() as u64;
        if !found.faults.is_empty() {
            doubtful.push((mailbox, found.faults));
        }
        Ok(())
    }

    /// What is found twice is a fault.
    async fn check_twice(&self, mailbox: MailboxId, notices_after: Duration) -> Result<Found, Failure> {
        let first = self.check_mailbox(mailbox, notices_after).await?;
        if first.faults.is_empty() {
            return Ok(first);
        }
        tokio::time::sleep(BETWEEN).await;
        let mut again = self.check_mailbox(mailbox, notices_after).await?;
        again.faults.retain(|one| first.faults.contains(one));
        Ok(again)
    }

    /// Chains of letters that go to other operators have no mailbox here, and no head: each is checked by itself.
    async fn check_outbound(&self, checked: &mut Checked) -> Result<(), Failure> {
        let rings = self.keks.event_rings(self.clock.now())?;
        let mut after = vec![];
        loop {
            let mut tx = self.letters.read("check outbound").await?;
            let rows = tx.query(OUTBOUND, args![&after]).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.bytes("letter_id")?.to_vec();
            for row in &rows {
                let letter: LetterId = row.id("letter_id")?;
                checked.outbound += 1;
                match evidence::read_chain(&mut tx, &rings, letter.own_box(), letter).await {
                    Ok(_) => {}
                    Err(Broken::At { chain, seq, .. }) => {
                        checked.faults.push(fault(letter.own_box(), chain, Some(seq), "event"));
                    }
                    Err(Broken::Store(error)) => return Err(error.into()),
                }
            }
        }
    }

    async fn check_some(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let a_second = self.a_second();
        let mut owed = self.sweep_owes.lock().less(a_second);
        let mut checked = vec![];
        for mailbox in self.due_for_check(now).await? {
            // A large mailbox is paid for by the seconds after it.
            if owed.events >= a_second.events || owed.time >= a_second.time {
                break;
            }
            let began = Instant::now();
            let found = self.check_twice(mailbox, NOTICES_AFTER).await?;
            // Waiting for the second look is no work.
            owed.time += began.elapsed().min(BETWEEN / 2);
            owed.events += found.events as u64;
            alarm(&found.faults);
            checked.push(Noted::of(mailbox, &found));
            self.settle_uncounted(mailbox, found, now).await?;
        }
        self.note_checked(&checked, now).await?;
        *self.sweep_owes.lock() = owed;
        self.tell(now).await
    }

    /// What may be spent in a second.
    fn a_second(&self) -> Owed {
        let settings = &self.settings;
        Owed {
            events: u64::from(settings.evidence_events_per_second),
            time: Duration::from_millis(u64::from(settings.evidence_milliseconds_per_second)),
        }
    }

    async fn note_checked(&self, checked: &[Noted], now: Time) -> Result<(), Failure> {
        if checked.is_empty() {
            return Ok(());
        }
        let millis = |at: Option<Time>| at.map_or(-1, Time::millis);
        let row =
            |one: &Noted| row![one.mailbox, now, one.faulty, millis(one.erased_at), millis(one.settled_at)];
        let rows: Vec<_> = checked.iter().map(row).collect();
        let mut tx = self.keys.begin_background("note checks").await?;
        // Fewer where a mailbox has no event yet.
        tx.execute_many(&CHECKED, &rows).await?.ignore();
        tx.commit().await?;
        metrics::counter!("kuvert_evidence_checked_total").increment(checked.len() as u64);
        Ok(())
    }

    /// Those that had something uncounted long enough, and then those that were checked longest ago.
    async fn due_for_check(&self, now: Time) -> Result<Vec<MailboxId>, Failure> {
        let most = self.settings.evidence_mailboxes_per_second;
        let mut due: Vec<MailboxId> = {
            let uncounted = self.uncounted.lock();
            let ripe = uncounted.iter().filter(|(_, (since, _))| now.since(*since) >= TAKEN_UP_AFTER);
            ripe.map(|(mailbox, _)| *mailbox).take(usize::try_from(most).unwrap_or(usize::MAX)).collect()
        };
        let mut tx = self.keys.read("find mailboxes to check").await?;
        for row in tx.query(DUE, args![now.minus(AT_MOST_EVERY), i64::from(most)]).await? {
            let mailbox = row.id("mailbox_id")?;
            if !due.contains(&mailbox) {
                due.push(mailbox);
            }
        }
        Ok(due)
    }

    /// What nobody hands over any more is taken up: a crash came between commit and counting.
    async fn settle_uncounted(&self, mailbox: MailboxId, found: Found, now: Time) -> Result<(), Failure> {
        let missing = found.faults.iter().any(|fault| fault.what == "missing");
        let ripe: Vec<[u8; 32]> = {
            let mut all = self.uncounted.lock();
            // Where a counted event is missing nothing is taken up: it could be what was put in its place.
            if found.uncounted.is_empty() || missing {
                all.remove(&mailbox);
                return Ok(());
            }
            let (since, seen) = all.entry(mailbox).or_insert_with(|| (now, found.uncounted.clone()));
            if now.since(*since) < TAKEN_UP_AFTER {
                return Ok(());
            }
            let seen = std::mem::take(seen);
            all.remove(&mailbox);
            // What has come since may still be handed over by its role.
            found.uncounted.into_iter().filter(|entry| seen.contains(entry)).collect()
        };
        if !ripe.is_empty() {
            // False when the head has moved: the next look decides.
            let _ = self.take_up(mailbox, found.head, &ripe).await?;
        }
        Ok(())
    }

    async fn tell(&self, now: Time) -> Result<(), Failure> {
        let mut tx = self.keys.read("measure checks").await?;
        let row = tx.one(STATE, &[]).await?.ok_or(Failure::Lost)?;
        let oldest = row.opt_time("oldest")?.map_or(0.0, |at| now.since(at.max(self.began)).as_secs_f64());
        metrics::gauge!("kuvert_evidence_oldest_check_seconds").set(oldest);
        metrics::gauge!("kuvert_evidence_faulty_mailboxes").set(row.int("faulty")? as f64);
        Ok(())
    }

    /// Mailboxes of before there were heads get one that counts nothing yet.
    pub(crate) async fn begin_heads(&self) -> Result<(), Failure> {
        let mut tx = self.keys.begin("begin heads").await?;
        tx.execute(BEGIN, args![&Sum::default().to_bytes()]).await?.ignore();
        Ok(tx.commit().await?)
    }
}

/// Mailboxes listed at once.
const PAGE: usize = 200;
/// A little more than the second in which what was committed is counted.
const BETWEEN: Duration = Duration::from_millis(1200);
/// A mailbox is checked no more often than this, however few there are.
const AT_MOST_EVERY: Duration = Duration::from_secs(30);
/// How long a letter may wait for its notice before a job that is gone is missed.
const NOTICES_AFTER: Duration = Duration::from_secs(60 * 60);
/// Longer than roles keep what they could not hand over (`Committed`).
const TAKEN_UP_AFTER: Duration = Duration::from_secs(120);
const DUE: &str = "SELECT mailbox_id FROM evidence_head WHERE checked_at < $1 ORDER BY checked_at LIMIT $2";
static CHECKED: Many = Many::new(
    "UPDATE evidence_head SET checked_at = v.column2, faulty = v.column3, erased_at = NULLIF(v.column4, -1), \
     settled_at = COALESCE(NULLIF(v.column5, -1), evidence_head.settled_at) FROM (VALUES ",
    5,
    ") AS v WHERE evidence_head.mailbox_id = v.column1",
);
const STATE: &str = "SELECT MIN(checked_at) AS oldest, \
    (SELECT COUNT(*) FROM evidence_head WHERE faulty > 0) AS faulty FROM evidence_head";
const BEGIN: &str = "INSERT INTO evidence_head (mailbox_id, events, sum, checked_at, faulty) \
    SELECT v.id, 0, $1, 0, 0 FROM vouched v WHERE v.kind = 'mailbox' \
    AND NOT EXISTS (SELECT 1 FROM evidence_head h WHERE h.mailbox_id = v.id)";
const OUTBOUND: &str = "SELECT letter_id FROM outbound WHERE letter_id > $1 ORDER BY letter_id LIMIT 500";
