//! Which addresses the notifier may open: those of the recipient of a letter that was accepted and still waits for its
//! notice, those that an announcement was taken for, and those of somebody whose mailbox has just moved. What the rows
//! say of jobs, letters and announcements decides nothing here.

use crate::{
    columns::place,
    directory,
    failure::Failure,
    purpose::Purpose,
    reached::Reached,
    service::Inner,
    unvouched::{TRIES, alarm, unfit},
};
use domain::{AnnouncementId, LetterId, MailboxId, words::EventType};
use evidence::{Broken, Rings};
use key_client::{AnnouncedTo, Column, NoticeFor, announcement_words, contact_address};
use registry::{
    contacts,
    sets::{self, Subject, Table},
};
use std::{collections::BTreeMap, time::Duration};
use store::args;
use tracing::error;

impl Inner {
    pub(crate) async fn reached_for_notices(&self, notices: &[NoticeFor]) -> Result<Reached, Failure> {
        let mut reached = Reached::default();
        let mut letters: BTreeMap<MailboxId, Vec<LetterId>> = BTreeMap::new();
        for notice in notices {
            match notice {
                NoticeFor::Letter { mailbox, letter } => letters.entry(*mailbox).or_default().push(*letter),
                NoticeFor::Announcement(id) => self.announced(*id, &mut reached).await?,
                NoticeFor::Move(mailbox) => {
                    if self.has_moved(*mailbox).await? {
                        self.gather(*mailbox, &mut reached).await?;
                    }
                }
            }
        }
        if !letters.is_empty() {
            let rings = self.keks.event_rings(self.clock.now())?;
            for (mailbox, mut letters) in letters {
                letters.dedup();
                if self.any_due(&rings, mailbox, &letters).await? {
                    self.gather(mailbox, &mut reached).await?;
                }
            }
        }
        Ok(reached)
    }

