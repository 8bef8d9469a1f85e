//! Instants are unix milliseconds; civil dates are dates in Europe/Stockholm. Time is given, not taken.

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

/// An instant: milliseconds since 1970-01-01T00:00:00Z. On the wire RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(i64);

/// The text is not an instant or date in the form that is asked for.
#[derive(Debug, thiserror::Error)]
#[error("not a time in the form asked for")]
pub struct NotATime;

impl Time {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds, as in JWT claims.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Parses RFC 3339 with any offset; finer than milliseconds is cut.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        text.parse::<Timestamp>().map(|t| Self(t.as_millisecond())).map_err(|_| NotATime)
    }

    /// Later by `by`, kept within what an instant can hold.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier`; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).cast_unsigned())
    }

    /// The wall clock in Stockholm at this instant.
    pub fn in_stockholm(self) -> civil::DateTime {
        self.timestamp().to_zoned(stockholm()).datetime()
    }

    /// The civil date in Stockholm at this instant.
    pub fn date(self) -> CivilDate {
        CivilDate(self.in_stockholm().date())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// A civil date in Europe/Stockholm, `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDate(civil::Date);

impl CivilDate {
    /// Parses exactly `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, NotATime> {
        if text.len() != 10 {
            return Err(NotATime);
        }
        text.parse::<civil::Date>().map(Self).map_err(|_| NotATime)
    }

    /// From its parts; `None` when there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// Year, month 1–12, day 1–31.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }

    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// Whole days from `self` to `other`; negative when `other` is earlier.
    pub fn days_until(self, other: Self) -> i32 {
        self.0.until(other.0).map_or(0, |span| span.get_days())
    }

    /// The first instant of this date in Stockholm.
    pub fn start(self) -> Time {
        self.0.to_zoned(stockholm()).map_or(Time(0), |z| Time(z.timestamp().as_millisecond()))
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for CivilDate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CivilDate {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What time it is. Everything that asks is given one of these.
pub trait Clock: Send + Sync {
    fn now(&self) -> Time;
}

/// The machine's clock; the one place where the system's time is asked for.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn now(&self) -> Time {
        Time(Timestamp::now().as_millisecond())
    }
}

/// A clock that a test moves.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn at(start: Time) -> Self {
        Self(AtomicI64::new(start.0))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
}

fn stockholm() -> TimeZone {
    // Bundled with the program, so it is found on any machine; UTC would be the least wrong elsewhere.
    TimeZone::get("Europe/Stockholm").unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_utc_with_milliseconds() {
        let time = Time::parse("2026-11-22T10:20:30.5+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-22T09:20:30.500Z");
        assert_eq!(Time::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert!(Time::parse("2026-11-22").is_err());
    }

    #[test]
    fn a_late_evening_in_utc_is_the_next_day_in_stockholm() {
        assert_eq!(Time::parse("2026-06-30T22:30:00Z").unwrap().date().to_string(), "2026-07-01");
        assert_eq!(
            CivilDate::parse("2026-07-01").unwrap().start(),
            Time::parse("2026-06-30T22:00:00Z").unwrap()
        );
    }

    #[test]
    fn dates_that_are_not_in_the_form_are_refused() {
        for text in ["2026-02-30", "20260130", "2026-1-30", "2026-01-30T00:00", ""] {
            assert!(CivilDate::parse(text).is_err(), "{text}");
        }
    }
}
