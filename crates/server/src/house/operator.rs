//! What the operator can do: never read a letter.

use super::{Stores, open_keys};
use crate::config::Config;
use anyhow::{Context, Result, bail, ensure};
use domain::{
    Clock, ContactId, Identity, IdentityKind, MailboxId, MandateId, OrgNumber, Random, Time, words::Channel,
};
use key_client::{
    Access, Column, Connector, KeyRing, Keys, Role, WebKeys, contact_address, mandate_note,
    organisation_profile, person_profile,
};
use key_service::{KeyService, Reconciled};
use registry::{
    Owner, Recorder, Register,
    boxes::{self, BoxError, NewBox},
    contacts::{self, Added, Confirmation, NewContact},
    organisations, people,
    register::{self, Signatory, SignatureRule},
};
use serde_json::json;
use std::sync::Arc;
use store::Store;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// The operator's handles: the registry, and the key service as far as the operator may ask it.
pub struct Operator {
    pub store: Store,
    /// Of role operator.
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    web_keys: Arc<WebKeys>,
    own: Option<Own>,
}

/// A key service of the command's own.
struct Own {
    service: KeyService,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

/// Someone whose mailbox is opened for them.
pub struct NewPerson {
    pub identity: Identity,
    pub name: String,
}

/// What became of a mailbox that was to be opened.
pub enum Opened {
    /// It is open here, now or since before.
    Here(MailboxId),
    /// The person has one at another operator, which is theirs alone to move.
    Elsewhere(OrgNumber),
}

impl Operator {
    /// Opens databases and keys for a command, beside a running service or without one.
    pub async fn open(config: &Config) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(domain::SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let stores = Stores::open(config).await?;
        stores.need_migrated().await?;
        let service = open_keys(config, &stores, &clock, &random).await?;
        let stop = CancellationToken::new();
        let (connector, task) = service.start(stop.clone());
        let web_keys = Arc::new(connector.keys(Role::Web).web_keys().await?);
        let mut operator = Self::within(stores.letters, &connector, web_keys, clock, random);
        operator.own = Some(Own { service, stop, task });
        Ok(operator)
    }

    pub(super) fn within(
        store: Store,
        connector: &Connector,
        web_keys: Arc<WebKeys>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { store, keys: connector.keys(Role::Operator), clock, random, web_keys, own: None }
    }

    /// Ends what [`Operator::open`] began.
    pub async fn close(self) {
        if let Some(own) = self.own {
            own.stop.cancel();
            let _ = own.task.await;
        }
    }

    /// Whether the two databases fit each other, which after a restore they may not; what can be mended is.
    pub async fn reconcile(&self) -> Result<Reconciled> {
        let own = self.own.as_ref().context("only a command compares the databases")?;
        Ok(own.service.reconcile().await?)
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The ring of events, to check the evidence with.
    pub fn events_ring(&self) -> &KeyRing {
        &self.web_keys.events
    }

    /// What changes of mailboxes leave their evidence with.
    pub fn recorder(&self) -> Recorder<'_> {
        Recorder::service(&self.web_keys.events, &*self.random, &*self.clock)
    }

    /// Opens mailboxes for people, a thousand at a time; those who have one keep it, here or at another operator.
    /// Answers in order.
    pub async fn open_for_people(&self, new: &[NewPerson]) -> Result<Vec<Opened>> {
        let mut opened = Vec::with_capacity(new.len());
        for some in new.chunks(500) {
            let identities: Vec<_> = some.iter().map(|p| p.identity.clone()).collect();
            let macs = self.keys.person_macs(&identities).await?;
            let profiles = some.iter().zip(&macs).map(|(person, macs)| {
                let profile = json!({"name": person.name, "number": person.identity.expose()}).to_string();
                (Column::Profile, person_profile(&macs.login_mac), profile.into_bytes())
            });
            let profiles = self.keys.seal_columns(profiles.collect()).await?;
            let ids: Vec<_> = some.iter().map(|_| MailboxId::new(&*self.random)).collect();
            let keys = self.keys.make_mailbox_keys(&ids).await?;
            let now = self.now();
            let mut tx = self.store.begin("open mailboxes").await?;
            for (no, person) in some.iter().enumerate() {
                ensure!(
                    person.identity.is_person(),
                    "an organisation's mailbox is opened by its number and name"
                );
                let (person_id, _) = people::register(
                    &mut tx,
                    &people::NewPerson {
                        login_mac: &macs[no].login_mac,
                        address_mac: &macs[no].address_mac,
                        kind: person.identity.kind(),
                        profile: &profiles[no],
                        language: people::Language::default(),
                    },
                    now,
                    &*self.random,
                )
                .await?;
                let new = NewBox {
                    mailbox_id: ids[no],
                    owner: Owner::Person(person_id),
                    epoch: keys[no].0,
                    public_key: &keys[no].1,
                    adult: people::is_of_age(&person.identity, now),
                };
                opened.push(match boxes::open(&mut tx, &new, &self.recorder()).await {
                    Ok(mailbox_id) => Opened::Here(mailbox_id),
                    Err(BoxError::Elsewhere(operator)) => Opened::Elsewhere(operator),
                    Err(error) => return Err(error.into()),
                });
            }
            tx.commit().await?;
        }
        Ok(opened)
    }

