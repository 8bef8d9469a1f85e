//! What the key store says of sets, addresses and log-ins. Nothing in here reads the letters database.

mod known;
mod sets;

pub(crate) use known::{
    Address, Known, address, addresses_of, adopt_known, forget_unsettled, introduce_known, login,
    settle_known, unsettled,
};
pub(crate) use sets::{adopt, intend, introduce, page, promote, under_way, withdraw};

use crate::{failure::Failure, service::Inner};
use domain::PersonId;
use key_client::{AddressStatement, KeysError, MailboxKey, MailboxStatement, Next, SenderStatement, Vouched};
use registry::sets::{SetKind, Subject};
use std::collections::HashMap;
use store::{Error, Many, Row, Tx, args, row};

impl Inner {
    /// What is vouched for of each address, in order.
    pub(crate) async fn statements(
        &self,
        macs: &[[u8; 32]],
    ) -> Result<Vec<Option<AddressStatement>>, Failure> {
        if macs.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let (now, mut wanted) = (self.clock.now(), macs.to_vec());
        wanted.sort_unstable();
        wanted.dedup();
        let wanted: Vec<_> = wanted.iter().map(|mac| row![mac]).collect();
        let mut tx = self.keys.read("state addresses").await?;
        let rows = tx.query_many_with(&STATEMENTS, args![now], &wanted).await?;
        drop(tx);
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.array::<32>(0)?, statement(row)?);
        }
        Ok(macs.iter().map(|mac| found.get(mac).cloned()).collect())
    }

    /// What is vouched for of every sender.
    pub(crate) async fn sender_statements(&self) -> Result<Vec<SenderStatement>, Failure> {
        let mut tx = self.keys.read("state senders").await?;
        let rows = tx.query(SENDERS, &[]).await?;
        let statement = |row: &Row| {
            let number = String::from_utf8_lossy(row.bytes(0)?).into_owned();
            Ok(SenderStatement { number, vouched: vouched(row, 1)? })
        };
        rows.iter().map(statement).collect()
    }

    /// Who logs in by this tag, and whether that has settled.
    pub(crate) async fn known_login(&self, mac: &[u8; 32]) -> Result<Option<(PersonId, bool)>, Failure> {
        let mut tx = self.keys.read("find log-in").await?;
        Ok(login(&mut tx, mac).await?)
    }

    /// What is vouched for of these.
    pub(crate) async fn vouched(&self, subjects: &[Subject]) -> Result<HashMap<Subject, Vouched>, Failure> {
        let mut tx = self.keys.read("load sets").await?;
        Ok(load(&mut tx, subjects).await?)
    }
}

/// The sets of these subjects that there are.
pub(crate) async fn load(tx: &mut Tx, subjects: &[Subject]) -> Result<HashMap<Subject, Vouched>, Error> {
    let mut found = HashMap::with_capacity(subjects.len());
    for kind in SetKind::ALL {
        let wanted: Vec<_> =
            subjects.iter().filter(|one| one.kind == kind).map(|one| row![&one.id]).collect();
        if wanted.is_empty() {
            continue;
        }
        for row in tx.query_many_with(&LOAD, args![kind.as_str()], &wanted).await? {
            let subject = Subject { kind, id: row.bytes(0)?.to_vec() };
            found.insert(subject, vouched(&row, 1)?);
        }
    }
    Ok(found)
}

/// From version, digests, next.
pub(crate) fn vouched(row: &Row, at: usize) -> Result<Vouched, Error> {
    let next = row.opt_bytes(at + 2)?.map(|bytes| split(bytes, at + 2)).transpose()?.map(Next);
    Ok(Vouched { version: row.int(at)?, digests: split(row.bytes(at + 1)?, at + 1)?, next })
}

fn split(bytes: &[u8], index: usize) -> Result<Vec<[u8; 32]>, Error> {
    let (digests, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() { Ok(digests.to_vec()) } else { Err(Error::Column { index, wanted: "digests" }) }
}

fn statement(row: &Row) -> Result<AddressStatement, Error> {
    let owner = row.opt_int(4)?.map(|_| vouched(row, 4)).transpose()?;
    let mailbox = match (row.opt_id(7)?, row.opt_int(11)?) {
        (Some(mailbox_id), Some(epoch)) => Some(MailboxStatement {
            mailbox_id,
            key: MailboxKey { epoch, public_key: row.array(12)? },
            vouched: vouched(row, 8)?,
        }),
        _ => None,
    };
    Ok(AddressStatement {
        owner_kind: row.text(1)?.to_owned(),
        owner_id: row.array(2)?,
        settled: row.opt_time(3)?.is_none(),
        owner,
        mailbox,
    })
}

const MOST: usize = 1000;

static STATEMENTS: Many = Many::new(
    "WITH asked (mac) AS (VALUES ",
    1,
    ") SELECT a.mac, a.owner_kind, a.owner_id, a.unsettled_since, o.version, o.digests, o.next, \
     m.id, m.version, m.digests, m.next, k.epoch, k.public_key \
     FROM asked w JOIN known_address a ON a.mac = w.mac \
     AND a.valid_from <= $1 AND (a.valid_to IS NULL OR a.valid_to > $1) \
     LEFT JOIN vouched o ON o.kind = a.owner_kind AND o.id = a.owner_id \
     LEFT JOIN vouched m ON m.owner_id = a.owner_id AND m.kind = 'mailbox' \
     LEFT JOIN mailbox_key k ON k.mailbox_id = m.id \
     AND k.epoch = (SELECT MAX(x.epoch) FROM mailbox_key x WHERE x.mailbox_id = m.id) \
     ORDER BY a.mac, a.valid_from",
);
const SENDERS: &str = "SELECT id, version, digests, next FROM vouched WHERE kind = 'sender' ORDER BY id";
static LOAD: Many =
    Many::new("SELECT id, version, digests, next FROM vouched WHERE kind = $1 AND id IN (", 1, ")");
