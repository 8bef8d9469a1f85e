//! What is stored under a reference, and where a recipient's mailbox is: asked for many letters at once.
//!
//! Under load the questions of all letters that wait share one request to the key service for each caller and
//! one look into the database. A letter that comes alone is asked for alone, at once.

use crate::{
    AcceptError, House,
    submission::{self, Submission},
    vouched,
};
use domain::{AddressMac, Identity, OrgNumber, ReferenceMac, SenderMac, Time};
use key_client::KeysError;
use parking_lot::Mutex;
use registry::recipient::Found;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use store::Tx;
use tokio::sync::{Notify, oneshot};

/// What is asked for one letter.
pub(crate) struct Question {
    pub(crate) caller: OrgNumber,
    pub(crate) sender: OrgNumber,
    pub(crate) sender_mac: SenderMac,
    pub(crate) reference_mac: ReferenceMac,
    /// None when the letter is refused anyway unless its reference is known.
    pub(crate) recipient: Option<Identity>,
}

/// What is known of it.
pub(crate) struct Known {
    pub(crate) stored: Option<Submission>,
    /// None when the recipient was not asked for.
    pub(crate) recipient: Result<Option<Addressed>, KeysError>,
}

/// A recipient's keyed hash, and what the registry knows of it.
pub(crate) struct Addressed {
    pub(crate) address_mac: AddressMac,
    pub(crate) found: Found,
}

#[derive(Default)]
pub(crate) struct Lookups {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Default)]
struct Waiting {
    questions: VecDeque<Asked>,
    closed: bool,
}

struct Asked {
    question: Question,
    answer: oneshot::Sender<Result<Known, AcceptError>>,
}

type Macs = Vec<Result<Option<AddressMac>, KeysError>>;

impl Lookups {
    pub(crate) async fn ask(&self, question: Question) -> Result<Known, AcceptError> {
        let (answer, known) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock();
            if waiting.closed {
                return Err(AcceptError::Unavailable("stopping"));
            }
            waiting.questions.push_back(Asked { question, answer });
        }
        self.came.notify_one();
        known.await.unwrap_or(Err(AcceptError::Unavailable("a look-up failed")))
    }

    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        self.came.notify_waiters();
        self.came.notify_one();
    }

    async fn take(&self) -> Option<Vec<Asked>> {
        loop {
            // Before it is looked whether anything waits: what comes in between would wake nobody.
            let came = self.came.notified();
            {
                let mut waiting = self.waiting.lock();
                let count = waiting.questions.len().min(MOST);
                if count > 0 {
                    let batch = waiting.questions.drain(..count).collect();
                    if !waiting.questions.is_empty() {
                        self.came.notify_one();
                    }
                    return Some(batch);
                }
                if waiting.closed {
                    self.came.notify_one();
                    return None;
                }
            }
            came.await;
        }
    }
}

/// Answers until it is closed.
pub(crate) async fn run(house: Arc<House>) {
    while let Some(batch) = house.lookups.take().await {
        let house = Arc::clone(&house);
        // In a task of its own, so that a fault in one batch is not the end of all.
        if tokio::spawn(async move { answer(&house, batch).await }).await.is_err() {
            tracing::error!("A look-up failed");
        }
    }
}

async fn answer(house: &House, batch: Vec<Asked>) {
    let questions: Vec<&Question> = batch.iter().map(|asked| &asked.question).collect();
    let mut macs = address_macs(house, &questions).await;
    match read(house, &questions, &mut macs).await {
        Ok(known) => {
            for (asked, known) in batch.into_iter().zip(known) {
                // Whoever asked may have hung up.
                let _ = asked.answer.send(Ok(known));
            }
        }
        Err(error) => {
            for asked in batch {
                let _ = asked.answer.send(Err(AcceptError::shared(&error)));
            }
        }
    }
}

/// The recipients' keyed hashes, one request for each caller, who is metered by them.
async fn address_macs(house: &House, questions: &[&Question]) -> Macs {
    let mut by_caller: HashMap<&OrgNumber, Vec<usize>> = HashMap::new();
    for (at, question) in questions.iter().enumerate().filter(|(_, question)| question.recipient.is_some()) {
        by_caller.entry(&question.caller).or_default().push(at);
    }
    let mut macs: Macs = questions.iter().map(|_| Ok(None)).collect();
    for (caller, places) in by_caller {
        let of = |at: usize| questions[at].recipient.clone();
        let identities: Vec<Identity> = places.iter().filter_map(|at| of(*at)).collect();
        match house.keys.address_macs(caller.as_str(), &identities).await {
            Ok(found) => places.iter().zip(found).for_each(|(at, mac)| macs[*at] = Ok(Some(mac))),
            // The rest of a budget goes to those that came first.
            Err(KeysError::Budget | KeysError::Spent(_)) if places.len() > 1 => {
                for (at, identity) in places.iter().zip(&identities) {
                    let one = house.keys.address_macs(caller.as_str(), std::slice::from_ref(identity)).await;
                    macs[*at] = one.map(|macs| macs.first().copied());
                }
            }
            Err(error) => places.iter().for_each(|at| macs[*at] = Err(error.clone())),
        }
    }
    macs
}

