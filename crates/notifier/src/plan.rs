//! What there is to say about a batch of letters, and to whom.

use crate::{Notifier, delivery::Delivery, outcome::Told, texts};
use domain::{
    ContactId, LetterId, MailboxId, Time,
    words::{Channel, NoticeState},
};
use key_client::{Access, Column, contact_address};
use registry::contacts::{self, Reach};
use std::collections::HashMap;
use store::{Tx, args, jobs::Job};

/// The letters of one mailbox that wait for their notice.
pub struct Group {
    pub mailbox_id: MailboxId,
    pub letters: Vec<LetterId>,
    pub contacts: Vec<Reach>,
    /// All letters' sender, when it is the same.
    pub sender_mac: Option<[u8; 32]>,
}

/// What a batch comes to before anything is sent.
#[derive(Default)]
pub struct Plan {
    /// Letters whose notice state can be written without sending.
    pub settled: Vec<Told>,
    pub groups: Vec<Group>,
}

/// One message to send, with the row that records it.
pub struct Planned {
    pub notice_id: [u8; 32],
    pub contact_id: ContactId,
    pub channel: Channel,
    pub window_at: Time,
    /// How an earlier try ended, when the window has one that needs no other.
    pub before: Option<Before>,
}

/// A notice of the same window.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Before {
    Sent,
    Failed,
}

impl Notifier {
    /// Looks again at what is true now: letters are opened and erased, contacts come and go.
    pub(crate) async fn plan(&self, tx: &mut Tx, jobs: &[Job]) -> Result<Plan, store::Error> {
        let now = self.clock.now();
        let mut plan = Plan::default();
        let mut groups: HashMap<MailboxId, Group> = HashMap::new();
        for job in jobs {
            let Some(row) = tx.one(LETTER, args![job.mailbox_id, job.letter_id]).await? else { continue };
            if row.text(0)? != NoticeState::Pending.as_str() {
                continue;
            }
            let sender_mac = row.array(2)?;
            if row.opt_time(1)?.is_some() {
                plan.settled.push(Told::new(job, NoticeState::NotNeeded));
                continue;
            }
            let group = groups.entry(job.mailbox_id).or_insert_with(|| Group {
                mailbox_id: job.mailbox_id,
                letters: Vec::new(),
                contacts: Vec::new(),
                sender_mac: Some(sender_mac),
            });
            group.letters.push(job.letter_id);
            group.sender_mac = group.sender_mac.filter(|mac| *mac == sender_mac);
        }
        for (mailbox_id, mut group) in groups {
            group.contacts = contacts::for_mailbox(tx, mailbox_id, now).await?;
            if group.contacts.is_empty() {
                let state = NoticeState::NoContactPoint;
                let letters = jobs.iter().filter(|job| group.letters.contains(&job.letter_id));
                plan.settled.extend(letters.map(|job| Told::new(job, state)));
            } else {
                plan.groups.push(group);
            }
        }
        Ok(plan)
    }

    /// Writes down what will be sent, before it is: the same window gives the same notice, so that a repeat
    /// after a crash bears the same Message-ID.
    pub(crate) async fn write_down(&self, tx: &mut Tx, group: &Group) -> Result<Vec<Planned>, store::Error> {
        let now = self.clock.now();
        let since = now.minus(self.coalesce);
        let mut planned = Vec::with_capacity(group.contacts.len());
        for contact in &group.contacts {
            let known = tx.one(WINDOW, args![group.mailbox_id, contact.contact_id, since]).await?;
            if let Some(row) = known {
                let before = match row.text(2)? {
                    "sent" => Some(Before::Sent),
                    "failed" => Some(Before::Failed),
                    _ => None,
                };
                planned.push(Planned {
                    notice_id: row.array(0)?,
                    contact_id: contact.contact_id,
                    channel: contact.channel,
                    window_at: row.time(1)?,
                    before,
                });
                continue;
            }
            let parts: [&[u8]; 3] =
                [group.mailbox_id.as_bytes(), contact.contact_id.as_bytes(), &now.millis().to_be_bytes()];
            let notice_id = self.notifier_keys.notice.tag("notice", &parts);
            let (channel, mailbox_id) = (contact.channel, group.mailbox_id);
            let row = args![&notice_id, mailbox_id, contact.contact_id, channel.as_str(), now];
            tx.execute(WRITE_DOWN, row).await?.exactly(1)?;
            planned.push(Planned {
                notice_id,
                contact_id: contact.contact_id,
                channel,
                window_at: now,
                before: None,
            });
        }
        Ok(planned)
    }

    /// The message itself. `None` when the address does not open: then it cannot be told.
    pub(crate) async fn compose(
        &self,
        group: &Group,
        contact: &Reach,
        planned: &Planned,
    ) -> Option<Delivery> {
        let place = contact_address(contact.contact_id);
        let item = (Column::Contact, place, contact.address.clone());
        let mut opened = self.keys.open_columns(Access::Notifier, vec![item]).await.ok()?;
        let address = String::from_utf8(opened.pop()??).ok()?;
        let language = texts::Language::from_tag(contact.language.as_str());
        let sender = group.sender_mac.filter(|_| contact.show_sender).and_then(|mac| self.sender_name(&mac));
        Some(Delivery {
            id: planned.notice_id,
            address,
            channel: planned.channel,
            subject: texts::subject(language).to_owned(),
            text: texts::text(language, sender.as_deref()),
            at: planned.window_at,
        })
    }

    /// The letter does not say in clear who sent it; the tag of each registered sender is tried.
    fn sender_name(&self, mac: &[u8; 32]) -> Option<String> {
        let tag = |number: &str| self.notifier_keys.sender.tag("sender", &[number.as_bytes()]);
        self.directory.current().senders().find(|s| tag(s.number.as_str()) == *mac).map(|s| s.name.clone())
    }
}

const LETTER: &str =
    "SELECT notice_state, opened_at, sender_mac FROM letter WHERE mailbox_id = $1 AND letter_id = $2";
const WINDOW: &str = "SELECT notice_id, window_at, state FROM notice \
    WHERE mailbox_id = $1 AND contact_id = $2 AND window_at > $3 ORDER BY window_at DESC LIMIT 1";
const WRITE_DOWN: &str = "INSERT INTO notice (notice_id, mailbox_id, contact_id, channel, state, window_at, attempts) \
    VALUES ($1, $2, $3, $4, 'sending', $5, 0)";
