//! Whether a letter can reach someone here: one question to the database for each letter.

use crate::owner::Owner;
use domain::{Code, Identity, MailboxId, Time, words::Unreachable};
use std::collections::HashMap;
use store::{Error, Many, Row, Tx, args, row as values};
use vault::seal_to::PublicKey;

/// What the registry knows of an address, and its own version, read in the same statement.
#[derive(Clone, Debug)]
pub struct Found {
    /// The registry's version, for [`Directory::refresh_if`](crate::Directory::refresh_if).
    pub version: i64,
    /// `None` when nobody with this address has a mailbox here.
    pub recipient: Option<Recipient>,
}

/// The mailbox behind an address.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub mailbox_id: MailboxId,
    pub owner: Owner,
    /// Of the public key.
    pub epoch: i64,
    /// What letter keys are sealed to.
    pub public_key: PublicKey,
    pub closed: bool,
    pub deceased: bool,
    /// Whether the owner has turned off the sender that was asked for.
    pub declined: bool,
}

impl Found {
    /// The mailbox, or the code that refuses the letter. Age shows in the number itself: someone under 18 without
    /// a mailbox is told apart from someone unknown.
    pub fn reachable(&self, identity: &Identity, now: Time) -> Result<&Recipient, Code> {
        let Some(recipient) = &self.recipient else {
            let minor = identity.is_person() && !crate::people::is_of_age(identity, now);
            return Err(if minor { Code::RecipientUnderAge } else { Code::RecipientUnknown });
        };
        if recipient.deceased {
            Err(Code::RecipientDeceased)
        } else if recipient.closed {
            Err(Code::MailboxClosed)
        } else if recipient.declined {
            Err(Code::SenderDeclined)
        } else {
            Ok(recipient)
        }
    }
}

/// The refusal of a letter as a reason of `POST /v1/reachability`.
pub fn unreachable(code: Code) -> Unreachable {
    match code {
        Code::IdentityInvalid => Unreachable::IdentityInvalid,
        Code::CheckDigitInvalid => Unreachable::CheckDigitInvalid,
        Code::MailboxClosed => Unreachable::Closed,
        Code::RecipientDeceased => Unreachable::Deceased,
        Code::RecipientUnderAge => Unreachable::UnderAge,
        Code::SenderDeclined => Unreachable::SenderDeclined,
        _ => Unreachable::Unknown,
    }
}

/// Looks one address up. `declined_mac` makes the tag under which this mailbox would have turned the sender off:
/// [`declined::sender_mac`](crate::declined::sender_mac).
pub async fn look_up(
    tx: &mut Tx,
    address_mac: &[u8; 32],
    now: Time,
    declined_mac: impl Fn(MailboxId) -> [u8; 32] + Send,
) -> Result<Found, Error> {
    let rows = tx.query(LOOK_UP, args![address_mac, now]).await?;
    let version = rows.first().ok_or(Error::Unexpected { expected: 1, found: 0 })?.int(0)?;
    let mut gathered = Gathered::new(declined_mac);
    for row in &rows {
        gathered.add(row)?;
    }
    Ok(Found { version, recipient: gathered.found.into_values().next().map(|(_, recipient)| recipient) })
}

/// Looks many addresses up; those without a mailbox are not in the answer.
pub async fn look_up_many(
    tx: &mut Tx,
    address_macs: &[[u8; 32]],
    now: Time,
    declined_mac: impl Fn(MailboxId) -> [u8; 32] + Send,
) -> Result<HashMap<[u8; 32], Recipient>, Error> {
    let wanted: Vec<_> = address_macs.iter().map(|mac| values![mac]).collect();
    let rows = tx.query_many_with(&LOOK_UP_MANY, args![now], &wanted).await?;
    let mut gathered = Gathered::new(declined_mac);
    for row in &rows {
        gathered.add(row)?;
    }
    Ok(gathered.found.into_iter().map(|(mac, (_, recipient))| (mac, recipient)).collect())
}

/// One row comes for each sender that a mailbox has turned off, and one for a mailbox that has turned off none.
struct Gathered<F> {
    declined_mac: F,
    /// By address, with the instant since when the address is its owner's.
    found: HashMap<[u8; 32], (Time, Recipient)>,
}

impl<F: Fn(MailboxId) -> [u8; 32]> Gathered<F> {
    fn new(declined_mac: F) -> Self {
        Self { declined_mac, found: HashMap::new() }
    }

    fn add(&mut self, row: &Row) -> Result<(), Error> {
        let Some(mailbox_id) = row.opt_id::<MailboxId>(5)? else { return Ok(()) };
        let (address_mac, valid_from) = (row.array(1)?, row.time(2)?);
        // The declined tag is a keyed hash that the sender never sees; timing tells nothing of use here.
        let declined = row.opt_bytes(10)?.is_some_and(|mac| mac == (self.declined_mac)(mailbox_id));
        if let Some((since, known)) = self.found.get_mut(&address_mac) {
            if known.mailbox_id == mailbox_id {
                known.declined |= declined;
                return Ok(());
            }
            // Two owners at once must not be; the younger claim counts.
            if *since >= valid_from {
                return Ok(());
            }
        }
        let public_key = PublicKey::from_slice(row.bytes(7)?);
        let recipient = Recipient {
            mailbox_id,
            owner: Owner::read(row, 3, 4)?,
            epoch: row.int(6)?,
            public_key: public_key.map_err(|_| Error::Column { index: 7, wanted: "a public key" })?,
            closed: row.opt_time(8)?.is_some(),
            deceased: row.opt_time(9)?.is_some(),
            declined,
        };
        self.found.insert(address_mac, (valid_from, recipient));
        Ok(())
    }
}

const LOOK_UP: &str = "SELECT v.version, i.mac, i.valid_from, i.owner_kind, i.owner_id, m.mailbox_id, m.epoch, \
    m.public_key, m.closed_at, p.deceased_at, d.sender_mac \
    FROM registry_version v \
    LEFT JOIN identity i ON i.mac = $1 AND i.valid_from <= $2 AND (i.valid_to IS NULL OR i.valid_to > $2) \
    LEFT JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
    LEFT JOIN person p ON p.person_id = i.owner_id \
    LEFT JOIN declined d ON d.mailbox_id = m.mailbox_id \
    WHERE v.one = 1";
static LOOK_UP_MANY: Many = Many::new(
    "SELECT 0, i.mac, i.valid_from, i.owner_kind, i.owner_id, m.mailbox_id, m.epoch, \
     m.public_key, m.closed_at, p.deceased_at, d.sender_mac \
     FROM identity i \
     JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
     LEFT JOIN person p ON p.person_id = i.owner_id \
     LEFT JOIN declined d ON d.mailbox_id = m.mailbox_id \
     WHERE i.valid_from <= $1 AND (i.valid_to IS NULL OR i.valid_to > $1) AND i.mac IN (",
    1,
    ")",
);

#[cfg(test)]
mod tests;
