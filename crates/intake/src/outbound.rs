//! The table `outbound`: letters for other operators, from when they are taken in charge to how it ended.

use crate::AcceptError;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    AddressMac, JobId, LetterId, OrgNumber, Random, SenderMac, Time, jobs::HandOverJob, words::ReturnReason,
};
use evidence::EventRow;
use key_client::{EventRing, GatewayKeys};
use mailbox::PreparedPart;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::HashMap;
use store::{
    Error, Many, Row, Tx, Value, args,
    jobs::{self, NewJob},
    row as values,
};
use vault::Place;

/// Everything of one such letter that the accepting transaction writes.
pub(crate) struct PreparedOutbound {
    pub(crate) letter_id: LetterId,
    pub(crate) sender_mac: SenderMac,
    pub(crate) address_mac: AddressMac,
    pub(crate) brought_by: SenderMac,
    pub(crate) operator: OrgNumber,
    pub(crate) proof: Vec<u8>,
    pub(crate) part: PreparedPart,
    pub(crate) epoch: i64,
    pub(crate) sealed_key: Vec<u8>,
    pub(crate) accepted_at: Time,
    pub(crate) give_up_at: Time,
    pub(crate) event: EventRow,
    pub(crate) job: JobId,
}

/// A letter that waits to be handed over.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub letter_id: LetterId,
    pub give_up_at: Time,
    /// Tries in which it was sent, before this one.
    pub attempts: u64,
    /// The operator it goes to, as last told.
    pub operator: OrgNumber,
    /// The operator that it was sent to and that may have it: nobody knows.
    pub sent_to: Option<OrgNumber>,
    /// Since when `operator` says that we may not dispatch for the sender.
    pub refused_since: Option<Time>,
    pub(crate) brought_by: SenderMac,
    pub(crate) sender_mac: SenderMac,
    pub(crate) address_mac: AddressMac,
    pub(crate) object: Option<String>,
    pub(crate) stored_bytes: u64,
}

/// What stays of the sender's signature when the content is gone.
#[derive(Serialize)]
#[serde(tag = "form", rename_all = "snake_case")]
pub(crate) enum Proof {
    Jws { protected: Json, signature: Json, certificate: String },
    Delivery { signature: String },
}

impl Proof {
    /// Of the agency API's letter as it was signed.
    pub(crate) fn jws(original: &[u8], certificate: &[u8]) -> Self {
        let mut jws: Json = serde_json::from_slice(original).unwrap_or_default();
        let protected = jws["protected"].take();
        let signature = jws["signature"].take();
        Self::Jws { protected, signature, certificate: STANDARD.encode(certificate) }
    }

    /// Of a signed delivery, as it stands in it.
    pub(crate) fn delivery(signed: &str) -> Self {
        let signature = signed.rfind("<Signature ").map_or("", |at| &signed[at..]);
        Self::Delivery { signature: signature.trim_end_matches("</SignedDelivery>").to_owned() }
    }

    pub(crate) fn seal(
        &self,
        keys: &GatewayKeys,
        letter_id: LetterId,
        random: &dyn Random,
    ) -> Result<Vec<u8>, AcceptError> {
        let json = serde_json::to_vec(self).map_err(|error| AcceptError::Internal(Box::new(error)))?;
        Ok(keys.reference.seal(&place("proof", letter_id), &vault::pad(&json), random))
    }
}

/// `outbound.answer`.
pub(crate) fn seal_answer(
    keys: &GatewayKeys,
    letter_id: LetterId,
    transaction: &str,
    random: &dyn Random,
) -> Vec<u8> {
    keys.reference.seal(&place("answer", letter_id), &vault::pad(transaction.as_bytes()), random)
}

impl PreparedOutbound {
    /// Its object belongs to a row from now on.
    pub(crate) fn claim_object(&mut self) {
        if let PreparedPart::Object { guard, .. } = &mut self.part {
            guard.claim();
        }
    }

