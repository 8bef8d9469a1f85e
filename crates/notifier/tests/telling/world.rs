//! A small house: a store, a key service of columns, channels in memory, people, letters, a clock that is moved.

use domain::{
    Clock, ContactId, JobId, LetterId, MailboxId, ManualClock, OrgNumber, OrganisationId, PersonId,
    SenderMac, Time, chance,
    jobs::NoticeJob,
    words::{Channel, EventType},
};
use evidence::{NewEvent, Sequencer, chain_holds, feed};
use key_client::{Answer, Column, KeyRing, Keys, NotifierKeys, Request, Role, SecretBytes, contact_address};
use notifier::{Channels, KIND, Memory, Notifier, Post, Sms};
use registry::{Directory, contacts, senders};
use std::{sync::Arc, time::Duration};
use store::{
    Store, args,
    jobs::{self, Backlog, NewJob, Worker, WorkerSettings},
};
use tokio_util::sync::CancellationToken;
use vault::{Key, Place, SystemRandom, mac::Mac};

pub const START: Time = Time::from_millis(1_795_000_000_000);
pub use testing::{OFFICE as AGENCY, TOWN};

pub struct World {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub mail: Arc<Memory>,
    pub phones: Arc<Memory>,
    pub notifier: Arc<Notifier>,
    pub keys: Keys,
}

/// A person with a mailbox.
#[derive(Clone, Copy)]
pub struct Citizen {
    pub person_id: PersonId,
    pub mailbox_id: MailboxId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
}

impl World {
    pub async fn new(store: Store) -> Self {
        let keys = columns();
        let clock = Arc::new(ManualClock::at(START));
        let mut tx = store.begin("senders").await.unwrap();
        for (number, name) in [(TOWN, "Exempelkommunen"), (AGENCY, "Exempelverket")] {
            senders::add(&mut tx, &OrgNumber::parse(number).unwrap(), name, true, START).await.unwrap();
        }
        tx.commit().await.unwrap();
        let notifier_keys = NotifierKeys {
            events: KeyRing::random(&SystemRandom).into(),
            notice: Mac::new(Key::from_bytes([1; 32])),
            sender: Mac::new(Key::from_bytes([2; 32])),
        };
        let mail = Arc::new(Memory::default());
        let phones = Arc::new(Memory::default());
        let notifier = Notifier {
            store: store.clone(),
            keys: keys.clone(),
            notifier_keys: Arc::new(notifier_keys),
            directory: Directory::load(&store).await.unwrap(),
            channels: Channels {
                post: Arc::new(Post::memory("Kuvert <avisering@kuvert.test>", Arc::clone(&mail)).unwrap()),
                sms: Arc::new(Sms::Memory(Arc::clone(&phones))),
            },
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            sequencer: Sequencer::new(store.clone()),
            coalesce: Duration::from_secs(600),
        };
        Self { store, clock, mail, phones, notifier: Arc::new(notifier), keys }
    }

