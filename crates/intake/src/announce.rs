//! The use case *announce*: an agency tells many people by e-mail and text message, in words of its own. No letter comes
//! of it. Who cannot be reached is told to the agency at once; what is sent is sent after the commit, by a job.

use crate::{
    AcceptError, Intake,
    announcement::{self, New, Stored, Tags, Told},
    check::OVERHEAD_BYTES,
    sealer,
};
use bytes::Bytes;
use delivery::{
    Notice,
    notice::{Announcement, Announcer, Words},
};
use domain::{
    AddressMac, AnnouncementId, Code, ContactId, Identity, JobId, MailboxId, OrgNumber, Refusal, Time,
    words::Channel,
};
use key_client::{AnnouncedTo, Column, announcement_words};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::Durability;

/// What became of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    pub id: AnnouncementId,
    /// As the agency wrote them, each with how they are told, in its order.
    pub recipients: Vec<(String, Told)>,
    pub repeated: bool,
}

/// What is sealed of an announcement.
#[derive(Serialize)]
struct Sealed<'a> {
    #[serde(flatten)]
    words: &'a Words,
    #[serde(flatten)]
    to: AnnouncedTo,
}

/// What will be sent to whom.
#[derive(Default)]
struct Plan {
    answer: Vec<Told>,
    ways: BTreeMap<ContactId, Channel>,
}

