//! Reading sets: one statement a table, whatever the number of sets.

use super::{
    CertificateFacts, ContactFacts, EventFacts, Facts, MailboxFacts, MandateFacts, Set, SetKind, Subject,
    Table,
};
use crate::{owner::Owner, senders::number};
use domain::CertificateDigest;
use std::collections::HashMap;
use store::{Error, Many, Row, Tx, args, row};

/// The sets of these subjects as the database has them. Each is in the answer, also one without any row. Give it a
/// transaction that sees one state, or one that holds the mailbox's row.
pub async fn read(tx: &mut Tx, subjects: &[Subject]) -> Result<HashMap<Subject, Set>, Error> {
    read_some(tx, subjects, |_| true).await
}

/// The same without the tables that `wanted` leaves out.
pub async fn read_some(
    tx: &mut Tx,
    subjects: &[Subject],
    wanted: fn(Table) -> bool,
) -> Result<HashMap<Subject, Set>, Error> {
    let mut sets: HashMap<Subject, Set> = subjects.iter().map(|one| (one.clone(), Set::default())).collect();
    for kind in SetKind::ALL {
        let ids: Vec<&Vec<u8>> = subjects.iter().filter(|one| one.kind == kind).map(|one| &one.id).collect();
        if ids.is_empty() {
            continue;
        }
        for table in kind.tables().iter().filter(|table| wanted(**table)) {
            for (id, facts) in rows(tx, (kind, *table), &ids).await? {
                if let Some(set) = sets.get_mut(&Subject { kind, id }) {
                    set.put(facts);
                }
            }
        }
    }
    Ok(sets)
}

async fn rows(
    tx: &mut Tx,
    (kind, table): (SetKind, Table),
    ids: &[&Vec<u8>],
) -> Result<Vec<(Vec<u8>, Facts)>, Error> {
    let numbered = matches!(kind, SetKind::Sender | SetKind::Operator);
    let found = if numbered {
        let numbers = ids.iter().filter_map(|id| std::str::from_utf8(id).ok());
        let wanted: Vec<_> = numbers.map(|number| row![number]).collect();
        match table {
            Table::RegistryEvent => tx.query_many_with(&EVENT, args![kind.as_str()], &wanted).await?,
            table => tx.query_many(statement(table), &wanted).await?,
        }
    } else {
        let wanted: Vec<_> = ids.iter().map(|id| row![*id]).collect();
        tx.query_many(statement(table), &wanted).await?
    };
    // Whose row it is: the first column.
    let subject = |row: &Row| match numbered {
        true => row.text(0).map(|number| number.as_bytes().to_vec()),
        false => row.bytes(0).map(<[u8]>::to_vec),
    };
    found
        .iter()
        .map(|row| Ok((subject(row)?, facts(table, row).unwrap_or(Facts::Malformed(table)))))
        .collect()
}

/// What the row says.
fn facts(table: Table, row: &Row) -> Result<Facts, Error> {
    Ok(match table {
        Table::Mailbox => Facts::Mailbox(MailboxFacts {
            owner: Owner::read(row, 1, 2)?,
            opened_at: row.time(3)?,
            closed_at: row.opt_time(4)?,
        }),
        Table::Declined => Facts::Declined(row.tag(1)?),
        Table::Mandate => Facts::Mandate(MandateFacts {
            mandate_id: row.id(1)?,
            person_id: row.id(2)?,
            kind: row.text(3)?.to_owned(),
            valid_from: row.time(4)?,
            valid_to: row.opt_time(5)?,
            revoked_at: row.opt_time(6)?,
        }),
        Table::Person => Facts::Person { protected_at: row.opt_time(1)?, deceased_at: row.opt_time(2)? },
        Table::Contact => Facts::Contact(ContactFacts {
            contact_id: row.id(1)?,
            channel: row.text(2)?.to_owned(),
            address_mac: row.tag(3)?,
            show_sender: row.flag(4)?,
            confirmed_at: row.opt_time(5)?,
        }),
        Table::Organisation => Facts::Organisation { ended_at: row.opt_time(1)? },
        Table::Sender => Facts::Sender {
            name: row.text(1)?.to_owned(),
            may_send: row.flag(2)?,
            suspended_at: row.opt_time(3)?,
            sha1: row.flag(4)?,
        },
        Table::Dispatch => Facts::Dispatch {
            dispatcher: number(row, 1)?,
            valid_from: row.time(2)?,
            valid_to: row.opt_time(3)?,
        },
        // The key store has these itself, or they follow from a mailbox that is open.
        Table::Identity | Table::Login | Table::Registration => {
            return Err(Error::Column { index: 0, wanted: "a table of a set" });
        }
        Table::Certificate => Facts::Certificate(certificate(row)?),
        Table::Operator => Facts::Operator {
            domain: row.text(1)?.to_owned(),
            name: row.text(2)?.to_owned(),
            service_address: row.text(3)?.to_owned(),
            ui_address: row.opt_text(4)?.map(str::to_owned),
            own: row.flag(5)?,
            ended_at: row.opt_time(6)?,
        },
        Table::OperatorCertificate => Facts::OperatorCertificate(certificate(row)?),
        Table::RegistryEvent => Facts::Event(EventFacts {
            seq: row.number(1)?,
            at: row.time(2)?,
            kind: row.text(3)?.to_owned(),
            entry: row.array(4)?,
        }),
    })
}

