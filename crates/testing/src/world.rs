//! Two senders and a dispatcher, people with mailboxes, and all that accepts and reads letters, over keys in memory.

use crate::{
    ANNA, BO, COMPANY, DISPATCHER, LADAN, OFFICE, Organisation, Rows, TOWN, identity,
    intake::{mailboxes, parts},
    keys::{self, TestKeys},
    now, org,
    registry::{People, operator, senders},
};
use bytes::Bytes;
use domain::{Clock, Code, MailboxId, MandateId, ManualClock, OrgNumber, PersonId, words::Because};
use intake::{AcceptError, Answer, Checked, Draft, Intake, Outgoing, Settings, Trust, Whereabouts};
use key_client::{Connector, EventRing};
use mailbox::{Actor, Mailboxes, Objects, Rights};
use registry::{
    Directory, Recorder,
    registrations::{self, AccountType, Place},
};
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};
use store::{Store, args, testing::Database};
use vault::SystemRandom;

pub struct World {
    /// Goes when the world goes.
    pub database: Database,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub keys: Arc<TestKeys>,
    pub connector: Connector,
    pub directory: Directory,
    /// Trusts nobody until told.
    pub trust: Trust,
    pub objects: Objects,
    pub objects_dir: PathBuf,
    pub intake: Intake,
    pub mailboxes: Mailboxes,
    pub town: Organisation,
    pub office: Organisation,
    pub dispatcher: Organisation,
    pub anna: (PersonId, MailboxId),
    pub bo: (PersonId, MailboxId),
    pub company: MailboxId,
}

impl World {
    pub async fn new(database: Database) -> Self {
        Box::pin(Self::with(database, |_| {})).await
    }

