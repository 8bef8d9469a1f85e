//! Who is registered: senders, other operators, people and companies with mailboxes.

use crate::{LADAN, OPERATORS, OWN, SENDERS, identity, org};
use domain::{
    Clock, IdentityKind, Language, MailboxId, OrgNumber, OrganisationId, PersonId, Time, words::Because,
};
use key_client::{Column, Connector, GatewayKeys, Keys, Role, organisation_profile, person_profile};
use registry::{
    Owner, Recorder,
    boxes::{self, NewBox},
    operators::{self, NewOperator},
    organisations,
    people::{self, NewPerson},
    preferences,
    registrations::{self, AccountType, NewRegistration},
};
use serde_json::json;
use store::{Store, Tx};
use vault::SystemRandom;

/// Both senders, and the dispatcher that sends nothing of its own.
pub async fn senders(tx: &mut Tx, now: Time) {
    for (number, name, may_send) in SENDERS {
        registry::senders::add(tx, &org(number), name, may_send, now).await.unwrap();
    }
}

/// The operator that runs this.
pub async fn own(tx: &mut Tx, now: Time) {
    assert!(operators::set_own(tx, &described(OWN, &org(OWN)), now).await.unwrap());
}

/// Another operator of mailboxes: [`LADAN`] or [`BREVEN`](crate::BREVEN).
pub async fn operator(tx: &mut Tx, number: &str, now: Time) {
    operators::add(tx, &described(number, &org(number)), now).await.unwrap();
}

fn described<'a>(number: &str, parsed: &'a OrgNumber) -> NewOperator<'a> {
    let one = OPERATORS.iter().find(|one| one.number == number);
    let one = one.unwrap_or_else(|| panic!("not an operator of these stories: {number}"));
    NewOperator {
        number: parsed,
        domain: one.domain,
        name: one.name,
        service_address: one.service_address,
        ui_address: None,
    }
}

/// Brings people and companies in, as the operator does it.
///
/// With the real key service nobody has vouched for them yet when this is done: adopt them.
pub struct People<'a> {
    store: &'a Store,
    keys: Keys,
    gateway: GatewayKeys,
    clock: &'a dyn Clock,
}

impl<'a> People<'a> {
    pub async fn new(store: &'a Store, connector: &Connector, clock: &'a dyn Clock) -> Self {
        let keys = connector.keys(Role::Operator);
        let gateway = connector.keys(Role::Gateway).gateway_keys().await.unwrap();
        Self { store, keys, gateway, clock }
    }

    /// A person with a mailbox here.
    pub async fn person(&self, number: &str, name: &str) -> (PersonId, MailboxId) {
        let macs = self.keys.person_macs(&[identity(number)]).await.unwrap().remove(0);
        let profile = self.profile(person_profile(&macs.login_mac), number, name).await;
        let new = NewPerson {
            login_mac: &macs.login_mac,
            address_mac: &macs.address_mac,
            kind: IdentityKind::Personnummer,
            profile: &profile,
            language: Language::Swedish,
        };
        let mut tx = self.store.begin("register person").await.unwrap();
        let (person, _) = people::register(&mut tx, &new, self.clock.now(), &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        (person, self.open(Owner::Person(person)).await)
    }

    /// A company with a mailbox here.
    pub async fn company(&self, number: &str, name: &str) -> (OrganisationId, MailboxId) {
        let macs = self.keys.person_macs(&[org(number).identity()]).await.unwrap().remove(0);
        let profile = self.profile(organisation_profile(&macs.address_mac), number, name).await;
        let now = self.clock.now();
        let mut tx = self.store.begin("register company").await.unwrap();
        let registered =
            organisations::register(&mut tx, &macs.address_mac, &profile, now, &SystemRandom).await;
        tx.commit().await.unwrap();
        let id = registered.unwrap().0;
        (id, self.open(Owner::Organisation(id)).await)
    }

    /// Somebody has a mailbox at [`LADAN`], and has turned these senders off there.
    pub async fn elsewhere(&self, number: &str, off: &[&str]) {
        let address_mac = self.keys.person_macs(&[identity(number)]).await.unwrap().remove(0).address_mac;
        let now = self.clock.now();
        let mut tx = self.store.begin("register elsewhere").await.unwrap();
        operator(&mut tx, LADAN, now).await;
        let new = NewRegistration {
            address_mac: &address_mac,
            operator: &org(LADAN),
            account_type: AccountType::Secure,
        };
        assert!(registrations::register(&mut tx, &new, &self.recorder()).await.unwrap());
        let mac = |sender: &&str| preferences::sender_mac(&self.gateway.sender, &address_mac, &org(sender));
        let off: Vec<_> = off.iter().map(mac).collect();
        preferences::store(&mut tx, &address_mac, &off, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn open(&self, owner: Owner) -> MailboxId {
        let mailbox_id = MailboxId::new(&SystemRandom);
        let (epoch, public_key) = self.keys.make_mailbox_key(mailbox_id).await.unwrap();
        let recorder = match owner.person() {
            Some(person) => self.recorder().by(person, Because::Owner),
            None => self.recorder(),
        };
        let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
        let mut tx = self.store.begin("open box").await.unwrap();
        boxes::open(&mut tx, &new, &recorder).await.unwrap();
        tx.commit().await.unwrap();
        mailbox_id
    }

    async fn profile(&self, place: vault::Place, number: &str, name: &str) -> Vec<u8> {
        let profile = json!({"name": name, "number": number}).to_string().into_bytes();
        self.keys.seal_columns(vec![(Column::Profile, place, profile)]).await.unwrap().remove(0)
    }

    fn recorder(&self) -> Recorder<'_> {
        Recorder::service(&self.gateway.events, &SystemRandom, self.clock)
    }
}
