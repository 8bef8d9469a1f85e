//! Addresses on the content origin: 256 random bits each, bound to a log-in and a letter, for ten minutes.
//!
//! The content origin has no cookie, so the address itself is the right. It is held in memory only: after a
//! restart, or at another process, it opens nothing and the letter's page gives a new one.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Expiring, LetterId, MailboxId, Random, Time, chance};
use key_client::GrantToken;
use mailbox::OpenedLetter;
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};

/// All that are valid now.
pub(crate) struct Capabilities(Mutex<Expiring<Token, Capability>>);

type Token = [u8; 32];

/// What an address opens.
#[derive(Clone)]
pub(crate) struct Capability {
    pub token: String,
    pub grant: GrantToken,
    pub mailbox: MailboxId,
    pub letter: LetterId,
    /// As it was opened.
    pub opened: Arc<OpenedLetter>,
}

impl Capabilities {
    /// A new address for a letter that was just opened.
    pub(crate) fn add(
        &self,
        grant: &GrantToken,
        opened: Arc<OpenedLetter>,
        now: Time,
        random: &dyn Random,
    ) -> Capability {
        let token: Token = chance::bytes(random);
        let capability = Capability {
            token: BASE64_URL_SAFE_NO_PAD.encode(token),
            grant: grant.clone(),
            mailbox: opened.facts.mailbox_id,
            letter: opened.facts.letter_id,
            opened,
        };
        let mut held = self.0.lock();
        held.forget_ended(now);
        while held.iter(now).map(|(_, one)| one.bytes()).sum::<usize>() > MOST_BYTES {
            held.forget_oldest();
        }
        held.put(token, capability.clone(), now);
        capability
    }

    /// What an address opens now.
    pub(crate) fn find(&self, token: &str, now: Time) -> Option<Capability> {
        let token: Token = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        self.0.lock().get(&token, now).cloned()
    }

    /// The letter as this log-in opened it some minutes ago at most: showing its page again is the same reading.
    pub(crate) fn recent(&self, grant: &GrantToken, letter: LetterId, now: Time) -> Option<Capability> {
        let login = grant.hash();
        let held = self.0.lock();
        let fresh = held.iter(now).filter(|(since, one)| one.letter == letter && now.since(*since) < FRESH);
        let newest = fresh.filter(|(_, one)| one.grant.hash() == login).max_by_key(|(since, _)| *since);
        newest.map(|(_, one)| one.clone())
    }

    /// Ends all addresses of a log-in.
    pub(crate) fn forget_login(&self, grant: &GrantToken) {
        let login = grant.hash();
        self.0.lock().retain(|_, one| one.grant.hash() != login);
    }

    /// Ends all addresses of a letter.
    pub(crate) fn forget_letter(&self, letter: LetterId) {
        self.0.lock().retain(|_, one| one.letter != letter);
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new(MOST, LIFE)))
    }
}

impl Capability {
    /// About what it holds in memory: the letter as received, and what was read from it.
    fn bytes(&self) -> usize {
        self.opened.original.signed.len() + self.opened.letter.body.content.len()
    }
}

/// How long an address works.
pub(crate) const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long a page shown again is the same reading.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Letters held open at once, in all log-ins.
const MOST: usize = 2_000;
/// What they may hold together; beyond it the oldest addresses end early, and a letter's page gives new ones.
const MOST_BYTES: usize = 128 * 1024 * 1024;
