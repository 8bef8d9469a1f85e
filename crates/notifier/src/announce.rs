//! The job of announcing: the words that an agency wrote, to the addresses that were written down when it was taken.
//!
//! Nothing is sent inside a transaction. A message has the same id, date and words in every try, so that one that goes
//! out twice is seen to be one.

mod rows;

use crate::{
    Notifier,
    delivery::{Delivery, Failure},
    reach::AT_ONCE,
    texts,
    worker::RECORD_TRIES,
};
use domain::{
    AnnouncementId, Language,
    jobs::{AnnouncementJob, JobSubject},
    words::Channel,
};
use futures_util::{StreamExt, stream};
use key_client::{Access, AnnouncedTo, Column, NoticeFor, announcement_words};
use rows::{Open, Way};
use serde::Deserialize;
use std::sync::Arc;
use store::jobs::{Handler, Job, Outcome, backoff};
use tracing::{info, warn};

/// The kind of job that an announcement enqueues.
pub const ANNOUNCEMENT: &str = AnnouncementJob::KIND;

/// Sends announcements. Give it to a [`store::jobs::Worker`] of its own: a thousand addresses take a while, and the
/// notices of letters do not wait for them.
pub struct Announcer(pub Arc<Notifier>);

/// `announcement.words`, as the agency door sealed them.
#[derive(Deserialize)]
struct Words {
    email: Option<Mail>,
    sms: Option<String>,
    #[serde(flatten)]
    to: AnnouncedTo,
}

#[derive(Deserialize)]
struct Mail {
    subject: String,
    text: String,
}

impl Announcer {
    async fn announce(&self, job: &Job) -> Result<Outcome, store::Error> {
        let Some(AnnouncementJob(id)) = job.subject() else { return Ok(Outcome::UNREADABLE) };
        let Some(open) = self.open(id).await? else { return Ok(Outcome::Done) };
        let Some(words) = self.words(id, &open).await else { return self.later(job, id, WORDS).await };
        let mut failure = None;
        loop {
            let mut tx = self.0.store.read("plan announcement").await?;
            let ways = rows::waiting(&mut tx, id, job.attempts, CHUNK).await?;
            drop(tx);
            if ways.is_empty() {
                break;
            }
            let results = self.send_all(id, &open, &words, &ways).await;
            failure = results.iter().find_map(|result| result.err()).map(Failure::code).or(failure);
            self.record(id, job.attempts, &ways, &results).await?;
        }
        self.later(job, id, failure.unwrap_or(RESUMED)).await
    }

    async fn open(&self, id: AnnouncementId) -> Result<Option<Open>, store::Error> {
        let mut tx = self.0.store.read("find announcement").await?;
        rows::open(&mut tx, id).await
    }

    async fn words(&self, id: AnnouncementId, open: &Open) -> Option<Words> {
        let item = (Column::Announcement, announcement_words(id), open.words.clone());
        match self.0.keys.open_columns(Access::Notifier(vec![NoticeFor::Announcement(id)]), vec![item]).await
        {
            Ok(opened) => serde_json::from_slice(&opened.into_iter().next()??).ok(),
            Err(error) => {
                warn!(%error, "The key service opened no words");
                None
            }
        }
    }

    /// In the order of `ways`.
    async fn send_all(
        &self,
        id: AnnouncementId,
        open: &Open,
        words: &Words,
        ways: &[Way],
    ) -> Vec<Result<(), Failure>> {
        let here = ways.iter().filter_map(|way| Some((way.contact_id, &way.reach.as_ref()?.address)));
        let addresses = &self.0.opened(vec![NoticeFor::Announcement(id)], here.collect()).await;
        // Of the number that was sealed with the words.
        let sender = self.0.name_of(words.to.sender());
        let sending = ways.iter().map(|way| {
            let address = addresses.get(&way.contact_id).map(String::as_str);
            self.try_one(id, open, words, way, address, sender.as_deref())
        });
        let sending: Vec<_> = sending.collect();
        stream::iter(sending).buffered(AT_ONCE).collect().await
    }

