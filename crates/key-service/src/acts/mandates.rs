//! Helpers and signatories.

use super::{Acted, Expected};
use crate::{change::Acting, directory, failure::Failure};
use domain::{MailboxId, MandateId, OrgNumber, PersonId, Time};
use key_client::{Changed, KeysError};
use registry::{
    By, Owner, Recorder,
    mandates::{self, HelperError, MandateKind, NewHelper},
    register::{self, Signatory},
    sets::{Facts, MandateFacts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn grant_helper(
        &mut self,
        (person, mailbox_id): (PersonId, MailboxId),
        (mandate_id, helper): (MandateId, PersonId),
        note: &[u8],
        valid_to: Time,
    ) -> Result<Acted, Failure> {
        let because = self.governs(person, mailbox_id).await?.ok_or(KeysError::NotAllowed)?;
        self.take(&[Subject::person(helper)]).await?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Person(person, because)) };
        let new = NewHelper { mandate_id, mailbox_id, helper, note, valid_to };
        let word = match mandates::grant_helper(&mut self.tx, &new, &recorder).await {
            Ok(()) => {
                let facts = MandateFacts {
                    mandate_id,
                    person_id: helper,
                    kind: MandateKind::Helper.as_str().to_owned(),
                    valid_from: at.0,
                    valid_to: Some(valid_to),
                    revoked_at: None,
                };
                let row = Expected::Row(Facts::Mandate(facts));
                return Ok(Acted::done(true, vec![(Subject::mailbox(mailbox_id), row)]));
            }
            Err(HelperError::UnknownMailbox) => "unknown_mailbox",
            Err(HelperError::UnknownHelper) => "unknown_helper",
            Err(HelperError::Oneself) => "oneself",
            Err(HelperError::Protected) => "protected",
            Err(HelperError::End) => "end",
            Err(HelperError::Another) => "another",
            Err(HelperError::Registry(error)) => return Err(error.into()),
        };
        Ok(Acted::refused(word))
    }

    pub(super) async fn revoke_helper(
        &mut self,
        (person, mailbox_id): (PersonId, MailboxId),
        mandate_id: MandateId,
    ) -> Result<Acted, Failure> {
        let because = self.governs(person, mailbox_id).await?.ok_or(KeysError::NotAllowed)?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Person(person, because)) };
        let revoked = mandates::revoke_helper(&mut self.tx, mailbox_id, mandate_id, &recorder).await?;
        let expected = self.ended(mailbox_id, |one| one.mandate_id == mandate_id);
        Ok(Acted::done(revoked, expected))
    }

    /// Reads the register itself. Whose the mailbox is, and whom the register's numbers belong to, is what the key store
    /// says. An organisation that the register does not name has no signatories; a register that cannot be read, or is not
    /// there, says nothing.
    pub(super) async fn follow_register(&mut self, mailbox: MailboxId) -> Result<Acted, Failure> {
        let unreadable = || KeysError::Rejected("register_unreadable".into());
        let register = self.inner.register.as_ref().ok_or_else(unreadable)?;
        let file = register.read().await.map_err(|_| unreadable())?;
        let Some(owner @ Owner::Organisation(_)) = self.take_mailbox(mailbox).await? else {
            return Ok(Acted::refused("unknown_mailbox"));
        };
        let named = self.number_of(owner, file.organisations()).await?;
        let signatories = named.map_or_else(Vec::new, |number| file.signatories(&number).to_vec());
        let expected = self.named(mailbox, &signatories).await?;
        let at = self.at;
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(By::Service) };
        let synced = register::sync(&mut self.tx, mailbox, &signatories, &recorder).await?;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let outcome = Changed::Synced { granted: count(synced.granted), revoked: count(synced.revoked) };
        Ok(Acted { outcome, ..Acted::done(true, expected) })
    }

    /// Which of these organisations the owner is.
    async fn number_of(
        &self,
        owner: Owner,
        organisations: impl Iterator<Item = &OrgNumber>,
    ) -> Result<Option<OrgNumber>, Failure> {
        let macs = self.inner.both_macs(self.at.0)?;
        let mut keys = self.inner.keys.read("find organisation").await?;
        let theirs = directory::addresses_of(&mut keys, owner, self.at.0).await?;
        let is_it = |number: &&OrgNumber| theirs.contains(&macs.of(&number.identity()).address_mac);
        Ok({ organisations }.find(is_it).cloned())
    }

    /// The mandates that the register's word can lead to.
    async fn named(
        &mut self,
        mailbox: MailboxId,
        signatories: &[Signatory],
    ) -> Result<Vec<(Subject, Expected)>, Failure> {
        let now = self.at.0;
        let signs = |one: &MandateFacts| one.kind == MandateKind::Signatory.as_str();
        let mut expected = self.ended(mailbox, signs);
        let mut keys = self.inner.keys.read("find signatories").await?;
        for one in signatories {
            let Some(known) = directory::address(&mut keys, &one.person_mac, now).await? else { continue };
            let Ok(person_id) = PersonId::from_slice(&known.owner_id) else { continue };
            let facts = MandateFacts {
                mandate_id: one.mandate_id,
                person_id,
                kind: MandateKind::Signatory.as_str().to_owned(),
                valid_from: now,
                valid_to: None,
                revoked_at: None,
            };
            expected.push((Subject::mailbox(mailbox), Expected::Row(Facts::Mandate(facts))));
        }
        Ok(expected)
    }

    /// The mandates as they stand when they are taken back now.
    fn ended(&self, mailbox: MailboxId, which: impl Fn(&MandateFacts) -> bool) -> Vec<(Subject, Expected)> {
        let subject = Subject::mailbox(mailbox);
        let held = self.before(&subject).into_iter().flat_map(|set| set.of(Table::Mandate));
        let ended = held.filter_map(|facts| match facts {
            Facts::Mandate(one) if which(one) => {
                Some(Facts::Mandate(MandateFacts { revoked_at: Some(self.at.0), ..one.clone() }))
            }
            _ => None,
        });
        ended.map(|facts| (subject.clone(), Expected::Row(facts))).collect()
    }
}
