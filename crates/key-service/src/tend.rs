//! Looking after the keys, now and then.

use crate::{
    adopt::Adoption,
    check_sets::SetFault,
    failure::Failure,
    keks::KeksError,
    nonces,
    purpose::Purpose,
    reconcile::Reconciled,
    roll::Swept,
    service::{Inner, KeyService},
};
use domain::{MailboxId, Time};
use evidence::Writer;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

/// A sweep or a look after the keys did not get to its end; it is tried again the next time.
#[derive(Debug, thiserror::Error)]
#[error("the key service could not look after its keys: {0}")]
pub struct TendError(String);

impl TendError {
    pub(crate) fn from_failure(failure: &Failure) -> Self {
        Self(failure.to_string())
    }

    pub(crate) fn from_store(error: &store::Error) -> Self {
        Self(error.to_string())
    }
}

impl KeyService {
    /// Forgets what has ended and reads the keys again. Done by [`KeyService::start`] every `tend_seconds`.
    pub async fn tend(&self) -> Result<(), TendError> {
        self.0.tend().await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Rolls epochs and ends rotations that were cut short. Done by [`KeyService::start`] every hour.
    pub async fn sweep(&self) -> Result<Swept, TendError> {
        self.0.sweep().await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Whether what stands in the letters database was written by a version that vouched for nothing, and nobody has
    /// taken it over yet.
    pub async fn needs_adoption(&self) -> Result<bool, TendError> {
        self.0.needs_adoption().await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Takes over what stands there, unseen; on record in the key store. Tells how many sets.
    pub async fn adopt(&self, why: Adoption) -> Result<u64, TendError> {
        self.0.adopt(why).await.map_err(|failure| TendError(failure.to_string()))
    }

    /// The same without a record, for tests that write to the letters database themselves.
    #[cfg(any(test, feature = "testing"))]
    pub async fn adopt_silently(&self) -> Result<u64, TendError> {
        self.0.adopt_all().await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Ends changes that a crash left between the two databases.
    pub async fn settle(&self) -> Result<(), TendError> {
        self.0.settle_all(CUT_SHORT).await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Compares every set with what is vouched for, or those of one mailbox; tells what does not fit.
    pub async fn check_sets(&self, only: Option<MailboxId>) -> Result<Vec<SetFault>, TendError> {
        self.0.check_sets(only).await.map_err(|failure| TendError(failure.to_string()))
    }

    /// Compares the two databases, and mends what can be mended. For after a restore, and for doctors.
    pub async fn reconcile(&self) -> Result<Reconciled, TendError> {
        self.0.reconcile().await.map_err(|failure| TendError(failure.to_string()))
    }

    pub(crate) async fn tend_until(self, cancel: CancellationToken) {
        let every = self.0.settings.tend();
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut swept_at: Option<Time> = None;
        let mut seconds = tokio::time::interval(WATCH_EVERY);
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    // All who write have stopped before: so a restore to just before the end is told too.
                    if let Err(failure) = self.0.watch_feed().await {
                        debug!(error = %failure, "Could not look how far the feed has come");
                    }
                    return;
                }
                _ = ticks.tick() => {}
                _ = seconds.tick() => {
                    if let Err(failure) = self.0.watch_feed().await {
                        debug!(error = %failure, "Could not look how far the feed has come");
                    }
                    if let Err(failure) = self.0.count_own().await {
                        error!(error = %failure, "Could not count events");
                    }
                    continue;
                }
            }
            if let Err(failure) = self.0.tend().await {
                error!(error = %failure, "Could not look after the keys");
            }
            let now = self.0.clock.now();
            if swept_at.is_none_or(|at| now.since(at) >= SWEEP_EVERY) {
                swept_at = Some(now);
                // Every step can be cut short, so stopping does not wait for a long sweep.
                let sweep = tokio::select! {
                    biased;
                    () = cancel.cancelled() => return,
                    sweep = self.0.sweep() => sweep,
                };
                if let Err(failure) = sweep {
                    error!(error = %failure, "Could not sweep");
                }
            }
        }
    }
}

impl Inner {
    pub(crate) async fn tend(&self) -> Result<(), Failure> {
        let now = self.clock.now();
        nonces::forget_ended(&self.keys, now).await?;
        self.callers.lock().forget_silent(now);
        let logged_in = {
            let mut grants = self.grants.lock();
            grants.forget_ended(now);
            grants.count()
        };
        metrics::gauge!("kuvert_keys_logged_in").set(u32::try_from(logged_in).unwrap_or(u32::MAX));
        self.forget_lookups().await?;
        self.settle_all(CUT_SHORT).await?;
        self.settle_openings().await?;
        self.keks.reload().await?;
        self.events
            .adopt(self.keks.ring(Purpose::EventsOf(Writer::Keys), now).map_err(|_| KeksError::Missing)?);
        Ok(())
    }
}

/// A change that has been between the two databases for this long was cut short.
const CUT_SHORT: Duration = Duration::from_secs(30);
/// How far the feed has come is noted this often.
const WATCH_EVERY: Duration = Duration::from_secs(1);
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
