//! Rights that have ended, as the key store remembers them: what an older letters database says of them does not count.

use crate::{failure::Failure, purpose::Purpose, service::Inner};
use domain::{MailboxId, OrgNumber, Time};
use key_client::{Column, declined_sender};
use registry::{
    declined,
    sets::{Facts, Set, Subject, Table},
};
use std::collections::BTreeSet;
use store::{Error, Many, Tx, args, row};

/// What a row gives somebody: which table, and which row or which of its rights.
pub(crate) type Right = (Table, Vec<u8>);

/// The rights that a set gives. That a sender is turned off is a right that it has not.
pub(crate) fn rights(subject: &Subject, set: &Set) -> BTreeSet<Right> {
    let tables = subject.kind.tables().iter();
    tables.flat_map(|table| set.of(*table)).flat_map(rights_of).collect()
}

fn rights_of(facts: &Facts) -> Vec<Right> {
    let given: Vec<(bool, Vec<u8>)> = match facts {
        Facts::Mailbox(mailbox) => vec![(mailbox.closed_at.is_none(), vec![])],
        Facts::Mandate(mandate) => vec![(mandate.revoked_at.is_none(), facts.key())],
        Facts::Person { protected_at, deceased_at } => {
            vec![(protected_at.is_none(), OPEN.to_vec()), (deceased_at.is_none(), ALIVE.to_vec())]
        }
        Facts::Contact(contact) => {
            let shows = [facts.key().as_slice(), SHOWS].concat();
            vec![(true, facts.key()), (contact.show_sender, shows)]
        }
        Facts::Organisation { ended_at } => vec![(ended_at.is_none(), vec![])],
        Facts::Sender { may_send, suspended_at, sha1, .. } => {
            vec![(*may_send && suspended_at.is_none(), SENDS.to_vec()), (*sha1, SHA1.to_vec())]
        }
        Facts::Dispatch { valid_to, .. } => vec![(valid_to.is_none(), facts.key())],
        Facts::Certificate(one) | Facts::OperatorCertificate(one) => {
            vec![(one.revoked_at.is_none(), facts.key())]
        }
        Facts::Operator { ended_at, .. } => vec![(ended_at.is_none(), vec![])],
        Facts::Declined(_) | Facts::Event(_) | Facts::Malformed(_) => vec![],
    };
    let given = given.into_iter().filter(|(given, _)| *given);
    given.map(|(_, key)| (facts.table(), key)).collect()
}

fn declined_in(set: &Set) -> BTreeSet<Right> {
    set.of(Table::Declined).map(|facts| (Table::Declined, facts.key())).collect()
}

/// What ends by a change, to be written before it is committed.
pub(crate) async fn note(
    tx: &mut Tx,
    subject: &Subject,
    (before, after): (&Set, &Set),
    now: Time,
) -> Result<(), Error> {
    let had = rights(subject, before);
    let have = rights(subject, after);
    let off = declined_in(before);
    let now_off = declined_in(after);
    let ended = had.difference(&have).chain(now_off.difference(&off));
    let rows: Vec<_> = ended
        .map(|(table, key)| row![subject.kind.as_str(), &subject.id, table.as_str(), key, now])
        .collect();
    // Known already where it ended once before and nobody was told that it began again.
    tx.execute_many(&NOTE, &rows).await?.ignore();
    Ok(())
}

/// What has begun again by a change that is committed.
pub(crate) async fn forget(
    tx: &mut Tx,
    subject: &Subject,
    (before, after): (&Set, &Set),
) -> Result<(), Error> {
    let had = rights(subject, before);
    let have = rights(subject, after);
    let off = declined_in(before);
    let now_off = declined_in(after);
    for (table, key) in have.difference(&had).chain(off.difference(&now_off)) {
        tx.execute(FORGET, args![subject.kind.as_str(), &subject.id, table.as_str(), key]).await?.ignore();
    }
    Ok(())
}

impl Inner {
    /// Ends what had ended: each right that the set gives and that the key store knows to be over. Tells how many.
    pub(super) async fn end_again(
        &self,
        letters: &mut Tx,
        subject: &Subject,
        set: &Set,
        now: Time,
    ) -> Result<u64, Failure> {
        let mut tx = self.keys.read("find what has ended").await?;
        let over = tx.query(OVER, args![subject.kind.as_str(), &subject.id]).await?;
        drop(tx);
        let given = rights(subject, set);
        let off = declined_in(set);
        let mut ended = 0;
        for row in &over {
            let table = row.text("table_name")?;
            let key = row.bytes("row_key")?.to_vec();
            let Some(table) = subject.kind.tables().iter().find(|one| one.as_str() == table) else {
                continue;
            };
            let right = (*table, key);
            match table {
                Table::Declined if !off.contains(&right) => {
                    let Some(mailbox) = subject.mailbox_id() else { continue };
                    ended += self.turn_off_again(letters, mailbox, &right.1, now).await?;
                }
                _ if given.contains(&right) => ended += end(letters, subject, &right, now).await?,
                _ => {}
            }
        }
        Ok(ended)
    }

