//! How a person is told of letters. An address counts once its owner has shown, by a code sent there, that it is
//! theirs.

mod code;
mod confirm;
mod count;

pub use code::{Code, address_mac, code_mac};
pub use confirm::{Confirmation, confirm};
pub use count::{MostCodes, count_code};

use crate::{boxes, error::RegistryError, owner::Owner, recorder::Recorder};
use domain::{
    CodeMac, ContactId, ContactMac, Language, MailboxId, PersonId, Time,
    words::{Channel, EventType},
};
use std::time::Duration;
use store::{Error, Many, Row, Tx, args, row};

/// An address that is to be confirmed.
#[derive(Clone, Copy, Debug)]
pub struct NewContact<'a> {
    pub contact_id: ContactId,
    pub person_id: PersonId,
    pub channel: Channel,
    /// (sealed, for this person and id) The address.
    pub address: &'a [u8],
    pub address_mac: &'a ContactMac,
    /// [`code_mac`] of the code that is sent.
    pub code_mac: &'a CodeMac,
}

/// What became of a new address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Send the code. The contact has this id, which is another than given when the address was confirmed and then failed.
    Pending(ContactId),
    /// Confirmed already and working: no code is needed, and the given one does not work.
    Confirmed(ContactId),
    /// A code was sent moments ago; send no other before this instant.
    TooSoon(Time),
    /// The person has as many addresses as one may have.
    TooMany,
}

/// An address of a person.
#[derive(Clone, Debug)]
pub struct Contact {
    pub contact_id: ContactId,
    pub channel: Channel,
    /// (sealed)
    pub address: Vec<u8>,
    pub address_mac: ContactMac,
    /// The person wants to see the sender's name in notices.
    pub show_sender: bool,
    pub added_at: Time,
    pub confirmed_at: Option<Time>,
    /// The channel answered that the address does not work.
    pub failed_at: Option<Time>,
}

/// An address that a notice goes to.
#[derive(Clone, Debug)]
pub struct Reach {
    pub contact_id: ContactId,
    pub person_id: PersonId,
    pub channel: Channel,
    /// (sealed)
    pub address: Vec<u8>,
    /// Never for a protected person.
    pub show_sender: bool,
    pub language: Language,
}

/// Adds an address, or gives a new code to one that waits. A code lives [`CODE_LIFE`], takes [`CODE_TRIES`] tries,
/// and another one is given [`CODE_PAUSE`] later at the earliest.
pub async fn add(tx: &mut Tx, new: &NewContact<'_>, now: Time) -> Result<Added, Error> {
    let expires = now.plus(CODE_LIFE);
    let channel = new.channel.as_str();
    if let Some(row) = tx.one(SAME, args![new.person_id, channel, new.address_mac]).await? {
        let contact_id = row.id("contact_id")?;
        let confirmed = row.opt_time("confirmed_at")?;
        let failed = row.opt_time("failed_at")?;
        if confirmed.is_some() && failed.is_none() {
            return Ok(Added::Confirmed(contact_id));
        }
        // The life of the last code tells when it was given.
        let free = row.opt_time("code_expires_at")?.map(|expires| expires.minus(CODE_LIFE).plus(CODE_PAUSE));
        if let Some(free) = free.filter(|free| now < *free) {
            return Ok(Added::TooSoon(free));
        }
        if confirmed.is_some() {
            tx.execute(NEW_CODE, args![new.code_mac, expires, contact_id]).await?.exactly(1)?;
            return Ok(Added::Pending(contact_id));
        }
        // As if it were new: an id that a row brings along was perhaps chosen by another hand.
        let args = args![new.contact_id, new.address, new.code_mac, expires, contact_id];
        tx.execute(ANEW, args).await?.exactly(1)?;
        return Ok(Added::Pending(new.contact_id));
    }
    // Several at once must see each other.
    tx.take_turns(new.person_id.as_bytes()).await?;
    if tx.must_one(COUNT, args![new.person_id]).await?.int("n")? >= MAX_CONTACTS {
        return Ok(Added::TooMany);
    }
    let args = args![
        new.contact_id,
        new.person_id,
        channel,
        new.address,
        new.address_mac,
        now,
        new.code_mac,
        expires
    ];
    // Two tabs at once: the second finds the first one's row at its next try.
    if !tx.execute(ADD, args).await?.any() {
        return Ok(Added::TooSoon(now.plus(CODE_PAUSE)));
    }
    Ok(Added::Pending(new.contact_id))
}

