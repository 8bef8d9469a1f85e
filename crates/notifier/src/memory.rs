//! A channel that ends in memory: for tests, of this crate and of the house.

use crate::delivery::Failure;
use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Keeps what is sent. An address can be told to misbehave.
#[derive(Default)]
pub struct Memory {
    sent: Mutex<Vec<Message>>,
    faults: Mutex<HashMap<String, Fault>>,
}

/// What was sent: an e-mail as it goes over the wire, or the words of a text message.
#[derive(Clone)]
pub struct Message {
    pub address: String,
    pub text: String,
}

/// How an address misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is taken, with this answer.
    Fail(Failure),
    /// The message is taken and the answer lost, as when the line is cut after the last dot.
    Lost,
    /// The message is taken and the sender never comes to know: what it does next, it does not do.
    Silent,
}

impl Memory {
    /// All that was sent, in order.
    pub fn sent(&self) -> Vec<Message> {
        lock(&self.sent).clone()
    }
    /// From now on this address misbehaves.
    pub fn fault(&self, address: &str, fault: Fault) {
        lock(&self.faults).insert(address.to_owned(), fault);
    }
    /// All addresses work again.
    pub fn heal(&self) {
        lock(&self.faults).clear();
    }

    pub(crate) async fn take(&self, address: &str, text: String) -> Result<(), Failure> {
        let fault = lock(&self.faults).get(address).copied();
        if let Some(Fault::Fail(failure)) = fault {
            return Err(failure);
        }
        lock(&self.sent).push(Message { address: address.to_owned(), text });
        match fault {
            Some(Fault::Lost) => Err(Failure::Later("answer_lost")),
            Some(Fault::Silent) => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} bytes)", self.text.len())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
