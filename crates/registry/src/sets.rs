//! What decides, as sets that are vouched for.
//!
//! Whoever can write the letters database can write every row of it. So the key service keeps, in its own store, the
//! version and the digests of each set of rows that decides something, and moves them only for an act that it checked
//! itself. Readers make the digests again from the rows and compare: a row that is missing, added, changed, moved or
//! older makes another digest. What a set consists of stands here, and in `docs/security.md`.

mod read;
mod rows;

pub use read::{read, read_some};
pub use rows::{CertificateFacts, ContactFacts, EventFacts, Facts, MailboxFacts, MandateFacts};

use crate::owner::Owner;
use domain::{MailboxId, OrgNumber, PersonId, RowsDigest};
use evidence::Party;
use std::collections::BTreeMap;

/// What a set is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetKind {
    /// Owner and state, senders turned off, mandates.
    Mailbox,
    /// States and contact points.
    Person,
    Organisation,
    /// Name and state, dispatchers, certificates, and what happened to them.
    Sender,
    /// A mailbox operator: name, addresses and state, certificates, and what happened to them.
    Operator,
}

impl SetKind {
    /// All of them, in the order in which a sweep goes through them.
    pub const ALL: [Self; 5] =
        [Self::Sender, Self::Operator, Self::Person, Self::Organisation, Self::Mailbox];

    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Sender => "sender",
            Self::Operator => "operator",
        }
    }

    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The tables whose rows make up the set; one digest for each, in this order.
    pub const fn tables(self) -> &'static [Table] {
        match self {
            Self::Mailbox => &[Table::Mailbox, Table::Declined, Table::Mandate],
            Self::Person => &[Table::Person, Table::Contact],
            Self::Organisation => &[Table::Organisation],
            Self::Sender => &[Table::Sender, Table::Dispatch, Table::Certificate, Table::RegistryEvent],
            Self::Operator => &[Table::Operator, Table::OperatorCertificate, Table::RegistryEvent],
        }
    }
}

/// A table with rows that decide, by its name in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    Mailbox,
    Declined,
    Mandate,
    Person,
    Contact,
    Organisation,
    Sender,
    Dispatch,
    Certificate,
    Operator,
    OperatorCertificate,
    /// What happened to a sender or an operator: the key service compares the whole chain.
    RegistryEvent,
    /// Whose numbers are: the key store has these rows itself.
    Identity,
    /// Who logs in by which number: likewise.
    Login,
    /// Who is at which other operator: nobody beside an open mailbox here.
    Registration,
}

impl Table {
    /// Where its digest stands among those of its kind.
    pub fn place(self) -> usize {
        let of = |kind: SetKind| kind.tables().iter().position(|table| *table == self);
        SetKind::ALL.into_iter().find_map(of).unwrap_or(usize::MAX)
    }

    /// Its name: the label of `kuvert_unvouched_total`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Declined => "declined",
            Self::Mandate => "mandate",
            Self::Person => "person",
            Self::Contact => "contact",
            Self::Organisation => "organisation",
            Self::Sender => "sender",
            Self::Dispatch => "dispatch",
            Self::Certificate => "certificate",
            Self::Operator => "operator",
            Self::OperatorCertificate => "operator_certificate",
            Self::RegistryEvent => "registry_event",
            Self::Identity => "identity",
            Self::Login => "login",
            Self::Registration => "registration",
        }
    }
}

/// Whose set it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub kind: SetKind,
    /// The sixteen bytes of an id, or the digits of a sender's or operator's number.
    pub id: Vec<u8>,
}

impl Subject {
    pub fn mailbox(id: MailboxId) -> Self {
        Self { kind: SetKind::Mailbox, id: id.as_bytes().to_vec() }
    }

    pub fn person(id: PersonId) -> Self {
        Self { kind: SetKind::Person, id: id.as_bytes().to_vec() }
    }

    pub fn owner(owner: Owner) -> Self {
        let kind = match owner {
            Owner::Person(_) => SetKind::Person,
            Owner::Organisation(_) => SetKind::Organisation,
        };
        Self { kind, id: owner.id().to_vec() }
    }

    pub fn sender(number: &OrgNumber) -> Self {
        Self { kind: SetKind::Sender, id: number.as_str().as_bytes().to_vec() }
    }

    pub fn operator(number: &OrgNumber) -> Self {
        Self { kind: SetKind::Operator, id: number.as_str().as_bytes().to_vec() }
    }

