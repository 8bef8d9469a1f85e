//! Settings: senders, notices, helpers, history, profile.

use crate::{frame::Frame, icons};
use askama::Template;

/// Which page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsPlace {
    Senders,
    /// How to be told.
    Contacts,
    Helpers,
    History,
    /// Where one is logged in.
    LogIns,
    Profile,
}

/// The entries beside every page of the settings.
pub struct SettingsMenu;

impl SettingsMenu {
    /// Place, address and drawing of each.
    pub const ENTRIES: [(SettingsPlace, &'static str, &'static str); 6] = [
        (SettingsPlace::Contacts, "/contacts", icons::BELL),
        (SettingsPlace::Senders, "/senders", icons::SENDERS),
        (SettingsPlace::Helpers, "/helpers", icons::PEOPLE),
        (SettingsPlace::History, "/history", icons::EYE),
        (SettingsPlace::LogIns, "/log-ins", icons::LOCK),
        (SettingsPlace::Profile, "/profile", icons::PERSON),
    ];
}

impl SettingsPlace {
    /// The words of the entry, and what stands under it.
    pub fn says(&self, t: &crate::texts::Texts) -> (&'static str, &'static str) {
        let s = &t.settings;
        match self {
            Self::Senders => (s.senders, s.senders_short),
            Self::Contacts => (s.contacts, s.contacts_short),
            Self::Helpers => (s.helpers, s.helpers_short),
            Self::History => (s.history, s.history_short),
            Self::LogIns => (s.log_ins, s.log_ins_short),
            Self::Profile => (s.profile, s.profile_short),
        }
    }
}

/// The list of settings.
#[derive(Debug, Template)]
#[template(path = "settings.html")]
pub struct SettingsRoot {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
}

/// A sender in the list.
#[derive(Clone, Debug)]
pub struct SenderRow {
    /// The sender's number, which the forms post.
    pub number: String,
    pub name: String,
    /// Two letters of it.
    pub initials: String,
    /// "Avstängd sedan 12 oktober 2026".
    pub off: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "senders.html")]
pub struct Senders {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    /// One for each box, when there is more than one.
    pub boxes: Vec<crate::pages::Filter>,
    /// The box, which the forms post.
    pub mailbox: String,
    /// Turned off first, then by name.
    pub senders: Vec<SenderRow>,
}

#[derive(Clone, Debug)]
pub struct Contact {
    /// Its id, which the forms post.
    pub id: String,
    pub address: String,
    /// A telephone rather than an e-mail address.
    pub is_phone: bool,
    /// Whether a code has confirmed it.
    pub confirmed: bool,
    /// The last notice could not be delivered.
    pub failing: bool,
    /// Whether notices name the sender.
    pub show_sender: bool,
    /// What was wrong with the code.
    pub error: Option<&'static str>,
}

/// A field of a form as it was sent, and what was wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Field {
    pub value: String,
    pub error: Option<&'static str>,
}

/// How to be told.
#[derive(Debug, Template)]
#[template(path = "contacts.html")]
pub struct Contacts {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    pub contacts: Vec<Contact>,
    /// The field for a new e-mail address.
    pub email: Field,
    /// The field for a new telephone number.
    pub phone: Field,
    /// Protected identity: the sender's name is never written.
    pub protected: bool,
}

impl Contacts {
    /// What the summary of errors lists: the field's id and what to mend.
    pub fn errors(&self) -> Vec<(String, &'static str)> {
        let fields = [("email", &self.email), ("phone", &self.phone)];
        let codes = self.contacts.iter().filter_map(|c| Some((format!("code-{}", c.id), c.error?)));
        fields
            .into_iter()
            .filter_map(|(id, field)| Some((id.to_owned(), field.error?)))
            .chain(codes)
            .collect()
    }
}

/// Someone with the right to read.
#[derive(Clone, Debug)]
pub struct HelperRow {
    /// The mandate's id, which the form posts.
    pub id: String,
    /// The name of their log-in then, and in brackets what the owner calls them.
    pub name: String,
    /// "till och med 31 maj 2027", or "firmatecknare".
    pub until: String,
    /// Whether the owner can take it back here.
    pub revocable: bool,
}

