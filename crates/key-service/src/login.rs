//! A log-in: the nonce is ours, the judgement is ours, the front only carries.

use crate::{failure::Failure, grants::Verified, nonces, purpose::Purpose, service::Inner, unvouched::alarm};
use domain::{Identity, LoginMac, PersonId, Time};
use key_client::{Applicant, Column, GrantToken, GrantView, KeysError, LoggedIn, Nonce, person_profile};
use registry::sets::{SetKind, Subject, Table};
use serde_json::json;
use std::time::Duration;
use store::args;
use tracing::info;

/// An answer that came, and what it is an answer to.
pub(crate) struct Attempt<'a> {
    pub provider: &'a str,
    pub nonce: &'a str,
    /// A word for the browser.
    pub device: String,
    /// The log-in of the same person that this one takes the place of.
    pub instead_of: Option<GrantToken>,
}

impl Inner {
    pub(crate) fn begin_login(&self, provider: &str) -> Result<Nonce, Failure> {
        if !self.verifiers.contains_key(provider) {
            return Err(KeysError::Rejected("provider_unknown".into()).into());
        }
        let now = self.clock.now();
        let mac = self.keks.mac(Purpose::Nonce, now)?;
        Ok(nonces::give(&mac, provider, self.settings.login(), now, &*self.random))
    }

    pub(crate) async fn finish_login(
        &self,
        attempt: Attempt<'_>,
        answer: serde_json::Value,
    ) -> Result<LoggedIn, Failure> {
        let Attempt { provider, nonce, device, instead_of } = attempt;
        let verifier = self.verifiers.get(provider).ok_or(KeysError::Rejected("provider_unknown".into()))?;
        let mismatch = || rejected(eid::Rejection::NonceMismatch);
        let macs = self.keks.macs(Purpose::Nonce);
        let ends_at = nonces::read(&macs, nonce, provider, self.clock.now()).ok_or_else(mismatch)?;
        // A log-in that has ended meanwhile is not renewed.
        let before = instead_of.as_ref().map(|grant| self.applicant(grant)).transpose()?;
        let answer: eid::Answer =
            serde_json::from_value(answer).map_err(|_| rejected(eid::Rejection::TokenAnswerMalformed))?;
        let login = verifier.verify(&answer, nonce, self.clock.now()).await.map_err(rejected)?;
        // Only now: what is not a log-in must neither fill the table nor use up what another answer is waited for.
        if !nonces::use_up(&self.keys, nonce, ends_at).await? {
            return Err(mismatch().into());
        }
        let now = self.clock.now();
        let name = login.name.unwrap_or_default();
        let applicant = self.applicant_for(&login.identity, &name, now)?;
        if let Some(before) = before {
            // The provider was asked to have the person identify anew; whether it did is seen here.
            if login.auth_time.plus(SKEW) < ends_at.minus(self.settings.login()) {
                return Err(rejected(eid::Rejection::AuthTimeOld).into());
            }
            if before.login_mac != applicant.login_mac {
                return Err(KeysError::Rejected("other_person".into()).into());
            }
        }
        let person = self.person_by(&applicant.login_mac).await?;
        let grant = GrantToken::random(&*self.random);
        let verified = Verified {
            person,
            name: name.clone(),
            provider: login.provider,
            loa: login.loa,
            device: presentable(device),
            // What the provider says of a later time than now counts as now.
            fresh_until: login.auth_time.min(now).plus(self.settings.fresh()),
            applicant: applicant.clone(),
        };
        let mut grants = self.grants.lock();
        grants.add(&grant, verified, now, &*self.random);
        if let Some(old) = &instead_of {
            grants.end(old);
        }
        drop(grants);
        info!(provider, known = person.is_some(), again = instead_of.is_some(), "Verified a log-in");
        Ok(LoggedIn { grant, person, name, applicant })
    }

    /// Looks at a log-in, which counts as use.
    pub(crate) fn view(&self, grant: &GrantToken) -> Option<GrantView> {
        self.grants.lock().view(grant, self.clock.now())
    }

    pub(crate) fn applicant(&self, grant: &GrantToken) -> Result<Applicant, Failure> {
        Ok(self.grants.lock().touch(grant, self.clock.now())?.applicant.clone())
    }

    pub(crate) async fn refresh_person(&self, grant: &GrantToken) -> Result<(), Failure> {
        let login_mac = self.applicant(grant)?.login_mac;
        let person = self.person_by(&login_mac).await?;
        self.grants.lock().touch(grant, self.clock.now())?.person = person;
        Ok(())
    }

    pub(crate) fn end_grant(&self, grant: &GrantToken) {
        self.grants.lock().end(grant);
    }

    /// Refuses unless the person identified within the last minutes, by the provider's signed word.
    pub(crate) fn require_fresh(&self, grant: &GrantToken) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut grants = self.grants.lock();
        if now < grants.touch(grant, now)?.fresh_until { Ok(()) } else { Err(KeysError::NotFresh.into()) }
    }

    fn applicant_for(&self, identity: &Identity, name: &str, now: Time) -> Result<Applicant, Failure> {
        let macs = self.both_macs(now)?.of(identity);
        let profile = json!({ "name": name, "number": identity.expose() }).to_string();
        let place = crate::columns::place(Column::Profile, person_profile(&macs.login_mac).as_bytes());
        let purpose = Purpose::Column(Column::Profile);
        let padded = zeroize::Zeroizing::new(vault::pad(zeroize::Zeroizing::new(profile).as_bytes()));
        Ok(Applicant {
            kind: identity.kind(),
            login_mac: macs.login_mac,
            address_mac: macs.address_mac,
            profile_sealed: self.keks.seal(purpose, &place, &padded, now, &*self.random)?,
            adult: registry::people::is_of_age(identity, now),
        })
    }

    async fn person_by(&self, login_mac: &LoginMac) -> Result<Option<PersonId>, Failure> {
        let stated = self.known_login(login_mac).await?;
        let mut tx = self.letters.read("find person").await?;
        let row = tx.one(PERSON, args![login_mac]).await?;
        let found: Option<PersonId> = row.map(|row| row.id("person_id")).transpose()?;
        match (stated, found) {
            // What has not settled was perhaps never committed.
            (None, None) | (Some((_, false)), None) => Ok(None),
            (Some((stated, _)), Some(found)) if stated == found => Ok(Some(found)),
            (stated, found) => {
                let whose = stated.map(|(person, _)| person).or(found);
                let subject =
                    whose.map_or_else(|| Subject { kind: SetKind::Person, id: vec![] }, Subject::person);
                Err(alarm(Table::Login, &subject))
            }
        }
    }
}

fn rejected(rejection: eid::Rejection) -> KeysError {
    KeysError::Rejected(rejection.code().to_owned())
}

/// The word is the pages' own; what is not one of theirs is not kept.
fn presentable(device: String) -> String {
    let plain =
        device.len() <= 40 && device.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'/');
    if plain { device } else { String::new() }
}

/// How far the provider's clock may be from ours, as where its answer is verified.
const SKEW: Duration = Duration::from_secs(60);
const PERSON: &str = "SELECT person_id FROM login WHERE mac = $1";