    async fn try_one(
        &self,
        id: AnnouncementId,
        open: &Open,
        words: &Words,
        way: &Way,
        address: Option<&str>,
        sender: Option<&str>,
    ) -> Result<(), Failure> {
        let result = match (&way.reach, address) {
            // Taken away, or its owner has died.
            (None, _) => Err(Failure::Never("address_gone")),
            (Some(_), None) => Err(Failure::Later("address_sealed")),
            // Nobody is told anything without being told who says it.
            (Some(_), Some(_)) if sender.is_none() => Err(Failure::Never("sender_gone")),
            (Some(reach), Some(address)) => {
                match words.of(way.channel, reach.language, sender.unwrap_or_default()) {
                    None => Err(Failure::Never("no_words")),
                    Some((subject, text)) => {
                        let id = self.message_id(id, way);
                        let channel = way.channel;
                        let at = open.accepted_at;
                        let address = address.to_owned();
                        self.0.channels.send(&Delivery { id, address, channel, subject, text, at }).await
                    }
                }
            }
        };
        count(way, result);
        result
    }

    fn message_id(&self, id: AnnouncementId, way: &Way) -> [u8; 32] {
        let parts: [&[u8]; 2] = [id.as_bytes(), way.contact_id.as_bytes()];
        self.0.notifier_keys.notice.tag("announcement", &parts)
    }

    /// What is not recorded will be sent again: worth waiting for a busy database.
    async fn record(
        &self,
        id: AnnouncementId,
        attempt: u32,
        ways: &[Way],
        results: &[Result<(), Failure>],
    ) -> Result<(), store::Error> {
        let mut tries = RECORD_TRIES;
        loop {
            let recorded = async {
                let mut tx = self.0.store.begin_background("record announcement").await?;
                rows::record(&mut tx, id, attempt, ways, results, self.0.clock.now()).await?;
                tx.commit().await
            };
            match recorded.await {
                Err(error) if tries.left(error.is_transient()) => tries.pause().await,
                other => return other,
            }
        }
    }

    /// Ends it when nothing waits any more, or when enough was tried; else it is tried again.
    async fn later(
        &self,
        job: &Job,
        id: AnnouncementId,
        code: &'static str,
    ) -> Result<Outcome, store::Error> {
        let last = backoff(job.attempts, &*self.0.random).is_none();
        let mut tx = self.0.store.begin_background("end announcement").await?;
        if !last && rows::any_waiting(&mut tx, id).await? {
            tx.rollback().await;
            return Ok(Outcome::Retry(code));
        }
        let Some((sent, failed)) = rows::end(&mut tx, id, self.0.clock.now()).await? else {
            return Ok(Outcome::Done);
        };
        tx.commit().await?;
        info!(announcement.id = %id, sent, failed, "Announcement {id} has ended");
        Ok(Outcome::Done)
    }
}

impl Words {
    /// Subject and text. Who says it stands first in both, and again below an e-mail; the agency's own words cannot say
    /// the same ([`domain::text::imitates_us`]).
    fn of(&self, channel: Channel, language: Language, sender: &str) -> Option<(String, String)> {
        let by = texts::announced_by(language, sender);
        if channel == Channel::Sms {
            return self.sms.as_ref().map(|text| (String::new(), format!("{by} {}", text.trim())));
        }
        let mail = self.email.as_ref().filter(|_| channel == Channel::Email)?;
        let below = texts::announced(language, sender);
        let text = format!("{by}\n\n{}\n\n-- \n{below}\n", mail.text.trim());
        Some((format!("{sender}: {}", mail.subject.trim()), text))
    }
}

impl Handler for Announcer {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = match Box::pin(self.announce(&job)).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    warn!(%error, "Could not announce; trying again");
                    Outcome::Retry("store")
                }
            };
            outcomes.push((job, outcome));
        }
        outcomes
    }
}

fn count(way: &Way, result: Result<(), Failure>) {
    let contact_id = way.contact_id;
    let code = result.map_or_else(Failure::code, |()| "sent");
    metrics::counter!("kuvert_announcement_messages_total", "channel" => way.channel.as_str(), "result" => code)
        .increment(1);
    match result {
        Ok(()) => {}
        Err(Failure::BadAddress(_)) => {
            info!(contact.id = %contact_id, code, "Contact {contact_id} does not work and is passed over");
        }
        Err(_) => {
            warn!(contact.id = %contact_id, code, "Could not send an announcement to contact {contact_id}");
        }
    }
}

/// Addresses between two records: so many are sent again at most, after a crash.
const CHUNK: i64 = 64;
const WORDS: &str = "words_sealed";
/// Nothing was left to try in a job that was taken over; what waits has had its try.
const RESUMED: &str = "resumed";
