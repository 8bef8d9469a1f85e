//! What comes out of a statement, by the names of its columns. A column of another kind than asked for is an error,
//! never a guess.
//!
//! An expression has the name that the statement gives it (`count(*) AS n`): without one the two databases choose
//! different names. The driver looks names up in a hash map that it makes once for each statement.

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
    pub fn text(&self, column: &'static str) -> Result<&str, Error> {
        self.opt_text(column)?.ok_or(Error::column(column, "text"))
    }

    pub fn int(&self, column: &'static str) -> Result<i64, Error> {
        self.opt_int(column)?.ok_or(Error::column(column, "an integer"))
    }

    pub fn bytes(&self, column: &'static str) -> Result<&[u8], Error> {
        self.opt_bytes(column)?.ok_or(Error::column(column, "bytes"))
    }

    pub fn time(&self, column: &'static str) -> Result<Time, Error> {
        self.int(column).map(Time::from_millis)
    }

    pub fn opt_time(&self, column: &'static str) -> Result<Option<Time>, Error> {
        Ok(self.opt_int(column)?.map(Time::from_millis))
    }

    /// An integer that was stored from a type of its own, such as a count (`u32`, `u64`, `usize`, `i32`).
    pub fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, Error> {
        T::try_from(self.int(column)?).map_err(|_| Error::column(column, "a number of that size"))
    }

    /// 0 or 1, as [`crate::Value`] writes a `bool`.
    pub fn flag(&self, column: &'static str) -> Result<bool, Error> {
        Ok(self.int(column)? != 0)
    }

    /// An id of our own: `let id: LetterId = row.id("letter_id")?`.
    pub fn id<T: Id>(&self, column: &'static str) -> Result<T, Error> {
        T::from_stored(self.bytes(column)?).ok_or(Error::column(column, "an id"))
    }

    pub fn opt_id<T: Id>(&self, column: &'static str) -> Result<Option<T>, Error> {
        match self.opt_bytes(column)? {
            None => Ok(None),
            Some(bytes) => T::from_stored(bytes).map(Some).ok_or(Error::column(column, "an id")),
        }
    }

    /// A keyed hash or a digest of a type of its own: `let mac: AddressMac = row.tag("address_mac")?`.
    pub fn tag<T: Tag>(&self, column: &'static str) -> Result<T, Error> {
        T::from_stored(self.bytes(column)?).ok_or(Error::column(column, "a tag"))
    }

    pub fn opt_tag<T: Tag>(&self, column: &'static str) -> Result<Option<T>, Error> {
        match self.opt_bytes(column)? {
            None => Ok(None),
            Some(bytes) => T::from_stored(bytes).map(Some).ok_or(Error::column(column, "a tag")),
        }
    }

    /// Bytes of a fixed length, such as a hash.
    pub fn array<const N: usize>(&self, column: &'static str) -> Result<[u8; N], Error> {
        self.bytes(column)?.try_into().map_err(|_| Error::column(column, "bytes of that length"))
    }

    /// A text that is one of ours: a word, a number of an organisation. `wanted` says what, for the error.
    pub fn parsed<T>(
        &self,
        column: &'static str,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Error> {
        parse(self.text(column)?).ok_or(Error::column(column, wanted))
    }

    pub fn opt_text(&self, column: &'static str) -> Result<Option<&str>, Error> {
        let wrong = || Error::column(column, "text");
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<&str>(row, column, wrong),
            Inner::Postgres(row) => {
                raw(row, column)?.map(|bytes| str::from_utf8(bytes).map_err(|_| wrong())).transpose()
            }
        }
    }

    pub fn opt_int(&self, column: &'static str) -> Result<Option<i64>, Error> {
        let wrong = || Error::column(column, "an integer");
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<i64>(row, column, wrong),
            Inner::Postgres(row) => {
                raw(row, column)?.map(|bytes| big_endian(bytes).ok_or_else(wrong)).transpose()
            }
        }
    }

    pub fn opt_bytes(&self, column: &'static str) -> Result<Option<&[u8]>, Error> {
        match &self.0 {
            Inner::Sqlite(row) => decode_sqlite::<&[u8]>(row, column, || Error::column(column, "bytes")),
            Inner::Postgres(row) => raw(row, column),
        }
    }
}

fn decode_sqlite<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
    row: &'r SqliteRow,
    column: &'static str,
    wrong: impl Fn() -> Error,
) -> Result<Option<T>, Error> {
    let value: SqliteValueRef<'r> = row.try_get_raw(column).map_err(|_| Error::column(column, "a column"))?;
    if value.is_null() {
        return Ok(None);
    }
    // SQLite would turn text into the number 0 without a word.
    if value.type_info().name() != T::type_info().name() {
        return Err(wrong());
    }
    T::decode(value).map(Some).map_err(|_| wrong())
}

fn raw<'r>(row: &'r PgRow, column: &'static str) -> Result<Option<&'r [u8]>, Error> {
    let value = row.try_get_raw(column).map_err(|_| Error::column(column, "a column"))?;
    if value.is_null() {
        return Ok(None);
    }
    value.as_bytes().map(Some).map_err(|_| Error::column(column, "bytes"))
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
