//! The evidence of the whole house, checked by the only one who can open all of it.

use crate::service::KeyService;
use evidence::{Audit, Broken};

/// The evidence does not hold, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NotChecked {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("the keys of events cannot be used")]
    Keys,
}

impl KeyService {
    /// What opens events, for tests that read chains.
    #[cfg(any(test, feature = "testing"))]
    pub fn event_rings(&self) -> Result<evidence::Rings, NotChecked> {
        self.0.keks.event_rings(self.0.clock.now()).map_err(|_| NotChecked::Keys)
    }

    /// Checks every chain, and that nothing that other tables know of is without its event.
    pub async fn check_evidence(&self) -> Result<Audit, NotChecked> {
        let inner = &*self.0;
        let rings = inner.keks.event_rings(inner.clock.now()).map_err(|_| NotChecked::Keys)?;
        Ok(evidence::audit(&inner.letters, &rings).await?)
    }
}