    /// The row names its sender only to its owner: which one it is, is found by trying all that are registered.
    async fn turn_off_again(
        &self,
        letters: &mut Tx,
        mailbox: MailboxId,
        tag: &[u8],
        now: Time,
    ) -> Result<u64, Failure> {
        let mac = self.keks.mac(Purpose::SenderIndex, now)?;
        for row in letters.query(SENDERS, &[]).await? {
            let Ok(sender) = OrgNumber::parse(row.text("number")?) else { continue };
            let found = declined::sender_mac(&mac, mailbox, &sender);
            if found.as_bytes() == tag {
                let at = crate::columns::place(Column::Declined, declined_sender(mailbox, &found).as_bytes());
                let padded = vault::pad(sender.as_str().as_bytes());
                let purpose = Purpose::Column(Column::Declined);
                let sealed = self.keks.seal(purpose, &at, &padded, now, &*self.random)?;
                return Ok(letters.execute(TURN_OFF, args![mailbox, tag, &sealed, now]).await?.count());
            }
        }
        Ok(0)
    }
}

async fn end(tx: &mut Tx, subject: &Subject, (table, key): &Right, now: Time) -> Result<u64, Error> {
    let id = subject.id.as_slice();
    let number = std::str::from_utf8(id).unwrap_or_default();
    let done = match (table, key.as_slice()) {
        (Table::Mailbox, _) => tx.execute(CLOSE, args![id, now]).await?,
        (Table::Mandate, key) => tx.execute(REVOKE, args![key, now]).await?,
        (Table::Person, OPEN) => tx.execute(PROTECT, args![id, now]).await?,
        (Table::Person, _) => tx.execute(DIED, args![id, now]).await?,
        (Table::Contact, key) if key.len() > ID_BYTES => tx.execute(HIDE, args![&key[..ID_BYTES]]).await?,
        (Table::Contact, key) => tx.execute(REMOVE, args![key]).await?,
        (Table::Organisation, _) => tx.execute(END, args![id, now]).await?,
        (Table::Sender, SHA1) => tx.execute(NO_SHA1, args![number]).await?,
        (Table::Sender, _) => tx.execute(SUSPEND, args![number, now]).await?,
        // The row's key holds the dispatcher after its length, and then since when.
        (Table::Dispatch, key) => {
            let dispatcher = key.get(8..20).and_then(|digits| std::str::from_utf8(digits).ok());
            tx.execute(UNLIST, args![number, dispatcher.unwrap_or_default(), now]).await?
        }
        (Table::Certificate, key) => tx.execute(REVOKE_CERTIFICATE, args![key, now]).await?,
        (Table::OperatorCertificate, key) => tx.execute(REVOKE_OPERATORS, args![key, now]).await?,
        (Table::Operator, _) => tx.execute(END_OPERATOR, args![number, now]).await?,
        _ => return Ok(0),
    };
    Ok(done.count())
}

const OPEN: &[u8] = b"unprotected";
const ALIVE: &[u8] = b"alive";
const SHOWS: &[u8] = b"shows";
const SENDS: &[u8] = b"sends";
const SHA1: &[u8] = b"sha1";
const ID_BYTES: usize = 16;

static NOTE: Many = Many::new(
    "INSERT INTO ended_right (kind, id, table_name, row_key, ended_at) VALUES ",
    5,
    " ON CONFLICT (kind, id, table_name, row_key) DO UPDATE SET ended_at = EXCLUDED.ended_at",
);
const FORGET: &str =
    "DELETE FROM ended_right WHERE kind = $1 AND id = $2 AND table_name = $3 AND row_key = $4";
const OVER: &str =
    "SELECT table_name, row_key FROM ended_right WHERE kind = $1 AND id = $2 ORDER BY table_name, row_key";
const SENDERS: &str = "SELECT number FROM sender";
const TURN_OFF: &str = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT DO NOTHING";
const CLOSE: &str = "UPDATE mailbox SET closed_at = $2 WHERE mailbox_id = $1 AND closed_at IS NULL";
const REVOKE: &str = "UPDATE mandate SET revoked_at = $2 WHERE mandate_id = $1 AND revoked_at IS NULL";
const PROTECT: &str = "UPDATE person SET protected_at = $2 WHERE person_id = $1 AND protected_at IS NULL";
const DIED: &str = "UPDATE person SET deceased_at = $2 WHERE person_id = $1 AND deceased_at IS NULL";
const HIDE: &str = "UPDATE contact SET show_sender = 0 WHERE contact_id = $1";
const REMOVE: &str = "DELETE FROM contact WHERE contact_id = $1";
const END: &str = "UPDATE organisation SET ended_at = $2 WHERE organisation_id = $1 AND ended_at IS NULL";
const NO_SHA1: &str = "UPDATE sender SET sha1 = 0 WHERE number = $1";
const SUSPEND: &str = "UPDATE sender SET suspended_at = $2 WHERE number = $1 AND suspended_at IS NULL";
const UNLIST: &str =
    "UPDATE dispatch SET valid_to = $3 WHERE sender = $1 AND dispatcher = $2 AND valid_to IS NULL";
const REVOKE_OPERATORS: &str =
    "UPDATE operator_certificate SET revoked_at = $2 WHERE sha256 = $1 AND revoked_at IS NULL";
const END_OPERATOR: &str = "UPDATE operator SET ended_at = $2 WHERE number = $1 AND ended_at IS NULL";
const REVOKE_CERTIFICATE: &str =
    "UPDATE certificate SET revoked_at = $2 WHERE sha256 = $1 AND revoked_at IS NULL";
