//! Who owns a mailbox or an identity.

use domain::{OrganisationId, PersonId};
use store::{Error, Id, Row, Value};

/// A person or an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    Person(PersonId),
    Organisation(OrganisationId),
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    Person,
    Organisation,
}

impl OwnerKind {
    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
        }
    }
}

impl Owner {
    pub const fn kind(self) -> OwnerKind {
        match self {
            Self::Person(_) => OwnerKind::Person,
            Self::Organisation(_) => OwnerKind::Organisation,
        }
    }

    /// As stored beside the kind.
    pub fn id(self) -> [u8; 16] {
        match self {
            Self::Person(id) => *id.as_bytes(),
            Self::Organisation(id) => *id.as_bytes(),
        }
    }

    pub fn person(self) -> Option<PersonId> {
        match self {
            Self::Person(id) => Some(id),
            Self::Organisation(_) => None,
        }
    }

    pub(crate) fn value(self) -> Value<'static> {
        Value::Id(self.id())
    }

    /// From `owner_kind` and `owner_id`.
    pub(crate) fn read(row: &Row) -> Result<Self, Error> {
        let wrong = Error::Column { column: "owner_id", wanted: "an owner" };
        let bytes = row.bytes("owner_id")?;
        match row.text("owner_kind")? {
            "person" => PersonId::from_stored(bytes).map(Self::Person).ok_or(wrong),
            "organisation" => OrganisationId::from_stored(bytes).map(Self::Organisation).ok_or(wrong),
            _ => Err(Error::Column { column: "owner_kind", wanted: "a kind of owner" }),
        }
    }
}
