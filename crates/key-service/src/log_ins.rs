//! What a person sees of their own log-ins, and how they end them from afar.

use crate::{failure::Failure, service::Inner};
use key_client::{GrantToken, KeysError, LogIn};

impl Inner {
    /// All of them, the one that was used last first.
    pub(crate) fn log_ins(&self, token: &GrantToken) -> Result<Vec<LogIn>, Failure> {
        let own = token.hash();
        let mut grants = self.grants.lock();
        let mut all: Vec<LogIn> = grants
            .of_same_person(token, self.clock.now())?
            .into_iter()
            .map(|(hash, grant)| LogIn {
                id: grant.id.clone(),
                provider: grant.provider.clone(),
                device: grant.device.clone(),
                logged_in_at: grant.logged_in_at,
                used_at: grant.used_at,
                is_own: hash == own,
            })
            .collect();
        all.sort_by(|a, b| (b.is_own, b.used_at, &b.id).cmp(&(a.is_own, a.used_at, &a.id)));
        Ok(all)
    }

    /// Ends one of them. Another person's is not there.
    pub(crate) fn end_log_in(&self, token: &GrantToken, id: &str) -> Result<(), Failure> {
        let mut grants = self.grants.lock();
        let same = grants.of_same_person(token, self.clock.now())?;
        let found = same.into_iter().find(|(_, grant)| grant.id == id).map(|(hash, _)| hash);
        grants.end_by_hash(&found.ok_or(KeysError::Gone)?);
        Ok(())
    }

    /// Ends all but this one.
    pub(crate) fn end_other_log_ins(&self, token: &GrantToken) -> Result<(), Failure> {
        let own = token.hash();
        let mut grants = self.grants.lock();
        let same = grants.of_same_person(token, self.clock.now())?;
        let others: Vec<_> = same.into_iter().map(|(hash, _)| hash).filter(|hash| *hash != own).collect();
        others.iter().for_each(|hash| grants.end_by_hash(hash));
        Ok(())
    }
}
