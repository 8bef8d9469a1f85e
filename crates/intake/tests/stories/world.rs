//! Two senders and a dispatcher, people with mailboxes, and all that accepts and reads letters.

use crate::keys::{self, TestKeys};
use bytes::Bytes;
use domain::{
    Clock, Code, Identity, IdentityKind, Language, MailboxId, MandateId, ManualClock, OrgNumber, PersonId,
    Time, words::Because,
};
use intake::{AcceptError, Answer, Checked, Draft, Intake, Outgoing, Parts, Settings, Trust, Whereabouts};
use key_client::Role;
use mailbox::{Actor, Mailboxes, Objects, Rights};
use rcgen::{CertificateParams, DnType, KeyPair};
use registry::{
    Directory, Owner, Recorder,
    boxes::{self, NewBox},
    operators,
    people::{self, NewPerson},
    registrations::{self, AccountType, Place},
};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};
use store::{Store, args, testing::Database};
use vault::{Certificate, SystemRandom, jws::LetterSigner};

pub const TOWN: &str = "164020000016";
pub const OFFICE: &str = "164020000024";
pub const DISPATCHER: &str = "164020000032";
pub const COMPANY: &str = "164020000040";
/// The operator that runs this.
pub const US: &str = "164020000057";
pub const LADAN: &str = "164020000065";
pub const ANNA: &str = "198101052382";
pub const BO: &str = "199001012385";
pub const NOW: &str = "2026-11-22T10:00:00.000Z";

pub struct World {
    /// Goes when the world goes.
    #[allow(dead_code, reason = "held for its folder")]
    pub database: Database,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub keys: Arc<TestKeys>,
    pub connector: key_client::Connector,
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

/// An organisation with its key.
pub struct Organisation {
    pub number: OrgNumber,
    pub certificate: Certificate,
    pub signer: LetterSigner,
}

impl Organisation {
    pub fn new(number: &str, not_after_year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
        params.not_after = rcgen::date_time_ymd(not_after_year, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let certificate = Certificate::parse(certificate.der()).unwrap();
        let signer = LetterSigner::from_pem(key.serialize_pem().as_bytes(), &certificate).unwrap();
        Self { number: org(number), certificate, signer }
    }

    pub fn sign(&self, letter: &Value) -> Bytes {
        self.sign_bytes(letter.to_string().as_bytes())
    }

    pub fn sign_bytes(&self, payload: &[u8]) -> Bytes {
        self.signer.sign_flattened(payload).unwrap().into()
    }
}

pub fn org(number: &str) -> OrgNumber {
    OrgNumber::parse(number).unwrap()
}

/// A small letter from the town to Anna.
pub fn letter(reference: &str) -> Value {
    json!({
        "reference": reference, "sender": TOWN, "recipient": ANNA, "subject": "Beslut om bygglov",
        "language": "sv", "body": {"media_type": "text/plain", "content": "Vi har beviljat ditt bygglov."},
    })
}

/// With another value for one member.
pub fn with(mut letter: Value, member: &str, value: Value) -> Value {
    letter[member] = value;
    letter
}

/// With a manifest for these attachments.
pub fn attaching(letter: Value, files: &[(&str, &str, &[u8])]) -> Value {
    let manifest: Vec<Value> =
        files.iter().map(|(name, media_type, bytes)| entry(name, media_type, bytes)).collect();
    with(letter, "attachments", manifest.into())
}

pub fn entry(name: &str, media_type: &str, bytes: &[u8]) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let sha256 = URL_SAFE_NO_PAD.encode(vault::sha256(bytes));
    json!({"name": name, "media_type": media_type, "bytes": bytes.len(), "sha256": sha256})
}

impl World {
    pub async fn new(database: Database) -> Self {
        Self::with(database, |_| {}).await
    }

    pub async fn with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        Self::leaving(database, change, None, Whereabouts::Own).await
    }

