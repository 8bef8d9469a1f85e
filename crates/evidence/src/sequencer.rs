//! The task that gives positions to the senders' events.

use crate::feed;
use std::{future::Future, sync::Arc, time::Duration};
use store::Store;
use tokio::sync::{Notify, watch};
use tracing::warn;

/// Runs [`feed::place`] whenever something may wait. Cheap to clone; all clones are one sequencer.
///
/// More than one process may run one: the database lets them take turns.
#[derive(Clone)]
pub struct Sequencer {
    store: Store,
    wake: Arc<Notify>,
    rounds: watch::Sender<u64>,
}

impl Sequencer {
    pub fn new(store: Store) -> Self {
        Self { store, wake: Arc::new(Notify::new()), rounds: watch::Sender::new(0) }
    }

    /// Says that a transaction with feed events was committed. Without it they are found within
    /// [`Sequencer::INTERVAL`].
    pub fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Changes after every round that placed something: for those who wait with a long request.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.rounds.subscribe()
    }

    /// Works until `stop`. What is left then waits for the next start.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        tokio::pin!(stop);
        loop {
            let pause = match self.drain().await {
                Ok(()) => Self::INTERVAL,
                Err(error) => {
                    warn!(error = %error, "Could not place events; trying again");
                    Self::INTERVAL * 10
                }
            };
            tokio::select! {
                () = &mut stop => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Places all that waits now.
    pub async fn drain(&self) -> Result<(), store::Error> {
        while feed::place(&self.store).await? > 0 {
            self.rounds.send_modify(|round| *round = round.wrapping_add(1));
        }
        Ok(())
    }

    /// How long an event waits at most when nobody nudges.
    pub const INTERVAL: Duration = Duration::from_millis(200);
}
