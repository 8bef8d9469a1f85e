//! Who waits for the register: senders take turns, and whoever hung up is passed over.

use super::cache::Key;
use domain::{Identity, OrgNumber};
use intake::whereabouts::Place;
use std::collections::{HashMap, VecDeque};
use tokio::sync::oneshot;

/// One recipient that somebody waits for.
pub(super) struct Asked {
    pub(super) recipient: Identity,
    pub(super) key: Key,
    pub(super) answer: oneshot::Sender<Option<Place>>,
}

/// Bounded: whoever finds it full is answered as if the register were silent.
pub(super) struct Queue {
    by_sender: HashMap<OrgNumber, VecDeque<Asked>>,
    /// Each sender of `by_sender` once; the first one is asked for next.
    turns: VecDeque<OrgNumber>,
    waiting: usize,
    pub(super) most: usize,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { by_sender: HashMap::new(), turns: VecDeque::new(), waiting: 0, most: MOST_WAITING }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting >= self.most
    }

    pub(super) fn push(&mut self, sender: &OrgNumber, asked: Asked) {
        self.waiting += 1;
        if let Some(others) = self.by_sender.get_mut(sender) {
            others.push_back(asked);
        } else {
            self.by_sender.insert(sender.clone(), VecDeque::from([asked]));
            self.turns.push_back(sender.clone());
        }
    }

    /// A whole question at most, for the sender whose turn it is; nothing when nobody waits any more.
    pub(super) fn take(&mut self) -> Option<(OrgNumber, Vec<Asked>)> {
        while let Some(sender) = self.turns.pop_front() {
            let Some(mut asked) = self.by_sender.remove(&sender) else { continue };
            let mut batch = Vec::new();
            while batch.len() < MOST
                && let Some(one) = asked.pop_front()
            {
                self.waiting -= 1;
                if !one.answer.is_closed() {
                    batch.push(one);
                }
            }
            if !asked.is_empty() {
                self.by_sender.insert(sender.clone(), asked);
                self.turns.push_back(sender.clone());
            }
            if !batch.is_empty() {
                return Some((sender, batch));
            }
        }
        None
    }

    pub(super) fn drain(&mut self) -> impl Iterator<Item = Asked> + use<> {
        self.waiting = 0;
        self.turns.clear();
        std::mem::take(&mut self.by_sender).into_values().flatten()
    }
}

/// Recipients in one question, by the interface.
const MOST: usize = 1000;
/// Twenty whole questions, and some 5 MB.
const MOST_WAITING: usize = 20_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    type Answers = Vec<oneshot::Receiver<Option<Place>>>;

    fn org(number: &str) -> OrgNumber {
        OrgNumber::parse(number).unwrap()
    }

    fn push(queue: &mut Queue, sender: &OrgNumber, count: usize) -> Answers {
        let recipient = Identity::parse("198101052382").unwrap();
        let one = |_| {
            let (answer, told) = oneshot::channel();
            queue.push(sender, Asked { recipient: recipient.clone(), key: [0; 32], answer });
            told
        };
        (0..count).map(one).collect()
    }

    fn takes(queue: &mut Queue) -> Option<(OrgNumber, usize)> {
        queue.take().map(|(sender, batch)| (sender, batch.len()))
    }

    #[test]
    fn senders_take_turns_whoever_has_most() {
        let mut queue = Queue::new();
        let town = org("164020000016");
        let office = org("164020000024");
        let _town = push(&mut queue, &town, 2500);
        let _office = push(&mut queue, &office, 1);
        let _more = push(&mut queue, &town, 1);
        assert_eq!(takes(&mut queue), Some((town.clone(), 1000)));
        assert_eq!(takes(&mut queue), Some((office, 1)));
        assert_eq!(takes(&mut queue), Some((town.clone(), 1000)));
        assert_eq!(takes(&mut queue), Some((town, 501)));
        assert!(queue.is_empty());
        assert_eq!(takes(&mut queue), None);
    }

    #[test]
    fn whoever_hung_up_is_not_asked_for() {
        let mut queue = Queue::new();
        let town = org("164020000016");
        let office = org("164020000024");
        drop(push(&mut queue, &town, 1500));
        let mut office_waits = push(&mut queue, &office, 3);
        office_waits.pop();
        let _town = push(&mut queue, &town, 1);
        // All of the town's that are left stand behind those that went: one question is enough.
        assert_eq!(takes(&mut queue), Some((town, 1)));
        assert_eq!(takes(&mut queue), Some((office.clone(), 2)));
        drop(push(&mut queue, &office, 5));
        assert_eq!(takes(&mut queue), None);
        assert!(queue.is_empty());
    }

    #[test]
    fn it_is_full_at_its_bound_and_empty_when_drained() {
        let mut queue = Queue::new();
        let town = org("164020000016");
        let office = org("164020000024");
        queue.most = 3;
        let _town = push(&mut queue, &town, 2);
        assert!(!queue.is_full());
        let _office = push(&mut queue, &office, 1);
        assert!(queue.is_full());
        assert_eq!(queue.drain().count(), 3);
        assert!(queue.is_empty() && !queue.is_full());
        assert_eq!(takes(&mut queue), None);
        let _again = push(&mut queue, &town, 1);
        assert_eq!(takes(&mut queue), Some((town, 1)));
    }
}
