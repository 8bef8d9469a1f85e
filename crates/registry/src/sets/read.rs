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
    let subject = |row: &Row| match numbered {
        true => row.text("subject").map(|number| number.as_bytes().to_vec()),
        false => row.bytes("subject").map(<[u8]>::to_vec),
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
            owner: Owner::read(row)?,
            opened_at: row.time("opened_at")?,
            closed_at: row.opt_time("closed_at")?,
        }),
        Table::Declined => Facts::Declined(row.tag("sender_mac")?),
        Table::Mandate => Facts::Mandate(MandateFacts {
            mandate_id: row.id("mandate_id")?,
            person_id: row.id("person_id")?,
            kind: row.text("kind")?.to_owned(),
            valid_from: row.time("valid_from")?,
            valid_to: row.opt_time("valid_to")?,
            revoked_at: row.opt_time("revoked_at")?,
        }),
        Table::Person => Facts::Person {
            protected_at: row.opt_time("protected_at")?,
            deceased_at: row.opt_time("deceased_at")?,
        },
        Table::Contact => Facts::Contact(ContactFacts {
            contact_id: row.id("contact_id")?,
            channel: row.text("channel")?.to_owned(),
            address_mac: row.tag("address_mac")?,
            show_sender: row.flag("show_sender")?,
            confirmed_at: row.opt_time("confirmed_at")?,
        }),
        Table::Organisation => Facts::Organisation { ended_at: row.opt_time("ended_at")? },
        Table::Sender => Facts::Sender {
            name: row.text("name")?.to_owned(),
            may_send: row.flag("may_send")?,
            suspended_at: row.opt_time("suspended_at")?,
            sha1: row.flag("sha1")?,
        },
        Table::Dispatch => Facts::Dispatch {
            dispatcher: number(row, "dispatcher")?,
            valid_from: row.time("valid_from")?,
            valid_to: row.opt_time("valid_to")?,
        },
        // The key store has these itself, or they follow from a mailbox that is open.
        Table::Identity | Table::Login | Table::Registration => {
            return Err(Error::Column { column: "kind", wanted: "a table of a set" });
        }
        Table::Certificate => Facts::Certificate(certificate(row)?),
        Table::Operator => Facts::Operator {
            domain: row.text("domain")?.to_owned(),
            name: row.text("name")?.to_owned(),
            service_address: row.text("service_address")?.to_owned(),
            ui_address: row.opt_text("ui_address")?.map(str::to_owned),
            own: row.flag("own")?,
            ended_at: row.opt_time("ended_at")?,
        },
        Table::OperatorCertificate => Facts::OperatorCertificate(certificate(row)?),
        Table::RegistryEvent => Facts::Event(EventFacts {
            seq: row.number("seq")?,
            at: row.time("at")?,
            kind: row.text("type")?.to_owned(),
            entry: row.array("entry")?,
        }),
    })
}

fn certificate(row: &Row) -> Result<CertificateFacts, Error> {
    let kept: CertificateDigest = row.tag("sha256")?;
    let der = row.bytes("der")?;
    // What is looked up by its digest is also the certificate of that digest.
    let sha256 =
        if vault::sha256(der) == *kept.as_bytes() { kept } else { CertificateDigest::from_bytes([0; 32]) };
    let not_before = row.time("not_before")?;
    let not_after = row.time("not_after")?;
    Ok(CertificateFacts { sha256, not_before, not_after, revoked_at: row.opt_time("revoked_at")? })
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
    "SELECT mailbox_id AS subject, owner_kind, owner_id, opened_at, closed_at FROM mailbox WHERE mailbox_id IN (",
    1,
    ")",
);
static DECLINED: Many =
    Many::new("SELECT mailbox_id AS subject, sender_mac FROM declined WHERE mailbox_id IN (", 1, ")");
static MANDATE: Many = Many::new(
    "SELECT mailbox_id AS subject, mandate_id, person_id, kind, valid_from, valid_to, revoked_at \
     FROM mandate WHERE mailbox_id IN (",
    1,
    ")",
);
static PERSON: Many = Many::new(
    "SELECT person_id AS subject, protected_at, deceased_at FROM person WHERE person_id IN (",
    1,
    ")",
);
static CONTACT: Many = Many::new(
    "SELECT person_id AS subject, contact_id, channel, address_mac, show_sender, confirmed_at \
     FROM contact WHERE confirmed_at IS NOT NULL AND person_id IN (",
    1,
    ")",
);
static ORGANISATION: Many = Many::new(
    "SELECT organisation_id AS subject, ended_at FROM organisation WHERE organisation_id IN (",
    1,
    ")",
);
static SENDER: Many = Many::new(
    "SELECT number AS subject, name, may_send, suspended_at, sha1 FROM sender WHERE number IN (",
    1,
    ")",
);
static DISPATCH: Many = Many::new(
    "SELECT sender AS subject, dispatcher, valid_from, valid_to FROM dispatch WHERE sender IN (",
    1,
    ")",
);
static CERTIFICATE: Many = Many::new(
    "SELECT organisation AS subject, sha256, der, revoked_at, not_before, not_after FROM certificate \
     WHERE organisation IN (",
    1,
    ")",
);
static OPERATOR: Many = Many::new(
    "SELECT number AS subject, domain, name, service_address, ui_address, own, ended_at FROM operator \
     WHERE number IN (",
    1,
    ")",
);
static OPERATOR_CERTIFICATE: Many = Many::new(
    "SELECT operator AS subject, sha256, der, revoked_at, not_before, not_after FROM operator_certificate \
     WHERE operator IN (",
    1,
    ")",
);
static EVENT: Many = Many::new(
    "SELECT number AS subject, seq, at, type, entry FROM registry_event WHERE party = $1 AND number IN (",
    1,
    ")",
);
