//! A list of columns, written once.

/// Writes a list of columns and the function that reads a row of them, so that neither can forget what the other has.
///
/// Each field of the struct stands in the column of its own name. Behind the colon is what reads it: a method of
/// [`crate::Row`], with what makes the value owned, or a function that takes the row and the column's name:
///
/// ```
/// # use store::{Error, Row};
/// # use domain::{ContactId, Time, words::Channel};
/// pub struct Contact {
///     pub contact_id: ContactId,
///     pub channel: Channel,
///     /// (sealed)
///     pub address: Vec<u8>,
///     pub added_at: Time,
/// }
///
/// store::columns! {
///     contact_columns, fn read -> Contact {
///         contact_id: id,
///         channel: channel(row),
///         address: bytes.to_vec(),
///         added_at: time,
///     }
/// }
///
/// fn channel(row: &Row, column: &'static str) -> Result<Channel, Error> {
///     row.parsed(column, "a channel", Channel::parse)
/// }
///
/// const FOR_PERSON: &str = concat!("SELECT ", contact_columns!(), " FROM contact WHERE person_id = $1");
/// const OF_ALL: &str = concat!("SELECT ", contact_columns!("c."), " FROM asked a JOIN contact c ON c.person_id = a.id");
/// # assert_eq!(FOR_PERSON, "SELECT contact_id, channel, address, added_at FROM contact WHERE person_id = $1");
/// # assert!(OF_ALL.starts_with("SELECT c.contact_id, c.channel, c.address, c.added_at FROM"));
/// ```
///
/// It makes `fn read(row: &Row) -> Result<Contact, Error>` and a macro `contact_columns!` for [`concat!`]: the whole
/// statement stays one constant text. With a table's short name the list has that before each column. As any macro of
/// that kind it can be used below the place where it is made; with `pub(crate)` before its name other modules can `use`
/// it.
///
/// Where a row is read in another way than field by field, the list alone is made, and the function stands beside it:
///
/// ```
/// store::columns! { key_columns: mailbox_id, letter_id }
/// # assert_eq!(key_columns!(), "mailbox_id, letter_id");
/// ```
#[macro_export]
macro_rules! columns {
    (pub(crate) $list:ident $($rest:tt)+) => {
        $crate::columns!($list $($rest)+);
        #[allow(clippy::single_component_path_imports, reason = "clippy does not see that it is a macro of this module")]
        pub(crate) use $list;
    };
    ($list:ident: $($column:ident),+ $(,)?) => {
        $crate::columns!(@list ($) $list $($column)+);
    };
    ($list:ident, $(#[$meta:meta])* $vis:vis fn $read:ident -> $record:ident {
        $($field:ident: $kind:ident $(($row:ident))? $(.$then:ident($($arg:expr),*))*),+ $(,)?
    }) => {
        $(#[$meta])*
        $vis fn $read(row: &$crate::Row) -> Result<$record, $crate::Error> {
            Ok($record {
                $($field: $crate::columns!(@field row, stringify!($field), $kind $($row)?)?
                    $(.$then($($arg),*))*,)+
            })
        }
        $crate::columns!(@list ($) $list $($field)+);
    };
    (@field $from:ident, $name:expr, $kind:ident $row:ident) => { $kind($from, $name) };
    (@field $from:ident, $name:expr, $kind:ident) => { $from.$kind($name) };
    // The `$` comes as an argument: a macro that makes another one cannot write it.
    (@list ($d:tt) $list:ident $first:ident $($column:ident)*) => {
        macro_rules! $list {
            () => { concat!(stringify!($first), $(", ", stringify!($column)),*) };
            ($d table:literal) => {
                concat!($d table, stringify!($first), $(", ", $d table, stringify!($column)),*)
            };
        }
    };
}
