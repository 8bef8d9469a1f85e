//! The house put together: databases, keys, intake, mailboxes, notices and doors in one process.

mod background;
mod codes;
mod doors;
mod far;
mod operator;
pub mod outgoing;
mod own_operator;
mod revocation;
mod stores;
pub mod trust;

pub use doors::{Doors, bind};
pub use far::client as far_client;
pub use operator::Operator;
pub use sender_tools::files::read as read_file;
pub use stores::Stores;

use operator::signatories;

use crate::{config::Config, internal::Internal};
use anyhow::{Context, Result, bail};
use domain::{Clock, OrgNumber, Random};
use eid::{Provider, Verifier};
use evidence::Sequencer;
use intake::Intake;
use key_client::{Connector, GatewayKeys, NotifierKeys, Role, WebKeys};
use key_service::{Adoption, KeyService, Root};
use mailbox::{Mailboxes, Objects};
use notifier::{Channels, Courier, Notifier, settings::SmsSettings};
use registry::Directory;
use std::{sync::Arc, time::Duration};
use store::Durability;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// Everything that runs. Made once for the process.
pub struct House {
    pub config: Config,
    pub stores: Stores,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    connector: Connector,
    key_service: KeysTask,
    gateway_keys: Arc<GatewayKeys>,
    web_keys: Arc<WebKeys>,
    notifier_keys: Arc<NotifierKeys>,
    directory: Directory,
    trust: intake::Trust,
    /// The revocation lists in force, and who is let in by them.
    held: trust::Held,
    clients: Arc<edge::clients::Clients>,
    /// Another register of addresses, where there is one.
    far_client: Option<mina_meddelanden::FarClient>,
    /// What it said of recipients.
    places: Option<mina_meddelanden::Places>,
    /// Hands letters over to other operators, where that is configured.
    hand_over: Option<Arc<mina_meddelanden::HandOver>>,
    objects: Objects,
    sequencer: Sequencer,
    intake: Intake,
    mailboxes: Mailboxes,
    notifier: Arc<Notifier>,
    courier: Courier,
    internal: Internal,
    /// Set first when the service stops: no new requests.
    stopping: CancellationToken,
}

