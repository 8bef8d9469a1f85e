//! When to try again.

use domain::{Random, chance};
use std::time::Duration;

/// How long to wait after the `attempts`th try, give or take a tenth; `None` when enough was tried.
pub fn backoff(attempts: u32, random: &dyn Random) -> Option<Duration> {
    let step = SCHEDULE_MINUTES.get(attempts.saturating_sub(1) as usize)?;
    let millis = step * 60_000;
    // Those that failed together shall not all come back together.
    let chance = u64::from(u16::from_be_bytes(chance::bytes(random)));
    Some(Duration::from_millis(millis - millis / 10 + millis / 5 * chance / u64::from(u16::MAX)))
}

const SCHEDULE_MINUTES: [u64; 7] = [1, 5, 15, 60, 4 * 60, 12 * 60, 24 * 60];

#[cfg(test)]
mod tests {
    use super::*;
    use testing::random::Always;

    #[test]
    fn waits_grow_from_a_minute_to_a_day_and_end() {
        assert_eq!(backoff(1, &Always(0)), Some(Duration::from_secs(54)));
        assert_eq!(backoff(1, &Always(255)), Some(Duration::from_secs(66)));
        assert_eq!(backoff(7, &Always(0)), Some(Duration::from_secs(24 * 3600 * 9 / 10)));
        assert_eq!(backoff(8, &Always(0)), None);
    }
}
