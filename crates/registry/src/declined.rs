//! Senders that an owner has turned off. Nothing of what they sent before changes.

use crate::{error::RegistryError, recorder::Recorder};
use domain::{DeclinedMac, MailboxId, OrgNumber, Time, words::EventType};
use store::{Error, Tx, args};
use vault::mac::Mac;

/// A sender that is turned off.
#[derive(Clone, Debug)]
pub struct Declined {
    pub sender_mac: DeclinedMac,
    /// (sealed) The sender's number.
    pub sender: Vec<u8>,
    pub declined_at: Time,
}

/// The tag under which a mailbox turns a sender off: different in every mailbox, so that the table does not say
/// who is unwanted by many.
pub fn sender_mac(mac: &Mac, mailbox_id: MailboxId, sender: &OrgNumber) -> DeclinedMac {
    DeclinedMac::from_bytes(mac.tag(LABEL, &[mailbox_id.as_bytes(), sender.as_str().as_bytes()]))
}

/// Turns a sender off: its letters are refused from now on. False when it was off already.
pub async fn decline(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    sender: &OrgNumber,
    sender_mac: &DeclinedMac,
    sealed_sender: &[u8],
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    let args = args![mailbox_id, sender_mac, sealed_sender, recorder.now()];
    if !tx.execute(DECLINE, args).await?.any() {
        return Ok(false);
    }
    tx.execute(NOT_ACCEPTED, args![mailbox_id, sender_mac]).await?.ignore();
    recorder.record(tx, mailbox_id, recorder.event(EventType::SenderDeclined).about(sender)).await?;
    Ok(true)
}

/// Turns a sender on again. False when it was on. The instant is kept for those who ask when this last changed.
pub async fn accept(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    sender: &OrgNumber,
    sender_mac: &DeclinedMac,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    if !tx.execute(ACCEPT, args![mailbox_id, sender_mac]).await?.any() {
        return Ok(false);
    }
    tx.execute(ACCEPTED, args![mailbox_id, sender_mac, recorder.now()]).await?.ignore();
    recorder.record(tx, mailbox_id, recorder.event(EventType::SenderAccepted).about(sender)).await?;
    Ok(true)
}

/// The senders that are turned off, newest first.
pub async fn list(tx: &mut Tx, mailbox_id: MailboxId) -> Result<Vec<Declined>, Error> {
    let rows = tx.query(LIST, args![mailbox_id]).await?;
    let rows = rows.iter().map(|row| {
        Ok(Declined {
            sender_mac: row.tag("sender_mac")?,
            sender: row.bytes("sender")?.to_vec(),
            declined_at: row.time("declined_at")?,
        })
    });
    rows.collect()
}

const LABEL: &str = "declined";
const DECLINE: &str = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT DO NOTHING";
const ACCEPT: &str = "DELETE FROM declined WHERE mailbox_id = $1 AND sender_mac = $2";
const ACCEPTED: &str = "INSERT INTO accepted (mailbox_id, sender_mac, accepted_at) VALUES ($1, $2, $3) \
    ON CONFLICT (mailbox_id, sender_mac) DO UPDATE SET accepted_at = EXCLUDED.accepted_at";
const NOT_ACCEPTED: &str = "DELETE FROM accepted WHERE mailbox_id = $1 AND sender_mac = $2";
const LIST: &str = "SELECT sender_mac, sender, declined_at FROM declined WHERE mailbox_id = $1 \
    ORDER BY declined_at DESC, sender_mac";

#[cfg(test)]
mod tests;