    fn values(&self) -> [Value<'_>; 15] {
        let (envelope, object) = match &self.part {
            PreparedPart::Row(bytes) => (Some(bytes), None),
            PreparedPart::Object { name, .. } => (None, Some(name)),
        };
        values![
            self.letter_id,
            &self.sender_mac,
            &self.address_mac,
            &self.brought_by,
            self.job,
            self.operator.as_str(),
            self.accepted_at,
            self.give_up_at,
            0i64,
            self.epoch,
            &self.sealed_key,
            object,
            i64::try_from(self.part.stored_bytes()).unwrap_or(i64::MAX),
            &self.proof,
            envelope,
        ]
    }
}

/// Writes the letters. The caller commits, or nothing of them is there.
pub(crate) async fn insert(
    tx: &mut Tx,
    ring: &EventRing,
    letters: &[&PreparedOutbound],
) -> Result<(), Error> {
    if letters.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = letters.iter().map(|letter| letter.values()).collect();
    tx.execute_many(&INSERT, &rows).await?.exactly(rows.len() as u64)?;
    let events: Vec<_> = letters.iter().map(|letter| letter.event.clone()).collect();
    evidence::insert(tx, ring, &events).await?;
    let feed: Vec<_> = letters.iter().map(|letter| letter.event.feed_row(letter.sender_mac)).collect();
    evidence::feed::waiting(tx, &feed).await?;
    let jobs: Vec<_> = letters.iter().map(|letter| job(letter)).collect();
    jobs::enqueue_many(tx, &jobs).await
}

/// The letter while it waits.
pub(crate) async fn find(tx: &mut Tx, letter_id: LetterId) -> Result<Option<Outbound>, Error> {
    tx.one(FIND, args![letter_id]).await?.as_ref().map(|row| read(letter_id, row)).transpose()
}

/// The sealed envelope, where it lies in the row.
pub(crate) async fn envelope(tx: &mut Tx, letter_id: LetterId) -> Result<Option<Vec<u8>>, Error> {
    let row = tx.one(ENVELOPE, args![letter_id]).await?;
    Ok(row.as_ref().map(|row| row.opt_bytes("envelope")).transpose()?.flatten().map(<[u8]>::to_vec))
}

/// It is sent to an operator now, and from now on may be there. False when it has ended.
pub(crate) async fn sends(tx: &mut Tx, letter_id: LetterId, to: &OrgNumber) -> Result<bool, Error> {
    Ok(tx.execute(SENDS, args![to.as_str(), letter_id]).await?.any())
}

/// What became of one try, and what is known of the letter after it. Nothing is told of one that has ended meanwhile, or
/// that another worker has tried since.
pub(crate) async fn tried(tx: &mut Tx, letter: &Outbound, code: &str, now: Time) -> Result<(), Error> {
    let Outbound { letter_id, operator, sent_to, refused_since, .. } = letter;
    let sent_to = sent_to.as_ref().map(OrgNumber::as_str);
    let attempts = letter.attempts as i64;
    let values = args![now, code, operator.as_str(), sent_to, *refused_since, *letter_id, attempts];
    tx.execute(TRIED, values).await?.ignore();
    Ok(())
}

/// It was not sent, for this reason; what was learnt of it all the same is kept.
pub(crate) async fn skipped(tx: &mut Tx, letter: &Outbound, code: &str) -> Result<(), Error> {
    let Outbound { letter_id, operator, sent_to, refused_since, .. } = letter;
    let sent_to = sent_to.as_ref().map(OrgNumber::as_str);
    let attempts = letter.attempts as i64;
    let values = args![code, operator.as_str(), sent_to, *refused_since, *letter_id, attempts];
    tx.execute(SKIPPED, values).await?.ignore();
    Ok(())
}

/// Makes letters due that wait for this operator: as many as it may take in some seconds. Those that it has answered, and
/// those that had no answer several times, have their own time to wait.
pub(crate) async fn hasten(tx: &mut Tx, operator: &OrgNumber, now: Time) -> Result<u64, Error> {
    let rows = tx.query(WAITING, args![operator.as_str()]).await?;
    let waiting = rows.iter().map(|row| row.id("job_id")).collect::<Result<Vec<_>, Error>>()?;
    jobs::hasten(tx, &waiting, now).await
}

