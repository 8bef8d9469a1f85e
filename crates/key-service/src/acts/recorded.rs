//! What happened to a sender or an operator goes on record in the transaction of the change.

use super::Expected;
use crate::{change::Acting, failure::Failure};
use domain::{OrgNumber, words::RegistryEventType};
use evidence::{Particulars, Party};
use registry::{
    history::{self, Happened},
    sets::Subject,
};

impl Acting<'_> {
    /// Appends to the organisation's chain, whose set was taken up before; answers the row that stands there afterwards.
    pub(super) async fn happened(
        &mut self,
        (party, number): (Party, &OrgNumber),
        kind: RegistryEventType,
        particulars: Particulars,
    ) -> Result<(Subject, Expected), Failure> {
        let subject = Subject::party(party, number);
        let happened = Happened { kind, at: self.at.0, particulars };
        let ring = &self.inner.events;
        let random = &*self.inner.random;
        match history::append(&mut self.tx, ring, (party, number), happened, random).await? {
            Some(row) => Ok((subject, Expected::Row(row))),
            // Another change of the same organisation was first.
            None => Err(Failure::UnderWay(vec![subject])),
        }
    }
}
