//! Whose signatories the register may no longer name. Only a register that was read says so: one that cannot be read, or
//! is not there, says nothing.

use domain::{AddressMac, MailboxId, Time};
use std::collections::HashSet;
use store::{Error, Tx, args};

/// Whether anybody is a signatory now.
pub async fn any_signatory(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.one(ANY, &[]).await?.is_some())
}

/// The mailboxes with signatories whose owner has none of these numbers: `named` are the address tags of all organisations
/// that the register names. A person's mailbox has no signatories, so one that has some is among them.
pub async fn unnamed(tx: &mut Tx, named: &HashSet<AddressMac>, now: Time) -> Result<Vec<MailboxId>, Error> {
    let mut unnamed: Vec<(MailboxId, bool)> = Vec::new();
    for row in tx.query(WITH_SIGNATORIES, args![now]).await? {
        let mailbox_id = row.id("mailbox_id")?;
        let is_named = match row.opt_bytes("mac")? {
            Some(mac) => AddressMac::try_from(mac).is_ok_and(|mac| named.contains(&mac)),
            None => false,
        };
        match unnamed.last_mut().filter(|(last, _)| *last == mailbox_id) {
            Some((_, found)) => *found |= is_named,
            None => unnamed.push((mailbox_id, is_named)),
        }
    }
    Ok(unnamed.into_iter().filter(|(_, is_named)| !is_named).map(|(id, _)| id).collect())
}

const ANY: &str = "SELECT 1 FROM mandate WHERE kind = 'signatory' AND revoked_at IS NULL LIMIT 1";
const WITH_SIGNATORIES: &str = "SELECT w.mailbox_id, i.mac FROM (SELECT DISTINCT g.mailbox_id, m.owner_kind, m.owner_id \
    FROM mandate g JOIN mailbox m ON m.mailbox_id = g.mailbox_id WHERE g.kind = 'signatory' AND g.revoked_at IS NULL) \
    AS w LEFT JOIN identity i ON i.owner_id = w.owner_id AND w.owner_kind = 'organisation' \
    AND i.owner_kind = 'organisation' AND i.valid_from <= $1 AND (i.valid_to IS NULL OR i.valid_to > $1) \
    ORDER BY w.mailbox_id";