/// Removes an address of this person; false when there is none.
pub async fn remove(
    tx: &mut Tx,
    person_id: PersonId,
    contact_id: ContactId,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    let Some(row) = tx.one(REMOVE, args![contact_id, person_id]).await? else { return Ok(false) };
    // An address that was never confirmed was never used: there is nothing to record.
    if row.opt_time("confirmed_at")?.is_some() {
        let channel = channel_of(&row, "channel")?;
        record(tx, person_id, EventType::ContactRemoved, channel, recorder).await?;
    }
    Ok(true)
}

/// Whether notices to this address name the sender. False when the contact is not theirs, or when the person has a
/// protected identity and may not have it so.
pub async fn set_show_sender(
    tx: &mut Tx,
    person_id: PersonId,
    contact_id: ContactId,
    show: bool,
) -> Result<bool, Error> {
    let sql = if show { SHOW_SENDER } else { HIDE_SENDER };
    Ok(tx.execute(sql, args![contact_id, person_id]).await?.any())
}

/// Seals a confirmed address for its place.
pub async fn reseal(tx: &mut Tx, contact_id: ContactId, address: &[u8]) -> Result<(), Error> {
    tx.execute(RESEAL, args![address, contact_id]).await?.exactly(1)
}

/// Notes that an address does not work; it is passed over until it is confirmed again.
pub async fn failed(tx: &mut Tx, contact_id: ContactId, now: Time) -> Result<bool, Error> {
    Ok(tx.execute(FAILED, args![now, contact_id]).await?.any())
}

/// All addresses of a person, oldest first.
pub async fn for_person(tx: &mut Tx, person_id: PersonId) -> Result<Vec<Contact>, Error> {
    tx.query(FOR_PERSON, args![person_id]).await?.iter().map(read).collect()
}

/// The addresses that a notice about a mailbox goes to: those of its owner or, for an organisation, of its
/// signatories. Confirmed and working ones only, and none of someone who has died.
pub async fn for_mailbox(tx: &mut Tx, mailbox_id: MailboxId, now: Time) -> Result<Vec<Reach>, Error> {
    let rows = tx.query(FOR_MAILBOX, args![mailbox_id, now]).await?;
    let rows = rows.iter().map(|row| {
        Ok(Reach {
            contact_id: row.id("contact_id")?,
            person_id: row.id("person_id")?,
            channel: channel_of(row, "channel")?,
            address: row.bytes("address")?.to_vec(),
            show_sender: row.flag("show_sender")? && row.opt_time("protected_at")?.is_none(),
            language: Language::parse(row.text("language")?).unwrap_or_default(),
        })
    });
    rows.collect()
}

/// The addresses of many mailboxes, as [`for_mailbox`] would find them: whose, which, and by which channel.
pub async fn for_mailboxes(
    tx: &mut Tx,
    mailboxes: &[MailboxId],
    now: Time,
) -> Result<Vec<(MailboxId, ContactId, Channel)>, Error> {
    let asked: Vec<_> = mailboxes.iter().map(|mailbox_id| row![mailbox_id]).collect();
    let rows = tx.query_many_with(&FOR_MAILBOXES, args![now], &asked).await?;
    rows.iter()
        .map(|row| Ok((row.id("mailbox_id")?, row.id("contact_id")?, channel_of(row, "channel")?)))
        .collect()
}

/// Records in the person's own mailbox, if there is one.
pub(crate) async fn record(
    tx: &mut Tx,
    person_id: PersonId,
    kind: EventType,
    channel: Channel,
    recorder: &Recorder<'_>,
) -> Result<(), RegistryError> {
    match boxes::of_owner(tx, Owner::Person(person_id)).await? {
        Some(mailbox) => {
            recorder.record(tx, mailbox.mailbox_id, recorder.event(kind).with(channel.as_str())).await
        }
        None => Ok(()),
    }
}

store::columns! {
    contact_columns,
    fn read -> Contact {
        contact_id: id,
        channel: channel_of(row),
        address: bytes.to_vec(),
        address_mac: tag,
        show_sender: flag,
        added_at: time,
        confirmed_at: opt_time,
        failed_at: opt_time,
    }
}

fn channel_of(row: &Row, column: &'static str) -> Result<Channel, Error> {
    row.parsed(column, "a channel", Channel::parse)
}

