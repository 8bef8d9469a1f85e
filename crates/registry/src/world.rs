//! A registry to test with: a database, a clock, keys, and people that are quickly made.

use crate::{
    By, Owner, Recorder,
    boxes::{self, NewBox},
    operators::{self, NewOperator},
    organisations,
    people::{self, NewPerson},
};
use domain::{
    AddressMac, Clock, IdentityKind, Language, LoginMac, MailboxId, ManualClock, OrganisationId, PersonId,
    Time,
    words::{Because, EventType},
};
use evidence::Event;
use key_client::{EventRing, KeyRing};
use rcgen::{KeyPair, KeyUsagePurpose};
use std::time::Duration;
use store::{DatabaseKind, Store, Tx};
use testing::{OPERATORS, SENDERS, pki::named};
use vault::{Key, SystemRandom, mac::Mac, seal_to::PublicKey};

pub(crate) struct World {
    pub store: Store,
    pub ring: EventRing,
    pub clock: ManualClock,
    pub mac: Mac,
}

pub(crate) use testing::{
    BREVEN, DISPATCHER as FORMEDLAREN, LADAN, OFFICE as VERKET, OWN, TOWN as KOMMUNEN, org,
};

impl World {
    pub fn new(store: Store) -> Self {
        let clock = ManualClock::at(Time::parse("2026-11-22T10:00:00Z").unwrap());
        Self {
            store,
            ring: KeyRing::random(&SystemRandom).into(),
            clock,
            mac: Mac::new(Key::random(&SystemRandom)),
        }
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    pub fn later(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub async fn tx(&self) -> Tx {
        self.store.begin("test").await.unwrap()
    }

    pub fn service(&self) -> Recorder<'_> {
        Recorder::service(&self.ring, &SystemRandom, &self.clock)
    }

    pub fn by(&self, person: PersonId) -> Recorder<'_> {
        self.service().by(person, Because::Owner)
    }

    /// Tags of a person or organisation, made from a name instead of a number.
    pub fn address(&self, name: &str) -> AddressMac {
        AddressMac::from_bytes(self.mac.tag("address", &[name.as_bytes()]))
    }

    pub fn login(&self, name: &str) -> LoginMac {
        LoginMac::from_bytes(self.mac.tag("login", &[name.as_bytes()]))
    }

    pub async fn person(&self, tx: &mut Tx, name: &str) -> PersonId {
        let new = NewPerson {
            login_mac: &self.login(name),
            address_mac: &self.address(name),
            kind: IdentityKind::Personnummer,
            profile: name.as_bytes(),
            language: Language::Swedish,
        };
        people::register(tx, &new, self.now(), &SystemRandom).await.unwrap().0
    }

    pub async fn organisation(&self, tx: &mut Tx, name: &str) -> OrganisationId {
        let address = self.address(name);
        organisations::register(tx, &address, name.as_bytes(), self.now(), &SystemRandom).await.unwrap().0
    }

    pub async fn open(&self, tx: &mut Tx, owner: Owner) -> MailboxId {
        let mailbox_id = MailboxId::new(&SystemRandom);
        let public_key = PublicKey::from_bytes([7; 32]);
        let new = NewBox { mailbox_id, owner, epoch: 1, public_key: &public_key, adult: true };
        let by = owner.person().map_or(By::Service, |person| By::Person(person, Because::Owner));
        boxes::open(tx, &new, &Recorder { by, ..self.service() }).await.unwrap()
    }

    /// A person with an open mailbox.
    pub async fn citizen(&self, tx: &mut Tx, name: &str) -> (PersonId, MailboxId) {
        let person = self.person(tx, name).await;
        (person, self.open(tx, Owner::Person(person)).await)
    }

    /// What the mailbox's own chain says; it must hold.
    pub async fn events(&self, tx: &mut Tx, mailbox: MailboxId) -> Vec<Event> {
        evidence::read_chain(tx, &self.ring, mailbox, mailbox.own_chain()).await.unwrap()
    }

    pub async fn kinds(&self, tx: &mut Tx, mailbox: MailboxId) -> Vec<EventType> {
        self.events(tx, mailbox).await.iter().map(|event| event.kind).collect()
    }

    /// Both senders and the dispatcher, listed by Kommunen alone.
    pub async fn senders(&self, tx: &mut Tx) {
        for (number, name, may_send) in SENDERS {
            assert!(crate::senders::add(tx, &org(number), name, may_send, self.now()).await.unwrap());
        }
        assert!(crate::dispatch::list(tx, &org(KOMMUNEN), &org(FORMEDLAREN), self.now()).await.unwrap());
    }

    /// We, and two other mailbox operators.
    pub async fn operators(&self, tx: &mut Tx) {
        for one in OPERATORS {
            let new = NewOperator {
                number: &org(one.number),
                domain: one.domain,
                name: one.name,
                service_address: one.service_address,
                ui_address: None,
            };
            let added = match one.number {
                OWN => operators::set_own(tx, &new, self.now()).await,
                _ => operators::add(tx, &new, self.now()).await,
            };
            assert!(added.unwrap());
        }
    }
}

/// A certificate of an organisation, for a key, between two years.
pub(crate) fn certificate(serial: &str, key: &KeyPair, years: (i32, i32)) -> Vec<u8> {
    certificate_for(serial, key, years, &[])
}

/// The same, which says what the key may be used for.
pub(crate) fn certificate_for(
    serial: &str,
    key: &KeyPair,
    years: (i32, i32),
    usages: &[KeyUsagePurpose],
) -> Vec<u8> {
    let mut params = named(serial);
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    params.key_usages = usages.to_vec();
    params.self_signed(key).unwrap().der().to_vec()
}

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// For the one writer of SQLite, or for a row that another transaction of PostgreSQL holds.
pub(crate) async fn somebody_waits(store: &Store) -> bool {
    match store.database_kind() {
        DatabaseKind::Sqlite => store.waiting().0 > 0,
        DatabaseKind::Postgres => {
            let mut tx = store.read("look").await.unwrap();
            let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            tx.one(waiting, &[]).await.unwrap().unwrap().int("n").unwrap() > 0
        }
    }
}
