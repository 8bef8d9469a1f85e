//! Somebody has died, or it was noted by mistake: the operator's command.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure};
use domain::{AddressMac, Time};
use registry::{
    people,
    sets::{Facts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn deceased(
        &mut self,
        address_mac: &AddressMac,
        at: Option<Time>,
    ) -> Result<Acted, Failure> {
        if at.is_some_and(|at| at > self.at.0) {
            return Ok(Acted::refused("in_future"));
        }
        // The event goes into the mailbox's chain, so the mailbox is held as for any change of it.
        let known = self.whose(address_mac).await?;
        let Some(person) = known.and_then(|known| known.owner.person()) else {
            return Ok(Acted::refused("unknown_person"));
        };
        let subject = Subject::person(person);
        let before = self.before(&subject).and_then(|set| set.of(Table::Person).next().cloned());
        let Some(Facts::Person { protected_at, .. }) = before else {
            return Ok(Acted::refused("unknown_person"));
        };
        let recorder = self.inner.recorder_by(registry::By::Service);
        let recorder = registry::Recorder { clock: &self.at, ..recorder };
        let done = people::note_death(&mut self.tx, person, at, &recorder).await?;
        let row = Facts::Person { protected_at, deceased_at: at };
        Ok(Acted::done(done, vec![(subject, Expected::Row(row))]))
    }
}
