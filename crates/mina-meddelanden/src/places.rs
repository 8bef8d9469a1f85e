//! Where recipients have their mailboxes, by another party's register: answers are kept for a while, and what many
//! letters ask at the same moment is one question.
//!
//! An answer younger than `fresh` counts without asking. While the register is silent an older one counts, up to
//! `stale`; then nothing is known. So it does for whom its answer leaves out or for whom it is none, and for nobody else.
//! A register that answers and refuses is not silent: nothing older counts against it.

mod cache;
mod call;
mod queue;

use crate::far_client::FarClient;
use cache::{Cache, Key};
use call::Said;
use domain::{Clock, Identity, OrgNumber, Random, Time};
use intake::whereabouts::{Place, Register};
use parking_lot::Mutex;
use queue::{Asked, Queue};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

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
    queue: Queue,
    calls: usize,
    /// Until then the register is taken for silent without asking it: letters do not wait for a time-out each.
    silent_until: Option<Time>,
    /// Operators' names as the register last told them.
    names: HashMap<OrgNumber, String>,
    /// Operators that it has named.
    operators: HashSet<OrgNumber>,
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
            cache: Cache::new(settings.fresh.max(settings.stale), random),
            queue: Queue::new(),
            calls: 0,
            silent_until: None,
            names: HashMap::new(),
            operators: HashSet::new(),
        };
        Self(Arc::new(Inner { client, own, settings, clock, state: Mutex::new(state) }))
    }

    /// Operators' public names, as the register has told them since the last time.
    pub fn take_names(&self) -> HashMap<OrgNumber, String> {
        std::mem::take(&mut self.0.state.lock().names)
    }
}

impl Register for Places {
    fn places<'a>(
        &'a self,
        sender: &'a OrgNumber,
        recipients: &'a [Identity],
    ) -> Pin<Box<dyn Future<Output = Vec<Option<Place>>> + Send + 'a>> {
        Box::pin(async move {
            // One end for all of them: recipients that each wait in turn would add up.
            let until = Instant::now() + PATIENCE;
            // All are in the queue before any call starts, so that they share one.
            let (mut places, waiting) = self.0.ask(sender, recipients);
            Inner::start(&self.0);
            for Waiting { at, key, answer } in waiting {
                places[at] = match timeout_at(until, answer).await {
                    Ok(told) => told.unwrap_or_default(),
                    // The call goes on; what it brings is there for the next who asks.
                    Err(_) => self.0.older(&self.0.state.lock().cache, &key),
                };
            }
            places
        })
    }

    fn forget(&self, sender: &OrgNumber, recipients: &[Identity]) {
        let mut state = self.0.state.lock();
        for recipient in recipients {
            let key = state.cache.key(sender, recipient);
            state.cache.forget(&key);
        }
    }

    fn is_operator(&self, number: &OrgNumber) -> bool {
        self.0.state.lock().operators.contains(number)
    }
}

/// One of several recipients whose answer is to come.
struct Waiting {
    at: usize,
    key: Key,
    answer: oneshot::Receiver<Option<Place>>,
}

impl Inner {
    /// What is known, and for the rest where its answer will come.
    fn ask(&self, sender: &OrgNumber, recipients: &[Identity]) -> (Vec<Option<Place>>, Vec<Waiting>) {
        let now = self.clock.now();
        let mut state = self.state.lock();
        let silent = state.silent_until.is_some_and(|until| now < until);
        let mut places = vec![None; recipients.len()];
        let mut waiting = Vec::new();
        let mut hits = 0;
        for (at, recipient) in recipients.iter().enumerate() {
            let key = state.cache.key(sender, recipient);
            if let Some(place) = state.cache.find(&key, now, self.settings.fresh) {
                places[at] = Some(place);
                hits += 1;
            } else if silent || state.queue.is_full() {
                places[at] = self.older(&state.cache, &key);
            } else {
                let (answer, told) = oneshot::channel();
                state.queue.push(sender, Asked { recipient: recipient.clone(), key, answer });
                waiting.push(Waiting { at, key, answer: told });
            }
        }
        drop(state);
        count("hit", hits);
        count("miss", waiting.len() as u64);
        (places, waiting)
    }

    /// Lets what waits be asked, unless enough calls are under way: what comes meanwhile shares the next one.
    fn start(of: &Arc<Self>) {
        let mut state = of.state.lock();
        if state.calls < CALLS && !state.queue.is_empty() {
            state.calls += 1;
            // Made here: a task that never comes to run counts no longer either.
            let under_way = UnderWay { of: Arc::clone(of), ended: false };
            drop(state);
            tokio::spawn(under_way.run());
        }
    }

    /// Asks for all of one sender's recipients in one call.
    async fn answer(&self, sender: &OrgNumber, batch: Vec<Asked>) {
        let mut recipients: Vec<Identity> = Vec::with_capacity(batch.len());
        let mut places: HashMap<Key, usize> = HashMap::with_capacity(batch.len());
        for asked in &batch {
            // Several letters to one person at once: the register is asked for each once.
            places.entry(asked.key).or_insert_with(|| {
                recipients.push(asked.recipient.clone());
                recipients.len() - 1
            });
        }
        let told = self.call(sender, &recipients).await;
        let now = self.clock.now();
        let mut state = self.state.lock();
        let Ok(said) = told else {
            state.silent_until = Some(now.plus(SILENCE));
            // Nobody waits for another silence.
            let all = batch.into_iter().chain(state.queue.drain());
            for asked in all.filter(|asked| !asked.answer.is_closed()) {
                let _ = asked.answer.send(self.older(&state.cache, &asked.key));
            }
            return;
        };
        state.silent_until = None;
        for asked in batch {
            let place = match places.get(&asked.key).and_then(|at| said.get(*at)) {
                Some(Said::Place(place)) => {
                    state.cache.put(asked.key, place, now);
                    Some(place.clone())
                }
                // Answered, so nothing older counts: it would bring a letter to where somebody no longer is.
                Some(Said::Nothing) => None,
                Some(Said::Unclear) | None => self.older(&state.cache, &asked.key),
            };
            // Whoever asked may have hung up.
            let _ = asked.answer.send(place);
        }
    }

    /// An answer that counts while the register does not say.
    fn older(&self, cache: &Cache, key: &Key) -> Option<Place> {
        let place = cache.find(key, self.clock.now(), self.settings.stale);
        count(if place.is_some() { "stale" } else { "silent" }, 1);
        place
    }
}

/// A task that asks until nobody waits. However it ends, others may ask afterwards.
struct UnderWay {
    of: Arc<Inner>,
    ended: bool,
}

impl UnderWay {
    async fn run(mut self) {
        while let Some((sender, batch)) = self.next() {
            self.of.answer(&sender, batch).await;
        }
    }

    fn next(&mut self) -> Option<(OrgNumber, Vec<Asked>)> {
        let mut state = self.of.state.lock();
        let next = state.queue.take();
        if next.is_none() {
            // Under the same lock: what comes now finds that nobody asks.
            state.calls -= 1;
            self.ended = true;
        }
        next
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.ended {
            self.of.state.lock().calls -= 1;
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

const CALLS: usize = 4;
/// A letter waits for the register no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a silence the register is not asked again for so long.
const SILENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