    pub async fn citizen(&self) -> Citizen {
        let person_id = PersonId::new(&SystemRandom);
        let mut tx = self.store.begin("person").await.unwrap();
        let sql = "INSERT INTO person (person_id, profile, language, created_at) VALUES ($1, $2, 'sv', $3)";
        tx.execute(sql, args![person_id, b"".as_slice(), START]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
        let mailbox_id = self.mailbox("person", person_id.as_bytes()).await;
        Citizen { person_id, mailbox_id }
    }

    /// The mailbox of a company with these signatories.
    pub async fn company(&self, signatories: &[Citizen]) -> MailboxId {
        let mailbox_id = self.mailbox("organisation", OrganisationId::new(&SystemRandom).as_bytes()).await;
        for signatory in signatories {
            let sql = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
                       VALUES ($1, $2, $3, 'signatory', $4, $5)";
            let id = chance::bytes::<16>(&SystemRandom);
            let args = args![&id, mailbox_id, signatory.person_id, b"".as_slice(), START.minus(HOUR)];
            self.execute(sql, args).await;
        }
        mailbox_id
    }

    async fn mailbox(&self, kind: &str, owner: &[u8; 16]) -> MailboxId {
        let mailbox_id = MailboxId::new(&SystemRandom);
        let sql = "INSERT INTO mailbox (mailbox_id, owner_kind, owner_id, opened_at, epoch, public_key) \
                   VALUES ($1, $2, $3, $4, 1, $5)";
        self.execute(sql, args![mailbox_id, kind, owner, START, &[7u8; 32]]).await;
        mailbox_id
    }

    /// A confirmed address.
    pub async fn contact(&self, citizen: Citizen, channel: Channel, address: &str) -> ContactId {
        let contact_id = ContactId::new(&SystemRandom);
        let item = (Column::Contact, contact_address(contact_id), address.as_bytes().to_vec());
        let sealed = self.keys.seal_columns(vec![item]).await.unwrap().remove(0);
        let sql = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
                   confirmed_at, code_tries) VALUES ($1, $2, $3, $4, $5, 0, $6, $6, 0)";
        let mac = chance::bytes::<32>(&SystemRandom);
        let args = args![contact_id, citizen.person_id, channel.as_str(), &sealed, &mac, self.clock.now()];
        self.execute(sql, args).await;
        contact_id
    }

    pub async fn with_mail(&self, address: &str) -> Citizen {
        let citizen = self.citizen().await;
        self.contact(citizen, Channel::Email, address).await;
        citizen
    }

    /// A letter that was accepted now, with its evidence and its job.
    pub async fn letter(&self, mailbox_id: MailboxId, sender: &str) -> Letter {
        self.letters(&[mailbox_id], sender).await.remove(0)
    }

