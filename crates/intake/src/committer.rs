//! The group committer: many letters in one transaction, fair between callers.

use crate::{
    AcceptError, Answer, House, Intake,
    outbound::{self, PreparedOutbound},
    room,
    submission::{self, Submission},
};
use domain::{LetterId, OrgNumber};
use mailbox::PreparedLetter;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use store::{Tries, Tx};
use tokio::sync::{Notify, oneshot};

/// What waits to be committed together or not at all: a letter, or the letters of one delivery.
pub(crate) struct Waiting {
    pub(crate) letters: Vec<Prepared>,
    pub(crate) answer_to: oneshot::Sender<Result<Vec<Answer>, AcceptError>>,
    /// Their memory, given back when they are answered: what bounds the queue. Who holds it has a line of its own.
    pub(crate) place: room::Place,
}

/// One letter, sealed and signed for.
pub(crate) struct Prepared {
    pub(crate) submission: Submission,
    pub(crate) cargo: Cargo,
    pub(crate) answer: Answer,
}

/// What of it is stored.
#[allow(clippy::large_enum_variant, reason = "almost every one is a letter")]
pub(crate) enum Cargo {
    /// In a mailbox here.
    Letter(PreparedLetter),
    Outbound(PreparedOutbound),
}

/// What a transaction wrote of a batch. Where a letter is in neither, its reference was taken before.
struct Written {
    new: HashSet<LetterId>,
    /// New, and taken back for a conflict of another letter of the same delivery.
    undone: HashSet<LetterId>,
}

/// Letters that wait, a line for each caller.
#[derive(Default)]
pub(crate) struct Queue {
    lines: Mutex<Lines<Waiting>>,
    came: Notify,
}

struct Lines<T> {
    of: HashMap<OrgNumber, VecDeque<T>>,
    /// Whose turn it is; everyone with a line stands here once.
    turns: VecDeque<OrgNumber>,
    count: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn push(&self, waiting: Waiting) -> Result<(), AcceptError> {
        let mut lines = self.lines.lock();
        if lines.closed {
            return Err(AcceptError::Unavailable("stopping"));
        }
        lines.push(waiting.place.caller().clone(), waiting);
        metrics::gauge!("kuvert_intake_queue_letters").set(lines.count as f64);
        drop(lines);
        self.came.notify_one();
        Ok(())
    }

    /// Nothing more is taken in; what waits is committed.
    pub(crate) fn close(&self) {
        self.lines.lock().closed = true;
        self.came.notify_waiters();
        self.came.notify_one();
    }

    /// What waits, at most `most`, one of each caller in turn. `None` when the queue is closed and empty.
    async fn take(&self, most: usize) -> Option<Vec<Waiting>> {
        loop {
            // Before the lines are looked at: what comes, or the end, in between would wake nobody.
            let came = self.came.notified();
            {
                let mut lines = self.lines.lock();
                let batch = lines.take(most, |waiting| waiting.place.bytes());
                if !batch.is_empty() {
                    metrics::gauge!("kuvert_intake_queue_letters").set(lines.count as f64);
                    if lines.count > 0 {
                        // Another lane may go on with the rest.
                        self.came.notify_one();
                    }
                    return Some(batch);
                }
                if lines.closed {
                    self.came.notify_one();
                    return None;
                }
            }
            came.await;
        }
    }
}

impl<T> Lines<T> {
    fn push(&mut self, caller: OrgNumber, waiting: T) {
        let line = self.of.entry(caller.clone()).or_default();
        if line.is_empty() {
            self.turns.push_back(caller);
        }
        line.push_back(waiting);
        self.count += 1;
    }

    /// One of each caller in turn.
    fn take(&mut self, most: usize, bytes_of: impl Fn(&T) -> u64) -> Vec<T> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < most && bytes < BATCH_BYTES {
            let Some(caller) = self.turns.pop_front() else { break };
            let Some(line) = self.of.get_mut(&caller) else { continue };
            if let Some(waiting) = line.pop_front() {
                bytes += bytes_of(&waiting);
                batch.push(waiting);
            }
            if line.is_empty() {
                self.of.remove(&caller);
            } else {
                self.turns.push_back(caller);
            }
        }
        self.count -= batch.len();
        batch
    }
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { of: HashMap::new(), turns: VecDeque::new(), count: 0, closed: false }
    }
}

