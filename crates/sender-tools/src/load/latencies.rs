//! How long something took, many times.

use std::time::Duration;

#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl From<Vec<Duration>> for Latencies {
    fn from(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }
}

impl Latencies {
    /// Milliseconds, two decimals.
    pub fn percentile(&self, share: f64) -> f64 {
        let rank = ((self.0.len() as f64 * share).ceil() as usize).clamp(1, self.0.len().max(1));
        let millis = self.0.get(rank - 1).map_or(0.0, |d| d.as_secs_f64() * 1000.0);
        (millis * 100.0).round() / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_those_that_were_measured() {
        let all = Latencies::from((1..=100).rev().map(Duration::from_millis).collect::<Vec<_>>());
        assert_eq!([0.5, 0.95, 0.99, 1.0].map(|share| all.percentile(share)), [50.0, 95.0, 99.0, 100.0]);
        assert_eq!(Latencies::default().percentile(0.95).to_bits(), 0.0_f64.to_bits());
    }
}
