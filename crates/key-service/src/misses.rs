//! Whether what is looked up looks like trying numbers out: of honest lists most are known here, of invented numbers
//! hardly any. One of eight is compared, beside the answer, so that nobody waits for it.

use crate::{failure::Failure, service::Inner};
use domain::{AddressMac, DeclinedMac};
use registry::recipient::{Found, look_up_many};
use std::collections::HashMap;
use tracing::warn;

/// What was looked up and is not compared yet, and what came of the rest of the day.
#[derive(Default)]
pub(crate) struct Misses {
    waiting: Vec<(String, AddressMac)>,
    seen: u64,
    day: String,
    callers: HashMap<String, Seen>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    asked: u64,
    missed: u64,
    told: bool,
}

/// One of so many is compared.
const ONE_OF: u64 = 8;
/// More that wait are let go.
const MOST: usize = 4096;
const AT_ONCE: usize = 256;

impl Misses {
    /// Of how many callers it has been told today.
    pub(crate) fn suspected(&self) -> usize {
        self.callers.values().filter(|seen| seen.told).count()
    }
}

impl Inner {
    /// Keeps some to be compared.
    pub(crate) fn note_lookups(&self, caller: &str, macs: &[AddressMac]) {
        let mut misses = self.misses.lock();
        for mac in macs {
            misses.seen += 1;
            if misses.seen.is_multiple_of(ONE_OF) && misses.waiting.len() < MOST {
                misses.waiting.push((caller.to_owned(), *mac));
            }
        }
    }

    /// Compares what waits, and tells of each caller once a day whose look-ups look like trying numbers out.
    pub(crate) async fn compare_lookups(&self) -> Result<(), Failure> {
        loop {
            let some: Vec<_> = {
                let mut misses = self.misses.lock();
                let count = misses.waiting.len().min(AT_ONCE);
                misses.waiting.drain(..count).collect()
            };
            if some.is_empty() {
                return Ok(());
            }
            let macs: Vec<AddressMac> = some.iter().map(|(_, mac)| *mac).collect();
            let now = self.clock.now();
            let mut tx = self.letters.read("compare look-ups").await?;
            let found = look_up_many(&mut tx, &macs, now, |_| DeclinedMac::from_bytes([0; 32])).await?;
            drop(tx);
            let day = now.date().to_string();
            for (caller, mac) in some {
                let missed = found.get(&mac).is_none_or(Found::is_nobody);
                self.saw(&day, caller, missed);
            }
        }
    }

    fn saw(&self, day: &str, caller: String, missed: bool) {
        metrics::counter!("kuvert_keys_lookups_compared_total", "known" => if missed { "no" } else { "yes" })
            .increment(1);
        let settings = &self.settings;
        let mut misses = self.misses.lock();
        if misses.day != day {
            misses.day = day.to_owned();
            misses.callers.clear();
            metrics::gauge!("kuvert_keys_lookups_suspected").set(0.0);
        }
        let seen = misses.callers.entry(caller.clone()).or_default();
        seen.asked += 1;
        seen.missed += u64::from(missed);
        let enough = seen.asked * ONE_OF >= settings.lookup_alarm_after;
        let percent = seen.missed * 100 / seen.asked;
        if !enough || seen.told || percent < u64::from(settings.lookup_alarm_percent) {
            return;
        }
        seen.told = true;
        let looked_up = seen.asked * ONE_OF;
        metrics::gauge!("kuvert_keys_lookups_suspected").set(misses.suspected() as f64);
        metrics::counter!("kuvert_keys_lookup_alarms_total").increment(1);
        warn!(
            caller,
            looked_up,
            percent,
            "Most recipients that a caller looks up are not known here: it may be trying numbers out"
        );
    }
}
