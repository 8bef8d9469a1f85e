//! A small house: both databases, the service, people with mailboxes, letters sealed as the doors seal them.

use crate::{KeyService, Parts, Purpose, Root, Settings, Swept, grants::Verified};
use domain::{
    AddressMac, CertificateDigest, Clock, Identity, IdentityKind, LetterId, LoginMac, MailboxId, ManualClock,
    PersonId, SenderMac, Time,
    words::{EventType, NoticeState},
};
use evidence::Belongings;
use key_client::{Access, Applicant, Column, Connector, GrantToken, Keys, Role, letter_aad, seal_info};
use std::{sync::Arc, time::Duration};
use store::{Store, args, testing::Database};
use testing::Rows as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vault::{
    Key, Place, SystemRandom,
    seal_to::{PublicKey, seal_to},
};

pub struct World {
    pub service: KeyService,
    pub clock: Arc<ManualClock>,
    pub letters: Store,
    pub keys_store: Store,
    pub web: Keys,
    pub operator: Keys,
    pub gateway: Keys,
    pub notifier: Keys,
    pub outgoing: Keys,
    pub stop: CancellationToken,
    pub running: JoinHandle<()>,
    settings: Settings,
    database: Database,
}

/// Somebody with a mailbox.
#[derive(Clone, Copy)]
pub struct Citizen {
    pub person: PersonId,
    pub mailbox: MailboxId,
    pub address_mac: AddressMac,
    pub login_mac: LoginMac,
}

/// A letter and what only the test knows: its key.
pub struct Sent {
    pub letter: LetterId,
    pub key: Key,
}

/// How a letter is sent.
#[derive(Clone, Copy, Default)]
pub struct Wishes {
    pub tells_opened: bool,
    pub confidential: bool,
    pub visible_after: Duration,
}

pub const START: Time = Time::from_millis(1_780_000_000_000);
pub const SENDER: SenderMac = SenderMac::from_bytes([9; 32]);

impl World {
    pub async fn new(database: Database) -> Self {
        // The sweep has all the time that it wants.
        let settings = Settings { evidence_milliseconds_per_second: 60_000, ..Settings::default() };
        Self::with(database, settings).await
    }

    pub async fn with(database: Database, settings: Settings) -> Self {
        let keys_store = database.keys().await.unwrap();
        let letters = database.store.clone();
        let clock = Arc::new(ManualClock::at(START));
        let (service, connector, stop, running) =
            start(&database, &letters, &keys_store, &settings, &clock, vec![]).await;
        let keys = |role| connector.keys(role);
        let web = keys(Role::Web);
        let operator = keys(Role::Operator);
        let gateway = keys(Role::Gateway);
        let notifier = keys(Role::Notifier);
        let outgoing = keys(Role::Outgoing);
        Self {
            service,
            clock,
            letters,
            keys_store,
            web,
            operator,
            gateway,
            notifier,
            outgoing,
            stop,
            running,
            settings,
            database,
        }
    }

    /// Stops the service and starts it again with the same databases, and with e-ID providers.
    pub async fn restarted(self, verifiers: Vec<eid::Verifier>) -> Self {
        self.stop.cancel();
        self.running.await.unwrap();
        let Self { clock, letters, keys_store, settings, database, .. } = self;
        let (service, connector, stop, running) =
            start(&database, &letters, &keys_store, &settings, &clock, verifiers).await;
        let keys = |role| connector.keys(role);
        let web = keys(Role::Web);
        let operator = keys(Role::Operator);
        let gateway = keys(Role::Gateway);
        let notifier = keys(Role::Notifier);
        let outgoing = keys(Role::Outgoing);
        Self {
            service,
            clock,
            letters,
            keys_store,
            web,
            operator,
            gateway,
            notifier,
            outgoing,
            stop,
            running,
            settings,
            database,
        }
    }

    pub fn root_path(&self) -> std::path::PathBuf {
        self.database.dir().join("root.key")
    }

