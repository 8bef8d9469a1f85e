//! Reading and verifying a large message takes milliseconds; others need not wait for it.

use crate::{AcceptError, Intake};
use domain::Refusal;
use std::sync::Arc;

impl Intake {
    /// Runs `work` on a message of so many bytes: at once for a small one, on a thread of its own for a large one, and
    /// no more of those at a time than there are processors.
    pub(crate) async fn aside<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, AcceptError> {
        if bytes <= LARGE_BYTES {
            return Ok(work()?);
        }
        let internal = |error| AcceptError::Internal(error);
        let turn = Arc::clone(&self.0.reading).acquire_owned().await;
        let turn = turn.map_err(|error| internal(Box::new(error)))?;
        // The turn goes with the work, which goes on also when the caller has gone.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        Ok(done.await.map_err(|error| internal(Box::new(error)))??)
    }
}

const LARGE_BYTES: usize = 256 * 1024;
