//! The service and what it works with.

use crate::{
    failure::Failure,
    grants::Grants,
    keks::{Keks, KeksError},
    lookups::Lookups,
    misses::Misses,
    purpose::Purpose,
    root::Root,
    settings::Settings,
};
use delivery::agreement::Agreements;
use domain::{
    Clock, MailboxId, Random, RateLimiter, Time,
    rate::{Bucket, Rate},
};
use eid::Verifier;
use evidence::Writer;
use key_client::EventRing;
use parking_lot::Mutex;
use registry::{By, Recorder, Register};
use std::{collections::HashMap, fmt, sync::Arc};
use store::Store;

/// What the key service is made of.
pub struct Parts {
    /// The root that wraps all keys of `keys`.
    pub root: Root,
    /// The database of letters: rights, sealed letter keys, evidence.
    pub letters: Store,
    pub keys: Store,
    /// One for each e-ID provider.
    pub verifiers: Vec<Verifier>,
    /// Who signs for organisations; without it no signatory comes or goes.
    pub register: Option<Register>,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{key}: {what}")]
    Settings { key: &'static str, what: &'static str },
    #[error("could not look whether anybody vouches for what stands in the letters database: {0}")]
    Vouching(String),
    #[error(transparent)]
    Keks(#[from] KeksError),
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The only holder of keys that open letters. Cheap to clone; ask it through [`KeyService::start`].
#[derive(Clone)]
pub struct KeyService(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub letters: Store,
    pub keys: Store,
    pub keks: Keks,
    /// For the events that are written in here.
    pub events: EventRing,
    pub verifiers: HashMap<String, Verifier>,
    pub register: Option<Register>,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// When it was opened.
    pub began: Time,
    pub grants: Mutex<Grants>,
    pub callers: Mutex<RateLimiter<String>>,
    pub lookups: Mutex<Lookups>,
    /// One takes look-ups from the key store at a time.
    pub taking: tokio::sync::Mutex<()>,
    pub misses: Mutex<Misses>,
    /// Since when this process has seen mailboxes in their new epoch.
    pub rolling: Mutex<HashMap<MailboxId, Time>>,
    /// One sweep or rotation at a time.
    pub sweeping: tokio::sync::Mutex<()>,
    /// What notices may open: in a second, and in a day.
    pub notice_meters: Mutex<[(Bucket, Rate); 2]>,
    /// One look at the feed's epoch at a time: what one has half written is no restore to the other.
    pub feeding: tokio::sync::Mutex<()>,
    /// One moves heads at a time.
    pub heading: tokio::sync::Mutex<()>,
    /// Events that the sweep has checked beyond what a second has.
    pub sweep_owes: Mutex<crate::heads::Owed>,
    /// Events that were found and are not counted, since when.
    pub uncounted: Mutex<HashMap<MailboxId, Seen>>,
    /// How signatures of persons are verified; none until [`KeyService::take_agreements`].
    pub agreements: Mutex<Option<Arc<Agreements>>>,
}

/// Entries of events that were found, since when.
pub(crate) type Seen = (Time, Vec<[u8; 32]>);

impl KeyService {
    /// Opens the key store and makes the keys that it lacks. Both databases are migrated before.
    pub async fn open(parts: Parts) -> Result<Self, OpenError> {
        let Parts { root, letters, keys, verifiers, register, settings, clock, random } = parts;
        settings.check().map_err(|(key, what)| OpenError::Settings { key, what })?;
        let mut tx = letters.read("look for mailboxes").await?;
        let mailboxes_exist = tx.one(ANY_MAILBOX, &[]).await?.is_some();
        drop(tx);
        let now = clock.now();
        let keks = Keks::open(root, keys.clone(), mailboxes_exist, now, &*random).await?;
        // Before anybody reads the feed.
        crate::feed_epoch::watch(&letters, &keys, now).await?;
        let events = keks.ring(Purpose::EventsOf(Writer::Keys), now).map_err(|_| KeksError::Missing)?.into();
        let verifiers = verifiers.into_iter().map(|one| (one.config().id.clone(), one)).collect();
        let rate = Rate::with_burst(settings.address_tags_per_second, settings.address_tags_burst);
        let notice_rates = [
            // A batch of notices asks at once for what it sends in some seconds.
            Rate::with_burst(
                settings.notice_addresses_per_second,
                settings.notice_addresses_per_second.saturating_mul(10),
            ),
            Rate::new(settings.notice_addresses_per_day, 24 * 60 * 60),
        ];
        let service = Self(Arc::new(Inner {
            letters,
            keys,
            keks,
            events,
            verifiers,
            register,
            grants: Mutex::new(Grants::new(&settings, now)),
            callers: Mutex::new(RateLimiter::new(rate, MOST_CALLERS)),
            lookups: Mutex::default(),
            taking: tokio::sync::Mutex::default(),
            misses: Mutex::default(),
            rolling: Mutex::default(),
            sweeping: tokio::sync::Mutex::default(),
            feeding: tokio::sync::Mutex::default(),
            heading: tokio::sync::Mutex::default(),
            sweep_owes: Mutex::default(),
            uncounted: Mutex::default(),
            agreements: Mutex::default(),
            notice_meters: Mutex::new(notice_rates.map(|rate| (Bucket::full(rate, now), rate))),
            settings,
            clock,
            random,
            began: now,
        }));
        service.begin().await?;
        Ok(service)
    }

    /// An instance that has nothing yet is vouched for from its first row on.
    async fn begin(&self) -> Result<(), OpenError> {
        let inner = &self.0;
        let began = async {
            if !inner.adopted().await? && !inner.needs_adoption().await? {
                inner.begin_vouching().await?;
            }
            inner.begin_heads().await?;
            Ok::<_, Failure>(())
        };
        began.await.map_err(|failure| OpenError::Vouching(failure.to_string()))
    }

    /// From now on what recipients have signed is taken, verified like this.
    pub fn take_agreements(&self, agreements: Agreements) {
        *self.0.agreements.lock() = Some(Arc::new(agreements));
    }
}

impl fmt::Debug for KeyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyService")
    }
}

impl Inner {
    /// For an event of what `by` does.
    pub(crate) fn recorder_by(&self, by: By) -> Recorder<'_> {
        Recorder { by, ..Recorder::service(&self.events, &*self.random, &*self.clock) }
    }

    /// Work on the processor that would hold others up.
    pub(crate) async fn compute<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        tokio::task::spawn_blocking(work).await.map_err(|_| Failure::Lost)
    }
}

/// Callers whose look-ups are metered at the same time; roles name them, and there are some hundreds.
const MOST_CALLERS: usize = 100_000;
const ANY_MAILBOX: &str = "SELECT 1 FROM mailbox LIMIT 1";
