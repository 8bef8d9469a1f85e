//! What comes out of a statement, by position. A column of another kind than asked for is an error, never a guess.

use crate::{
    Error,
    value::{Id, Tag},
};
use domain::Time;
use sqlx::{
    Decode, Row as _, Sqlite, Type, TypeInfo, ValueRef,
    postgres::PgRow,
    sqlite::{SqliteRow, SqliteValueRef},
};

/// One row of an answer.
pub struct Row(pub(crate) Inner);

pub(crate) enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn text(&self, index: usize) -> Result<&str, Error> {
        self.opt_text(index)?.ok_or(Error::column(index, "text"))
    }

    pub fn int(&self, index: usize) -> Result<i64, Error> {
        self.opt_int(index)?.ok_or(Error::column(index, "an integer"))
    }

    pub fn bytes(&self, index: usize) -> Result<&[u8], Error> {
        self.opt_bytes(index)?.ok_or(Error::column(index, "bytes"))
    }

    pub fn time(&self, index: usize) -> Result<Time, Error> {
        self.int(index).map(Time::from_millis)
    }

    pub fn opt_time(&self, index: usize) -> Result<Option<Time>, Error> {
        Ok(self.opt_int(index)?.map(Time::from_millis))
    }

    /// An integer that was stored from a type of its own, such as a count (`u32`, `u64`, `usize`, `i32`).
    pub fn number<T: TryFrom<i64>>(&self, index: usize) -> Result<T, Error> {
        T::try_from(self.int(index)?).map_err(|_| Error::column(index, "a number of that size"))
    }

    /// 0 or 1, as [`crate::Value`] writes a `bool`.
    pub fn flag(&self, index: usize) -> Result<bool, Error> {
        Ok(self.int(index)? != 0)
    }

    /// An id of our own: `let id: LetterId = row.id(0)?`.
    pub fn id<T: Id>(&self, index: usize) -> Result<T, Error> {
        T::from_stored(self.bytes(index)?).ok_or(Error::column(index, "an id"))
    }

    pub fn opt_id<T: Id>(&self, index: usize) -> Result<Option<T>, Error> {
        match self.opt_bytes(index)? {
            None => Ok(None),
            Some(bytes) => T::from_stored(bytes).map(Some).ok_or(Error::column(index, "an id")),
        }
    }

    /// A keyed hash or a digest of a type of its own: `let mac: AddressMac = row.tag(0)?`.
    pub fn tag<T: Tag>(&self, index: usize) -> Result<T, Error> {
        T::from_stored(self.bytes(index)?).ok_or(Error::column(index, "a tag"))
    }

    pub fn opt_tag<T: Tag>(&self, index: usize) -> Result<Option<T>, Error> {
        match self.opt_bytes(index)? {
            None => Ok(None),
            Some(bytes) => T::from_stored(bytes).map(Some).ok_or(Error::column(index, "a tag")),
        }
    }

    /// Bytes of a fixed length, such as a hash.
    pub fn array<const N: usize>(&self, index: usize) -> Result<[u8; N], Error> {
        self.bytes(index)?.try_into().map_err(|_| Error::column(index, "bytes of that length"))
    }

    pub fn opt_text(&self, index: usize) -> Result<Option<&str>, Error> {
        let wrong = || Error::column(index, "text");
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<&str>(row, index, wrong),
            Inner::Postgres(row) => {
                raw(row, index)?.map(|bytes| str::from_utf8(bytes).map_err(|_| wrong())).transpose()
            }
        }
    }

    pub fn opt_int(&self, index: usize) -> Result<Option<i64>, Error> {
        let wrong = || Error::column(index, "an integer");
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<i64>(row, index, wrong),
            Inner::Postgres(row) => {
                raw(row, index)?.map(|bytes| big_endian(bytes).ok_or_else(wrong)).transpose()
            }
        }
    }

    pub fn opt_bytes(&self, index: usize) -> Result<Option<&[u8]>, Error> {
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<&[u8]>(row, index, || Error::column(index, "bytes")),
            Inner::Postgres(row) => raw(row, index),
        }
    }
}

fn decode_sqlite<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
    row: &'r SqliteRow,
    index: usize,
    wrong: impl Fn() -> Error,
) -> Result<Option<T>, Error> {
    let value: SqliteValueRef<'r> = row.try_get_raw(index).map_err(|_| Error::column(index, "a column"))?;
    if value.is_null() {
        return Ok(None);
    }
    // SQLite would turn text into the number 0 without a word.
    if value.type_info().name() != T::type_info().name() {
        return Err(wrong());
    }
    T::decode(value).map(Some).map_err(|_| wrong())
}

fn raw(row: &PgRow, index: usize) -> Result<Option<&[u8]>, Error> {
    let value = row.try_get_raw(index).map_err(|_| Error::column(index, "a column"))?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(Some).map_err(|_| Error::column(index, "bytes"))
}

/// Binary integers of any width: `count(*)` is eight bytes, a bare `1` four, a comparison one.
fn big_endian(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [a, b, c, d, e, f, g, h] => Some(i64::from_be_bytes([a, b, c, d, e, f, g, h])),
        [a, b, c, d] => Some(i32::from_be_bytes([a, b, c, d]).into()),
        [a, b] => Some(i16::from_be_bytes([a, b]).into()),
        [a] => Some(a.into()),
        _ => None,
    }
}