    /// The addresses of whoever is told of what comes into the mailbox: none unless every row that says so is vouched for.
    async fn gather(&self, mailbox: MailboxId, reached: &mut Reached) -> Result<(), Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut tx = self.letters.read("find addresses for notices").await?;
            let contacts = contacts::for_mailbox(&mut tx, mailbox, self.clock.now()).await?;
            let mut subjects = vec![Subject::mailbox(mailbox)];
            subjects.extend(contacts.iter().map(|contact| Subject::person(contact.person_id)));
            subjects.sort_unstable();
            subjects.dedup();
            let found = sets::read(&mut tx, &subjects).await?;
            drop(tx);
            let said = self.vouched(&subjects).await?;
            let unfit = subjects.iter().find_map(|subject| {
                Some((unfit(subject, &found[subject], said.get(subject), |_| true)?, subject))
            });
            match unfit {
                None => {
                    for contact in &contacts {
                        reached.add(Column::Contact, &contact_address(contact.contact_id));
                    }
                    return Ok(());
                }
                // A change may lie between the two readings.
                Some(_) if attempt < TRIES => {}
                Some((table, subject)) => {
                    drop(alarm(table, subject));
                    return Ok(());
                }
            }
        }
    }

    /// How many addresses all notices together may open.
    pub(crate) fn meter_addresses(&self, count: u64) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut meters = self.notice_meters.lock();
        let in_time = meters.iter_mut().all(|(bucket, rate)| bucket.take(*rate, count, now));
        if !in_time {
            return Err(Failure::Budget("notice addresses"));
        }
        metrics::counter!("kuvert_keys_notice_addresses_total").increment(count);
        Ok(())
    }

    /// Whether any of these letters was accepted for whose mailbox it is and has come to no end of its notice.
    async fn any_due(
        &self,
        rings: &Rings,
        mailbox: MailboxId,
        letters: &[LetterId],
    ) -> Result<bool, Failure> {
        let mut tx = self.letters.read("look for accepted letters").await?;
        let accepting = evidence::accepting(&mut tx, rings, mailbox, letters).await?;
        let mut due = false;
        for letter in letters {
            let accepted = match accepting.get(letter) {
                Some(accepting) => self.owners(mailbox, accepting).await? != Some(false),
                None => false,
            };
            let chain = match accepted {
                true => evidence::read_chain(&mut tx, rings, mailbox, *letter).await,
                false => Ok(Vec::new()),
            };
            match chain {
                Ok(events) if !events.is_empty() => {
                    due |= !events.iter().any(|event| ENDS.contains(&event.kind));
                }
                Ok(_) | Err(Broken::At { .. }) => {
                    metrics::counter!("kuvert_unvouched_total", "table" => "job").increment(1);
                    error!(letter.id = %letter, mailbox.id = %mailbox, "A notice is asked for a letter that nobody vouches for");
                }
                Err(Broken::Store(error)) => return Err(error.into()),
            }
        }
        Ok(due)
    }

    /// What the door sealed beside an announcement's words says whom they are for, and when they were taken.
    async fn announced(&self, id: AnnouncementId, reached: &mut Reached) -> Result<(), Failure> {
        let mut tx = self.letters.read("find announcement").await?;
        let Some(row) = tx.one(WORDS, args![id]).await? else { return Ok(()) };
        drop(tx);
        let words = row.bytes("words")?.to_vec();
        let at = place(Column::Announcement, announcement_words(id).as_bytes());
        let opened = self.keks.unseal_fresh(Purpose::Column(Column::Announcement), &at, &words).await;
        let to = opened.ok().and_then(|padded| vault::unpad(&padded).ok().map(AnnouncedTo::read));
        let to = to.flatten().filter(|to| self.clock.now().since(to.at()) < ANNOUNCED);
        match to.and_then(|to| to.contacts()) {
            Some(contacts) => {
                reached.add(Column::Announcement, &announcement_words(id));
                for contact in contacts {
                    reached.add(Column::Contact, &contact_address(contact));
                }
            }
            None => {
                metrics::counter!("kuvert_unvouched_total", "table" => "announcement").increment(1);
                error!(announcement.id = %id, "An announcement is not as it was taken, or too old: not sent");
            }
        }
        Ok(())
    }

    /// Whether the owner's mailbox was moved by an agreement in these days, and they were not told too often.
    async fn has_moved(&self, mailbox: MailboxId) -> Result<bool, Failure> {
        let subject = Subject::mailbox(mailbox);
        let mut tx = self.letters.read("find owner").await?;
        let found = sets::read_some(&mut tx, std::slice::from_ref(&subject), |table| table == Table::Mailbox);
        let Some(owner) = found.await?[&subject].owner() else { return Ok(false) };
        drop(tx);
        let now = self.clock.now();
        let since = now.minus(ANNOUNCED);
        let mut moved = false;
        let mut tx = self.keys.begin("tell of a move").await?;
        // Whose numbers they are, the key store says: by the letters' rows the notice could be led away from the owner.
        for mac in directory::addresses_of(&mut tx, owner, now).await? {
            moved |= tx.execute(TELL, args![&mac, since, MOST_TOLD]).await?.any();
        }
        tx.commit().await?;
        Ok(moved)
    }
}

/// After one of these no notice is due.
const ENDS: [EventType; 6] = [
    EventType::NoticeSent,
    EventType::NoticeFailed,
    EventType::NoContactPoint,
    EventType::NoticeNotNeeded,
    EventType::Opened,
    EventType::Erased,
];
/// A little longer than an address is tried.
const ANNOUNCED: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// Tries of one notice of a move.
const MOST_TOLD: i64 = 16;
const WORDS: &str = "SELECT words FROM announcement WHERE announcement_id = $1 AND words IS NOT NULL";
const TELL: &str = "UPDATE agreed SET told = told + 1 \
    WHERE address_mac = $1 AND what = 'place' AND changed_at > $2 AND told < $3";