impl Intake {
    /// Takes a whole `notify` message of the organisation that calls: all of it, or nothing. A message that asks for
    /// another operation is told by [`Code::OperationUnknown`].
    pub async fn announce(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Announced, AcceptError> {
        let announced = self.take_notice(caller, envelope).await;
        let outcome = match &announced {
            Ok(announced) if announced.repeated => "repeated",
            Ok(_) => "accepted",
            Err(_) => "refused",
        };
        metrics::counter!("kuvert_announcements_total", "outcome" => outcome).increment(1);
        if let Err(AcceptError::Internal(source)) = &announced {
            tracing::error!(error = %source, "An announcement could not be taken");
        }
        announced
    }

    async fn take_notice(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Announced, AcceptError> {
        self.open()?;
        let length = envelope.len() as u64;
        if length > self.0.settings.envelope_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        let _place = self.0.room.admit(caller, OVERHEAD_BYTES + COPIES * length)?;
        let read = move || Notice::from_envelope(&envelope).map_err(|error| sealer::refusal(&error));
        let notice = self.aside(usize::try_from(length).unwrap_or(usize::MAX), read).await?;
        let announcer = notice.announcer()?;
        let registry = self.may_announce(caller, &announcer.sender).await?;
        // Judged only when the reference is new.
        let judged = notice.announcement();
        let Announcer { sender, reference } = announcer;
        let mac = &self.0.gateway_keys.sender;
        let tags = Tags::new(mac, &sender, &reference, &notice.payload);
        let mut tx = self.0.store.read("find announcement").await?;
        let stored = announcement::find(&mut tx, &tags).await?;
        drop(tx);
        let (id, answer, repeated) = match stored {
            Some(stored) => {
                let (id, answer) = self.announced_before(stored, &tags).await?;
                (id, answer, true)
            }
            None => {
                let intake = self.clone();
                let caller = caller.clone();
                let announcement = judged?;
                // Once begun it runs to its end, even when the caller hangs up.
                let taking = self.0.tasks.spawn(async move {
                    intake.announce_now((&caller, registry), &sender, announcement, tags).await
                });
                taking.await.unwrap_or(Err(AcceptError::Unknown))?
            }
        };
        if answer.len() != notice.recipient_ids.len() {
            return Err(Code::ReferenceConflict.into());
        }
        let recipients = notice.recipient_ids.into_iter().zip(answer).collect();
        Ok(Announced { id, recipients, repeated })
    }

    /// By what we know of the registry; when that refuses, by what the registry says now. Answers its version.
    async fn may_announce(&self, caller: &OrgNumber, sender: &OrgNumber) -> Result<i64, AcceptError> {
        let house = &*self.0;
        let now = self.0.clock.now();
        let snapshot = house.directory.current();
        let Err(refused) = snapshot.may_send(caller, sender, now) else { return Ok(snapshot.version) };
        house.directory.refresh(&house.store).await?;
        let fresh = house.directory.current();
        if fresh.version == snapshot.version {
            return Err(refused.into());
        }
        fresh.may_send(caller, sender, now)?;
        Ok(fresh.version)
    }

    async fn announce_now(
        &self,
        (caller, registry): (&OrgNumber, i64),
        sender: &OrgNumber,
        announcement: Announcement,
        tags: Tags,
    ) -> Result<(AnnouncementId, Vec<Told>, bool), AcceptError> {
        let house = &*self.0;
        let now = self.0.clock.now();
        let Announcement { recipients, words } = announcement;
        let macs = house.keys.address_macs(caller.as_str(), &recipients).await?;
        let (plan, version) = self.plan(sender, &recipients, &macs, &words, now).await?;
        if self.overtaken(registry, version).await? {
            self.may_announce(caller, sender).await?;
        }
        let id = AnnouncementId::new(now, &*house.random);
        let Plan { answer, ways } = plan;
        let words =
            if ways.is_empty() { None } else { Some(self.sealed(id, &words, sender, &ways, now).await?) };
        let ways = ways.into_iter().collect();
        let job = JobId::new(now, &*house.random);
        let new = New { id, tags, answer, words, ways, job, at: now };
        let mut tx = house.store.begin("accept announcement").await?;
        // Otherwise those that come at once would each count only what was there before all of them.
        tx.take_turns(new.tags.sender.as_bytes()).await?;
        if announcement::insert(&mut tx, &new).await? {
            let asked = announcement::recipients_since(&mut tx, &new.tags, now.date().start()).await?;
            let quota = house.settings.announced_to_per_day(sender);
            if asked > quota {
                tx.rollback().await;
                return Err(Refusal::new(Code::AnnouncementQuota)
                    .because(format!("{quota} recipients in a day"))
                    .into());
            }
            tx.commit().await?;
            return Ok((id, new.answer, false));
        }
        let twin = announcement::find(&mut tx, &new.tags).await?;
        drop(tx);
        // It was there a moment ago, or the insertion would not have met it.
        let (id, answer) = self.announced_before(twin.ok_or(AcceptError::Unknown)?, &new.tags).await?;
        Ok((id, answer, true))
    }

    async fn announced_before(
        &self,
        stored: Stored,
        tags: &Tags,
    ) -> Result<(AnnouncementId, Vec<Told>), AcceptError> {
        if stored.payload_mac != tags.payload {
            return Err(Code::ReferenceConflict.into());
        }
        if self.0.durability == Durability::SyncQuorum {
            let mut tx = self.0.store.begin("confirm announcement").await?;
            announcement::confirm(&mut tx, stored.id).await?;
            tx.commit().await?;
        }
        Ok((stored.id, stored.answer))
    }

    /// Who has a mailbox here and accepts the sender, and the addresses of theirs that there are words for. Also the
    /// registry's version that this is of. Whoever is not vouched for is not told, and the agency learns that.
    async fn plan(
        &self,
        sender: &OrgNumber,
        recipients: &[Identity],
        macs: &[AddressMac],
        words: &Words,
        now: Time,
    ) -> Result<(Plan, i64), AcceptError> {
        let found = self.look_up_many(macs, sender, now).await?;
        let known = |mac| found.get(mac).and_then(|found| found.as_ref().ok());
        let version = macs.iter().filter_map(known).map(|found| found.version).max().unwrap_or_default();
        let reached: Vec<Option<MailboxId>> = recipients
            .iter()
            .zip(macs)
            .map(|(identity, mac)| Some(known(mac)?.reachable(identity, now).ok()?.mailbox_id))
            .collect();
        let mut mailboxes: Vec<MailboxId> = reached.iter().copied().flatten().collect();
        mailboxes.sort_unstable();
        mailboxes.dedup();
        let mut told = HashMap::<MailboxId, Told>::new();
        let mut ways = BTreeMap::new();
        let mut tx = self.0.store.read("find addresses").await?;
        let addresses = registry::contacts::for_mailboxes(&mut tx, &mailboxes, now).await?;
        drop(tx);
        for (mailbox_id, contact_id, channel) in addresses {
            let sends = channel != Channel::Sms || self.0.settings.sms;
            if sends && words.are_for(channel) {
                told.entry(mailbox_id).or_default().add(channel);
                // Who signs for a company and is a recipient too is told once.
                ways.insert(contact_id, channel);
            }
        }
        let answer =
            reached.iter().map(|mailbox| mailbox.and_then(|id| told.get(&id).copied()).unwrap_or_default());
        Ok((Plan { answer: answer.collect(), ways }, version))
    }

    /// With the words, who wrote them, when, and for which addresses: rows that say otherwise later decide nothing.
    async fn sealed(
        &self,
        id: AnnouncementId,
        words: &Words,
        sender: &OrgNumber,
        ways: &BTreeMap<ContactId, Channel>,
        at: Time,
    ) -> Result<Vec<u8>, AcceptError> {
        let to = AnnouncedTo::new(sender, at, ways.keys().copied());
        let json = serde_json::to_vec(&Sealed { words, to })
            .map_err(|error| AcceptError::Internal(Box::new(error)))?;
        let item = (Column::Announcement, announcement_words(id), json);
        let sealed = self.0.keys.seal_columns(vec![item]).await?;
        sealed.into_iter().next().ok_or(AcceptError::Unavailable("the key service does not answer"))
    }
}

/// The envelope, its elements, and what is read of them.
const COPIES: u64 = 4;