/// Commits what waits until the queue is closed and empty.
pub(crate) async fn run(house: Arc<House>) {
    while let Some(batch) = house.queue.take(house.settings.batch_letters).await {
        // In a task of its own: were it to panic, these letters' senders are told that the outcome is unknown,
        // and the next batch is committed all the same.
        let intake = Intake(Arc::clone(&house));
        if tokio::spawn(async move { intake.commit(batch).await }).await.is_err() {
            tracing::error!("The committer failed; the outcome of its letters is unknown to their senders");
        }
        metrics::gauge!("kuvert_intake_held_bytes").set(house.room.held() as f64);
    }
}

impl Intake {
    async fn commit(&self, mut batch: Vec<Waiting>) {
        let began = Instant::now();
        let letters: usize = batch.iter().map(|waiting| waiting.letters.len()).sum();
        metrics::histogram!("kuvert_intake_batch_letters").record(letters as f64);
        // A restart, a fail-over, a deadlock. If the first try was committed after all, the next one finds it.
        let mut tries = Tries::after(AGAIN_AFTER, 1);
        let outcome = loop {
            match self.commit_together(&mut batch).await {
                Err(error) if tries.left(error.is_transient() || error.is_in_doubt()) => tries.pause().await,
                outcome => break outcome,
            }
        };
        metrics::histogram!("kuvert_intake_commit_seconds").record(began.elapsed());
        match outcome {
            Ok(written) => self.answer_all(batch, &written).await,
            // Letter by letter they would only meet the same database.
            Err(error) if batch.len() == 1 || error.is_transient() || error.is_in_doubt() => {
                fail(batch, &error)
            }
            Err(error) => {
                tracing::warn!(letters, "A batch failed and is tried letter by letter: {error}");
                self.commit_one_by_one(batch).await;
            }
        }
    }

    /// One letter that cannot be stored must not take others with it.
    async fn commit_one_by_one(&self, batch: Vec<Waiting>) {
        let mut rest = batch.into_iter();
        while let Some(waiting) = rest.next() {
            let mut alone = vec![waiting];
            match self.commit_together(&mut alone).await {
                Ok(written) => self.answer_all(alone, &written).await,
                Err(error) => {
                    // It is the database and not the letter, so the rest is not tried either.
                    let lost = error.is_transient() || error.is_in_doubt();
                    fail(alone, &error);
                    if lost {
                        fail(rest.by_ref().collect(), &error);
                    }
                }
            }
        }
    }

    /// Writes the batch, and answers what of it was written.
    async fn commit_together(&self, batch: &mut [Waiting]) -> Result<Written, store::Error> {
        let events = &self.0.gateway_keys.events;
        let mut tx = self.0.store.begin("accept letters").await?;
        let mut submissions: Vec<_> =
            batch.iter().flat_map(|waiting| &waiting.letters).map(|one| &one.submission).collect();
        // The same order in every process, so that two batches cannot deadlock.
        submissions.sort_unstable_by_key(|submission| submission.key());
        let new = submission::insert_new(&mut tx, &submissions).await?.into_iter().collect();
        let mut written = Written { new, undone: HashSet::new() };
        for waiting in batch.iter() {
            whole(&mut tx, waiting, &mut written).await?;
        }
        let new = &written.new;
        let mut letters = Vec::new();
        let mut leaving = Vec::new();
        for one in batch.iter().flat_map(|waiting| &waiting.letters) {
            match &one.cargo {
                _ if !new.contains(&one.submission.letter_id) => {}
                Cargo::Letter(letter) => letters.push(letter),
                Cargo::Outbound(letter) => leaving.push(letter),
            }
        }
        mailbox::deliver(&mut tx, events, &letters).await?;
        outbound::insert(&mut tx, events, &leaving).await?;
        for one in batch.iter_mut().flat_map(|waiting| &mut waiting.letters) {
            match &mut one.cargo {
                _ if !new.contains(&one.submission.letter_id) => {}
                Cargo::Letter(letter) => letter.claim_objects(),
                Cargo::Outbound(letter) => letter.claim_object(),
            }
        }
        tx.commit().await?;
        Ok(written)
    }

