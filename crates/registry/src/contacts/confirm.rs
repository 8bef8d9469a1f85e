//! A person types the code that was sent to an address.

use super::{CODE_TRIES, Code, channel_of, code_mac, record};
use crate::{error::RegistryError, recorder::Recorder};
use domain::{CodeMac, ContactId, ContactMac, PersonId, words::EventType};
use store::{Tx, args};
use vault::mac::Mac;

/// What became of a code. Commit the transaction in every case: a wrong try counts only then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "commit, also when the code was wrong"]
pub enum Confirmation {
    Confirmed,
    /// How many tries are left.
    Wrong {
        left: u32,
    },
    /// The code is too old, was tried too often, or there is none: a new one must be sent.
    Ended,
    /// This person has no such address.
    Unknown,
}

/// Confirms an address. Trying and counting are one statement, so tries at the same time all count.
pub async fn confirm(
    tx: &mut Tx,
    mac: &Mac,
    person_id: PersonId,
    contact_id: ContactId,
    code: &Code,
    recorder: &Recorder<'_>,
) -> Result<Confirmation, RegistryError> {
    let tried = tx.one(TRY, args![contact_id, person_id, CODE_TRIES, recorder.now()]).await?;
    let Some(row) = tried else {
        let known = tx.one(KNOWN, args![contact_id, person_id]).await?;
        return Ok(if known.is_some() { Confirmation::Ended } else { Confirmation::Unknown });
    };
    let expected: CodeMac = row.tag("code_mac")?;
    let address_mac: ContactMac = row.tag("address_mac")?;
    let right = code_mac(mac, person_id, &address_mac, code) == expected;
    if !right {
        let left = u32::try_from(CODE_TRIES - row.int("code_tries")?).unwrap_or(0);
        return Ok(if left == 0 { Confirmation::Ended } else { Confirmation::Wrong { left } });
    }
    let channel = channel_of(&row, "channel")?;
    tx.execute(CONFIRM, args![recorder.now(), contact_id]).await?.exactly(1)?;
    record(tx, person_id, EventType::ContactConfirmed, channel, recorder).await?;
    Ok(Confirmation::Confirmed)
}

const TRY: &str = "UPDATE contact SET code_tries = code_tries + 1 WHERE contact_id = $1 AND person_id = $2 \
    AND code_mac IS NOT NULL AND code_tries < $3 AND code_expires_at > $4 \
    RETURNING code_mac, address_mac, code_tries, channel";
const KNOWN: &str = "SELECT 1 FROM contact WHERE contact_id = $1 AND person_id = $2";
const CONFIRM: &str = "UPDATE contact SET confirmed_at = $1, failed_at = NULL, code_mac = NULL, \
    code_expires_at = NULL, code_tries = 0 WHERE contact_id = $2";
