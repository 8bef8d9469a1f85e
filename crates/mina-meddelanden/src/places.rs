//! Where recipients have their mailboxes, by another party's register: answers are kept for a while, and what many
//! letters ask at the same moment is one question.
//!
//! An answer younger than `fresh` counts without asking. While the register is silent an older one counts, up to
//! `stale`; then nothing is known. A register that answers and refuses is not silent: nothing older counts against it.

mod cache;

use crate::{
    far_client::{AccountAt, FarClient},
    soap_client::CallError,
};
use cache::{Cache, Key};
use domain::{Clock, Identity, OrgNumber, Random, Time};
use intake::whereabouts::{OperatorAddress, Place, Register};
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::oneshot;

/// The register of another party, asked and remembered. Cheap to clone.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

/// How long answers count.
#[derive(Clone, Copy, Debug)]
pub struct PlacesSettings {
    /// So long without asking again.
    pub fresh: Duration,
    /// So long while the register is silent.
    pub stale: Duration,
}

struct Inner {
    client: FarClient,
    /// Our own number as an operator: a mailbox there is here.
    own: OrgNumber,
    settings: PlacesSettings,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    cache: Cache,
    waiting: VecDeque<Asked>,
    /// Calls under way.
    calls: usize,
    /// Until then the register is taken for silent without asking it: letters do not wait for a time-out each.
    silent_until: Option<Time>,
    /// Operators' names as the register last told them.
    names: HashMap<OrgNumber, String>,
}

/// One recipient that somebody waits for.
struct Asked {
    sender: OrgNumber,
    recipient: Identity,
    key: Key,
    answer: oneshot::Sender<Option<Place>>,
}

/// What became of a question.
enum Told {
    Answers(Vec<Option<Place>>),
    /// Nothing: older answers count.
    Silent,
    /// It answers, and not this: nothing counts.
    Refused,
}

impl Places {
    /// `own` is our number as an operator.
    pub fn new(
        client: FarClient,
        own: OrgNumber,
        settings: PlacesSettings,
        clock: Arc<dyn Clock>,
        random: &dyn Random,
    ) -> Self {
        let state = State {
            cache: Cache::new(random),
            waiting: VecDeque::new(),
            calls: 0,
            silent_until: None,
            names: HashMap::new(),
        };
        Self(Arc::new(Inner { client, own, settings, clock, state: Mutex::new(state) }))
    }

    /// Operators' public names, as the register has told them since the last time.
    pub fn take_names(&self) -> HashMap<OrgNumber, String> {
        std::mem::take(&mut self.0.lock().names)
    }
}

impl Register for Places {
    fn places<'a>(
        &'a self,
        sender: &'a OrgNumber,
        recipients: &'a [Identity],
    ) -> Pin<Box<dyn Future<Output = Vec<Option<Place>>> + Send + 'a>> {
        Box::pin(async move {
            let (mut places, waiting) = self.0.ask(sender, recipients);
            Inner::start(&self.0);
            for (at, answer) in waiting {
                places[at] = answer.await.unwrap_or_default();
            }
            places
        })
    }

    fn forget(&self, sender: &OrgNumber, recipients: &[Identity]) {
        let mut state = self.0.lock();
        for recipient in recipients {
            let key = state.cache.key(sender, recipient);
            state.cache.forget(&key);
        }
    }
}

type Answer = oneshot::Receiver<Option<Place>>;

impl Inner {
    /// What is known, and for the rest where its answer will come.
    fn ask(&self, sender: &OrgNumber, recipients: &[Identity]) -> (Vec<Option<Place>>, Vec<(usize, Answer)>) {
        let now = self.clock.now();
        let mut state = self.lock();
        let silent = state.silent_until.is_some_and(|until| now < until);
        let (mut places, mut waiting) = (vec![None; recipients.len()], Vec::new());
        let (mut hits, mut misses) = (0, 0);
        for (at, recipient) in recipients.iter().enumerate() {
            let key = state.cache.key(sender, recipient);
            if let Some(place) = state.cache.find(&key, now, self.settings.fresh) {
                places[at] = Some(place);
                hits += 1;
            } else if silent {
                places[at] = self.older(&state.cache, &key, now);
            } else {
                let (answer, told) = oneshot::channel();
                waiting.push((at, told));
                misses += 1;
                let (sender, recipient) = (sender.clone(), recipient.clone());
                state.waiting.push_back(Asked { sender, recipient, key, answer });
            }
        }
        drop(state);
        count("hit", hits);
        count("miss", misses);
        (places, waiting)
    }

    /// Lets what waits be asked, unless enough calls are under way: what comes meanwhile shares the next one.
    fn start(of: &Arc<Self>) {
        let mut state = of.lock();
        if state.calls < CALLS && !state.waiting.is_empty() {
            state.calls += 1;
            let inner = Arc::clone(of);
            tokio::spawn(async move { inner.run().await });
        }
    }

