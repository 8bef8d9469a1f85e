//! The pages: what each one shows, and the template that shows it. Nothing here knows a database or a key.

mod letter;
mod list;
mod plain;
mod settings;
mod start;

pub use letter::{
    Attachment, Closed, Detail, Fact, Forwarded, HowVerified, KeepCopy, Letter, LetterBody, OpenedBy,
    Support, Trace,
};
pub use list::{Act, Banner, Empty, Filter, Folder, Group, List, Listing, Row, Search, Todo};
pub use plain::{About, Accessibility, Confirm, Message, Operator, Privacy};
pub use settings::{
    AskedRow, AsksRow, Contact, Contacts, Field, HelperRow, Helpers, Helping, History, HistoryDay,
    HistoryRow, LogInRow, LogIns, Profile, ProfileBox, SenderRow, Senders, SettingsMenu, SettingsPlace,
    SettingsRoot,
};
pub use start::{Continue, MovingOn, OpenBox, Provider, Stay, Trouble, Welcome};
