//! What a sender has sent before: the row behind a reference.

use crate::{AcceptError, answer::Answer};
use domain::{LetterId, MailboxId, OrgNumber, PayloadMac, Random, ReferenceMac, SenderMac, Time};
use key_client::{GatewayKeys, KeyRing};
use store::{Error, Many, Tx, Value, args, row as values};
use vault::{Opaque, Place, mac::Mac};

/// One row of the table `submission`. References and receipts are sealed.
#[derive(Clone, Debug)]
pub struct Submission {
    pub sender_mac: SenderMac,
    pub reference_mac: ReferenceMac,
    pub payload_mac: PayloadMac,
    pub letter_id: LetterId,
    pub mailbox_id: MailboxId,
    /// Sealed, see [`Submission::reference`].
    pub reference: Vec<u8>,
    /// Sealed, see [`Submission::answer`].
    pub receipt: Vec<u8>,
    /// Whether the letter asked to be told when it is opened.
    pub tells_opened: bool,
    pub visible_from: Time,
    pub accepted_at: Time,
}

/// The row of a reference.
pub async fn by_reference(
    tx: &mut Tx,
    sender_mac: &SenderMac,
    reference_mac: &ReferenceMac,
) -> Result<Option<Submission>, Error> {
    tx.one(BY_REFERENCE, args![sender_mac, reference_mac]).await?.as_ref().map(read).transpose()
}

/// The rows of many references, those that there are.
pub(crate) async fn by_references(
    tx: &mut Tx,
    references: &[(SenderMac, ReferenceMac)],
) -> Result<Vec<Submission>, Error> {
    let wanted: Vec<_> = references.iter().map(|(sender, reference)| values![sender, reference]).collect();
    tx.query_many(&BY_REFERENCES, &wanted).await?.iter().map(read).collect()
}

/// The row of a letter. Compare [`Submission::sender_mac`] with those of the senders that the caller acts for.
pub async fn by_letter(tx: &mut Tx, letter_id: LetterId) -> Result<Option<Submission>, Error> {
    tx.one(BY_LETTER, args![letter_id]).await?.as_ref().map(read).transpose()
}

/// `submission.sender_mac`, `letter.sender_mac` and `feed.sender_mac`.
pub fn sender_mac(mac: &Mac, sender: &OrgNumber) -> SenderMac {
    SenderMac::from_bytes(mac.tag("sender", &[sender.as_str().as_bytes()]))
}

/// `submission.reference_mac`.
pub fn reference_mac(mac: &Mac, sender: &OrgNumber, reference: &str) -> ReferenceMac {
    ReferenceMac::from_bytes(mac.tag("reference", &[sender.as_str().as_bytes(), reference.as_bytes()]))
}

/// What `submission.reference` and `feed` readers open the reference at.
pub fn reference_place(letter_id: LetterId) -> Place {
    Place::new("submission/reference").id(letter_id.as_bytes())
}

/// Opens a sealed reference, also one that came with a feed event.
pub fn open_reference(ring: &KeyRing, letter_id: LetterId, sealed: &[u8]) -> Result<String, Opaque> {
    let padded = ring.open(&reference_place(letter_id), sealed)?;
    String::from_utf8(vault::unpad(&padded)?.to_vec()).map_err(|_| Opaque)
}

impl Submission {
    /// The sender's reference in clear.
    pub fn reference(&self, keys: &GatewayKeys) -> Result<String, Opaque> {
        open_reference(&keys.reference, self.letter_id, &self.reference)
    }

    /// The answer as it was first given, byte for byte.
    pub fn answer(&self, keys: &GatewayKeys) -> Result<Answer, Opaque> {
        let padded = keys.reference.open(&receipt_place(self.letter_id), &self.receipt)?;
        serde_json::from_slice(vault::unpad(&padded)?).map_err(|_| Opaque)
    }

    pub(crate) fn seal_reference(
        keys: &GatewayKeys,
        id: LetterId,
        reference: &str,
        random: &dyn Random,
    ) -> Vec<u8> {
        keys.reference.seal(&reference_place(id), &vault::pad(reference.as_bytes()), random)
    }

