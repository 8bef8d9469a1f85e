//! A fetched thing that is kept: used for an hour, fetched again after that, and by exception sooner.

use crate::Rejection;
use domain::Time;
use parking_lot::RwLock;
use std::{future::Future, sync::Arc, time::Duration};

pub(crate) struct Cached<T> {
    kept: RwLock<Option<(Arc<T>, Time)>>,
    /// Held while fetching, so that a hundred log-ins cause one fetch.
    fetching: tokio::sync::Mutex<Attempts>,
}

#[derive(Default)]
struct Attempts {
    failed_at: Option<Time>,
    forced_at: Option<Time>,
}

impl<T> Cached<T> {
    pub(crate) fn empty() -> Self {
        Self { kept: RwLock::new(None), fetching: tokio::sync::Mutex::default() }
    }

    /// The kept thing when it is young enough, else what `fetch` brings. When the provider does not answer, an
    /// old thing serves for up to a day: its outage must not lock people out of their mail.
    pub(crate) async fn current(
        &self,
        now: Time,
        fetch: impl Future<Output = Result<T, Rejection>>,
    ) -> Result<Arc<T>, Rejection> {
        if let Some(young) = self.younger_than(USE_FOR, now) {
            return Ok(young);
        }
        let mut attempts = self.fetching.lock().await;
        if let Some(young) = self.younger_than(USE_FOR, now) {
            return Ok(young);
        }
        let old = self.younger_than(KEEP_FOR, now);
        if let (Some(old), Some(failed_at)) = (&old, attempts.failed_at)
            && now.since(failed_at) < PAUSE
        {
            return Ok(old.clone());
        }
        match fetch.await {
            Ok(new) => Ok(self.keep(new, now)),
            Err(rejection) => {
                attempts.failed_at = Some(now);
                tracing::warn!(
                    eid.rejection = rejection.code(),
                    "Could not renew what the e-ID provider publishes"
                );
                old.ok_or(rejection)
            }
        }
    }

    /// Fetches although `seen` is young, because something newer must exist. At most once a `PAUSE`, so that
    /// tokens with invented key ids cannot make us hammer the provider.
    pub(crate) async fn newer_than(
        &self,
        seen: &Arc<T>,
        now: Time,
        fetch: impl Future<Output = Result<T, Rejection>>,
    ) -> Result<Option<Arc<T>>, Rejection> {
        let mut attempts = self.fetching.lock().await;
        if let Some(other) = self.younger_than(USE_FOR, now).filter(|kept| !Arc::ptr_eq(kept, seen)) {
            return Ok(Some(other));
        }
        if attempts.forced_at.is_some_and(|at| now.since(at) < PAUSE) {
            return Ok(None);
        }
        attempts.forced_at = Some(now);
        Ok(Some(self.keep(fetch.await?, now)))
    }

    fn younger_than(&self, age: Duration, now: Time) -> Option<Arc<T>> {
        let kept = self.kept.read();
        kept.as_ref().filter(|(_, at)| now.since(*at) < age).map(|(value, _)| value.clone())
    }

    fn keep(&self, value: T, now: Time) -> Arc<T> {
        let value = Arc::new(value);
        *self.kept.write() = Some((value.clone(), now));
        value
    }
}

const USE_FOR: Duration = Duration::from_secs(3600);
const KEEP_FOR: Duration = Duration::from_secs(24 * 3600);
const PAUSE: Duration = Duration::from_secs(30);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    struct Source {
        calls: AtomicU32,
    }

    impl Source {
        async fn fetch(&self) -> Result<u32, Rejection> {
            Ok(self.calls.fetch_add(1, SeqCst))
        }
    }

    async fn fails() -> Result<u32, Rejection> {
        Err(Rejection::ProviderUnreachable)
    }

    fn at(seconds: i64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    #[tokio::test]
    async fn it_is_fetched_once_an_hour_and_an_outage_is_bridged_for_a_day() {
        let cache = Cached::empty();
        let source = Source { calls: AtomicU32::new(0) };
        assert_eq!(cache.current(at(0), fails()).await.unwrap_err(), Rejection::ProviderUnreachable);
        for second in [0, 10, 3599] {
            assert_eq!(*cache.current(at(second), source.fetch()).await.unwrap(), 0);
        }
        assert_eq!(*cache.current(at(3600), source.fetch()).await.unwrap(), 1);
        assert_eq!(*cache.current(at(7300), fails()).await.unwrap(), 1);
        assert_eq!(*cache.current(at(7310), source.fetch()).await.unwrap(), 1, "paused after a failure");
        assert_eq!(*cache.current(at(7331), source.fetch()).await.unwrap(), 2);
        assert!(cache.current(at(7331 + 24 * 3600), fails()).await.is_err());
    }

    #[tokio::test]
    async fn a_forced_renewal_happens_at_most_once_in_half_a_minute() {
        let cache = Cached::empty();
        let source = Source { calls: AtomicU32::new(0) };
        let first = cache.current(at(0), source.fetch()).await.unwrap();
        let second = cache.newer_than(&first, at(1), source.fetch()).await.unwrap().unwrap();
        assert_eq!(*second, 1);
        assert!(cache.newer_than(&second, at(5), source.fetch()).await.unwrap().is_none());
        assert_eq!(
            *cache.newer_than(&first, at(5), source.fetch()).await.unwrap().unwrap(),
            1,
            "no fetch needed"
        );
        assert_eq!(*cache.newer_than(&second, at(31), source.fetch()).await.unwrap().unwrap(), 2);
    }
}