    /// The set that the chain of this organisation is in.
    pub fn party(party: Party, number: &OrgNumber) -> Self {
        match party {
            Party::Sender => Self::sender(number),
            Party::Operator => Self::operator(number),
        }
    }

    /// A sender or an operator, with its number.
    pub fn as_party(&self) -> Option<(Party, OrgNumber)> {
        let party = match self.kind {
            SetKind::Sender => Party::Sender,
            SetKind::Operator => Party::Operator,
            SetKind::Mailbox | SetKind::Person | SetKind::Organisation => return None,
        };
        let number = OrgNumber::parse(std::str::from_utf8(&self.id).ok()?).ok()?;
        Some((party, number))
    }

    /// The mailbox, when it is one.
    pub fn mailbox_id(&self) -> Option<MailboxId> {
        (self.kind == SetKind::Mailbox).then(|| MailboxId::from_slice(&self.id).ok()).flatten()
    }
}

/// For logs and `evidence check`: the kind, and the id in hexadecimal or as a number.
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            kind @ (SetKind::Sender | SetKind::Operator) => {
                write!(f, "{} {}", kind.as_str(), String::from_utf8_lossy(&self.id))
            }
            kind => write!(f, "{} {}", kind.as_str(), hex::encode(&self.id)),
        }
    }
}

/// The rows of one set as the database has them now: by table, by key.
#[derive(Clone, Debug, Default)]
pub struct Set {
    rows: BTreeMap<(Table, Vec<u8>), Facts>,
}

impl Set {
    /// Takes one row up.
    pub fn put(&mut self, facts: Facts) {
        self.rows.insert((facts.table(), facts.key()), facts);
    }

    pub fn put_all(&mut self, facts: impl IntoIterator<Item = Facts>) {
        facts.into_iter().for_each(|one| self.put(one));
    }

    /// Whether the database has no row of it.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All rows of one table.
    pub fn of(&self, table: Table) -> impl Iterator<Item = &Facts> {
        self.rows.iter().filter(move |((of, _), _)| *of == table).map(|(_, facts)| facts)
    }

    /// Of a mailbox's set: whose it is.
    pub fn owner(&self) -> Option<Owner> {
        self.of(Table::Mailbox).find_map(|facts| match facts {
            Facts::Mailbox(mailbox) => Some(mailbox.owner),
            _ => None,
        })
    }

    /// One digest for each table of the kind.
    pub fn digests(&self, subject: &Subject) -> Vec<RowsDigest> {
        subject.kind.tables().iter().map(|table| self.digest(subject, *table)).collect()
    }

    /// The digest of one table's rows.
    pub fn digest(&self, subject: &Subject, table: Table) -> RowsDigest {
        let rows = self.rows.iter().filter(|((of, _), _)| *of == table);
        let rows: Vec<_> = rows.map(|((_, key), facts)| (key.as_slice(), facts.value())).collect();
        digest(subject, table, rows.iter().map(|(key, value)| (*key, value.as_slice())))
    }

    /// The rows that are in one of the two and not alike in the other.
    pub fn differences(&self, other: &Self) -> Vec<(Table, Vec<u8>)> {
        let alike = |key: &(Table, Vec<u8>), facts: &Facts| {
            other.rows.get(key).is_some_and(|there| there.value() == facts.value())
        };
        let gone = self.rows.iter().filter(|(key, facts)| !alike(key, facts)).map(|(key, _)| key);
        let new = other.rows.keys().filter(|key| !self.rows.contains_key(*key));
        gone.chain(new).cloned().collect()
    }

    /// Whether this row stands in it just so.
    pub fn has(&self, facts: &Facts) -> bool {
        let there = self.rows.get(&(facts.table(), facts.key()));
        there.is_some_and(|there| there.value() == facts.value())
    }
}

/// The digest of one table's rows of a set, in the order of their keys. Empty sets have one too.
fn digest<'a>(
    subject: &Subject,
    table: Table,
    rows: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> RowsDigest {
    let mut text = Vec::new();
    let mut put = |bytes: &[u8]| {
        text.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        text.extend_from_slice(bytes);
    };
    put(LABEL);
    put(subject.kind.as_str().as_bytes());
    put(&subject.id);
    put(table.as_str().as_bytes());
    for (key, value) in rows {
        put(key);
        put(value);
    }
    RowsDigest::from_bytes(vault::sha256(&text))
}

const LABEL: &[u8] = b"kuvert-set/1";

#[cfg(test)]
mod tests;