    /// A person whose mailbox is open.
    pub async fn citizen(&self, number: &str) -> Citizen {
        let identity = Identity::parse(number).unwrap();
        let macs = self.operator.person_macs(std::slice::from_ref(&identity)).await.unwrap()[0];
        let person = PersonId::new(&SystemRandom);
        let mailbox = MailboxId::new(&SystemRandom);
        let (epoch, public_key) = self.web.make_mailbox_key(mailbox).await.unwrap();
        let now = self.clock.now();
        let mut tx = self.letters.begin("test").await.unwrap();
        let person_row =
            "INSERT INTO person (person_id, profile, language, created_at) VALUES ($1, $2, 'sv', $3)";
        tx.execute(person_row, args![person, &[0u8; 1], now]).await.unwrap().exactly(1).unwrap();
        let login = "INSERT INTO login (mac, person_id) VALUES ($1, $2)";
        tx.execute(login, args![&macs.login_mac, person]).await.unwrap().exactly(1).unwrap();
        let mailbox_row = "INSERT INTO mailbox (mailbox_id, owner_kind, owner_id, opened_at, epoch, public_key) \
            VALUES ($1, 'person', $2, $3, $4, $5)";
        let values = args![mailbox, person, now, epoch, public_key.as_bytes()];
        tx.execute(mailbox_row, values).await.unwrap().exactly(1).unwrap();
        let identity_row = "INSERT INTO identity (mac, valid_from, kind, owner_kind, owner_id) \
            VALUES ($1, $2, 'personnummer', 'person', $3)";
        tx.execute(identity_row, args![&macs.address_mac, now, person]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        Citizen { person, mailbox, address_mac: macs.address_mac, login_mac: macs.login_mac }
    }

    /// `helper` may read `owner`'s mailbox for a day.
    pub async fn mandate(&self, owner: Citizen, helper: Citizen, note: &[u8]) -> domain::MandateId {
        let now = self.clock.now();
        let mut tx = self.letters.begin("test").await.unwrap();
        let sql = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from, valid_to) \
            VALUES ($1, $2, $3, 'helper', $4, $5, $6)";
        let id = domain::MandateId::new(&SystemRandom);
        let until = now.plus(Duration::from_secs(24 * 60 * 60));
        tx.execute(sql, args![id, owner.mailbox, helper.person, note, now, until])
            .await
            .unwrap()
            .exactly(1)
            .unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        id
    }

    /// A row of another kind than letters, sealed as the pages seal it.
    pub async fn sealed(&self, column: Column, place: Place, text: &str) -> Vec<u8> {
        self.web.seal_columns(vec![(column, place, text.into())]).await.unwrap().remove(0)
    }

    /// What the page of somebody who is logged in shows of this.
    pub async fn opens_for(
        &self,
        person: PersonId,
        column: Column,
        place: Place,
        sealed: &[u8],
    ) -> Option<String> {
        let access = Access::Grant(self.log_in(Some(person)));
        let opened = self.web.open_columns(access, vec![(column, place, sealed.to_vec())]).await.unwrap();
        opened[0].as_ref().map(|text| String::from_utf8(text.clone()).unwrap())
    }

    pub fn clock_now(&self) -> Time {
        self.clock.now()
    }

    /// The log-in of whoever has this number, with the tags of the number.
    pub async fn log_in_as(&self, number: &str) -> GrantToken {
        let identity = Identity::parse(number).unwrap();
        let macs = self.operator.person_macs(&[identity]).await.unwrap()[0];
        let person = self.service.0.known_login(&macs.login_mac).await.unwrap().map(|(person, _)| person);
        let grant = self.log_in(person);
        let mut grants = self.service.0.grants.lock();
        let held = grants.touch(&grant, self.clock.now()).unwrap();
        (held.applicant.login_mac, held.applicant.address_mac) = (macs.login_mac, macs.address_mac);
        held.applicant.profile_sealed = vec![1; 60];
        drop(grants);
        grant
    }

