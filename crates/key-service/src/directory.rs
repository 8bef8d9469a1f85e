//! What the key store says of sets, addresses and log-ins. Nothing in here reads the letters database.

mod known;
mod sets;

pub(crate) use known::{
    Address, Known, address, address_columns, addresses_of, adopt_known, every_address_of, forget_unsettled,
    introduce_known, login, logins_of, read_address, settle_known, unsettled,
};
pub(crate) use sets::{adopt, intend, introduce, page, promote, under_way, withdraw};

use crate::{failure::Failure, service::Inner};
use domain::{AddressMac, LoginMac, PersonId, RowsDigest};
use key_client::{
    AddressStatement, KeysError, MailboxKey, MailboxStatement, Next, RegistryStatement, Vouched,
};
use registry::sets::{SetKind, Subject};
use std::collections::HashMap;
use store::{Error, Many, Row, Tx, Value, args, row};

impl Inner {
    /// What is vouched for of each address, in order.
    pub(crate) async fn statements(
        &self,
        macs: &[AddressMac],
    ) -> Result<Vec<Option<AddressStatement>>, Failure> {
        if macs.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let now = self.clock.now();
        let mut wanted = macs.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let wanted: Vec<_> = wanted.iter().map(|mac| row![mac]).collect();
        let mut tx = self.keys.read("state addresses").await?;
        let rows = tx.query_many_with(&STATEMENTS, args![now], &wanted).await?;
        drop(tx);
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.tag::<AddressMac>("mac")?, statement(row)?);
        }
        Ok(macs.iter().map(|mac| found.get(mac).cloned()).collect())
    }

    /// What is vouched for of every sender and every mailbox operator.
    pub(crate) async fn registry_statements(&self) -> Result<Vec<RegistryStatement>, Failure> {
        let mut tx = self.keys.read("state senders").await?;
        let rows = tx.query(REGISTERED, &[]).await?;
        let statement = |row: &Row| {
            let number = String::from_utf8_lossy(row.bytes("id")?).into_owned();
            Ok(RegistryStatement { kind: row.text("kind")?.to_owned(), number, vouched: vouched(row)? })
        };
        rows.iter().map(statement).collect()
    }

    /// Who logs in by this tag, and whether that has settled.
    pub(crate) async fn known_login(&self, mac: &LoginMac) -> Result<Option<(PersonId, bool)>, Failure> {
        let mut tx = self.keys.read("find log-in").await?;
        Ok(login(&mut tx, mac).await?)
    }

    /// What is vouched for of these.
    pub(crate) async fn vouched(&self, subjects: &[Subject]) -> Result<HashMap<Subject, Vouched>, Failure> {
        Ok(read_sets(&self.keys.ask_many("load sets", &LOAD, &asked(subjects)).await?)?)
    }
}

/// The sets of these subjects that there are.
pub(crate) async fn load(tx: &mut Tx, subjects: &[Subject]) -> Result<HashMap<Subject, Vouched>, Error> {
    read_sets(&tx.query_many(&LOAD, &asked(subjects)).await?)
}

fn asked(subjects: &[Subject]) -> Vec<[Value<'_>; 2]> {
    subjects.iter().map(|one| row![one.kind.as_str(), &one.id]).collect()
}

fn read_sets(rows: &[Row]) -> Result<HashMap<Subject, Vouched>, Error> {
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let kind = row.text("kind")?;
        let kind = SetKind::parse(kind).ok_or(Error::Column { column: "kind", wanted: "kind of a set" })?;
        found.insert(Subject { kind, id: row.bytes("id")?.to_vec() }, vouched(row)?);
    }
    Ok(found)
}

/// From version, digests, next.
pub(crate) fn vouched(row: &Row) -> Result<Vouched, Error> {
    vouched_in(row, ["version", "digests", "next"])
}

/// From these columns, where a row has two of them.
fn vouched_in(row: &Row, [version, digests, next]: [&'static str; 3]) -> Result<Vouched, Error> {
    let coming = row.opt_bytes(next)?.map(|bytes| split(bytes, next)).transpose()?.map(Next);
    Ok(Vouched { version: row.int(version)?, digests: split(row.bytes(digests)?, digests)?, next: coming })
}

fn split(bytes: &[u8], column: &'static str) -> Result<Vec<RowsDigest>, Error> {
    let (digests, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() {
        Ok(digests.iter().copied().map(RowsDigest::from_bytes).collect())
    } else {
        Err(Error::Column { column, wanted: "digests" })
    }
}

fn statement(row: &Row) -> Result<AddressStatement, Error> {
    let owner = row.opt_int("version")?.map(|_| vouched(row)).transpose()?;
    let mailbox = match (row.opt_id("mailbox_id")?, row.opt_int("epoch")?) {
        (Some(mailbox_id), Some(epoch)) => Some(MailboxStatement {
            mailbox_id,
            key: MailboxKey { epoch, public_key: row.array("public_key")? },
            vouched: vouched_in(row, ["mailbox_version", "mailbox_digests", "mailbox_next"])?,
        }),
        _ => None,
    };
    Ok(AddressStatement {
        owner_kind: row.text("owner_kind")?.to_owned(),
        owner_id: row.array("owner_id")?,
        settled: row.opt_time("unsettled_since")?.is_none(),
        owner,
        mailbox,
    })
}

const MOST: usize = 1000;

static STATEMENTS: Many = Many::new(
    "WITH asked (mac) AS (VALUES ",
    1,
    ") SELECT a.mac, a.owner_kind, a.owner_id, a.unsettled_since, o.version, o.digests, o.next, \
     m.id AS mailbox_id, m.version AS mailbox_version, m.digests AS mailbox_digests, m.next AS mailbox_next, \
     k.epoch, k.public_key \
     FROM asked w JOIN known_address a ON a.mac = w.mac \
     AND a.valid_from <= $1 AND (a.valid_to IS NULL OR a.valid_to > $1) \
     LEFT JOIN vouched o ON o.kind = a.owner_kind AND o.id = a.owner_id \
     LEFT JOIN vouched m ON m.owner_id = a.owner_id AND m.kind = 'mailbox' \
     LEFT JOIN mailbox_key k ON k.mailbox_id = m.id \
     AND k.epoch = (SELECT MAX(x.epoch) FROM mailbox_key x WHERE x.mailbox_id = m.id) \
     ORDER BY a.mac, a.valid_from",
);
const REGISTERED: &str = "SELECT id, version, digests, next, kind FROM vouched \
    WHERE kind IN ('operator', 'sender') ORDER BY kind, id";
static LOAD: Many = Many::new(
    "WITH asked (kind, id) AS (VALUES ",
    2,
    ") SELECT v.kind, v.id, v.version, v.digests, v.next FROM asked w JOIN vouched v ON v.kind = w.kind AND v.id = w.id",
);
