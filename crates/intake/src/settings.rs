use crate::scanner::Scanner;
use domain::{OrgNumber, letter::Limits};
use std::{collections::BTreeMap, time::Duration};

/// How letters are taken in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// This operator's id, which `audience` must be when a letter has one.
    pub audience: String,
    pub limits: Limits,
    /// Of a whole `deliverSecure` message.
    pub envelope_bytes: u64,
    pub scanner: Scanner,
    /// Whether text messages are sent here: what is announced is not promised by a channel that there is not.
    pub sms: bool,
    /// Recipients of announcements that one sender may ask for in a day, where nothing else is said of it.
    pub announced_per_day: u64,
    /// The same of single senders.
    pub announced_per_day_of: BTreeMap<OrgNumber, u64>,
    /// Memory for letters on their way in, of all callers together. One caller alone gets half.
    pub room_bytes: u64,
    /// Letters in one transaction at most.
    pub batch_letters: usize,
    /// Transactions at the same time. SQLite has one writer; PostgreSQL may gain by two.
    pub lanes: usize,
    /// How far ahead `visible_from` may lie.
    pub visible_ahead: Duration,
}

impl Settings {
    /// What is good for most, for the operator `audience`.
    pub fn new(audience: impl Into<String>) -> Self {
        Self {
            audience: audience.into(),
            limits: Limits::default(),
            envelope_bytes: 10 * 1024 * 1024,
            scanner: Scanner::None,
            sms: true,
            announced_per_day: 20_000,
            announced_per_day_of: BTreeMap::new(),
            room_bytes: 128 * 1024 * 1024,
            batch_letters: 256,
            lanes: 1,
            visible_ahead: Duration::from_secs(365 * 24 * 3600),
        }
    }

    /// Recipients of announcements that this sender may ask for in a day.
    pub(crate) fn announced_to_per_day(&self, sender: &OrgNumber) -> u64 {
        self.announced_per_day_of.get(sender).copied().unwrap_or(self.announced_per_day)
    }
}