    async fn run(&self) {
        let mut under_way = UnderWay { of: self, ended: false };
        loop {
            let batch = {
                let mut state = self.lock();
                let batch = state.take();
                if batch.is_empty() {
                    // Under the same lock: what comes now finds that nobody calls.
                    state.calls -= 1;
                    under_way.ended = true;
                    return;
                }
                batch
            };
            self.answer(batch).await;
        }
    }

    /// Asks for all of one sender's recipients in one call.
    async fn answer(&self, batch: Vec<Asked>) {
        let Some(first) = batch.first() else { return };
        let mut recipients: Vec<Identity> = Vec::with_capacity(batch.len());
        let mut places: HashMap<Key, usize> = HashMap::with_capacity(batch.len());
        for asked in &batch {
            places.entry(asked.key).or_insert_with(|| {
                recipients.push(asked.recipient.clone());
                recipients.len() - 1
            });
        }
        let told = self.call(&first.sender, &recipients).await;
        let now = self.clock.now();
        let mut state = self.lock();
        state.silent_until = matches!(told, Told::Silent).then(|| now.plus(SILENCE));
        for asked in batch {
            let place = match &told {
                Told::Answers(told) => places.get(&asked.key).and_then(|at| told.get(*at)?.clone()),
                Told::Silent => self.older(&state.cache, &asked.key, now),
                Told::Refused => None,
            };
            if let (Told::Answers(_), Some(place)) = (&told, &place) {
                state.cache.put(asked.key, place, now);
            }
            // Whoever asked may have hung up.
            let _ = asked.answer.send(place);
        }
    }

    async fn call(&self, sender: &OrgNumber, recipients: &[Identity]) -> Told {
        let started = std::time::Instant::now();
        let answer = tokio::time::timeout(PATIENCE, self.client.is_reachable(sender, recipients)).await;
        let answer = answer.unwrap_or(Err(CallError::NoAnswer("it took too long")));
        let (outcome, told) = match answer {
            Ok(accounts) => {
                let places = accounts.into_iter().map(|account| self.place(account.at, account.accepts));
                ("answered", Told::Answers(places.collect()))
            }
            // 5000: unknown, or not now.
            Err(CallError::Fault { code, call_id }) if code != 5000 => {
                tracing::warn!(
                    fault.code = code,
                    call.id = call_id,
                    "The register of addresses refuses to say where"
                );
                ("refused", Told::Refused)
            }
            Err(error) => {
                tracing::warn!(%error, "The register of addresses does not say where");
                ("silent", Told::Silent)
            }
        };
        metrics::histogram!("kuvert_far_call_seconds", "outcome" => outcome).record(started.elapsed());
        told
    }

    fn place(&self, at: AccountAt, accepts: bool) -> Option<Place> {
        let supplier = match at {
            AccountAt::Nowhere => return Some(Place::Nowhere),
            AccountAt::Supplier(_) if !accepts => return Some(Place::Declined),
            AccountAt::Supplier(supplier) if supplier.number == self.own => return Some(Place::Here),
            AccountAt::Supplier(supplier) => supplier,
            AccountAt::Unusable(why) => {
                tracing::warn!(why, "The register of addresses names an operator that no letter can go to");
                return None;
            }
        };
        let mut state = self.lock();
        if state.names.len() < MOST_NAMES {
            state.names.insert(supplier.number.clone(), supplier.name);
        }
        let (number, service_address) = (supplier.number, supplier.service_address);
        Some(Place::At(OperatorAddress { number, service_address }))
    }

    /// An answer that counts while the register is silent.
    fn older(&self, cache: &Cache, key: &Key, now: Time) -> Option<Place> {
        let place = cache.find(key, now, self.settings.stale);
        count(if place.is_some() { "stale" } else { "silent" }, 1);
        place
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What waits for the first one's sender, up to a whole question.
    fn take(&mut self) -> Vec<Asked> {
        let Some(sender) = self.waiting.front().map(|asked| asked.sender.clone()) else { return Vec::new() };
        let mut batch = Vec::new();
        let mut rest = VecDeque::new();
        while let Some(asked) = self.waiting.pop_front() {
            if asked.sender == sender && batch.len() < MOST {
                batch.push(asked);
            } else {
                rest.push_back(asked);
            }
        }
        self.waiting = rest;
        batch
    }
}

/// However a call ends, others may call afterwards.
struct UnderWay<'a> {
    of: &'a Inner,
    ended: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.of.lock().calls -= 1;
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places").field("own", &self.0.own).finish_non_exhaustive()
    }
}

fn count(answer: &'static str, more: u64) {
    if more > 0 {
        metrics::counter!("kuvert_far_places_total", "answer" => answer).increment(more);
    }
}

/// Recipients in one question, by the interface.
const MOST: usize = 1000;
/// Questions at once.
const CALLS: usize = 4;
/// A letter waits for the register no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a silence the register is not asked again for so long.
const SILENCE: Duration = Duration::from_secs(2);
/// There are a handful of operators.
const MOST_NAMES: usize = 1000;