    /// Opens an organisation's mailbox.
    pub async fn open_for_organisation(&self, number: &OrgNumber, name: &str) -> Result<MailboxId> {
        let address_mac = self.address_mac(&number.identity()).await?;
        let profile = json!({"name": name, "number": number.as_str()}).to_string().into_bytes();
        let item = (Column::Profile, organisation_profile(&address_mac), profile);
        let profile = one(self.keys.seal_columns(vec![item]).await?)?;
        let mailbox_id = MailboxId::new(&*self.random);
        let (epoch, public_key) = self.keys.make_mailbox_key(mailbox_id).await?;
        let now = self.now();
        let mut tx = self.store.begin("open mailbox").await?;
        let (id, _) = organisations::register(&mut tx, &address_mac, &profile, now, &*self.random).await?;
        let owner = Owner::Organisation(id);
        let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
        let opened = boxes::open(&mut tx, &new, &self.recorder()).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Puts a signatory into the register's file, and brings the mandates of the organisation's mailbox to it.
    pub async fn add_signatory(
        &self,
        file: &Register,
        organisation: &OrgNumber,
        person: &NewPerson,
    ) -> Result<()> {
        let Register::File(path) = file else { bail!("register.file: name the file that keeps signatories") };
        let person_mac = self.address_mac(&person.identity).await?;
        let mandate_id = MandateId::new(&*self.random);
        let note = (Column::Note, mandate_note(mandate_id), person.name.clone().into_bytes());
        let note = one(self.keys.seal_columns(vec![note]).await?)?;
        let mut content = file.read().await?;
        content.add(organisation, Signatory { mandate_id, person_mac, note });
        content.write(path).await?;
        self.sync_signatories(file, organisation).await
    }

    /// Writes into the register's file how an organisation is called, and how many of its signatories must sign
    /// unless that stays as it is.
    pub async fn describe_company(
        &self,
        file: &Register,
        organisation: &OrgNumber,
        name: &str,
        rule: Option<SignatureRule>,
    ) -> Result<()> {
        let Register::File(path) = file else { bail!("register.file: name the file that keeps signatories") };
        let mut content = file.read().await?;
        content.describe(organisation, name, rule).context("the name cannot be shown")?;
        Ok(content.write(path).await?)
    }

    /// Mandates as the register says now.
    pub async fn sync_signatories(&self, file: &Register, organisation: &OrgNumber) -> Result<()> {
        let signatories = file.signatories(organisation).await?;
        let Some(mailbox) = self.mailbox_of(&organisation.identity()).await? else {
            bail!("the organisation has no mailbox here; open it first");
        };
        let mut tx = self.store.begin("sync signatories").await?;
        register::sync(&mut tx, mailbox.mailbox_id, &signatories, &self.recorder()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The mailbox that letters to this identity go to.
    pub async fn mailbox_of(&self, identity: &Identity) -> Result<Option<boxes::Mailbox>> {
        let mac = self.address_mac(identity).await?;
        let now = self.now();
        let mut tx = self.store.read("find mailbox").await?;
        let owner = match identity.kind() {
            IdentityKind::Organisation => organisations::by_address(&mut tx, &mac, now)
                .await?
                .map(|o| Owner::Organisation(o.organisation_id)),
            _ => people::by_address(&mut tx, &mac, now).await?.map(|p| Owner::Person(p.person_id)),
        };
        match owner {
            Some(owner) => Ok(boxes::of_owner(&mut tx, owner).await?),
            None => Ok(None),
        }
    }

    /// Names of organisations, for the operator to see.
    pub async fn open_profiles(
        &self,
        items: Vec<(Column, vault::Place, Vec<u8>)>,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        Ok(self.keys.open_columns(Access::Operator, items).await?)
    }

    async fn address_mac(&self, identity: &Identity) -> Result<[u8; 32]> {
        one(self.keys.address_macs("operator", std::slice::from_ref(identity)).await?)
    }
}

fn one<T>(many: Vec<T>) -> Result<T> {
    many.into_iter().next().context("the key service gave no answer")
}

impl Operator {
    /// Gives a person a contact point that counts as confirmed. For the demo, whose people have no addresses
    /// that a code could be sent to.
    pub async fn confirmed_contact(
        &self,
        identity: &Identity,
        channel: Channel,
        address: &str,
    ) -> Result<()> {
        let person_mac = self.address_mac(identity).await?;
        let contact_id = ContactId::new(&*self.random);
        let item = (Column::Contact, contact_address(contact_id), address.as_bytes().to_vec());
        let sealed = one(self.keys.seal_columns(vec![item]).await?)?;
        let now = self.now();
        let mut tx = self.store.begin("add confirmed contact").await?;
        let person =
            people::by_address(&mut tx, &person_mac, now).await?.context("the person is not known here")?;
        let address_mac = contacts::address_mac(&self.web_keys.contact, channel, address);
        let code = contacts::Code::new(&*self.random);
        let code_mac = contacts::code_mac(&self.web_keys.contact, person.person_id, &address_mac, &code);
        let new = NewContact {
            contact_id,
            person_id: person.person_id,
            channel,
            address: &sealed,
            address_mac: &address_mac,
            code_mac: &code_mac,
        };
        if let Added::Pending(contact_id) = contacts::add(&mut tx, &new, now).await? {
            let (mac, recorder) = (&self.web_keys.contact, self.recorder());
            let confirmed =
                contacts::confirm(&mut tx, mac, person.person_id, contact_id, &code, &recorder).await?;
            ensure!(
                confirmed == Confirmation::Confirmed,
                "a contact point was not confirmed by its own code"
            );
        }
        tx.commit().await?;
        Ok(())
    }
}
