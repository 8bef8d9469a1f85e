//! The demo's clock: the machine's, set back while the past is being made.

use domain::{Clock, SystemClock, Time};
use std::{
    sync::atomic::{AtomicI64, Ordering::SeqCst},
    time::Duration,
};

/// The machine's clock minus an offset.
#[derive(Default)]
pub struct DemoClock {
    back_ms: AtomicI64,
}

impl DemoClock {
    /// Sets the clock back by this much from now on.
    pub fn set_back(&self, by: Duration) {
        self.back_ms.store(i64::try_from(by.as_millis()).unwrap_or(0), SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Time {
        SystemClock.now().minus(Duration::from_millis(self.back_ms.load(SeqCst).max(0).cast_unsigned()))
    }
}
