//! A log-in: the nonce is ours, the judgement is ours, the front only carries.

use crate::{
    failure::Failure,
    grants::Verified,
    nonces,
    purpose::Purpose,
    service::{Inner, lock},
};
use domain::{Identity, PersonId, Time};
use key_client::{Applicant, Column, GrantToken, GrantView, KeysError, LoggedIn, Nonce, person_profile};
use serde_json::json;
use store::args;
use tracing::info;

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
        provider: &str,
        answer: serde_json::Value,
        nonce: &str,
    ) -> Result<LoggedIn, Failure> {
        let verifier = self.verifiers.get(provider).ok_or(KeysError::Rejected("provider_unknown".into()))?;
        let mismatch = || rejected(eid::Rejection::NonceMismatch);
        let macs = self.keks.macs(Purpose::Nonce);
        let ends_at = nonces::read(&macs, nonce, provider, self.clock.now()).ok_or_else(mismatch)?;
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
        let person = self.person_by(&applicant.login_mac).await?;
        let grant = GrantToken::random(&*self.random);
        let verified = Verified {
            person,
            name: name.clone(),
            provider: login.provider,
            loa: login.loa,
            applicant: applicant.clone(),
        };
        lock(&self.grants).add(&grant, verified, now);
        info!(provider, known = person.is_some(), "Verified a log-in");
        Ok(LoggedIn { grant, person, name, applicant })
    }

    /// Looks at a log-in, which counts as use.
    pub(crate) fn view(&self, grant: &GrantToken) -> Option<GrantView> {
        lock(&self.grants).view(grant, self.clock.now())
    }

    pub(crate) fn applicant(&self, grant: &GrantToken) -> Result<Applicant, Failure> {
        Ok(lock(&self.grants).touch(grant, self.clock.now())?.applicant.clone())
    }

    pub(crate) async fn refresh_person(&self, grant: &GrantToken) -> Result<(), Failure> {
        let login_mac = self.applicant(grant)?.login_mac;
        let person = self.person_by(&login_mac).await?;
        lock(&self.grants).touch(grant, self.clock.now())?.person = person;
        Ok(())
    }

    pub(crate) fn end_grant(&self, grant: &GrantToken) {
        lock(&self.grants).end(grant);
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

    async fn person_by(&self, login_mac: &[u8; 32]) -> Result<Option<PersonId>, Failure> {
        let mut tx = self.letters.read("find person").await?;
        let row = tx.one(PERSON, args![login_mac]).await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }
}

fn rejected(rejection: eid::Rejection) -> KeysError {
    KeysError::Rejected(rejection.code().to_owned())
}

const PERSON: &str = "SELECT person_id FROM login WHERE mac = $1";