/// Ends it at its operator: key and envelope go. False when it had ended.
pub(crate) async fn end(
    tx: &mut Tx,
    letter: &Outbound,
    code: &str,
    answer: Option<&[u8]>,
    now: Time,
) -> Result<bool, Error> {
    let values = args![now, code, answer, letter.operator.as_str(), letter.letter_id];
    Ok(tx.execute(END, values).await?.any())
}

/// Why letters were returned, those that were.
pub async fn reasons(tx: &mut Tx, letters: &[LetterId]) -> Result<HashMap<LetterId, ReturnReason>, Error> {
    if letters.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: Vec<_> = letters.iter().map(|id| values![id]).collect();
    let rows = tx.query_many(&REASONS, &wanted).await?;
    let reason =
        |row: &Row| Ok((row.id("letter_id")?, row.opt_text("last_code")?.and_then(ReturnReason::parse)));
    let found = rows.iter().map(reason).collect::<Result<Vec<_>, Error>>()?;
    Ok(found.into_iter().filter_map(|(id, reason)| Some((id, reason?))).collect())
}

fn job(letter: &PreparedOutbound) -> NewJob {
    NewJob::new(letter.job, &HandOverJob(letter.letter_id), letter.accepted_at)
}

fn read(letter_id: LetterId, row: &Row) -> Result<Outbound, Error> {
    Ok(Outbound {
        letter_id,
        sender_mac: row.tag("sender_mac")?,
        address_mac: row.tag("address_mac")?,
        object: row.opt_text("object")?.map(str::to_owned),
        stored_bytes: row.number("stored_bytes")?,
        give_up_at: row.time("give_up_at")?,
        attempts: row.number("attempts")?,
        brought_by: row.tag("brought_by")?,
        operator: organisation("operator", row.text("operator")?)?,
        sent_to: row.opt_text("sent_to")?.map(|number| organisation("sent_to", number)).transpose()?,
        refused_since: row.opt_time("refused_since")?,
    })
}

fn organisation(column: &'static str, number: &str) -> Result<OrgNumber, Error> {
    OrgNumber::parse(number).map_err(|_| Error::Column { column, wanted: "an organisation number" })
}

fn place(column: &str, letter_id: LetterId) -> Place {
    Place::new("outbound").text(column).id(letter_id.as_bytes())
}

static INSERT: Many = Many::new(
    "INSERT INTO outbound (letter_id, sender_mac, address_mac, brought_by, job_id, operator, accepted_at, give_up_at, \
     attempts, epoch, sealed_key, object, stored_bytes, proof, envelope) VALUES ",
    15,
    "",
);
const FIND: &str = "SELECT sender_mac, address_mac, object, stored_bytes, give_up_at, attempts, brought_by, operator, \
    sent_to, refused_since FROM outbound WHERE letter_id = $1 AND ended_at IS NULL";
const ENVELOPE: &str = "SELECT envelope FROM outbound WHERE letter_id = $1 AND ended_at IS NULL";
const SENDS: &str = "UPDATE outbound SET sent_to = $1 WHERE letter_id = $2 AND ended_at IS NULL";
const TRIED: &str = "UPDATE outbound SET tried_at = $1, attempts = attempts + 1, last_code = $2, operator = $3, \
    sent_to = $4, refused_since = $5 WHERE letter_id = $6 AND ended_at IS NULL AND attempts = $7";
const SKIPPED: &str = "UPDATE outbound SET last_code = $1, operator = $2, sent_to = $3, refused_since = $4 \
    WHERE letter_id = $5 AND ended_at IS NULL AND attempts = $6";
const WAITING: &str = "SELECT job_id FROM outbound WHERE operator = $1 AND ended_at IS NULL \
    AND (last_code IN ('silent', 'busy') OR (last_code IN ('no_answer', 'no_connection') AND attempts < 6)) \
    ORDER BY accepted_at LIMIT 1000";
const END: &str = "UPDATE outbound SET ended_at = $1, last_code = $2, answer = $3, operator = $4, envelope = NULL, \
    object = NULL, sealed_key = NULL WHERE letter_id = $5 AND ended_at IS NULL";
static REASONS: Many = Many::new(
    "SELECT letter_id, last_code FROM outbound WHERE ended_at IS NOT NULL AND letter_id IN (",
    1,
    ")",
);
