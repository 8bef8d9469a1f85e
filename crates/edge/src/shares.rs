//! How much of a door one caller may hold, so that a single hacked system cannot shut out all others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Connections by the certificate they came with.
pub(crate) struct Shares {
    most: usize,
    held: Mutex<HashMap<[u8; 32], usize>>,
}

/// One connection of one certificate; given back when dropped.
pub(crate) struct Share {
    shares: Arc<Shares>,
    certificate: [u8; 32],
}

impl Shares {
    /// Half of a door's connections is one caller's at most.
    pub(crate) fn of(connections: usize) -> Arc<Self> {
        Arc::new(Self { most: connections.div_ceil(2).max(1), held: Mutex::default() })
    }

    /// `None` when this certificate holds its share already.
    pub(crate) fn take(self: &Arc<Self>, certificate: [u8; 32]) -> Option<Share> {
        let mut held = self.lock();
        let count = held.entry(certificate).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share { shares: Arc::clone(self), certificate })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.lock();
        if let Some(count) = held.get_mut(&self.certificate) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.certificate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_certificate_holds_half_of_a_door_at_most() {
        let shares = Shares::of(4);
        let held = [shares.take([1; 32]), shares.take([1; 32])];
        assert!(held.iter().all(Option::is_some));
        assert!(shares.take([1; 32]).is_none());
        assert!(shares.take([2; 32]).is_some());
        drop(held);
        assert!(shares.take([1; 32]).is_some());
        assert!(shares.lock().is_empty());
    }
}
