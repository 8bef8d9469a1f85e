//! Counting events that were committed.

use super::{
    Head, Sum,
    explain::Present,
    recent,
    stored::{self, Added, Stored},
};
use crate::{
    failure::{AGAIN, Failure},
    purpose::Purpose,
    service::Inner,
};
use domain::{MailboxId, Time};
use key_client::{HandedOver, KeysError};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use store::{Many, Tries, args, row};
use tracing::warn;
use vault::mac::Mac;

/// What the key store knows of a mailbox's evidence.
pub(crate) struct Known {
    pub head: Head,
    /// Openings that are being written.
    pub openings: HashSet<[u8; 32]>,
    /// What was counted of late.
    recent: HashSet<[u8; 8]>,
    /// What is there from then on may not be counted yet.
    just_now: Time,
    /// When else what is there may not be counted: around starts of the service.
    gaps: Vec<(Time, Time)>,
}

impl Known {
    /// How many there are and should be.
    pub(crate) fn tell_missing(&self, mailbox: MailboxId, there: usize) {
        let counted = self.head.events;
        let openings = self.openings.len();
        warn!(mailbox.id = %mailbox, counted, openings, there, "Not all events of a mailbox that are counted are there");
    }

    /// Up to when everything is counted, by what was found not to be.
    pub(crate) fn settled_at<'a>(&self, uncounted: impl IntoIterator<Item = &'a Present>) -> Option<Time> {
        let on_its_way = |one: &Present| one.opening || one.at >= self.just_now;
        uncounted.into_iter().all(on_its_way).then_some(self.just_now)
    }

    /// An event as the search for what is not counted sees it.
    pub(crate) fn present(&self, mac: &Mac, mailbox: MailboxId, walked: &evidence::Walked) -> Present {
        let gap = self.gaps.iter().position(|(from, to)| (*from..=*to).contains(&walked.at));
        let gap = if walked.at >= self.just_now { Some(0) } else { gap.map(|gap| gap + 1) };
        let suspect = gap.map(|gap| 4 * u32::try_from(gap).unwrap_or(u32::MAX / 4) + writer(walked));
        let sum = Sum::of(mac, mailbox, &walked.entry);
        let opening = self.openings.contains(&walked.entry);
        let counted = self.recent.contains(&recent::id(&walked.entry));
        Present { sum, at: walked.at, suspect, opening, counted }
    }
}

/// Who hands such events over.
fn writer(walked: &evidence::Walked) -> u32 {
    use evidence::Writer;
    let Some(kind) = walked.kind else { return 0 };
    if Writer::Gateway.may_write(kind) && !Writer::Keys.may_write(kind) {
        1
    } else if Writer::Notifier.may_write(kind) {
        2
    } else if Writer::Web.may_write(kind) {
        3
    } else {
        0
    }
}