    /// From now on whatever is written to `declined` brings a right over the mailbox along: a trigger of the letters
    /// database's administrator.
    pub async fn ride_along(&self, mailbox: MailboxId, person: PersonId) {
        let hex = |bytes: &[u8]| hex::encode(bytes);
        let mailbox = hex(mailbox.as_bytes());
        let person = hex(person.as_bytes());
        let id = hex(&[0x5a; 16]);
        let blob = |hex: &str| match self.letters.database_kind() {
            store::DatabaseKind::Sqlite => format!("x'{hex}'"),
            store::DatabaseKind::Postgres => format!("'\\x{hex}'::bytea"),
        };
        let insert = format!(
            "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
             VALUES ({}, {}, {}, 'signatory', {}, 0);",
            blob(&id),
            blob(&mailbox),
            blob(&person),
            blob("00"),
        );
        let statements = match self.letters.database_kind() {
            store::DatabaseKind::Sqlite => {
                vec![format!("CREATE TRIGGER ride AFTER INSERT ON declined BEGIN {insert} END")]
            }
            store::DatabaseKind::Postgres => vec![
                format!(
                    "CREATE FUNCTION ride() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {insert} RETURN NEW; END $$"
                ),
                "CREATE TRIGGER ride AFTER INSERT ON declined FOR EACH ROW EXECUTE FUNCTION ride()"
                    .to_owned(),
            ],
        };
        let mut tx = self.letters.begin("test").await.unwrap();
        for sql in statements {
            tx.execute(sql.leak(), &[]).await.unwrap().ignore();
        }
        tx.commit().await.unwrap();
    }

    /// A log-in, as if an e-ID answer had been verified.
    pub fn log_in(&self, person: Option<PersonId>) -> GrantToken {
        let grant = GrantToken::random(&SystemRandom);
        let applicant = Applicant {
            kind: IdentityKind::Personnummer,
            login_mac: LoginMac::from_bytes([1; 32]),
            address_mac: AddressMac::from_bytes([2; 32]),
            profile_sealed: vec![],
            adult: true,
        };
        let now = self.clock.now();
        let verified = Verified {
            person,
            name: "Anna".to_owned(),
            provider: "demo".to_owned(),
            loa: "loa3".to_owned(),
            device: String::new(),
            fresh_until: now.plus(Duration::from_secs(300)),
            applicant,
        };
        self.service.0.grants.lock().add(&grant, verified, now, &SystemRandom);
        grant
    }

    /// The key that letters to the mailbox are sealed to now.
    pub async fn key_of(&self, mailbox: MailboxId) -> (i64, PublicKey) {
        let mut tx = self.letters.read("test").await.unwrap();
        let sql = "SELECT epoch, public_key FROM mailbox WHERE mailbox_id = $1";
        let row = tx.one(sql, args![mailbox]).await.unwrap().unwrap();
        (row.int("epoch").unwrap(), PublicKey::from_slice(row.bytes("public_key").unwrap()).unwrap())
    }

    pub async fn send(&self, to: Citizen) -> Sent {
        self.send_as(to, Wishes::default()).await
    }

    pub async fn send_as(&self, to: Citizen, wishes: Wishes) -> Sent {
        let key = self.key_of(to.mailbox).await;
        self.send_sealed_to(to, wishes, key).await
    }

