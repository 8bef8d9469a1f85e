//! Log-ins, in memory only: none survives a restart.

use crate::{
    budget::{Bucket, Rate},
    settings::Settings,
};
use domain::{PersonId, Time};
use key_client::{Applicant, GrantToken, GrantView, KeysError};
use std::collections::HashMap;

/// One log-in.
pub(crate) struct Grant {
    pub person: Option<PersonId>,
    pub name: String,
    pub provider: String,
    pub loa: String,
    pub logged_in_at: Time,
    pub used_at: Time,
    pub applicant: Applicant,
    opens: Bucket,
    lists: Bucket,
}

/// All log-ins, by the SHA-256 of their tokens: looking one up tells nothing about tokens by its timing.
pub(crate) struct Grants {
    held: HashMap<[u8; 32], Grant>,
    settings: Settings,
    opens: Rate,
    lists: Rate,
    all_opens: Rate,
    all: Bucket,
}

/// A log-in that was just verified.
pub(crate) struct Verified {
    pub person: Option<PersonId>,
    pub name: String,
    pub provider: String,
    pub loa: String,
    pub applicant: Applicant,
}

impl Grants {
    pub(crate) fn new(settings: &Settings, now: Time) -> Self {
        let all_opens =
            Rate::with_burst(settings.all_opens_per_second, settings.all_opens_per_second.saturating_mul(2));
        Self {
            held: HashMap::new(),
            settings: settings.clone(),
            opens: Rate::new(settings.opens_per_ten_seconds, 10),
            lists: Rate::new(settings.lists_per_ten_seconds, 10),
            all_opens,
            all: Bucket::full(all_opens, now),
        }
    }
    pub(crate) fn add(&mut self, token: &GrantToken, verified: Verified, now: Time) {
        let Verified { person, name, provider, loa, applicant } = verified;
        let (opens, lists) = (Bucket::full(self.opens, now), Bucket::full(self.lists, now));
        let grant =
            Grant { person, name, provider, loa, logged_in_at: now, used_at: now, applicant, opens, lists };
        self.held.insert(token.hash(), grant);
    }
    /// The log-in, if it lasts. Counts as use.
    pub(crate) fn touch(&mut self, token: &GrantToken, now: Time) -> Result<&mut Grant, KeysError> {
        let hash = token.hash();
        if self.held.get(&hash).is_some_and(|grant| grant.has_ended(&self.settings, now)) {
            self.held.remove(&hash);
        }
        let grant = self.held.get_mut(&hash).ok_or(KeysError::NoGrant)?;
        grant.used_at = grant.used_at.max(now);
        Ok(grant)
    }
    /// The person that may open one letter now.
    pub(crate) fn spend_open(&mut self, token: &GrantToken, now: Time) -> Result<PersonId, Spent> {
        let rate = self.opens;
        let grant = self.touch(token, now)?;
        let person = grant.person.ok_or(KeysError::NotAllowed)?;
        if !grant.opens.take(rate, 1, now) {
            return Err(Spent::Budget("opens of one log-in"));
        }
        if !self.all.take(self.all_opens, 1, now) {
            return Err(Spent::Budget("opens of all"));
        }
        Ok(person)
    }
    /// The person that may see one list now.
    pub(crate) fn spend_list(&mut self, token: &GrantToken, now: Time) -> Result<PersonId, Spent> {
        let rate = self.lists;
        let grant = self.touch(token, now)?;
        let person = grant.person.ok_or(KeysError::NotAllowed)?;
        if grant.lists.take(rate, 1, now) { Ok(person) } else { Err(Spent::Budget("lists of one log-in")) }
    }
    pub(crate) fn view(&mut self, token: &GrantToken, now: Time) -> Option<GrantView> {
        let (idle, absolute) = (self.settings.grant_idle(), self.settings.grant_absolute());
        let grant = self.touch(token, now).ok()?;
        let ends_at = grant.logged_in_at.plus(absolute);
        Some(GrantView {
            person: grant.person,
            name: grant.name.clone(),
            provider: grant.provider.clone(),
            loa: grant.loa.clone(),
            logged_in_at: grant.logged_in_at,
            idle_ends_at: grant.used_at.plus(idle).min(ends_at),
            ends_at,
        })
    }
    pub(crate) fn end(&mut self, token: &GrantToken) {
        self.held.remove(&token.hash());
    }
    pub(crate) fn forget_ended(&mut self, now: Time) {
        let settings = &self.settings;
        self.held.retain(|_, grant| !grant.has_ended(settings, now));
    }
    pub(crate) fn count(&self) -> usize {
        self.held.len()
    }
}

