//! What the operator can set.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Limits and times of the key service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A log-in ends when it is not used for this long.
    pub grant_idle_seconds: u32,
    /// A log-in ends this long after it began, used or not.
    pub grant_absolute_seconds: u32,
    /// How long the answer to a log-in attempt is waited for.
    pub login_seconds: u32,
    /// How long after a person has identified they need not do so again: to let somebody help, to change where
    /// notices go, to erase.
    pub fresh_seconds: u32,
    /// Letters that one log-in may open in ten seconds.
    pub opens_per_ten_seconds: u32,
    /// Lists of headers that one log-in may ask for in ten seconds.
    pub lists_per_ten_seconds: u32,
    /// Letters that all log-ins together may open in a second: what an intruder could take.
    pub all_opens_per_second: u32,
    /// Recipients that a caller of the agency door may look up in a day; each letter is one, and so is each recipient
    /// of a question of reachability. `kuvert agency quota` fits it to what an organisation sends: an election letter
    /// of nine million is a dispatcher's, with a quota of ten million.
    pub lookups_per_day: u64,
    /// Recipients that all callers of the agency door together may look up in a day.
    pub lookups_all_per_day: u64,
    /// Recipients that the citizens' pages may look up in a day, for all who are logged in.
    pub lookups_web_per_day: u64,
    /// Recipients that all callers together may look up in a day that this service does not know.
    pub lookups_unknown_per_day: u64,
    /// From so many look-ups of a day on it is told when too few of a caller's are known.
    pub lookup_alarm_after: u64,
    /// When so many of a hundred are not known, as where numbers are tried out. Raise it where few of those whom your
    /// agencies ask for are your customers.
    pub lookup_alarm_percent: u32,
    /// Recipients that one caller may look up in a second, on average.
    pub address_tags_per_second: u32,
    /// Recipients that one caller may look up at once, after a while of silence.
    pub address_tags_burst: u32,
    /// Addresses of people that all notices together may open in a second, on average of ten: what an intruder could
    /// take.
    pub notice_addresses_per_second: u32,
    /// Addresses of people that all notices together may open in a day.
    pub notice_addresses_per_day: u32,
    /// Mailboxes whose evidence is checked in a second, at most, for as long as the service runs.
    pub evidence_mailboxes_per_second: u32,
    /// Events of theirs that are checked in a second, on average. With 500 a million mailboxes of fifty events are
    /// through in 28 hours.
    pub evidence_events_per_second: u32,
    /// Milliseconds of each second that are spent on it, on average: on a busy machine it goes slower by itself.
    pub evidence_milliseconds_per_second: u32,
    /// Within this many days after an erasure nothing opens the letter, with any backup: the mailbox gets a new key.
    pub erase_within_days: u32,
    /// How long the old mailbox key is kept then, for letters on their way in: at least 3600.
    pub roll_grace_seconds: u32,
    /// How long a rotated key is handed out before anybody seals with it.
    pub spread_seconds: u32,
    /// How often the service looks after its keys.
    pub tend_seconds: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            grant_idle_seconds: 15 * 60,
            grant_absolute_seconds: 60 * 60,
            login_seconds: 10 * 60,
            fresh_seconds: 5 * 60,
            opens_per_ten_seconds: 60,
            lists_per_ten_seconds: 60,
            all_opens_per_second: 1_000,
            lookups_per_day: 100_000,
            lookups_all_per_day: 20_000_000,
            lookups_web_per_day: 200_000,
            lookups_unknown_per_day: 1_000,
            lookup_alarm_after: 1_000,
            lookup_alarm_percent: 80,
            address_tags_per_second: 10_000,
            address_tags_burst: 50_000,
            notice_addresses_per_second: 1_000,
            notice_addresses_per_day: 5_000_000,
            evidence_mailboxes_per_second: 20,
            evidence_events_per_second: 500,
            evidence_milliseconds_per_second: 30,
            erase_within_days: 30,
            roll_grace_seconds: 24 * 60 * 60,
            spread_seconds: 10 * 60,
            tend_seconds: 60,
        }
    }
}