    /// A letter by a door that looked the key up some time ago.
    pub async fn send_sealed_to(
        &self,
        to: Citizen,
        wishes: Wishes,
        (epoch, public_key): (i64, PublicKey),
    ) -> Sent {
        let now = self.clock.now();
        let letter = LetterId::new(now, &SystemRandom);
        let key = Key::random(&SystemRandom);
        let aad = letter_aad(to.mailbox, letter, epoch, 1);
        let sealed = seal_to(&public_key, seal_info(), &aad, key.expose()).unwrap();
        let visible_from = now.plus(wishes.visible_after);
        let mut tx = self.letters.begin("test").await.unwrap();
        let letter_row = "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, \
            confidential, tells_opened, parts, notice_state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9)";
        let pending = NoticeState::Pending.as_str();
        let values = args![
            to.mailbox,
            letter,
            now,
            visible_from,
            &[1u8; 1],
            &SENDER,
            wishes.confidential,
            wishes.tells_opened,
            pending
        ];
        tx.execute(letter_row, values).await.unwrap().exactly(1).unwrap();
        let key_row = "INSERT INTO letter_key (mailbox_id, letter_id, epoch, sealed) VALUES ($1, $2, $3, $4)";
        tx.execute(key_row, args![to.mailbox, letter, epoch, &sealed]).await.unwrap().exactly(1).unwrap();
        let part = "INSERT INTO part (mailbox_id, letter_id, part_no, stored_bytes, ciphertext) VALUES ($1, $2, 0, 1, $3)";
        tx.execute(part, args![to.mailbox, letter, &[1u8; 1]]).await.unwrap().exactly(1).unwrap();
        let belongings = Belongings {
            key: *vault::derive(&key, vault::Purpose::Commitment).expose(),
            mailbox_id: to.mailbox,
            letter_id: letter,
            accepted_at: now,
            visible_from,
            confidential: wishes.confidential,
            tells_opened: wishes.tells_opened,
            parts: 1,
            sender_mac: SENDER,
        };
        let row = self.accepted(&belongings, &to.address_mac, EventType::Accepted);
        evidence::insert(&mut tx, &self.service.0.events, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        Sent { letter, key }
    }

    /// The event that the door writes.
    pub fn accepted(
        &self,
        belongings: &Belongings,
        address_mac: &AddressMac,
        kind: EventType,
    ) -> evidence::EventRow {
        let nonce = domain::chance::bytes(&SystemRandom);
        let accepted = evidence::Accepted {
            letter_id: belongings.letter_id,
            at: belongings.accepted_at,
            recipient: &Identity::parse("198101052382").unwrap(),
            payload: b"{}",
            sender: &domain::OrgNumber::parse("164020000016").unwrap(),
            certificate: CertificateDigest::from_bytes([3; 32]),
            belongings,
            address_mac,
            original: None,
        };
        let event = evidence::Event { kind, ..evidence::Event::accepted(accepted, &nonce, &SystemRandom) };
        let gateway = Purpose::EventsOf(evidence::Writer::Gateway);
        let ring = self.service.0.keks.ring(gateway, self.clock.now()).unwrap();
        evidence::first(&event, &nonce, belongings.mailbox_id, &ring, &SystemRandom)
    }

    /// As erasing does it.
    pub async fn erase(&self, of: Citizen, letter: LetterId) {
        let mut tx = self.letters.begin("test").await.unwrap();
        let key = "DELETE FROM letter_key WHERE mailbox_id = $1 AND letter_id = $2";
        tx.execute(key, args![of.mailbox, letter]).await.unwrap().exactly(1).unwrap();
        let since = "UPDATE mailbox SET erased_since = COALESCE(erased_since, $2) WHERE mailbox_id = $1";
        tx.execute(since, args![of.mailbox, self.clock.now()]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn content(
        &self,
        grant: &GrantToken,
        of: Citizen,
        sent: &Sent,
    ) -> Result<Key, key_client::KeysError> {
        self.web.content(grant, of.mailbox, sent.letter).await.map(|released| released.content.into_key())
    }

    /// The types of a chain's events, each link checked.
    pub async fn chain(&self, mailbox: MailboxId, chain: LetterId) -> Vec<EventType> {
        let mut tx = self.letters.read("test").await.unwrap();
        let rings = self.service.0.keks.event_rings(self.clock.now()).unwrap();
        evidence::chain_holds(&mut tx, &rings, mailbox, chain).await.unwrap();
        let sql = "SELECT type FROM event WHERE mailbox_id = $1 AND letter_id = $2 ORDER BY seq";
        let rows = tx.query(sql, args![mailbox, chain]).await.unwrap();
        rows.iter().map(|row| EventType::parse(row.text("type").unwrap()).unwrap()).collect()
    }

    /// A change of the letters database that is vouched for.
    pub async fn change(&self, sql: &'static str, values: &[store::Value<'_>]) {
        self.letters.tamper(sql, values).await;
        self.service.adopt_silently().await.unwrap();
    }

    pub fn days(&self, days: u64) {
        self.clock.advance(Duration::from_secs(days * 24 * 60 * 60));
    }

    pub async fn sweep(&self) -> Swept {
        self.service.sweep().await.unwrap()
    }
}

async fn start(
    database: &Database,
    letters: &Store,
    keys: &Store,
    settings: &Settings,
    clock: &Arc<ManualClock>,
    verifiers: Vec<eid::Verifier>,
) -> (KeyService, Connector, CancellationToken, JoinHandle<()>) {
    let root = Root::load_or_init(&database.dir().join("root.key"), &SystemRandom).unwrap();
    let parts = Parts {
        root,
        letters: letters.clone(),
        keys: keys.clone(),
        verifiers,
        register: None,
        settings: settings.clone(),
        clock: Arc::clone(clock) as Arc<dyn domain::Clock>,
        random: Arc::new(SystemRandom),
    };
    let service = KeyService::open(parts).await.unwrap();
    let stop = CancellationToken::new();
    let (connector, running) = service.start(stop.clone());
    (service, connector, stop, running)
}
