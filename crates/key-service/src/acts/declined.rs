//! Senders that a mailbox turns off and on again.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure, purpose::Purpose};
use domain::{DeclinedMac, MailboxId, OrgNumber, PersonId};
use key_client::KeysError;
use registry::{
    By, Recorder, declined,
    sets::{Facts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn turn_off(
        &mut self,
        (person, mailbox): (PersonId, MailboxId),
        sender: &OrgNumber,
        sealed: &[u8],
    ) -> Result<Acted, Failure> {
        let because = self.governs(person, mailbox).await?.ok_or(KeysError::NotAllowed)?;
        let at = self.at;
        let tag = self.declined_tag(mailbox, sender)?;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Person(person, because)) };
        let off = declined::decline(&mut self.tx, mailbox, sender, &tag, sealed, &recorder).await?;
        let row = Expected::Row(Facts::Declined(tag));
        Ok(Acted::done(off, vec![(Subject::mailbox(mailbox), row)]))
    }

    pub(super) async fn turn_on(
        &mut self,
        (person, mailbox): (PersonId, MailboxId),
        sender: &OrgNumber,
    ) -> Result<Acted, Failure> {
        let because = self.governs(person, mailbox).await?.ok_or(KeysError::NotAllowed)?;
        let at = self.at;
        let tag = self.declined_tag(mailbox, sender)?;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Person(person, because)) };
        let on = declined::accept(&mut self.tx, mailbox, sender, &tag, &recorder).await?;
        let gone = Expected::Gone(Table::Declined, tag.as_bytes().to_vec());
        Ok(Acted::done(on, vec![(Subject::mailbox(mailbox), gone)]))
    }

    /// The tag under which the mailbox turns this sender off.
    pub(super) fn declined_tag(
        &self,
        mailbox: MailboxId,
        sender: &OrgNumber,
    ) -> Result<DeclinedMac, Failure> {
        let mac = self.inner.keks.mac(Purpose::SenderIndex, self.at.0)?;
        Ok(declined::sender_mac(&mac, mailbox, sender))
    }
}
