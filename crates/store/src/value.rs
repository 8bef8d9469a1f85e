//! What goes into a statement. Three kinds of column exist (`TEXT`, `BIGINT`, `BYTEA`), so three kinds of value.

use domain::{
    AddressMac, AgreementDigest, AgreementMac, AnnouncementId, CertificateDigest, CodeMac, ContactMac,
    DeclinedMac, LoginMac, PayloadMac, PreferenceMac, ReferenceMac, RowsDigest, SenderMac, Time,
    ids::{ContactId, EventId, JobId, LetterId, MailboxId, MandateId, OrganisationId, PersonId},
};
use sqlx::{
    Arguments, Encode, Postgres, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, types::Oid},
    sqlite::{SqliteArguments, SqliteArgumentsBuffer, SqliteTypeInfo},
};
use std::fmt;

/// One argument of a statement. `Debug` tells the kind and the length only: values never reach a log.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    Text(&'a str),
    Int(i64),
    Bytes(&'a [u8]),
    /// An id of our own, held by value.
    Id([u8; 16]),
    /// The database infers the type from where it stands; write `CAST($1 AS BIGINT)` where it cannot.
    Null,
}

/// Arguments for one statement: `tx.execute(SQL, args![id, now, "text"])`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value<'_>] };
}

/// One row of a multi-row statement: `rows.push(row![id, now])`.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Int(_) => f.write_str("Int"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Id(_) => f.write_str("Id"),
            Self::Null => f.write_str("Null"),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}
impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}
impl From<Time> for Value<'_> {
    fn from(time: Time) -> Self {
        Self::Int(time.millis())
    }
}
impl<'a, T> From<Option<T>> for Value<'a>
where
    Value<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_int {
    ($($int:ty),*) => {$(
        impl From<$int> for Value<'_> {
            fn from(int: $int) -> Self {
                Self::Int(i64::from(int))
            }
        }
    )*};
}
from_int!(i64, i32, i16, u32, u16, u8, bool);

/// An id that is stored as its sixteen bytes.
pub trait Id: Sized {
    /// `None` when the bytes are no such id.
    fn from_stored(bytes: &[u8]) -> Option<Self>;
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Self::Id(*id.as_bytes())
            }
        }
        impl From<&$id> for Value<'_> {
            fn from(id: &$id) -> Self {
                Self::Id(*id.as_bytes())
            }
        }
        impl Id for $id {
            fn from_stored(bytes: &[u8]) -> Option<Self> {
                Self::from_slice(bytes).ok()
            }
        }
    )*};
}
ids!(LetterId, MailboxId, PersonId, OrganisationId, EventId, JobId, ContactId, MandateId, AnnouncementId);

/// A keyed hash or a digest that is stored as its bytes.
pub trait Tag: Sized {
    /// `None` when the bytes are not as many as a tag has.
    fn from_stored(bytes: &[u8]) -> Option<Self>;
}

macro_rules! tags {
    ($($tag:ty),*) => {$(
        impl<'a> From<&'a $tag> for Value<'a> {
            fn from(tag: &'a $tag) -> Self {
                Self::Bytes(tag.as_bytes())
            }
        }
        impl Tag for $tag {
            fn from_stored(bytes: &[u8]) -> Option<Self> {
                Self::try_from(bytes).ok()
            }
        }
    )*};
}
tags!(
    AddressMac,
    LoginMac,
    SenderMac,
    ReferenceMac,
    PayloadMac,
    DeclinedMac,
    PreferenceMac,
    ContactMac,
    CodeMac,
    AgreementMac,
    CertificateDigest,
    AgreementDigest,
    RowsDigest
);

pub(crate) fn sqlite(values: &[Value<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    let mut out = SqliteArguments::default();
    out.reserve(values.len(), 0);
    for value in values {
        out.add(*value).map_err(sqlx::Error::Encode)?;
    }
    Ok(out)
}

pub(crate) fn postgres(values: &[Value<'_>]) -> Result<PgArguments, sqlx::Error> {
    let mut out = PgArguments::default();
    out.reserve(values.len(), values.len() * 16);
    for value in values {
        out.add(*value).map_err(sqlx::Error::Encode)?;
    }
    Ok(out)
}

impl Type<Sqlite> for Value<'_> {
    fn type_info() -> SqliteTypeInfo {
        <[u8] as Type<Sqlite>>::type_info()
    }
}

impl<'q> Encode<'q, Sqlite> for Value<'_> {
    fn encode_by_ref(&self, out: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        match *self {
            Self::Text(text) => <String as Encode<Sqlite>>::encode(text.to_owned(), out),
            Self::Int(int) => <i64 as Encode<Sqlite>>::encode(int, out),
            Self::Bytes(bytes) => <Vec<u8> as Encode<Sqlite>>::encode(bytes.to_vec(), out),
            Self::Id(id) => <Vec<u8> as Encode<Sqlite>>::encode(id.to_vec(), out),
            Self::Null => Ok(IsNull::Yes),
        }
    }
}

impl Type<Postgres> for Value<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl<'q> Encode<'q, Postgres> for Value<'_> {
    fn encode_by_ref(&self, out: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match *self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Int(int) => out.extend_from_slice(&int.to_be_bytes()),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
            Self::Id(id) => out.extend_from_slice(&id),
            Self::Null => return Ok(IsNull::Yes),
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self {
            Self::Text(_) => <str as Type<Postgres>>::type_info(),
            Self::Int(_) => <i64 as Type<Postgres>>::type_info(),
            Self::Bytes(_) | Self::Id(_) => <[u8] as Type<Postgres>>::type_info(),
            // Unspecified: the server infers it. A typed null would not fit every column.
            Self::Null => PgTypeInfo::with_oid(Oid(0)),
        })
    }
}