    pub async fn with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        Box::pin(Self::leaving(database, change, None, Whereabouts::Own)).await
    }

    /// One that hands letters over to other operators.
    pub async fn leaving(
        database: Database,
        change: impl FnOnce(&mut Settings),
        outgoing: Option<Outgoing>,
        whereabouts: Whereabouts,
    ) -> Self {
        let store = database.store.clone();
        let clock = Arc::new(ManualClock::at(now()));
        let (keys, connector) = TestKeys::start(store.clone(), clock.clone());
        let town = Organisation::new(TOWN);
        let office = Organisation::new(OFFICE);
        let dispatcher = Organisation::new(DISPATCHER);
        register(&store, [&town, &office, &dispatcher]).await;
        let people = People::new(&store, &connector, &*clock).await;
        let anna = people.person(ANNA, "Anna Exempel").await;
        let bo = people.person(BO, "Bo Exempel").await;
        let company = people.company(COMPANY, "Exempelbolaget AB").await.1;
        let mut parts = parts(&database, &connector, clock.clone()).await;
        parts.whereabouts = whereabouts;
        parts.outgoing = outgoing.map(Arc::new);
        let directory = parts.directory.clone();
        let trust = parts.trust.clone();
        let objects = parts.objects.clone();
        let objects_dir = database.dir().join("objects");
        let mut settings = Settings::new("kuvert-test");
        change(&mut settings);
        let intake = Intake::start(parts, settings).await.unwrap();
        let (mailboxes, _) = mailboxes(&database, &connector, objects.clone(), clock.clone()).await;
        let world = Self {
            database,
            store,
            clock,
            keys,
            connector,
            directory,
            trust,
            objects,
            objects_dir,
            intake,
            mailboxes,
            town,
            office,
            dispatcher,
            anna,
            bo,
            company,
        };
        world.mandate(world.anna.0, world.company, Because::Signatory).await;
        world
    }

    /// The draft of a letter of the town.
    pub async fn draft(&self, letter: &Value) -> Result<Draft, AcceptError> {
        match self.intake.check(&self.town.number, self.town.sign(letter)).await? {
            Checked::Draft(draft) => Ok(draft),
            Checked::Repeat(_) => panic!("a repeat"),
        }
    }

    /// The town sends a letter with its attachments.
    pub async fn send(&self, letter: &Value, files: &[&[u8]]) -> Result<Answer, AcceptError> {
        self.send_as(&self.town.number, self.town.sign(letter), files).await
    }

    pub async fn send_as(
        &self,
        caller: &OrgNumber,
        jws: Bytes,
        files: &[&[u8]],
    ) -> Result<Answer, AcceptError> {
        let mut draft = match self.intake.check(caller, jws).await? {
            Checked::Draft(draft) => draft,
            Checked::Repeat(answer) => return Ok(answer),
        };
        for (at, bytes) in files.iter().enumerate() {
            let mut sink = draft.attachment(at).await?;
            for piece in bytes.chunks(10_000) {
                sink.write(piece).await?;
            }
            sink.finish().await?;
        }
        self.intake.accept(draft).await
    }

    /// The code that a letter is refused with.
    pub async fn refused(&self, letter: &Value, files: &[&[u8]]) -> Code {
        code(self.send(letter, files).await)
    }

    /// The other operator is registered.
    pub async fn knows_ladan(&self) {
        let mut tx = self.store.begin("add operator").await.unwrap();
        operator(&mut tx, LADAN, self.clock.now()).await;
        tx.commit().await.unwrap();
    }

    /// Somebody's mailbox is at another operator from now on.
    pub async fn moves_away(&self, number: &str) {
        self.knows_ladan().await;
        self.moves(number, Place::At(org(LADAN))).await;
    }

    pub async fn moves_back(&self, number: &str) {
        self.moves(number, Place::Here).await;
    }

    async fn moves(&self, number: &str, to: Place) {
        let events = self.keys.events();
        let address_mac = self.keys.address_mac(&identity(number));
        let mut tx = self.store.begin("move").await.unwrap();
        let recorder = self.recorder(&events);
        let moved = registrations::move_to(&mut tx, &address_mac, &to, AccountType::Secure, &recorder).await;
        assert!(moved.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn letters_in(&self, mailbox: MailboxId) -> i64 {
        let mut tx = self.store.read("count").await.unwrap();
        let count = "SELECT count(*) AS n FROM letter WHERE mailbox_id = $1";
        tx.one(count, args![mailbox]).await.unwrap().unwrap().int("n").unwrap()
    }

    pub async fn actor(&self, person: PersonId) -> Actor {
        Actor { grant: self.keys.log_in(person), rights: self.rights(person).await }
    }

    pub async fn rights(&self, person: PersonId) -> Rights {
        keys::rights(&self.store, person, self.clock.now()).await.unwrap()
    }

    pub async fn mandate(&self, person: PersonId, mailbox: MailboxId, because: Because) {
        let add = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
            VALUES ($1, $2, $3, $4, $5, $6)";
        let id = MandateId::new(&SystemRandom);
        let values = args![id, mailbox, person, because.as_str(), b"note", self.clock.now()];
        assert_eq!(self.store.change(add, values).await, 1);
    }

    pub fn recorder<'a>(&'a self, events: &'a EventRing) -> Recorder<'a> {
        Recorder::service(events, &SystemRandom, &*self.clock)
    }

    /// That nothing of any letter is stored anywhere.
    pub async fn nothing_is_stored(&self) {
        for sql in [
            "SELECT count(*) AS n FROM submission",
            "SELECT count(*) AS n FROM announcement",
            "SELECT count(*) AS n FROM announcement_way",
            "SELECT count(*) AS n FROM letter",
            "SELECT count(*) AS n FROM letter_key",
            "SELECT count(*) AS n FROM part",
            "SELECT count(*) AS n FROM event WHERE type = 'accepted'",
            "SELECT count(*) AS n FROM feed_waiting",
            "SELECT count(*) AS n FROM job",
        ] {
            assert_eq!(self.store.count(sql).await, 0, "{sql}");
        }
        self.objects_become(0).await;
    }

    /// Removal of what was written for nothing happens beside, and nobody tells when it has happened: the one place
    /// that looks again and again.
    pub async fn objects_become(&self, count: usize) {
        for _ in 0..1000 {
            if self.objects_stored() == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{} objects are stored", self.objects_stored());
    }

    pub fn objects_stored(&self) -> usize {
        let shards = std::fs::read_dir(&self.objects_dir).unwrap().flatten();
        shards.map(|shard| std::fs::read_dir(shard.path()).unwrap().count()).sum()
    }

    /// One more certificate of a sender that is registered.
    pub async fn certify(&self, organisation: &Organisation) {
        let mut tx = self.store.begin("certify").await.unwrap();
        let der = &organisation.certificate.der;
        registry::certificates::add(&mut tx, &organisation.number, der, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn revoke(&self, organisation: &Organisation) {
        let mut tx = self.store.begin("revoke").await.unwrap();
        let now = self.clock.now();
        assert!(
            registry::certificates::revoke(&mut tx, &organisation.certificate.sha256, now).await.unwrap()
        );
        tx.commit().await.unwrap();
    }
}

pub fn code(outcome: Result<Answer, AcceptError>) -> Code {
    outcome.expect_err("refused").refusal().code
}

async fn register(store: &Store, organisations: [&Organisation; 3]) {
    let mut tx = store.begin("register").await.unwrap();
    senders(&mut tx, now()).await;
    for one in organisations {
        registry::certificates::add(&mut tx, &one.number, &one.certificate.der, now()).await.unwrap();
    }
    for sender in [TOWN, OFFICE] {
        registry::dispatch::list(&mut tx, &org(sender), &org(DISPATCHER), now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}