/// Who has committed events, and under which id they count once.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// This service: its openings are over with it.
    Own(&'a [u8; 16]),
    Role(&'a [u8; 16]),
}

impl Inner {
    /// Counts what a role has committed; once, however often it is handed over.
    pub(crate) async fn count_batch(&self, batch: &HandedOver) -> Result<(), Failure> {
        if batch.events.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        self.count(Whose::Role(&batch.id), &batch.events).await
    }

    /// Counts what this service has committed itself.
    pub(crate) async fn count_own(&self) -> Result<(), Failure> {
        let committed = self.events.committed();
        for batch in committed.batches(self.clock.now(), &*self.random) {
            self.count(Whose::Own(&batch.id), &batch.events).await?;
            committed.answered(&batch.id);
        }
        Ok(())
    }

    async fn count(&self, whose: Whose<'_>, events: &[(MailboxId, [u8; 32])]) -> Result<(), Failure> {
        if events.is_empty() {
            return Ok(());
        }
        let mac = self.head_mac()?;
        // Two countings in one process would race for the same heads, and one of them always lose.
        let _alone = self.heading.lock().await;
        let mut tries = Tries::again(AGAIN);
        let mut raced = 0;
        loop {
            match self.try_count(&mac, whose, events).await {
                Ok(true) => return Ok(()),
                // Another key service moved one of the heads meanwhile.
                Ok(false) if raced < RACES => raced += 1,
                Ok(false) => return Err(Failure::Lost),
                Err(failure) if tries.left(failure.is_transient()) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn try_count(
        &self,
        mac: &Mac,
        whose: Whose<'_>,
        events: &[(MailboxId, [u8; 32])],
    ) -> Result<bool, Failure> {
        let mut tx = self.keys.begin("count events").await?;
        let (Whose::Own(id) | Whose::Role(id)) = whose;
        // Counted before: its answer was lost, and the role hands the batch over again.
        if !tx.execute(BATCH, args![id, self.clock.now()]).await?.any() {
            return Ok(true);
        }
        if matches!(whose, Whose::Own(_)) {
            let entries: Vec<_> = events.iter().map(|(_, entry)| row![entry]).collect();
            // Most were no openings.
            tx.execute_many(&FORGET, &entries).await?.ignore();
        }
        let mut added: BTreeMap<MailboxId, Added> = BTreeMap::new();
        for (mailbox, entry) in events {
            added.entry(*mailbox).or_default().count(mac, *mailbox, entry);
        }
        if !stored::add(&mut tx, &added, self.clock.now()).await? {
            return Ok(false);
        }
        // Were the service to end now, what is uncounted is looked for from here on (`begin_gap`).
        tx.execute(COUNTED, args![self.clock.now()]).await?.exactly(1)?;
        tx.commit().await?;
        metrics::counter!("kuvert_evidence_counted_total").increment(events.len() as u64);
        Ok(true)
    }

    /// Takes up events that were found and are not counted, if the head still is what it was found against.
    pub(crate) async fn take_up(
        &self,
        mailbox: MailboxId,
        found_at: Head,
        entries: &[[u8; 32]],
    ) -> Result<bool, Failure> {
        let mac = self.head_mac()?;
        let _alone = self.heading.lock().await;
        let mut tx = self.keys.begin("take up events").await?;
        let heads = stored::read(&mut tx, &[mailbox]).await?;
        if heads.get(&mailbox).and_then(Option::as_ref).map_or_else(Head::default, |one| one.head) != found_at
        {
            return Ok(false);
        }
        let mut added = Added::default();
        entries.iter().for_each(|entry| added.count(&mac, mailbox, entry));
        let forgotten: Vec<_> = entries.iter().map(|entry| row![entry]).collect();
        tx.execute_many(&FORGET, &forgotten).await?.ignore();
        let done = stored::add(&mut tx, &BTreeMap::from([(mailbox, added)]), self.clock.now()).await?;
        if done {
            tx.commit().await?;
            metrics::counter!("kuvert_evidence_taken_up_total").increment(entries.len() as u64);
        }
        Ok(done)
    }

    /// Says that an event is being written, before anybody is answered by it.
    pub(crate) async fn begin_opening(&self, mailbox: MailboxId, entry: &[u8; 32]) -> Result<(), Failure> {
        Ok(self.keys.put_urgent("begin opening", OPENING, args![entry, mailbox, self.clock.now()]).await?)
    }

    /// The event was not written.
    pub(crate) async fn forget_opening(&self, entry: &[u8; 32]) -> Result<(), Failure> {
        let mut tx = self.keys.begin_urgent("forget opening").await?;
        tx.execute_many(&FORGET, &[row![entry]]).await?.ignore();
        Ok(tx.commit().await?)
    }

    /// Openings that a crash left behind: counted if they were written, else forgotten. Batches that nobody hands over again
    /// are forgotten.
    pub(crate) async fn settle_openings(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut tx = self.keys.read("look for openings").await?;
        let left = tx.query(LEFT, args![now.minus(CUT_SHORT)]).await?;
        drop(tx);
        for row in &left {
            let entry: [u8; 32] = row.array("entry")?;
            let mailbox: MailboxId = row.id("mailbox_id")?;
            let mut tx = self.letters.read("look for opening").await?;
            let written = tx.one(WRITTEN, args![mailbox, &entry]).await?.is_some();
            drop(tx);
            if written {
                // Two services that look at the same time count it once.
                let id = entry.first_chunk().copied().unwrap_or_default();
                self.count(Whose::Own(&id), &[(mailbox, entry)]).await?;
            } else {
                warn!(mailbox.id = %mailbox, "An opening was begun and not written: nobody was given the key");
                self.forget_opening(&entry).await?;
            }
        }
        let mut tx = self.keys.begin_background("forget batches").await?;
        tx.execute(OLD_BATCHES, args![now.minus(REMEMBERED)]).await?.ignore();
        Ok(tx.commit().await?)
    }

    /// Notes that the service starts: what was committed since the last counting may not be counted.
    pub(crate) async fn begin_gap(&self) -> Result<(), Failure> {
        let mut tx = self.keys.begin("note start").await?;
        tx.execute(FORGET_GAPS, args![self.clock.now().minus(REMEMBERED)]).await?.ignore();
        tx.execute(GAP, args![self.clock.now()]).await?.ignore();
        Ok(tx.commit().await?)
    }

    /// Head and openings of a mailbox, of one moment. To be read before its events are.
    pub(crate) async fn known_of(&self, mailbox: MailboxId) -> Result<Known, Failure> {
        let (stored, openings) = Stored::with_openings(&self.keys, mailbox).await?;
        let just_now = self.clock.now().minus(JUST_NOW);
        let mut gaps = vec![];
        if stored.unsettled || stored.settled_at.is_none() {
            let since = stored.settled_at.map_or(0, Time::millis);
            for row in self.keys.ask("find starts", GAPS, args![since]).await? {
                gaps.push((row.time("counted_at")?.minus(JUST_NOW), row.time("began_at")?));
            }
        }
        Ok(Known { head: stored.head, openings, recent: stored.recent.ids(), just_now, gaps })
    }

    /// Counts what is there and nothing else: after a restore. Tells how many events more were counted before.
    pub(crate) async fn begin_head_again(&self, mailbox: MailboxId) -> Result<u64, Failure> {
        let mac = self.head_mac()?;
        let rings = self.keks.event_rings(self.clock.now())?;
        let _alone = self.heading.lock().await;
        let was = self.known_of(mailbox).await?.head;
        let mut letters = self.letters.read("count events anew").await?;
        let mut head = Head::default();
        let mut walks = evidence::Walks::new(mailbox);
        while let Some(page) = walks.page(&mut letters, &rings).await? {
            for walked in page {
                let sum = head.sum.plus(Sum::of(&mac, mailbox, &walked.entry));
                head = Head { events: head.events + 1, sum };
            }
        }
        drop(letters);
        let mut tx = self.keys.begin("count events anew").await?;
        tx.execute(NO_OPENINGS, args![mailbox]).await?.ignore();
        tx.execute(ANEW, args![mailbox, head.events, &head.sum.to_bytes()]).await?.exactly(1)?;
        tx.commit().await?;
        Ok(u64::try_from(was.events - head.events).unwrap_or(0))
    }

    pub(crate) fn head_mac(&self) -> Result<Mac, Failure> {
        Ok(self.keks.mac(Purpose::Heads, Time::from_millis(0))?)
    }
}

/// Events in one batch.
const MOST: usize = 4096;
const RACES: u32 = 16;
/// An opening that has been between the two databases for this long was cut short.
const CUT_SHORT: Duration = Duration::from_secs(120);
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
const BATCH: &str =
    "INSERT INTO evidence_batch (batch_id, counted_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const OLD_BATCHES: &str = "DELETE FROM evidence_batch WHERE counted_at < $1";
const OPENING: &str =
    "INSERT INTO evidence_opening (entry, mailbox_id, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const LEFT: &str =
    "SELECT entry, mailbox_id FROM evidence_opening WHERE since < $1 ORDER BY since LIMIT 1000";
/// What was committed this long ago may be on its way to be counted.
const JUST_NOW: Duration = Duration::from_secs(15);
const COUNTED: &str = "UPDATE evidence_counted SET at = $1 WHERE one = 1";
const GAP: &str = "INSERT INTO evidence_gap (began_at, counted_at) SELECT $1, at FROM evidence_counted WHERE at > 0 \
    ON CONFLICT DO NOTHING";
const GAPS: &str = "SELECT counted_at, began_at FROM evidence_gap WHERE began_at > $1";
// What was uncounted then has been found by now.
const FORGET_GAPS: &str = "DELETE FROM evidence_gap WHERE began_at < $1 \
    AND began_at < (SELECT COALESCE(MIN(checked_at), 0) FROM evidence_head)";
const NO_OPENINGS: &str = "DELETE FROM evidence_opening WHERE mailbox_id = $1";
const ANEW: &str = "UPDATE evidence_head SET events = $2, sum = $3, recent = NULL WHERE mailbox_id = $1";
const WRITTEN: &str = "SELECT 1 FROM event WHERE mailbox_id = $1 AND entry = $2 LIMIT 1";
static FORGET: Many = Many::new("DELETE FROM evidence_opening WHERE entry IN (", 1, ")");
