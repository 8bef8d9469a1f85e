//! A channel that ends in memory: for tests, of this crate and of the house.

use crate::delivery::Failure;
use parking_lot::Mutex;
use std::{collections::HashMap, fmt};

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
        self.sent.lock().clone()
    }

    /// From now on this address misbehaves.
    pub fn fault(&self, address: &str, fault: Fault) {
        self.faults.lock().insert(address.to_owned(), fault);
    }

    /// All addresses work again.
    pub fn heal(&self) {
        self.faults.lock().clear();
    }

    pub(crate) async fn take(&self, address: &str, text: String) -> Result<(), Failure> {
        let fault = self.faults.lock().get(address).copied();
        if let Some(Fault::Fail(failure)) = fault {
            return Err(failure);
        }
        self.sent.lock().push(Message { address: address.to_owned(), text });
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
