//! How long transactions take, by name.

use std::time::Instant;

/// Measures a transaction from BEGIN to its end.
#[derive(Clone, Copy)]
pub(crate) struct Meter {
    pub(crate) name: &'static str,
    began: Instant,
}

impl Meter {
    pub(crate) fn start(name: &'static str) -> Self {
        Self { name, began: Instant::now() }
    }

    pub(crate) fn stop(self, outcome: &'static str) {
        metrics::histogram!("kuvert_store_transaction_seconds", "transaction" => self.name, "outcome" => outcome)
            .record(self.began.elapsed());
    }
}