async fn read(house: &House, questions: &[&Question], macs: &mut Macs) -> Result<Vec<Known>, store::Error> {
    let now = house.clock.now();
    let mut tx = house.store.glance("check letters").await?;
    let stored = stored(&mut tx, questions).await?;
    let mut recipients = recipients(&mut tx, house, questions, macs, now).await?;
    drop(tx);
    vouch(house, questions, macs, &mut recipients, now).await?;
    let known = questions.iter().zip(std::mem::take(macs)).enumerate().map(|(at, (question, mac))| {
        // Not taken out: a twin may ask for the same.
        let stored = stored.get(&(question.sender_mac, question.reference_mac)).cloned();
        let found = recipients.remove(&at);
        let recipient =
            mac.map(|mac| mac.zip(found).map(|(address_mac, found)| Addressed { address_mac, found }));
        Known { stored, recipient }
    });
    Ok(known.collect())
}

/// Leaves in `recipients` what the key service vouches for. What does not fit is read once more, in case it has just been
/// changed; then its mac becomes an error.
async fn vouch(
    house: &House,
    questions: &[&Question],
    macs: &mut Macs,
    found: &mut HashMap<usize, Found>,
    now: Time,
) -> Result<(), store::Error> {
    let mac_of = |macs: &Macs, at: usize| macs[at].as_ref().ok().copied().flatten();
    let mut open: Vec<usize> = found.keys().copied().collect();
    for attempt in 0..vouched::TRIES {
        let asked = found.iter_mut().filter(|(at, _)| open.contains(at));
        let mut asked: Vec<_> =
            asked.filter_map(|(at, found)| Some((*at, mac_of(macs, *at)?, found))).collect();
        let unfit = match house.vouch(&mut asked, attempt > 0).await {
            Ok(unfit) if unfit.is_empty() => return Ok(()),
            Ok(unfit) => unfit,
            Err(error) => {
                open.iter().for_each(|at| macs[*at] = Err(error.clone()));
                return Ok(());
            }
        };
        if attempt + 1 == vouched::TRIES {
            for (at, table) in unfit {
                if let Some(found) = found.remove(&at) {
                    macs[at] = Err(vouched::alarm(table, &found));
                }
            }
            return Ok(());
        }
        open = unfit.into_iter().map(|(at, _)| at).collect();
        let again = (0..macs.len()).map(|at| Ok(open.contains(&at).then(|| mac_of(macs, at)).flatten()));
        let again: Macs = again.collect();
        let mut tx = house.store.read("check letters").await?;
        found.extend(recipients(&mut tx, house, questions, &again, now).await?);
    }
    Ok(())
}

type Reference = (SenderMac, ReferenceMac);

async fn stored(
    tx: &mut Tx,
    questions: &[&Question],
) -> Result<HashMap<Reference, Submission>, store::Error> {
    let references: Vec<Reference> = questions.iter().map(|q| (q.sender_mac, q.reference_mac)).collect();
    let found = match references.as_slice() {
        [(sender, reference)] => submission::by_reference(tx, sender, reference).await?.into_iter().collect(),
        many => submission::by_references(tx, many).await?,
    };
    Ok(found.into_iter().map(|row| (row.key(), row)).collect())
}

/// By the place of the question.
async fn recipients(
    tx: &mut Tx,
    house: &House,
    questions: &[&Question],
    macs: &Macs,
    now: Time,
) -> Result<HashMap<usize, Found>, store::Error> {
    let asked: Vec<(usize, AddressMac)> =
        macs.iter().enumerate().filter_map(|(at, mac)| Some((at, mac.as_ref().ok().copied()??))).collect();
    let mut out = HashMap::with_capacity(asked.len());
    let declined = |sender: OrgNumber| {
        move |mailbox| registry::declined::sender_mac(&house.gateway_keys.sender, mailbox, &sender)
    };
    if let [(at, mac)] = asked[..] {
        let sender = questions[at].sender.clone();
        out.insert(at, registry::recipient::look_up(tx, &mac, now, declined(sender)).await?);
        return Ok(out);
    }
    let mut by_sender: HashMap<&OrgNumber, Vec<(usize, AddressMac)>> = HashMap::new();
    for (at, mac) in asked {
        by_sender.entry(&questions[at].sender).or_default().push((at, mac));
    }
    for (sender, asked) in by_sender {
        let macs: Vec<_> = asked.iter().map(|(_, mac)| *mac).collect();
        let found = registry::recipient::look_up_many(tx, &macs, now, declined(sender.clone())).await?;
        // Not taken out: two letters may be to one recipient.
        out.extend(asked.iter().filter_map(|(at, mac)| Some((*at, found.get(mac)?.clone()))));
    }
    Ok(out)
}

/// Questions that are asked together at most.
const MOST: usize = 64;