/// How long a code can be used.
pub const CODE_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long after a code another one is given for the same address.
pub const CODE_PAUSE: Duration = Duration::from_secs(60);
/// How often a code may be guessed wrong.
pub const CODE_TRIES: i64 = 5;
/// Addresses that one person may have, confirmed or not.
pub const MAX_CONTACTS: i64 = 10;

const SAME: &str = "SELECT contact_id, confirmed_at, failed_at, code_expires_at FROM contact \
    WHERE person_id = $1 AND channel = $2 AND address_mac = $3";
const NEW_CODE: &str =
    "UPDATE contact SET code_mac = $1, code_expires_at = $2, code_tries = 0 WHERE contact_id = $3";
const ANEW: &str = "UPDATE contact SET contact_id = $1, address = $2, code_mac = $3, code_expires_at = $4, \
    code_tries = 0 WHERE contact_id = $5 AND confirmed_at IS NULL";
const RESEAL: &str = "UPDATE contact SET address = $1 WHERE contact_id = $2 AND confirmed_at IS NOT NULL";
const COUNT: &str = "SELECT count(*) AS n FROM contact WHERE person_id = $1";
const ADD: &str = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
    code_mac, code_expires_at, code_tries) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, 0) ON CONFLICT DO NOTHING";
const REMOVE: &str =
    "DELETE FROM contact WHERE contact_id = $1 AND person_id = $2 RETURNING channel, confirmed_at";
const SHOW_SENDER: &str = "UPDATE contact SET show_sender = 1 WHERE contact_id = $1 AND person_id = $2 \
    AND EXISTS (SELECT 1 FROM person p WHERE p.person_id = $2 AND p.protected_at IS NULL)";
const HIDE_SENDER: &str = "UPDATE contact SET show_sender = 0 WHERE contact_id = $1 AND person_id = $2";
const FAILED: &str = "UPDATE contact SET failed_at = $1 WHERE contact_id = $2 AND failed_at IS NULL";
const FOR_PERSON: &str = concat!(
    "SELECT ",
    contact_columns!(),
    " FROM contact WHERE person_id = $1 ORDER BY added_at, contact_id"
);
const FOR_MAILBOX: &str = "SELECT c.contact_id, c.person_id, c.channel, c.address, c.show_sender, p.language, \
    p.protected_at FROM contact c JOIN person p ON p.person_id = c.person_id \
    WHERE c.confirmed_at IS NOT NULL AND c.failed_at IS NULL AND p.deceased_at IS NULL AND c.person_id IN \
    (SELECT m.owner_id FROM mailbox m WHERE m.mailbox_id = $1 AND m.owner_kind = 'person' \
     UNION SELECT g.person_id FROM mandate g JOIN mailbox o ON o.mailbox_id = g.mailbox_id \
     WHERE g.mailbox_id = $1 AND o.owner_kind = 'organisation' AND g.kind = 'signatory' AND g.revoked_at IS NULL \
     AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to > $2)) \
    ORDER BY c.added_at, c.contact_id";
// Cross joins keep SQLite from beginning with the large tables.
static FOR_MAILBOXES: Many = Many::new(
    "WITH asked (mailbox_id) AS (VALUES ",
    1,
    "), told (mailbox_id, person_id) AS (\
     SELECT m.mailbox_id, m.owner_id FROM asked a CROSS JOIN mailbox m \
     WHERE m.mailbox_id = a.mailbox_id AND m.owner_kind = 'person' \
     UNION SELECT o.mailbox_id, g.person_id FROM asked a CROSS JOIN mailbox o CROSS JOIN mandate g \
     WHERE o.mailbox_id = a.mailbox_id AND o.owner_kind = 'organisation' AND g.mailbox_id = o.mailbox_id \
     AND g.kind = 'signatory' AND g.revoked_at IS NULL \
     AND g.valid_from <= $1 AND (g.valid_to IS NULL OR g.valid_to > $1)) \
     SELECT t.mailbox_id, c.contact_id, c.channel FROM told t CROSS JOIN contact c \
     JOIN person p ON p.person_id = c.person_id \
     WHERE c.person_id = t.person_id AND c.confirmed_at IS NOT NULL AND c.failed_at IS NULL \
     AND p.deceased_at IS NULL",
);

#[cfg(test)]
pub(crate) mod tests;