    pub(crate) fn seal_answer(
        keys: &GatewayKeys,
        answer: &Answer,
        random: &dyn Random,
    ) -> Result<Vec<u8>, AcceptError> {
        let json = serde_json::to_vec(answer).map_err(|error| AcceptError::Internal(Box::new(error)))?;
        Ok(keys.reference.seal(&receipt_place(answer.letter_id), &vault::pad(&json), random))
    }

    /// In the order in which rows are written everywhere.
    pub(crate) fn key(&self) -> (SenderMac, ReferenceMac) {
        (self.sender_mac, self.reference_mac)
    }

    fn values(&self) -> [Value<'_>; 10] {
        values![
            &self.sender_mac,
            &self.reference_mac,
            &self.payload_mac,
            self.letter_id,
            self.mailbox_id,
            &self.reference,
            &self.receipt,
            self.tells_opened,
            self.visible_from,
            self.accepted_at,
        ]
    }
}

/// Inserts those whose reference is new, and says whose letters they are. Of twins the first is new.
pub(crate) async fn insert_new(tx: &mut Tx, submissions: &[&Submission]) -> Result<Vec<LetterId>, Error> {
    let rows: Vec<_> = submissions.iter().map(|submission| submission.values()).collect();
    tx.query_many(&INSERT_NEW, &rows).await?.iter().map(|row| row.id("letter_id")).collect()
}

/// Takes back what [`insert_new`] wrote in this transaction.
pub(crate) async fn take_back(tx: &mut Tx, submission: &Submission) -> Result<(), Error> {
    tx.execute(TAKE_BACK, args![submission.letter_id]).await?.exactly(1)
}

/// The letter is in a mailbox here after all.
pub(crate) async fn moved(tx: &mut Tx, letter_id: LetterId, mailbox_id: MailboxId) -> Result<(), Error> {
    tx.execute(MOVED, args![mailbox_id, letter_id]).await?.exactly(1)
}

/// A write that changes nothing. Its commit waits for the standby, and so for all that was committed before it:
/// without that a receipt could be repeated that a fail-over would lose.
pub(crate) async fn confirm(tx: &mut Tx, submission: &Submission) -> Result<(), Error> {
    let found = tx.execute(CONFIRM, args![&submission.sender_mac, &submission.reference_mac]).await?;
    found.exactly(1)
}

store::columns! {
    submission_columns,
    fn read -> Submission {
        sender_mac: tag,
        reference_mac: tag,
        payload_mac: tag,
        letter_id: id,
        mailbox_id: id,
        reference: bytes.to_vec(),
        receipt: bytes.to_vec(),
        tells_opened: flag,
        visible_from: time,
        accepted_at: time,
    }
}

fn receipt_place(letter_id: LetterId) -> Place {
    Place::new("submission/receipt").id(letter_id.as_bytes())
}

macro_rules! select {
    ($where:literal) => {
        concat!("SELECT ", submission_columns!(), " FROM submission WHERE ", $where)
    };
}
const TAKE_BACK: &str = "DELETE FROM submission WHERE letter_id = $1";
const MOVED: &str = "UPDATE submission SET mailbox_id = $1 WHERE letter_id = $2";
const BY_REFERENCE: &str = select!("sender_mac = $1 AND reference_mac = $2");
const BY_LETTER: &str = select!("letter_id = $1");
static BY_REFERENCES: Many = Many::new(
    concat!("SELECT ", submission_columns!("s."), " FROM (VALUES "),
    2,
    ") AS want JOIN submission s ON s.sender_mac = want.column1 AND s.reference_mac = want.column2",
);
const CONFIRM: &str =
    "UPDATE submission SET accepted_at = accepted_at WHERE sender_mac = $1 AND reference_mac = $2";
static INSERT_NEW: Many = Many::new(
    concat!("INSERT INTO submission (", submission_columns!(), ") VALUES "),
    10,
    " ON CONFLICT DO NOTHING RETURNING letter_id",
);