    pub async fn letters(&self, mailboxes: &[MailboxId], sender: &str) -> Vec<Letter> {
        let now = self.clock.now();
        let sender_mac = self.sender_mac(sender);
        let mut letters = Vec::new();
        let mut tx = self.store.begin("accept").await.unwrap();
        for &mailbox_id in mailboxes {
            let letter_id = LetterId::new(now, &SystemRandom);
            let sql = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, \
                       confidential, tells_opened, parts, notice_state) VALUES ($1, $2, $3, $3, $4, $5, 0, 0, 1, 'pending')";
            let args = args![mailbox_id, letter_id, now, b"sealed".as_slice(), &sender_mac];
            tx.execute(sql, args).await.unwrap().exactly(1).unwrap();
            let event = NewEvent::by_service(EventType::Accepted, now);
            let ring = &self.notifier.notifier_keys.events;
            evidence::append(&mut tx, ring, mailbox_id, letter_id, event, &SystemRandom).await.unwrap();
            let id = JobId::new(now, &SystemRandom);
            let job = NewJob::new(id, &NoticeJob { mailbox_id, letter_id }, now);
            jobs::enqueue(&mut tx, &job).await.unwrap();
            letters.push(Letter { mailbox_id, letter_id });
        }
        tx.commit().await.unwrap();
        letters
    }

    pub fn sender_mac(&self, sender: &str) -> SenderMac {
        SenderMac::from_bytes(self.notifier.notifier_keys.sender.tag("sender", &[sender.as_bytes()]))
    }

    pub fn worker(&self) -> Worker {
        Worker {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
            wake: Arc::default(),
            settings: WorkerSettings::new(&[KIND]),
        }
    }

    /// Works on all jobs that are due now.
    pub async fn work(&self) {
        let worker = self.worker();
        let stop = CancellationToken::new();
        while worker.once(&self.notifier, &stop).await.unwrap() > 0 {}
    }

    /// Moves the clock and works.
    pub async fn after(&self, time: Duration) {
        self.clock.advance(time);
        self.work().await;
    }

    pub async fn state(&self, letter: Letter) -> String {
        let mut tx = self.store.read("state").await.unwrap();
        let sql = "SELECT notice_state FROM letter WHERE mailbox_id = $1 AND letter_id = $2";
        let row = tx.one(sql, args![letter.mailbox_id, letter.letter_id]).await.unwrap().unwrap();
        row.text("notice_state").unwrap().to_owned()
    }

    /// What the sender's feed says of a letter, and that its evidence holds.
    pub async fn told(&self, letter: Letter, sender: &str) -> Vec<EventType> {
        while feed::place(&self.store).await.unwrap() > 0 {}
        let mut tx = self.store.read("feed").await.unwrap();
        let ring = &self.notifier.notifier_keys.events;
        let events = chain_holds(&mut tx, ring, letter.mailbox_id, letter.letter_id).await.unwrap();
        let rows = feed::read(&mut tx, &[self.sender_mac(sender)], 0, 1000).await.unwrap();
        let told: Vec<_> = rows.iter().filter(|r| r.letter_id == letter.letter_id).map(|r| r.kind).collect();
        assert_eq!(events, 1 + told.len(), "each event but the acceptance stands in the feed");
        told
    }

    pub async fn backlog(&self) -> Backlog {
        let mut tx = self.store.read("backlog").await.unwrap();
        jobs::backlog(&mut tx, self.clock.now()).await.unwrap()
    }

    pub async fn jobs(&self) -> i64 {
        let mut tx = self.store.read("jobs").await.unwrap();
        tx.one("SELECT count(*) AS n FROM job", &[]).await.unwrap().unwrap().int("n").unwrap()
    }

    pub async fn contact_failed(&self, citizen: Citizen, contact_id: ContactId) -> bool {
        let mut tx = self.store.read("contact").await.unwrap();
        let contacts = contacts::for_person(&mut tx, citizen.person_id).await.unwrap();
        contacts.iter().find(|c| c.contact_id == contact_id).unwrap().failed_at.is_some()
    }

    pub async fn open(&self, letter: Letter) {
        let sql = "UPDATE letter SET opened_at = $3 WHERE mailbox_id = $1 AND letter_id = $2";
        self.execute(sql, args![letter.mailbox_id, letter.letter_id, self.clock.now()]).await;
    }

    pub async fn execute(&self, sql: &'static str, args: &[store::Value<'_>]) {
        let mut tx = self.store.begin("test").await.unwrap();
        tx.execute(sql, args).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    }
}

/// `Message-ID` of an e-mail as it was sent.
pub fn message_id(text: &str) -> &str {
    let from = text.find("Message-ID: <").unwrap() + "Message-ID: ".len();
    text[from..].split("\r\n").next().unwrap()
}

/// Answers as the key service does for columns: sealed to their place, opened for the notifier when contacts or announcements.
fn columns() -> Keys {
    let (connector, mut receiver) = key_client::channel(8);
    let keys = connector.keys(Role::Notifier);
    tokio::spawn(async move {
        let ring = KeyRing::random(&SystemRandom);
        let place = |bytes: &[u8]| Place::new("test/column").bytes(bytes);
        while let Some(envelope) = receiver.recv().await {
            let answer = match envelope.request {
                Request::SealColumns { items } => Answer::Sealed(
                    items
                        .iter()
                        .map(|item| ring.seal(&place(&item.place), item.text.expose(), &SystemRandom))
                        .collect(),
                ),
                Request::OpenColumns { items, .. } => Answer::Opened(
                    items
                        .iter()
                        .map(|item| {
                            let opened = ring.open(&place(&item.place), item.text.expose()).ok()?;
                            matches!(item.column, Column::Contact | Column::Announcement)
                                .then(|| SecretBytes::from(opened))
                        })
                        .collect(),
                ),
                other => panic!("not asked by notices: {}", other.name()),
            };
            let _ = envelope.answer.send(Ok(answer));
        }
        drop(connector);
    });
    keys
}

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