/// Someone whose box the person may read.
#[derive(Clone, Debug)]
pub struct Helping {
    pub name: String,
    /// "till och med 31 maj 2027", or "firmatecknare".
    pub until: String,
}

/// Somebody who was asked to help.
#[derive(Clone, Debug)]
pub struct AskedRow {
    pub id: String,
    /// What the owner calls them.
    pub label: String,
    /// "till och med 31 maj 2027".
    pub until: String,
    /// They have said yes; the owner can see who it is.
    pub answered: bool,
}

/// Somebody who asks the person to help.
#[derive(Clone, Debug)]
pub struct AsksRow {
    pub id: String,
    pub name: String,
    /// "till och med 31 maj 2027".
    pub until: String,
}

#[derive(Debug, Template)]
#[template(path = "helpers.html")]
pub struct Helpers {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    /// Those who may read the person's own box.
    pub helpers: Vec<HelperRow>,
    /// Whom the person has asked.
    pub asked: Vec<AskedRow>,
    /// Who asks the person.
    pub asks: Vec<AsksRow>,
    /// Whose boxes the person may read.
    pub helping: Vec<Helping>,
    /// Protected identity: nobody can be given the right.
    pub protected: bool,
    /// The person has a mailbox of their own.
    pub own: bool,
    pub name: Field,
    /// The number field. Its value is never shown again.
    pub number: Field,
    pub until: Field,
    /// The first and last date that can be chosen.
    pub dates: (String, String),
}

impl Helpers {
    /// What the summary of errors lists.
    pub fn errors(&self) -> Vec<(String, &'static str)> {
        [("name", &self.name), ("number", &self.number), ("until", &self.until)]
            .into_iter()
            .filter_map(|(id, field)| Some((id.to_owned(), field.error?)))
            .collect()
    }

    /// Whether someone helps already, or was asked.
    pub fn has_helper(&self) -> bool {
        !self.asked.is_empty() || self.helpers.iter().any(|helper| helper.revocable)
    }
}

/// A line of the box's log.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// "09.20".
    pub when: String,
    /// "Du", "Bo Bengtsson", "Kuvert".
    pub who: String,
    /// "som ägare".
    pub because: Option<&'static str>,
    /// "Öppnade brevet".
    pub what: &'static str,
    /// "3 gånger", when the same was done several times in a row.
    pub times: Option<String>,
    /// The letter's subject and address, when it is still there and the reader may see it.
    pub letter: Option<(String, String)>,
    /// Which box, when there is more than one.
    pub owner: Option<String>,
}

/// The lines of one day.
#[derive(Clone, Debug)]
pub struct HistoryDay {
    /// "Idag".
    pub title: String,
    /// Newest first.
    pub rows: Vec<HistoryRow>,
}

#[derive(Debug, Template)]
#[template(path = "history.html")]
pub struct History {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    /// That of one mailbox is not shown, since it does not hold.
    pub broken: bool,
    /// By day, newest first.
    pub days: Vec<HistoryDay>,
    pub older: Option<String>,
}

/// A box in the profile.
#[derive(Clone, Debug)]
pub struct ProfileBox {
    pub name: String,
    /// "öppnad 12 oktober 2026", "firmatecknare".
    pub note: String,
}

#[derive(Debug, Template)]
#[template(path = "profile.html")]
pub struct Profile {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    /// The name from the e-ID.
    pub name: String,
    /// The provider that was used.
    pub provider: String,
    /// When the log-in ends at the latest.
    pub ends: String,
    pub boxes: Vec<ProfileBox>,
    /// Whether the own one is open; `None` without one.
    pub open: Option<bool>,
}

/// A log-in that lasts.
#[derive(Clone, Debug)]
pub struct LogInRow {
    /// What it is called when it is ended.
    pub id: String,
    /// "Firefox, Windows".
    pub name: String,
    pub provider: String,
    pub began: String,
    /// When it was last used.
    pub used: String,
    /// Whether it is the one that shows the page.
    pub is_own: bool,
}

/// Where one is logged in.
#[derive(Debug, Template)]
#[template(path = "log_ins.html")]
pub struct LogIns {
    pub f: Frame,
    pub here: Option<SettingsPlace>,
    /// One's own first.
    pub rows: Vec<LogInRow>,
}
