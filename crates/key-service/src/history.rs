//! What happened to a sender or a mailbox operator, for the operator to see: the chain, each link checked, and its end as it
//! is vouched for.

use crate::{
    failure::Failure,
    service::{Inner, KeyService},
    tend::TendError,
    unvouched::{alarm, check},
};
use domain::OrgNumber;
use evidence::{Party, Registered};
use registry::{
    history,
    sets::{self, Subject, Table},
};

impl KeyService {
    /// All events of one organisation, oldest first. An error when one is missing, added, moved or changed.
    pub async fn history_of(&self, party: Party, number: &OrgNumber) -> Result<Vec<Registered>, TendError> {
        self.0.history_of(party, number).await.map_err(|failure| TendError::from_failure(&failure))
    }
}

impl Inner {
    pub(crate) async fn history_of(
        &self,
        party: Party,
        number: &OrgNumber,
    ) -> Result<Vec<Registered>, Failure> {
        let subject = Subject::party(party, number);
        let mut tx = self.letters.read("read history").await?;
        let found = sets::read(&mut tx, std::slice::from_ref(&subject)).await?;
        let events =
            history::read(&mut tx, &self.keks.event_rings(self.clock.now())?, (party, number)).await?;
        drop(tx);
        let said = self.vouched(std::slice::from_ref(&subject)).await?;
        let only = |table| matches!(table, Table::RegistryEvent);
        check(&subject, &found[&subject], said.get(&subject), only)?;
        events.map_err(|(seq, flaw)| {
            tracing::error!(set = %subject, seq, %flaw, "A history is broken");
            alarm(Table::RegistryEvent, &subject)
        })
    }

    /// Whether the chain of this set holds; those of other sets are checked elsewhere.
    pub(crate) async fn history_holds(&self, subject: &Subject) -> Result<bool, Failure> {
        let Some((party, number)) = subject.as_party() else { return Ok(true) };
        let mut tx = self.letters.read("check history").await?;
        let rings = self.keks.event_rings(self.clock.now())?;
        Ok(history::read(&mut tx, &rings, (party, &number)).await?.is_ok())
    }
}
