//! Trying a transaction again.

use std::time::Duration;

/// How often something may still be tried again. Which errors are worth it is the caller's to say, since what may be
/// done twice differs: most ask [`crate::Error::is_transient`].
///
/// ```
/// # async fn example(store: &store::Store) -> Result<(), store::Error> {
/// # use store::Tries;
/// let mut tries = Tries::again(3);
/// loop {
///     let done = async {
///         let tx = store.begin("open letter").await?;
///         // ...
///         tx.commit().await
///     };
///     match done.await {
///         Err(error) if tries.left(error.is_transient()) => tries.pause().await,
///         done => return done,
///     }
/// }
/// # }
/// ```
pub struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    /// The first try and then `times` more, one right after the other.
    pub const fn again(times: u32) -> Self {
        Self { left: times, pause: Duration::ZERO }
    }

    /// As [`Tries::again`], each after a pause: for a database that is restarting.
    pub const fn after(pause: Duration, times: u32) -> Self {
        Self { left: times, pause }
    }

    /// Whether to try again, which takes one of the tries. `worth` says whether another try may end otherwise.
    pub fn left(&mut self, worth: bool) -> bool {
        let again = worth && self.left > 0;
        self.left -= u32::from(again);
        again
    }

    /// Waits before the next try.
    pub async fn pause(&self) {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_it_is_tried_as_often_as_allowed() {
        let mut tries = Tries::again(2);
        assert!(!tries.left(false));
        assert!(tries.left(true) && tries.left(true));
        assert!(!tries.left(true));
    }
}
