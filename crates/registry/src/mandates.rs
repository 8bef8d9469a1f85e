//! Rights to act for a mailbox that is not one's own: signatories of an organisation, and one helper.

mod access;
mod helper;

pub use access::{BoxAccess, access, boxes_of};
pub(crate) use helper::revoke_helpers;
pub use helper::{HelperError, NewHelper, grant_helper, revoke_helper};

use crate::{error::RegistryError, recorder::Recorder};
use domain::{
    MailboxId, MandateId, PersonId, Time,
    words::{Because, EventType},
};
use store::{Error, Row, Tx, args};

/// A right, past or present.
#[derive(Clone, Debug)]
pub struct Mandate {
    pub mandate_id: MandateId,
    pub mailbox_id: MailboxId,
    pub person_id: PersonId,
    pub kind: MandateKind,
    /// (sealed) The holder's name as the owner wrote or the register gave it.
    pub note: Vec<u8>,
    pub valid_from: Time,
    pub valid_to: Option<Time>,
    pub revoked_at: Option<Time>,
}

/// What a mandate lets one do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MandateKind {
    /// Everything an owner may.
    Signatory,
    /// Read what is not confidential.
    Helper,
}

impl MandateKind {
    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signatory => "signatory",
            Self::Helper => "helper",
        }
    }

    pub const fn because(self) -> Because {
        match self {
            Self::Signatory => Because::Signatory,
            Self::Helper => Because::Helper,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Signatory, Self::Helper].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Mandate {
    /// Whether it counts at this instant.
    pub fn holds(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.valid_from <= now && self.valid_to.is_none_or(|until| now < until)
    }
}

/// The mandates that a person holds now.
pub async fn for_person(tx: &mut Tx, person_id: PersonId, now: Time) -> Result<Vec<Mandate>, Error> {
    tx.query(FOR_PERSON, args![person_id, now]).await?.iter().map(read).collect()
}

/// The mandates over a mailbox, past ones too, newest first.
pub async fn of_mailbox(tx: &mut Tx, mailbox_id: MailboxId) -> Result<Vec<Mandate>, Error> {
    tx.query(OF_MAILBOX, args![mailbox_id]).await?.iter().map(read).collect()
}

/// Writes a mandate. One that was taken back comes back under its own id, as when the register names a signatory
/// again; the chain keeps what was in between.
pub(crate) async fn grant(
    tx: &mut Tx,
    mandate: &Mandate,
    recorder: &Recorder<'_>,
) -> Result<(), RegistryError> {
    let kind = mandate.kind.as_str();
    let id = mandate.mandate_id;
    let mailbox_id = mandate.mailbox_id;
    let from = mandate.valid_from;
    let to = mandate.valid_to;
    tx.execute(GRANT, args![id, mailbox_id, mandate.person_id, kind, &mandate.note, from, to])
        .await?
        .exactly(1)?;
    recorder.record(tx, mailbox_id, recorder.event(EventType::MandateGranted).with(kind)).await
}

/// Takes a mandate back, at once; false when it does not count any more.
pub(crate) async fn end(
    tx: &mut Tx,
    mandate: &Mandate,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    if !tx.execute(END, args![recorder.now(), mandate.mandate_id]).await?.any() {
        return Ok(false);
    }
    let event = recorder.event(EventType::MandateRevoked).with(mandate.kind.as_str());
    recorder.record(tx, mandate.mailbox_id, event).await?;
    Ok(true)
}

store::columns! {
    mandate_columns,
    pub(crate) fn read -> Mandate {
        mandate_id: id,
        mailbox_id: id,
        person_id: id,
        kind: kind(row),
        note: bytes.to_vec(),
        valid_from: time,
        valid_to: opt_time,
        revoked_at: opt_time,
    }
}

fn kind(row: &Row, column: &'static str) -> Result<MandateKind, Error> {
    row.parsed(column, "a kind of mandate", MandateKind::parse)
}

const FOR_PERSON: &str = concat!(
    "SELECT ",
    mandate_columns!(),
    " FROM mandate WHERE person_id = $1 AND revoked_at IS NULL AND valid_from <= $2 \
     AND (valid_to IS NULL OR valid_to > $2) ORDER BY valid_from, mandate_id"
);
const OF_MAILBOX: &str = concat!(
    "SELECT ",
    mandate_columns!(),
    " FROM mandate WHERE mailbox_id = $1 ORDER BY valid_from DESC, mandate_id"
);
const GRANT: &str = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from, valid_to) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (mandate_id) DO UPDATE SET note = EXCLUDED.note, \
    valid_from = EXCLUDED.valid_from, valid_to = EXCLUDED.valid_to, revoked_at = NULL \
    WHERE mandate.mailbox_id = EXCLUDED.mailbox_id AND mandate.person_id = EXCLUDED.person_id \
    AND mandate.kind = EXCLUDED.kind AND mandate.revoked_at IS NOT NULL";
const END: &str = "UPDATE mandate SET revoked_at = $1 WHERE mandate_id = $2 AND revoked_at IS NULL";

#[cfg(test)]
mod tests;
