//! Inbox, archive and bin: lists of letters.

use crate::{frame::Frame, icons};
use askama::Template;

/// How a row is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// By a link: the letter is open already, or there is something to say first.
    Link(String),
    /// By a button that posts: opening is written down, so it is no link.
    Post(String),
}

/// One letter in a list.
#[derive(Clone, Debug)]
pub struct Row {
    pub act: Act,
    /// Two letters of the sender's name.
    pub initials: String,
    pub sender: String,
    pub subject: String,
    /// "09.14".
    pub when: String,
    pub unread: bool,
    /// "Vidarebefordrat av Bo Bengtsson", when somebody else got it first.
    pub forwarded: Option<String>,
    /// Whose box it lies in, when there is more than one.
    pub owner: Option<String>,
    /// "Bo läste i dag": somebody else, while the reader has not.
    pub read_by: Option<String>,
    /// The date has passed.
    pub late: bool,
    /// The reader has said that it is done.
    pub done: bool,
    /// "31 jan", when an answer is asked for.
    pub due: Option<String>,
    pub files: usize,
    /// The one that is shown beside the list.
    pub current: bool,
    /// In the bin: where to restore and erase it.
    pub bin: Option<(String, String)>,
}

/// Letters under one heading.
#[derive(Clone, Debug)]
pub struct Group {
    /// "Idag".
    pub title: String,
    /// Newest first.
    pub rows: Vec<Row>,
}

/// Something to do by a date.
#[derive(Clone, Debug)]
pub struct Todo {
    pub act: Act,
    pub subject: String,
    /// The sender, and the owner when there is more than one box.
    pub sender: String,
    /// "31 jan".
    pub due: String,
    /// "5 dagar kvar".
    pub left: Option<String>,
    /// "Försenat – skulle ha besvarats 13 dec", when the date has passed.
    pub late: Option<String>,
    /// Where to say that it is done; none for helpers.
    pub done: Option<String>,
}

/// A choice above the list.
#[derive(Clone, Debug)]
pub struct Filter {
    pub href: String,
    pub name: String,
    /// Whether it is in force.
    pub chosen: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The words; empty when nothing is sought.
    pub words: String,
    /// Only unread letters, kept over a search.
    pub unread: bool,
    /// Only one box, kept over a search.
    pub mailbox: Option<String>,
    /// "3 brev stämmer med …".
    pub says: Option<String>,
    /// The same search in the other folder: address and words.
    pub elsewhere: Option<(String, &'static str)>,
}

/// Why a list is empty.
#[derive(Clone, Debug)]
pub struct Empty {
    pub title: &'static str,
    /// What will come, or what to try.
    pub text: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folder {
    /// Letters neither archived nor binned.
    Inbox,
    Archive,
    Bin,
}

/// The part that inbox and letter share: the letters themselves.
#[derive(Clone, Debug)]
pub struct Listing {
    pub folder: Folder,
    /// The letters by time.
    pub groups: Vec<Group>,
    /// Where the next page is.
    pub older: Option<String>,
    /// Whether this is not the first page.
    pub paged: bool,
    /// The address of the list.
    pub href: &'static str,
}

/// Something that is said above the letters.
#[derive(Clone, Debug)]
pub enum Banner {
    /// The own mailbox is closed, and can be opened again.
    Closed(String),
    /// Somebody asks, or has answered.
    Helpers(&'static str),
}

/// A page with a list.
#[derive(Debug, Template)]
#[template(path = "list.html")]
pub struct List {
    pub f: Frame,
    pub title: &'static str,
    /// What waits for an answer elsewhere than in a letter.
    pub banners: Vec<Banner>,
    /// Said to somebody who will not learn of new letters.
    pub notice: Option<&'static str>,
    /// Things with a date, soonest first.
    pub todo: Vec<Todo>,
    /// Unread or all; which box.
    pub filters: Vec<Filter>,
    /// One for each box, when there is more than one.
    pub boxes: Vec<Filter>,
    pub search: Search,
    pub listing: Listing,
    /// Set when there are none.
    pub empty: Option<Empty>,
}

impl List {
    /// Whether this is the bin.
    pub fn is_bin(&self) -> bool {
        self.listing.folder == Folder::Bin
    }

    /// Whether the reader may say of any of the things to do that it is done.
    pub fn has_done(&self) -> bool {
        self.todo.iter().any(|item| item.done.is_some())
    }

    /// How many letters this page shows.
    pub fn shown(&self) -> usize {
        self.listing.groups.iter().map(|group| group.rows.len()).sum()
    }
}
