use parking_lot::RwLock;
use std::sync::Arc;
use vault::Authorities;

/// The authorities in force, shared by all that ask. Revocation lists change while the service runs: somebody calls
/// [`Trust::replace`] now and then.
#[derive(Clone, Debug, Default)]
pub struct Trust(Arc<RwLock<Arc<Authorities>>>);

impl Trust {
    pub fn new(authorities: Authorities) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(authorities))))
    }

    /// As they were last read.
    pub fn current(&self) -> Arc<Authorities> {
        Arc::clone(&self.0.read())
    }

    /// For every letter from now on.
    pub fn replace(&self, authorities: Authorities) {
        *self.0.write() = Arc::new(authorities);
    }
}
