//! What the register says becomes mandates.

use super::Signatory;
use crate::{
    boxes,
    error::RegistryError,
    mandates::{self, Mandate, MandateKind},
    people,
    recorder::Recorder,
};
use domain::{MailboxId, PersonId};
use store::Tx;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    pub granted: usize,
    pub revoked: usize,
}

/// Makes the signatories of an organisation's mailbox those that the register names: missing mandates are granted,
/// those of people it no longer names are taken back. People who have never logged in here get theirs when they do:
/// call this at start, when the register changes and after a person is made known.
pub async fn sync(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    signatories: &[Signatory],
    recorder: &Recorder<'_>,
) -> Result<Synced, RegistryError> {
    let now = recorder.now();
    boxes::lock(tx, mailbox_id).await?;
    let held: Vec<Mandate> = mandates::of_mailbox(tx, mailbox_id).await?;
    let held: Vec<_> = held
        .into_iter()
        .filter(|mandate| mandate.kind == MandateKind::Signatory && mandate.holds(now))
        .collect();
    let mut named: Vec<(PersonId, &Signatory)> = Vec::with_capacity(signatories.len());
    for signatory in signatories {
        if let Some(person) = people::by_address(tx, &signatory.person_mac, now).await? {
            // Two numbers can be one person.
            if !named.iter().any(|(person_id, _)| *person_id == person.person_id) {
                named.push((person.person_id, signatory));
            }
        }
    }
    let mut synced = Synced::default();
    for mandate in &held {
        if !named.iter().any(|(person_id, _)| *person_id == mandate.person_id) {
            mandates::end(tx, mandate, recorder).await?;
            synced.revoked += 1;
        }
    }
    for (person_id, signatory) in named {
        if held.iter().any(|mandate| mandate.person_id == person_id) {
            continue;
        }
        let mandate = Mandate {
            mandate_id: signatory.mandate_id,
            mailbox_id,
            person_id,
            kind: MandateKind::Signatory,
            note: signatory.note.clone(),
            valid_from: now,
            valid_to: None,
            revoked_at: None,
        };
        mandates::grant(tx, &mandate, recorder).await?;
        synced.granted += 1;
    }
    Ok(synced)
}
