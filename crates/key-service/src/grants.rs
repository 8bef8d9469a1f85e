//! Log-ins, in memory only: none survives a restart.

use crate::settings::Settings;
use domain::{
    PersonId, Random, Time, chance,
    rate::{Bucket, Rate},
};
use key_client::{Applicant, GrantToken, GrantView, KeysError};
use mailbox::Rights;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

pub(crate) struct Grant {
    /// What it is called when its person ends it from afar.
    pub id: String,
    pub person: Option<PersonId>,
    pub name: String,
    pub provider: String,
    pub loa: String,
    pub device: String,
    pub logged_in_at: Time,
    pub used_at: Time,
    pub fresh_until: Time,
    pub applicant: Applicant,
    opens: Bucket,
    lists: Bucket,
    /// The rights that its last page began with.
    admitted: Option<Admitted>,
}

struct Admitted {
    rights: Rights,
    at: Time,
    /// By a clock that cannot be set.
    since: Instant,
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
    pub device: String,
    pub fresh_until: Time,
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

    pub(crate) fn add(&mut self, token: &GrantToken, verified: Verified, now: Time, random: &dyn Random) {
        let Verified { person, name, provider, loa, device, fresh_until, applicant } = verified;
        let opens = Bucket::full(self.opens, now);
        let lists = Bucket::full(self.lists, now);
        // Not made from the token: it stands in a page, and must say nothing of it.
        let id = hex::encode(chance::bytes::<16>(random));
        let logged_in_at = now;
        let used_at = now;
        let grant = Grant {
            id,
            person,
            name,
            provider,
            loa,
            device,
            logged_in_at,
            used_at,
            fresh_until,
            applicant,
            opens,
            lists,
            admitted: None,
        };
        self.held.insert(token.hash(), grant);
    }

    /// The log-in, if it lasts. Counts as use.
    pub(crate) fn touch(&mut self, token: &GrantToken, now: Time) -> Result<&mut Grant, KeysError> {
        let hash = token.hash();
        if self.held.get(&hash).is_some_and(|grant| grant.has_ended(&self.settings, now)) {
            self.held.remove(&hash);
        }
        let grant = self.held.get_mut(&hash).ok_or(KeysError::NoGrant)?;
        // A clock that is set back must not end log-ins.
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
        // After the log-in's own budget, so that no single one can use up everybody's.
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
        let idle = self.settings.grant_idle();
        let absolute = self.settings.grant_absolute();
        let grant = self.touch(token, now).ok()?;
        let ends_at = grant.logged_in_at.plus(absolute);
        Some(GrantView {
            person: grant.person,
            name: grant.name.clone(),
            provider: grant.provider.clone(),
            loa: grant.loa.clone(),
            logged_in_at: grant.logged_in_at,
            fresh_until: grant.fresh_until,
            idle_ends_at: grant.used_at.plus(idle).min(ends_at),
            ends_at,
        })
    }

    /// Notes what a page begins with: what it shows then is asked for by the same rights.
    pub(crate) fn admit(&mut self, token: &GrantToken, rights: Rights, at: Time) {
        if let Some(grant) = self.held.get_mut(&token.hash()) {
            grant.admitted = Some(Admitted { rights, at, since: Instant::now() });
        }
    }

    /// What the page that is being made began with, once; nothing that opens a letter goes by it.
    pub(crate) fn admitted(&mut self, token: &GrantToken, now: Time) -> Option<Rights> {
        let admitted = self.held.get_mut(&token.hash())?.admitted.take()?;
        let is_of_this_page = admitted.since.elapsed() <= ONE_PAGE && admitted.at <= now;
        is_of_this_page.then_some(admitted.rights)
    }

    pub(crate) fn end(&mut self, token: &GrantToken) {
        self.held.remove(&token.hash());
    }

    /// All log-ins of whoever has this one, it too, with their tokens' hashes.
    pub(crate) fn of_same_person(
        &mut self,
        token: &GrantToken,
        now: Time,
    ) -> Result<Vec<([u8; 32], &Grant)>, KeysError> {
        let login_mac = self.touch(token, now)?.applicant.login_mac;
        self.forget_ended(now);
        let same = self.held.iter().filter(|(_, grant)| grant.applicant.login_mac == login_mac);
        Ok(same.map(|(hash, grant)| (*hash, grant)).collect())
    }

    pub(crate) fn end_by_hash(&mut self, hash: &[u8; 32]) {
        self.held.remove(hash);
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

/// A page asks once when it begins, and the rest of its questions follow within this.
const ONE_PAGE: Duration = Duration::from_millis(250);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