/// Why nothing more is given.
#[derive(Debug)]
pub(crate) enum Spent {
    /// Which budget, for the metric.
    Budget(&'static str),
    Refused(KeysError),
}

impl From<KeysError> for Spent {
    fn from(error: KeysError) -> Self {
        Self::Refused(error)
    }
}

impl Grant {
    fn has_ended(&self, settings: &Settings, now: Time) -> bool {
        now >= self.used_at.plus(settings.grant_idle())
            || now >= self.logged_in_at.plus(settings.grant_absolute())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use domain::IdentityKind;
    use std::time::Duration;
    use vault::SystemRandom;

    const START: Time = Time::from_millis(1_700_000_000_000);

    fn minutes(n: u64) -> Time {
        START.plus(Duration::from_secs(60 * n))
    }

    fn logged_in(settings: Settings) -> (Grants, GrantToken) {
        let mut grants = Grants::new(&settings, START);
        let token = GrantToken::random(&SystemRandom);
        let applicant = Applicant {
            kind: IdentityKind::Personnummer,
            login_mac: [1; 32],
            address_mac: [2; 32],
            profile_sealed: vec![],
            adult: true,
        };
        let person = Some(PersonId::new(&SystemRandom));
        let verified =
            Verified { person, name: "Anna".into(), provider: "demo".into(), loa: "loa3".into(), applicant };
        grants.add(&token, verified, START);
        (grants, token)
    }

    #[test]
    fn a_log_in_that_is_not_used_ends_after_a_quarter_of_an_hour() {
        let (mut grants, token) = logged_in(Settings::default());
        assert!(grants.view(&token, minutes(14)).is_some());
        assert!(grants.view(&token, minutes(28)).is_some());
        assert!(grants.view(&token, minutes(43)).is_none());
        assert!(grants.view(&token, minutes(29)).is_none(), "once ended, always ended");
    }

    #[test]
    fn a_log_in_ends_after_an_hour_however_much_it_is_used() {
        let (mut grants, token) = logged_in(Settings::default());
        for minute in (0..60).step_by(5) {
            let view = grants.view(&token, minutes(minute)).unwrap();
            assert_eq!(view.ends_at, minutes(60));
            assert_eq!(view.idle_ends_at, minutes((minute + 15).min(60)));
        }
        assert!(grants.view(&token, minutes(60)).is_none());
    }

    #[test]
    fn log_out_ends_it_at_once_and_a_made_up_token_is_none() {
        let (mut grants, token) = logged_in(Settings::default());
        assert!(grants.view(&GrantToken::random(&SystemRandom), START).is_none());
        grants.end(&token);
        grants.end(&token);
        assert!(matches!(grants.spend_open(&token, START), Err(Spent::Refused(KeysError::NoGrant))));
    }

    #[test]
    fn one_log_in_opens_sixty_letters_in_ten_seconds_and_no_more() {
        let (mut grants, token) = logged_in(Settings::default());
        assert!((0..60).all(|_| grants.spend_open(&token, START).is_ok()));
        assert!(matches!(grants.spend_open(&token, START), Err(Spent::Budget("opens of one log-in"))));
        assert!(grants.spend_open(&token, START.plus(Duration::from_secs(1))).is_ok());
    }

    #[test]
    fn all_log_ins_together_have_a_ceiling() {
        let (mut grants, token) = logged_in(Settings { all_opens_per_second: 10, ..Settings::default() });
        assert_eq!((0..50).filter(|_| grants.spend_open(&token, START).is_ok()).count(), 20);
        assert!(matches!(grants.spend_open(&token, START), Err(Spent::Budget("opens of all"))));
    }

    #[test]
    fn a_log_in_without_a_person_opens_nothing() {
        let (mut grants, token) = logged_in(Settings::default());
        grants.touch(&token, START).unwrap().person = None;
        assert!(matches!(grants.spend_open(&token, START), Err(Spent::Refused(KeysError::NotAllowed))));
        assert!(matches!(grants.spend_list(&token, START), Err(Spent::Refused(KeysError::NotAllowed))));
    }

    #[test]
    fn ended_log_ins_are_forgotten() {
        let (mut grants, _) = logged_in(Settings::default());
        grants.forget_ended(minutes(14));
        assert_eq!(grants.count(), 1);
        grants.forget_ended(minutes(15));
        assert_eq!(grants.count(), 0);
    }
}