    async fn answer_all(&self, batch: Vec<Waiting>, written: &Written) {
        for waiting in batch {
            let Waiting { letters, answer_to, place, .. } = waiting;
            let mut answers = Ok(Vec::with_capacity(letters.len()));
            for Prepared { submission, answer, .. } in letters {
                let letter_id = submission.letter_id;
                let outcome = if written.new.contains(&letter_id) {
                    tracing::info!(letter.id = %letter_id, "Accepted letter {letter_id}");
                    Ok(answer)
                } else if written.undone.contains(&letter_id) {
                    Err(domain::Code::ReferenceConflict.into())
                } else {
                    self.answer_twin(&submission).await
                };
                answers = answers.and_then(|mut answers| {
                    answers.push(outcome?);
                    Ok(answers)
                });
            }
            drop(place);
            // Nobody waits any more when the service is stopped hard; the sender asks again.
            let _ = answer_to.send(answers);
        }
    }

    /// The reference was taken by a letter committed before, by a twin in the same batch, or by this very letter
    /// in a commit whose outcome was lost.
    async fn answer_twin(&self, submission: &Submission) -> Result<Answer, AcceptError> {
        let mut tx = self.0.store.read("find twin").await?;
        let stored =
            submission::by_reference(&mut tx, &submission.sender_mac, &submission.reference_mac).await?;
        drop(tx);
        let Some(stored) = stored else { return Err(AcceptError::Unknown) };
        if stored.payload_mac != submission.payload_mac {
            return Err(domain::Code::ReferenceConflict.into());
        }
        let answer = self.stored_answer(&stored).await?;
        Ok(Answer { repeated: stored.letter_id != submission.letter_id, ..answer })
    }
}

/// A delivery is accepted whole or not at all. Its references were free when it was checked; where one was taken by
/// another letter since, what was written of it is taken back, and it is answered as a conflict.
async fn whole(tx: &mut Tx, waiting: &Waiting, written: &mut Written) -> Result<(), store::Error> {
    let (fresh, taken): (Vec<_>, Vec<_>) =
        waiting.letters.iter().partition(|one| written.new.contains(&one.submission.letter_id));
    if fresh.is_empty() || taken.is_empty() {
        return Ok(());
    }
    for one in taken {
        let Submission { sender_mac, reference_mac, payload_mac, .. } = &one.submission;
        let stored = submission::by_reference(tx, sender_mac, reference_mac).await?;
        if stored.is_none_or(|stored| stored.payload_mac != *payload_mac) {
            for one in &fresh {
                submission::take_back(tx, &one.submission).await?;
                written.new.remove(&one.submission.letter_id);
                written.undone.insert(one.submission.letter_id);
            }
            break;
        }
    }
    Ok(())
}

fn fail(batch: Vec<Waiting>, error: &store::Error) {
    for waiting in batch {
        for one in &waiting.letters {
            let letter_id = one.submission.letter_id;
            tracing::error!(letter.id = %letter_id, "Letter {letter_id} was not accepted: {error}");
        }
        let _ = waiting.answer_to.send(Err(AcceptError::shared(error)));
    }
}

/// One transaction holds up the others for no longer than so much takes.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
const AGAIN_AFTER: Duration = Duration::from_millis(100);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_letter_of_a_small_sender_does_not_wait_behind_a_thousand_of_a_large_one() {
        let [large, small] = ["164020000016", "164020000024"].map(|text| OrgNumber::parse(text).unwrap());
        let mut lines = Lines::default();
        (0..1000).for_each(|n| lines.push(large.clone(), n));
        lines.push(small.clone(), 5000);
        lines.push(small, 5001);
        assert_eq!(lines.take(6, |_| 1), [0, 5000, 1, 5001, 2, 3]);
        assert_eq!(lines.take(1000, |_| 1).len(), 996);
        assert!(lines.take(1000, |_| 1).is_empty());
        assert_eq!((lines.count, lines.of.len(), lines.turns.len()), (0, 0, 0));
    }

    #[test]
    fn a_batch_ends_when_it_is_large_enough() {
        let caller = OrgNumber::parse("164020000016").unwrap();
        let mut lines = Lines::default();
        (0..100).for_each(|n| lines.push(caller.clone(), n));
        assert_eq!(lines.take(256, |_| 1024 * 1024).len(), 8);
        assert_eq!(lines.take(256, |_| u64::from(u32::MAX)).len(), 1);
    }
}