/// The key service stops after all who ask it.
struct KeysTask {
    service: KeyService,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl House {
    /// Opens databases and keys and wires the rest. Nothing listens yet.
    pub async fn open(config: Config, clock: Arc<dyn Clock>, migrate: bool) -> Result<Self> {
        config.check_private_files()?;
        let metrics = crate::internal::measure()?;
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let stores = Stores::open(&config).await?;
        if migrate {
            stores.migrate().await?;
        } else {
            stores.need_migrated().await?;
        }
        promise(&config, &stores).await?;
        let service = open_keys(&config, &stores, &clock, &random).await?;
        take_over(&service, migrate).await?;
        service.take_agreements(far::agreements(&config)?);
        let stop = CancellationToken::new();
        let (connector, task) = service.start(stop.clone());
        own_operator::settle(&config, &connector.keys(Role::Operator)).await?;
        let gateway_keys = Arc::new(connector.keys(Role::Gateway).gateway_keys().await?);
        let web_keys = Arc::new(connector.keys(Role::Web).web_keys().await?);
        let notifier_keys = Arc::new(connector.keys(Role::Notifier).notifier_keys().await?);
        let directory = Directory::vouched(&stores.letters, connector.keys(Role::Gateway)).await?;
        let held = trust::Held::read(&config.agency)?;
        let trust = intake::Trust::new(held.signing(&config.agency)?);
        let registered = Arc::new(doors::InRegistry(directory.clone()));
        let clients = edge::clients::Clients::new(&config.agency.client_authorities, held.ders(), registered);
        let clients = clients.context("the agency door's clients")?;
        let far_client = far::client(&config)?;
        let places = far::places(&config, far_client.as_ref(), &clock, &*random)?;
        let own = OrgNumber::parse(&config.instance.number).context("instance.number")?;
        let outgoing = config.outgoing.as_ref();
        let soap = outgoing.map(|outgoing| outgoing::client(outgoing, &config)).transpose()?;
        let outgoing = outgoing.map(|outgoing| outgoing::read(outgoing, &own)).transpose()?;
        outgoing.iter().for_each(|outgoing| outgoing::tell_expired(outgoing, clock.now()));
        let objects = Objects::open(&config.objects.folder, random.clone()).context("objects.folder")?;
        let sequencer = Sequencer::new(stores.letters.clone());
        let channels = Channels::open(&config.notices)?;
        let parts = intake::Parts {
            store: stores.letters.clone(),
            keys: connector.keys(Role::Gateway),
            gateway_keys: gateway_keys.clone(),
            directory: directory.clone(),
            trust: trust.clone(),
            whereabouts: far::whereabouts(places.as_ref()),
            outgoing: outgoing.map(Arc::new),
            objects: objects.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let intake = Intake::start(parts, intake_settings(&config)).await?;
        let keys = connector.keys(Role::Outgoing);
        let hand_over =
            |soap| mina_meddelanden::HandOver::new(intake.clone(), keys, soap, clock.clone(), random.clone());
        let hand_over = soap.map(hand_over).map(Arc::new);
        let mailboxes = Mailboxes::new(
            stores.letters.clone(),
            connector.keys(Role::Web),
            web_keys.clone(),
            objects.clone(),
            clock.clone(),
            random.clone(),
        );
        let notifier = Arc::new(Notifier {
            store: stores.letters.clone(),
            keys: connector.keys(Role::Notifier),
            notifier_keys: notifier_keys.clone(),
            directory: directory.clone(),
            channels: channels.clone(),
            clock: clock.clone(),
            random: random.clone(),
            sequencer: sequencer.clone(),
            coalesce: Duration::from_secs(60 * config.notices.coalesce_minutes),
        });
        let stopping = CancellationToken::new();
        let internal = Internal::new(metrics, stores.letters.clone(), stopping.clone());
        Ok(Self {
            courier: Courier(channels),
            key_service: KeysTask { service, stop, task },
            config,
            stores,
            clock,
            random,
            connector,
            gateway_keys,
            web_keys,
            notifier_keys,
            directory,
            trust,
            held,
            clients,
            far_client,
            places,
            hand_over,
            objects,
            sequencer,
            intake,
            mailboxes,
            notifier,
            internal,
            stopping,
        })
    }

    /// What the operator can do, with the keys that are open here.
    pub fn operator(&self) -> Operator {
        Operator::within(
            self.stores.letters.clone(),
            &self.connector,
            self.web_keys.clone(),
            signatories(&self.config),
            self.clock.clone(),
            self.random.clone(),
        )
    }

    fn providers(&self) -> Result<Vec<Provider>> {
        let open = |config: &eid::ProviderConfig| {
            Provider::open(config.clone(), self.clock.clone(), self.random.clone())
        };
        self.config.eid.iter().map(open).collect::<Result<_, _>>().context("eid")
    }
}

/// Opens the key store: used by the service and by the operator's commands.
/// Data that an older version wrote is vouched for once, when the databases are brought to this version.
pub async fn take_over(service: &KeyService, migrates: bool) -> Result<Option<u64>> {
    service.settle().await?;
    if !service.needs_adoption().await? {
        return Ok(None);
    }
    anyhow::ensure!(
        migrates,
        "what an older version wrote has not been taken over yet; run kuvert migrate, or serve with --migrate"
    );
    Ok(Some(service.adopt(Adoption::Upgrade).await?))
}

/// The key service over these databases.
pub async fn open_keys(
    config: &Config,
    stores: &Stores,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<KeyService> {
    let path = &config.keys.root_file;
    // In production a missing root is a mistake to be told of, not a reason to make a new one.
    let root =
        if config.instance.production { Root::load(path) } else { Root::load_or_init(path, &**random) };
    let root = root.with_context(|| format!("keys.root_file: {}", path.display()))?;
    let verifiers =
        config.eid.iter().map(|c| Verifier::open(c.clone())).collect::<Result<_, _>>().context("eid")?;
    let parts = key_service::Parts {
        root,
        letters: stores.letters.clone(),
        keys: stores.keys.clone(),
        verifiers,
        register: Some(operator::signatories(config)),
        settings: config.keys.limits.clone(),
        clock: clock.clone(),
        random: random.clone(),
    };
    KeyService::open(parts).await.context("the key store cannot be opened")
}

/// Refuses to start with less durability than is promised.
async fn promise(config: &Config, stores: &Stores) -> Result<()> {
    let found = stores.letters.durability().await?;
    match (&found, config.store.promise.as_str()) {
        (Durability::SyncQuorum, _) | (Durability::SingleFsync, "single-fsync") => Ok(()),
        (Durability::Weaker { what }, _) => {
            bail!("store.promise: the database promises less than an fsync for each commit: {what}")
        }
        (found, promised) => bail!(
            "store.promise: the configuration promises {promised}, the database gives {}",
            found.word().unwrap_or("nothing")
        ),
    }
}

/// How letters are taken in.
pub fn intake_settings(config: &Config) -> intake::Settings {
    let scanner = match &config.scanner.clamd {
        None => intake::Scanner::None,
        Some(address) if address.starts_with('/') => {
            intake::Scanner::Clamd(intake::scanner::Address::Unix(address.into()))
        }
        Some(address) => intake::Scanner::Clamd(intake::scanner::Address::Tcp(address.clone())),
    };
    let lanes = if config.store.database.starts_with("sqlite:") { 1 } else { 2 };
    let room_bytes = config.agency.queue_mib as u64 * 1024 * 1024;
    intake::Settings {
        limits: config.agency.limits.clone(),
        scanner,
        sms: !matches!(config.notices.sms, SmsSettings::Off),
        // Half of the room is one caller's, and a delivery is held about four times: a larger one would never find any.
        envelope_bytes: (config.agency.envelope_mib * 1024 * 1024).min(room_bytes / 9),
        room_bytes,
        announced_per_day: config.agency.announced_per_day,
        announced_per_day_of: config.agency.announced_per_day_of.clone(),
        lanes,
        ..intake::Settings::new(config.instance.id.clone())
    }
}
