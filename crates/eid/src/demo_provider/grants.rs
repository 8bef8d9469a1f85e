//! Codes and access tokens, in memory: they live minutes and die with the process.

use domain::{Random, Time};
use parking_lot::{Mutex, MutexGuard};
use std::{collections::HashMap, time::Duration};

/// What a person has agreed to.
#[derive(Clone)]
pub(super) struct Grant {
    pub client_id: String,
    pub redirect_uri: String,
    pub scope: Vec<String>,
    pub nonce: Option<String>,
    pub code_challenge: String,
    /// Place in the list of people.
    pub person: usize,
    pub auth_time: Time,
}

#[derive(Default)]
pub(super) struct Grants(Mutex<Held>);

/// Who has identified in a browser, as the provider remembers it.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// Place in the list of people.
    pub person: usize,
    pub auth_time: Time,
}

#[derive(Default)]
struct Held {
    codes: HashMap<String, Code>,
    access: HashMap<String, (Grant, Time)>,
    known: HashMap<String, Known>,
}

struct Code {
    grant: Grant,
    until: Time,
    /// The access token it has already been redeemed for.
    spent_for: Option<String>,
}

impl Grants {
    pub(super) fn new_code(&self, grant: Grant, now: Time, random: &dyn Random) -> String {
        let word = crate::word(random);
        let mut held = self.held();
        held.codes.retain(|_, code| code.until > now);
        held.access.retain(|_, (_, until)| *until > now);
        let until = now.plus(CODE_LIVES);
        held.codes.insert(word.clone(), Code { grant, until, spent_for: None });
        word
    }

    /// Redeems a code once, if `fits` says that it is this one's to redeem. Used again, it also takes back the
    /// access token that it gave the first time (RFC 6749 §4.1.2).
    pub(super) fn redeem(
        &self,
        code: &str,
        now: Time,
        random: &dyn Random,
        fits: impl FnOnce(&Grant) -> bool,
    ) -> Option<(Grant, String)> {
        let mut held = self.held();
        let known = held.codes.get_mut(code).filter(|code| code.until > now)?;
        if let Some(spent_for) = known.spent_for.clone() {
            held.access.remove(&spent_for);
            return None;
        }
        let access = crate::word(random);
        known.spent_for = Some(access.clone());
        let grant = known.grant.clone();
        if !fits(&grant) {
            return None;
        }
        held.access.insert(access.clone(), (grant.clone(), now.plus(ACCESS_LIVES)));
        Some((grant, access))
    }

    /// Remembers who has identified; what is answered is for the browser's cookie.
    pub(super) fn remember(&self, known: Known, random: &dyn Random) -> String {
        let word = crate::word(random);
        let mut held = self.held();
        held.known.retain(|_, other| known.auth_time.since(other.auth_time) < KNOWN_LIVES);
        held.known.insert(word.clone(), known);
        word
    }

    pub(super) fn known(&self, cookie: &str, now: Time) -> Option<Known> {
        self.held().known.get(cookie).copied().filter(|known| now.since(known.auth_time) < KNOWN_LIVES)
    }

    pub(super) fn by_access_token(&self, access: &str, now: Time) -> Option<Grant> {
        self.held().access.get(access).filter(|(_, until)| *until > now).map(|(grant, _)| grant.clone())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock()
    }
}

const KNOWN_LIVES: Duration = Duration::from_secs(8 * 60 * 60);
const CODE_LIVES: Duration = Duration::from_secs(60);
pub(super) const ACCESS_LIVES: Duration = Duration::from_secs(300);
