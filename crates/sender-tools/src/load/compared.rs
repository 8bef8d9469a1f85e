//! The figures of two services that were measured in turns, in one.

use super::{Figures, LoadArgs, Openings};
use crate::out;
use serde::Serialize;

/// How the first compares with the second: medians of all rounds, and the ratio of them.
#[derive(Debug, Serialize)]
pub struct Compared {
    rounds: usize,
    letters_per_second: Pair,
    cpu_ms: Option<Pair>,
    /// The highest of all rounds.
    resident_mib: Option<Pair>,
    open_p95_ms: Option<Pair>,
    open_recorded_p95_ms: Option<Pair>,
    open_cpu_ms: Option<Pair>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Pair {
    first: f64,
    second: f64,
    ratio: f64,
}

impl Compared {
    /// Of as many rounds of each.
    pub fn of(all: &[Vec<Figures>; 2]) -> Self {
        let medians = |what: &dyn Fn(&Figures) -> Option<f64>| {
            let [first, second] =
                all.each_ref().map(|rounds| median(rounds.iter().filter_map(what).collect()));
            Some(Pair::of(first?, second?))
        };
        let most = |rounds: &Vec<Figures>| rounds.iter().filter_map(|round| round.resident_mib).max();
        let [first, second] = all.each_ref().map(most);
        let opened = |what: fn(&Openings) -> f64| medians(&|f| f.openings.as_ref().map(what));
        Self {
            rounds: all[0].len(),
            letters_per_second: medians(&|f| Some(f.letters_per_second)).unwrap_or(Pair::of(0.0, 0.0)),
            cpu_ms: medians(&|f| f.cpu_ms),
            resident_mib: first.zip(second).map(|(first, second)| Pair::of(first as f64, second as f64)),
            open_p95_ms: opened(|openings| openings.p95_ms),
            open_recorded_p95_ms: opened(|openings| openings.recorded_p95_ms),
            open_cpu_ms: medians(&|f| f.openings.as_ref()?.cpu_ms),
        }
    }

    /// For people, and where asked for as JSON.
    pub fn report(&self, args: &LoadArgs) {
        out::note(&format!("medians of {} rounds, the first and the second:", self.rounds));
        for (what, pair) in [
            ("letters accepted a second", Some(self.letters_per_second)),
            ("processor time of the service for each, ms", self.cpu_ms),
            ("resident memory at most, MiB", self.resident_mib),
            ("opening, p95 until the letter is shown, ms", self.open_p95_ms),
            ("opening, p95 until it is on record, ms", self.open_recorded_p95_ms),
            ("processor time of the service for each opening, ms", self.open_cpu_ms),
        ] {
            if let Some(Pair { first, second, ratio }) = pair {
                out::note(&format!("  {what}: {first} and {second}: {ratio}"));
            }
        }
        if args.json {
            out::json(self);
        }
    }
}

impl Pair {
    fn of(first: f64, second: f64) -> Self {
        Self { first, second, ratio: (first / second * 1000.0).round() / 1000.0 }
    }
}

/// Of the two in the middle the lower one.
fn median(mut all: Vec<f64>) -> Option<f64> {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len().saturating_sub(1) / 2).copied()
}
