//! Where a mailbox is, by a signed agreement that the door has verified. A mailbox here closes or opens again with it;
//! nobody gets a right.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure};
use domain::{AddressMac, JobId, MailboxId, OrgNumber, jobs::MoveJob};
use registry::{
    By, Recorder,
    pending::{self, PendingKind},
    registrations::{self, AccountType, NewRegistration, Place, RegistrationError},
    sets::Subject,
};
use store::jobs::{self, NewJob};

impl Acting<'_> {
    pub(super) async fn move_to(
        &mut self,
        (address_mac, job): (&AddressMac, JobId),
        to: Option<&OrgNumber>,
        account_type: &str,
    ) -> Result<Acted, Failure> {
        let Some(account_type) = AccountType::parse(account_type) else {
            return Ok(Acted::refused("malformed"));
        };
        let mailbox = self.mailbox_behind(address_mac).await?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        let place = to.map_or(Place::Here, |operator| Place::At(operator.clone()));
        let moved = registrations::move_to(&mut self.tx, address_mac, &place, account_type, &recorder).await;
        self.moved(moved, mailbox, (PendingKind::Move, address_mac, job)).await
    }

    pub(super) async fn register(
        &mut self,
        (address_mac, job): (&AddressMac, JobId),
        operator: &OrgNumber,
        account_type: &str,
    ) -> Result<Acted, Failure> {
        let Some(account_type) = AccountType::parse(account_type) else {
            return Ok(Acted::refused("malformed"));
        };
        let mailbox = self.mailbox_behind(address_mac).await?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        let new = NewRegistration { address_mac, operator, account_type };
        let registered = registrations::register(&mut self.tx, &new, &recorder).await;
        self.moved(registered, mailbox, (PendingKind::Register, address_mac, job)).await
    }

    pub(super) async fn deregister(
        &mut self,
        (address_mac, job): (&AddressMac, JobId),
        from: Option<&OrgNumber>,
    ) -> Result<Acted, Failure> {
        let mailbox = self.mailbox_behind(address_mac).await?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        let place = from.map_or(Place::Here, |operator| Place::At(operator.clone()));
        let left = registrations::deregister(&mut self.tx, address_mac, &place, &recorder).await;
        let left = left.map_err(RegistrationError::from);
        self.moved(left, mailbox, (PendingKind::Deregister, address_mac, job)).await
    }

    /// What waited for signatures is done with, and the recipient is told, where a mailbox here says how.
    async fn moved(
        &mut self,
        outcome: Result<bool, RegistrationError>,
        mailbox: Option<MailboxId>,
        (kind, address_mac, job): (PendingKind, &AddressMac, JobId),
    ) -> Result<Acted, Failure> {
        let done = match outcome {
            Ok(done) => done,
            Err(RegistrationError::Registry(error)) => return Err(error.into()),
            Err(RegistrationError::UnknownOperator) => return Ok(Acted::refused("unknown_operator")),
            Err(RegistrationError::Deceased) => return Ok(Acted::refused("deceased")),
            Err(RegistrationError::NoMailbox) => return Ok(Acted::refused("no_mailbox")),
            Err(RegistrationError::Elsewhere(Place::Here)) => return Ok(Acted::refused("here")),
            Err(RegistrationError::Elsewhere(Place::At(operator))) => {
                return Ok(Acted::refused(operator.as_str()));
            }
        };
        let at = self.at.0;
        let mut expected: Vec<(Subject, Expected)> = vec![];
        if let Some(mailbox) = mailbox {
            expected.extend(self.box_row(mailbox, |facts| facts.closed_at = Some(at)));
            expected.extend(self.box_row(mailbox, |facts| {
                (facts.opened_at, facts.closed_at) = (at, None);
            }));
        }
        if done {
            pending::delete(&mut self.tx, kind, address_mac).await?;
            if let Some(mailbox_id) = mailbox {
                jobs::enqueue(&mut self.tx, &NewJob::new(job, &MoveJob(mailbox_id), at)).await?;
            }
        }
        Ok(Acted::done(done, expected))
    }

    /// The mailbox of whoever has this number now, taken up.
    async fn mailbox_behind(&mut self, address_mac: &AddressMac) -> Result<Option<MailboxId>, Failure> {
        Ok(self.whose(address_mac).await?.and_then(|known| known.mailbox))
    }
}
