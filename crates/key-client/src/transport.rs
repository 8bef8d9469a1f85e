//! How messages reach the key service.

use crate::{Keys, KeysError, Outcome, Request};
use std::fmt;
use tokio::sync::{mpsc, oneshot};

/// Who is asking. Given with the handle (later: with the socket), never said in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Gateway,
    Web,
    Notifier,
    /// Whoever hands letters over to other operators.
    Outgoing,
    /// The command line of the operator.
    Operator,
}

impl Role {
    /// For logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Web => "web",
            Self::Notifier => "notifier",
            Self::Outgoing => "outgoing",
            Self::Operator => "operator",
        }
    }
}

/// One request with the way back.
pub struct Envelope {
    pub role: Role,
    pub request: Request,
    /// Where the answer goes; nobody may be waiting any more.
    pub answer: oneshot::Sender<Outcome>,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} from {})", self.request.name(), self.role.as_str())
    }
}

/// Makes handles. Stays with the key service and whoever wires the house.
#[derive(Clone, Debug)]
pub struct Connector(mpsc::Sender<Envelope>);

impl Connector {
    /// A handle for `role`.
    pub fn keys(&self, role: Role) -> Keys {
        Keys::local(role, self.0.clone())
    }
}

/// The two ends inside one process. At most `capacity` requests wait; more make their senders wait.
pub fn channel(capacity: usize) -> (Connector, mpsc::Receiver<Envelope>) {
    let (sender, receiver) = mpsc::channel(capacity);
    (Connector(sender), receiver)
}

/// The ways there are.
#[derive(Clone)]
pub(crate) enum Transport {
    Local(mpsc::Sender<Envelope>),
}

impl Transport {
    pub(crate) async fn ask(&self, role: Role, request: Request) -> Outcome {
        match self {
            Self::Local(sender) => {
                let (answer, wait) = oneshot::channel();
                let envelope = Envelope { role, request, answer };
                sender.send(envelope).await.map_err(|_| KeysError::Unavailable)?;
                wait.await.map_err(|_| KeysError::Unavailable)?
            }
        }
    }
}