fn certificate(row: &Row) -> Result<CertificateFacts, Error> {
    let kept: CertificateDigest = row.tag(1)?;
    let der = row.bytes(2)?;
    // What is looked up by its digest is also the certificate of that digest.
    let sha256 =
        if vault::sha256(der) == *kept.as_bytes() { kept } else { CertificateDigest::from_bytes([0; 32]) };
    let not_before = row.time(4)?;
    let not_after = row.time(5)?;
    Ok(CertificateFacts { sha256, not_before, not_after, revoked_at: row.opt_time(3)? })
}

fn statement(table: Table) -> &'static Many {
    match table {
        Table::Mailbox => &MAILBOX,
        Table::Declined => &DECLINED,
        Table::Mandate => &MANDATE,
        Table::Person => &PERSON,
        Table::Contact => &CONTACT,
        Table::Organisation => &ORGANISATION,
        Table::Sender => &SENDER,
        Table::Dispatch => &DISPATCH,
        Table::Operator => &OPERATOR,
        Table::OperatorCertificate => &OPERATOR_CERTIFICATE,
        Table::RegistryEvent => &EVENT,
        Table::Certificate | Table::Identity | Table::Login | Table::Registration => &CERTIFICATE,
    }
}

static MAILBOX: Many = Many::new(
    "SELECT mailbox_id, owner_kind, owner_id, opened_at, closed_at FROM mailbox WHERE mailbox_id IN (",
    1,
    ")",
);
static DECLINED: Many =
    Many::new("SELECT mailbox_id, sender_mac FROM declined WHERE mailbox_id IN (", 1, ")");
static MANDATE: Many = Many::new(
    "SELECT mailbox_id, mandate_id, person_id, kind, valid_from, valid_to, revoked_at \
     FROM mandate WHERE mailbox_id IN (",
    1,
    ")",
);
static PERSON: Many =
    Many::new("SELECT person_id, protected_at, deceased_at FROM person WHERE person_id IN (", 1, ")");
static CONTACT: Many = Many::new(
    "SELECT person_id, contact_id, channel, address_mac, show_sender, confirmed_at \
     FROM contact WHERE confirmed_at IS NOT NULL AND person_id IN (",
    1,
    ")",
);
static ORGANISATION: Many =
    Many::new("SELECT organisation_id, ended_at FROM organisation WHERE organisation_id IN (", 1, ")");
static SENDER: Many =
    Many::new("SELECT number, name, may_send, suspended_at, sha1 FROM sender WHERE number IN (", 1, ")");
static DISPATCH: Many =
    Many::new("SELECT sender, dispatcher, valid_from, valid_to FROM dispatch WHERE sender IN (", 1, ")");
static CERTIFICATE: Many = Many::new(
    "SELECT organisation, sha256, der, revoked_at, not_before, not_after FROM certificate WHERE organisation IN (",
    1,
    ")",
);
static OPERATOR: Many = Many::new(
    "SELECT number, domain, name, service_address, ui_address, own, ended_at FROM operator WHERE number IN (",
    1,
    ")",
);
static OPERATOR_CERTIFICATE: Many = Many::new(
    "SELECT operator, sha256, der, revoked_at, not_before, not_after FROM operator_certificate \
     WHERE operator IN (",
    1,
    ")",
);
static EVENT: Many = Many::new(
    "SELECT number, seq, at, type, entry FROM registry_event WHERE party = $1 AND number IN (",
    1,
    ")",
);