impl Settings {
    /// The first key whose value cannot work, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let positive = [
            ("grant_idle_seconds", self.grant_idle_seconds),
            ("grant_absolute_seconds", self.grant_absolute_seconds),
            ("login_seconds", self.login_seconds),
            ("fresh_seconds", self.fresh_seconds),
            ("opens_per_ten_seconds", self.opens_per_ten_seconds),
            ("lists_per_ten_seconds", self.lists_per_ten_seconds),
            ("all_opens_per_second", self.all_opens_per_second),
            ("address_tags_per_second", self.address_tags_per_second),
            ("address_tags_burst", self.address_tags_burst),
            ("notice_addresses_per_second", self.notice_addresses_per_second),
            ("notice_addresses_per_day", self.notice_addresses_per_day),
            ("evidence_mailboxes_per_second", self.evidence_mailboxes_per_second),
            ("evidence_events_per_second", self.evidence_events_per_second),
            ("evidence_milliseconds_per_second", self.evidence_milliseconds_per_second),
            ("erase_within_days", self.erase_within_days),
            ("tend_seconds", self.tend_seconds),
        ];
        if let Some((key, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err((key, "must be more than 0"));
        }
        let lookups = [
            ("lookups_per_day", self.lookups_per_day),
            ("lookups_all_per_day", self.lookups_all_per_day),
            ("lookups_web_per_day", self.lookups_web_per_day),
            ("lookup_alarm_after", self.lookup_alarm_after),
        ];
        if let Some((key, _)) = lookups.iter().find(|(_, value)| *value == 0) {
            return Err((key, "must be more than 0"));
        }
        if !(1..=100).contains(&self.lookup_alarm_percent) {
            return Err(("lookup_alarm_percent", "must be 1 to 100"));
        }
        if self.grant_idle_seconds > self.grant_absolute_seconds {
            return Err(("grant_idle_seconds", "must not be more than grant_absolute_seconds"));
        }
        if self.roll_grace() < LEAST_GRACE {
            return Err(("roll_grace_seconds", "must be at least 3600"));
        }
        if self.roll_after() + self.roll_grace() > self.erase_within() {
            return Err(("roll_grace_seconds", "must fit into half of erase_within_days"));
        }
        if self.spread_seconds < 2 * self.tend_seconds {
            return Err(("spread_seconds", "must be at least twice tend_seconds"));
        }
        Ok(())
    }

    pub(crate) fn grant_idle(&self) -> Duration {
        Duration::from_secs(self.grant_idle_seconds.into())
    }

    pub(crate) fn grant_absolute(&self) -> Duration {
        Duration::from_secs(self.grant_absolute_seconds.into())
    }

    pub(crate) fn login(&self) -> Duration {
        Duration::from_secs(self.login_seconds.into())
    }

    pub(crate) fn fresh(&self) -> Duration {
        Duration::from_secs(self.fresh_seconds.into())
    }

    pub(crate) fn erase_within(&self) -> Duration {
        Duration::from_secs(u64::from(self.erase_within_days) * 24 * 60 * 60)
    }

    /// Half the term passes first, so that many erasures need one roll; the other half is for doing it.
    pub(crate) fn roll_after(&self) -> Duration {
        self.erase_within() / 2
    }

    pub(crate) fn roll_grace(&self) -> Duration {
        Duration::from_secs(self.roll_grace_seconds.into())
    }

    pub(crate) fn spread(&self) -> Duration {
        Duration::from_secs(self.spread_seconds.into())
    }

    pub(crate) fn tend(&self) -> Duration {
        Duration::from_secs(self.tend_seconds.into())
    }
}

/// Gateways learn of a new pair within minutes; what they sealed before must still open.
const LEAST_GRACE: Duration = Duration::from_secs(60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_work_and_contradictions_are_named() {
        assert_eq!(Settings::default().check(), Ok(()));
        let idle = Settings { grant_idle_seconds: 3601, ..Settings::default() };
        assert_eq!(idle.check().map_err(|(key, _)| key), Err("grant_idle_seconds"));
        let grace = Settings { erase_within_days: 1, ..Settings::default() };
        assert_eq!(grace.check().map_err(|(key, _)| key), Err("roll_grace_seconds"));
        let none = Settings { roll_grace_seconds: 0, ..Settings::default() };
        assert_eq!(none.check().map_err(|(key, _)| key), Err("roll_grace_seconds"));
        let none = Settings { login_seconds: 0, ..Settings::default() };
        assert_eq!(none.check().map_err(|(key, _)| key), Err("login_seconds"));
        let hasty = Settings { spread_seconds: 61, ..Settings::default() };
        assert_eq!(hasty.check().map_err(|(key, _)| key), Err("spread_seconds"));
    }
}
