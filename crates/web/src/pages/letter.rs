//! One letter, opened or not.

use crate::{frame::Frame, icons, links::Link, pages::Listing, texts::Texts};
use askama::Template;

#[derive(Clone, Debug)]
pub enum LetterBody {
    /// Paragraphs of safe HTML made by [`crate::body::plain`]: escaped text, line breaks and links.
    Plain(Vec<String>),
    /// Safe HTML made by [`crate::body::html`]: elements of ours alone, without style or script.
    Html(String),
    Empty,
    /// Very long HTML or text, in a frame from the content origin: its address and an estimate of its
    /// height, 1–12.
    Framed {
        src: String,
        /// The class of height.
        height: usize,
    },
}

/// A line in the box of facts.
#[derive(Clone, Debug)]
pub struct Fact {
    /// "Svara senast".
    pub name: &'static str,
    /// "31 januari 2027".
    pub value: String,
    /// "5 dagar kvar".
    pub note: Option<String>,
    /// A date to keep.
    pub due: bool,
}

/// A file that came with the letter.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// The file's name as the sender gave it.
    pub name: String,
    /// "PDF, 48 kB".
    pub what: String,
    /// Shown in the browser; only types that are safe to show.
    pub show: Option<String>,
    pub download: String,
}

#[derive(Clone, Debug, Default)]
pub struct Support {
    /// In the sender's words.
    pub text: Option<String>,
    /// Shown, and dialled where it is a number.
    pub phone: Option<Link>,
    /// Shown, and written to where it is an address.
    pub email: Option<Link>,
    /// Shown, and followed where it is safe.
    pub url: Option<Link>,
}

impl Support {
    /// Telephone, e-mail and website, by their names.
    pub fn ways<'a>(&'a self, t: &Texts) -> Vec<(&'static str, &'a Link)> {
        let l = &t.letters;
        let ways = [(l.phone, &self.phone), (l.email, &self.email), (l.website, &self.url)];
        ways.into_iter().filter_map(|(name, link)| Some((name, link.as_ref()?))).collect()
    }
}

/// A name and what it says: of the matter, or of what the sender wrote beside the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// Our name for it, or the sender's own.
    pub name: String,
    /// As the sender wrote it.
    pub value: String,
}

/// The signed original, to keep.
#[derive(Clone, Debug)]
pub struct KeepCopy {
    pub href: String,
    /// "XML, 12 kB".
    pub what: String,
    /// What kind of file it is.
    pub about: &'static str,
}

/// That somebody else got the letter first, and what they wrote when they sent it on. None of it is signed.
#[derive(Clone, Debug)]
pub struct Forwarded {
    /// "Vidarebefordrat av Bo Bengtsson".
    pub title: String,
    pub says: String,
    pub subject: String,
    /// Their words, as bare text.
    pub words: String,
    /// What else they wrote.
    pub notes: Vec<Detail>,
}

/// What happened to a letter, for those who may see it.
#[derive(Clone, Debug)]
pub enum Trace {
    NotShown,
    /// Newest first.
    Lines(Vec<OpenedBy>),
    /// Something of it was changed or taken away.
    Broken,
}

/// A line of the letter's history.
#[derive(Clone, Debug)]
pub struct OpenedBy {
    /// "Du", "Bo Bengtsson".
    pub who: String,
    /// "som ägare".
    pub because: Option<&'static str>,
    /// "Öppnade brevet".
    pub what: &'static str,
    /// "idag 09.20".
    pub when: String,
}

/// Why the letter is genuine.
#[derive(Clone, Debug)]
pub struct HowVerified {
    pub text: String,
    /// The signed original, to keep.
    pub original: Option<KeepCopy>,
}

#[derive(Debug, Template)]
#[template(path = "letter.html")]
pub struct Letter {
    pub f: Frame,
    /// The list beside it, on wide screens.
    pub listing: Listing,
    /// The heading of the list and of the way back.
    pub list_title: &'static str,
    /// `/letters/{mailbox}/{letter}`.
    pub href: String,
    /// Two letters of the sender's name.
    pub initials: String,
    pub sender: String,
    /// The dispatcher, when another than the sender.
    pub via: Option<String>,
    /// When somebody else got it first.
    pub forwarded: Option<Forwarded>,
    /// Whose box, when there is more than one.
    pub owner: Option<String>,
    /// "22 november 2026".
    pub received: String,
    /// "Beslut".
    pub kind: Option<&'static str>,
    pub subject: String,
    /// The language of the heading: the letter's, or ours where the sender wrote none.
    pub subject_language: String,
    /// The letter's own language.
    pub language: String,
    pub facts: Vec<Fact>,
    pub body: LetterBody,
    pub attachments: Vec<Attachment>,
    pub support: Option<Support>,
    /// What is said of answers, when the sender wants or takes one.
    pub reply: Option<&'static str>,
    /// What happened in the matter, and its numbers.
    pub matter: Vec<Detail>,
    /// What else the sender wrote.
    pub notes: Vec<Detail>,
    /// Who has done what with it, newest first; not for helpers.
    pub history: Trace,
    /// Whether the signature fits the letter as it is stored now.
    pub genuine: bool,
    /// Why it is genuine.
    pub verified: HowVerified,
    /// Whether the reader may move it: helpers may not.
    pub may_move: bool,
    /// Whether what it asks for is said to be done; `None` where nothing is asked for, and for helpers.
    pub done: Option<bool>,
    /// Not for helpers.
    pub confidential: bool,
    /// Where the letter lies.
    pub folder: crate::pages::Folder,
    /// Cannot be erased yet.
    pub held: bool,
}

impl Letter {
    /// Whether it lies in the inbox.
    pub fn in_inbox(&self) -> bool {
        self.folder == crate::pages::Folder::Inbox
    }

    /// Whether it lies in the bin.
    pub fn in_bin(&self) -> bool {
        self.folder == crate::pages::Folder::Bin
    }
}

/// A letter that is not opened yet, and what opening it means.
#[derive(Debug, Template)]
#[template(path = "closed.html")]
pub struct Closed {
    pub f: Frame,
    /// The list beside it, on wide screens.
    pub listing: Listing,
    /// The heading of the list and of the way back.
    pub list_title: &'static str,
    /// `/letters/{mailbox}/{letter}`.
    pub href: String,
    /// Two letters of the sender's name.
    pub initials: String,
    pub sender: String,
    /// "Vidarebefordrat av Bo Bengtsson".
    pub forwarded: Option<String>,
    /// Whose box, when there is more than one.
    pub owner: Option<String>,
    /// "22 november 2026".
    pub received: String,
    pub subject: String,
    /// "31 januari 2027".
    pub due: Option<String>,
    /// That date has passed.
    pub late: bool,
    /// Whether the sender is told.
    pub tells: bool,
    /// For somebody who helps: whose letter it is.
    pub helps: Option<String>,
    /// "Bo läste i dag".
    pub read_by: Option<String>,
}

impl Closed {
    /// The two sentences about what opening means.
    pub fn says(&self, t: &Texts) -> (String, &'static str) {
        let l = &t.letters;
        match (&self.helps, self.tells) {
            (Some(owner), _) => (t.letter_to(owner), l.closed_helps_text),
            // Where an answer is asked for, nothing here says that there is time.
            (None, true) if self.due.is_some() => (l.closed_tells.to_owned(), l.closed_tells_due),
            (None, true) => (l.closed_tells.to_owned(), l.closed_tells_text),
            (None, false) => (l.closed_quiet.to_owned(), l.closed_quiet_text),
        }
    }
}