    /// One that hands letters over to other operators.
    pub async fn leaving(
        database: Database,
        change: impl FnOnce(&mut Settings),
        outgoing: Option<Outgoing>,
        whereabouts: Whereabouts,
    ) -> Self {
        let store = database.store.clone();
        let now = Time::parse(NOW).unwrap();
        let clock = Arc::new(ManualClock::at(now));
        let (keys, connector) = TestKeys::start(store.clone(), clock.clone());
        let [town, office, dispatcher] =
            [TOWN, OFFICE, DISPATCHER].map(|number| Organisation::new(number, 2100));
        register(&store, &[&town, &office, &dispatcher], now).await;
        let directory = Directory::load(&store).await.unwrap();
        let objects_dir = database.dir().join("objects");
        let objects = Objects::open(&objects_dir, Arc::new(SystemRandom)).unwrap();
        let gateway = connector.keys(Role::Gateway);
        let web = connector.keys(Role::Web);
        let anna = open_box(&store, &keys, &connector, &clock, ANNA).await;
        let bo = open_box(&store, &keys, &connector, &clock, BO).await;
        let company = open_company(&store, &keys, &connector, &clock).await;
        let trust = Trust::default();
        let mut settings = Settings::new("kuvert-test");
        change(&mut settings);
        let parts = Parts {
            store: store.clone(),
            gateway_keys: Arc::new(gateway.gateway_keys().await.unwrap()),
            keys: gateway,
            directory: directory.clone(),
            trust: trust.clone(),
            whereabouts,
            outgoing: outgoing.map(Arc::new),
            objects: objects.clone(),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
        };
        let intake = Intake::start(parts, settings).await.unwrap();
        let web_keys = Arc::new(web.web_keys().await.unwrap());
        let mailboxes = Mailboxes::new(
            store.clone(),
            web,
            web_keys,
            objects.clone(),
            clock.clone(),
            Arc::new(SystemRandom),
        );
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
        let new = operators::NewOperator {
            number: &org(LADAN),
            domain: "ladan.example",
            name: "Lådan",
            service_address: "https://ladan.example/service/v3",
            ui_address: None,
        };
        operators::add(&mut tx, &new, self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody's mailbox is at another operator from now on.
    pub async fn moves_away(&self, number: &str) {
        self.knows_ladan().await;
        let events = self.keys.events();
        let address_mac = self.keys.address_mac(&Identity::parse(number).unwrap());
        let mut tx = self.store.begin("move away").await.unwrap();
        let to = Place::At(org(LADAN));
        let account_type = AccountType::Secure;
        let recorder = self.recorder(&events);
        assert!(registrations::move_to(&mut tx, &address_mac, &to, account_type, &recorder).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// And back again.
    pub async fn moves_back(&self, number: &str) {
        let events = self.keys.events();
        let address_mac = self.keys.address_mac(&Identity::parse(number).unwrap());
        let mut tx = self.store.begin("move back").await.unwrap();
        let recorder = self.recorder(&events);
        let moved =
            registrations::move_to(&mut tx, &address_mac, &Place::Here, AccountType::Secure, &recorder).await;
        assert!(moved.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn letters_in(&self, mailbox: MailboxId) -> i64 {
        let mut tx = self.store.read("count").await.unwrap();
        let count = "SELECT count(*) FROM letter WHERE mailbox_id = $1";
        tx.one(count, args![mailbox]).await.unwrap().unwrap().int(0).unwrap()
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
        let mut tx = self.store.begin("mandate").await.unwrap();
        let id = MandateId::new(&SystemRandom);
        let values = args![id, mailbox, person, because.as_str(), b"note", self.clock.now()];
        tx.execute(add, values).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    }

    pub fn recorder<'a>(&'a self, events: &'a key_client::EventRing) -> Recorder<'a> {
        Recorder::service(events, &SystemRandom, &*self.clock)
    }

    /// Runs one statement.
    pub async fn sql(&self, sql: &'static str, values: &[store::Value<'_>]) -> u64 {
        let mut tx = self.store.begin("test").await.unwrap();
        let count = tx.execute(sql, values).await.unwrap().count();
        tx.commit().await.unwrap();
        count
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.store.read("count").await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }

    /// That nothing of any letter is stored anywhere.
    pub async fn nothing_is_stored(&self) {
        for sql in [
            "SELECT count(*) FROM submission",
            "SELECT count(*) FROM announcement",
            "SELECT count(*) FROM announcement_way",
            "SELECT count(*) FROM letter",
            "SELECT count(*) FROM letter_key",
            "SELECT count(*) FROM part",
            "SELECT count(*) FROM event WHERE type = 'accepted'",
            "SELECT count(*) FROM feed_waiting",
            "SELECT count(*) FROM job",
        ] {
            assert_eq!(self.count(sql).await, 0, "{sql}");
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

pub async fn register(store: &Store, organisations: &[&Organisation], now: Time) {
    let mut tx = store.begin("register").await.unwrap();
    for organisation in organisations {
        let number = &organisation.number;
        let may_send = organisation.number.as_str() != DISPATCHER;
        registry::senders::add(&mut tx, number, "Exempelkommunen", may_send, now).await.unwrap();
        registry::certificates::add(&mut tx, number, &organisation.certificate.der, now).await.unwrap();
    }
    for sender in [TOWN, OFFICE] {
        registry::dispatch::list(&mut tx, &org(sender), &org(DISPATCHER), now).await.unwrap();
    }
    tx.commit().await.unwrap();
}

pub async fn open_box(
    store: &Store,
    keys: &TestKeys,
    connector: &key_client::Connector,
    clock: &ManualClock,
    number: &str,
) -> (PersonId, MailboxId) {
    let identity = Identity::parse(number).unwrap();
    let address_mac = keys.address_mac(&identity);
    let new = NewPerson {
        login_mac: &vault::sha256(&address_mac),
        address_mac: &address_mac,
        kind: IdentityKind::Personnummer,
        profile: b"sealed profile",
        language: Language::Swedish,
    };
    let mut tx = store.begin("open box").await.unwrap();
    let (person, _) = people::register(&mut tx, &new, clock.now(), &SystemRandom).await.unwrap();
    tx.commit().await.unwrap();
    let mailbox = make_box(store, keys, connector, clock, Owner::Person(person)).await;
    (person, mailbox)
}

async fn open_company(
    store: &Store,
    keys: &TestKeys,
    connector: &key_client::Connector,
    clock: &ManualClock,
) -> MailboxId {
    let address_mac = keys.address_mac(&org(COMPANY).identity());
    let mut tx = store.begin("open box").await.unwrap();
    let registered = registry::organisations::register(
        &mut tx,
        &address_mac,
        b"sealed profile",
        clock.now(),
        &SystemRandom,
    );
    let (company, _) = registered.await.unwrap();
    tx.commit().await.unwrap();
    make_box(store, keys, connector, clock, Owner::Organisation(company)).await
}

async fn make_box(
    store: &Store,
    keys: &TestKeys,
    connector: &key_client::Connector,
    clock: &ManualClock,
    owner: Owner,
) -> MailboxId {
    let mailbox_id = MailboxId::new(&SystemRandom);
    let (epoch, public_key) = connector.keys(Role::Web).make_mailbox_key(mailbox_id).await.unwrap();
    let events = keys.events();
    let recorder = Recorder::service(&events, &SystemRandom, clock);
    let mut tx = store.begin("open box").await.unwrap();
    let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
    boxes::open(&mut tx, &new, &recorder).await.unwrap();
    tx.commit().await.unwrap();
    mailbox_id
}
