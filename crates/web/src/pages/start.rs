//! Welcome, the page that moves on after log-in, and opening a box.

use crate::{frame::Frame, icons};
use askama::Template;

/// A way to log in.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Where the log-in begins.
    pub href: String,
    /// "BankID".
    pub name: String,
}

/// Why the last log-in did not work.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub title: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
}

/// The first page, for those who are not logged in.
#[derive(Debug, Template)]
#[template(path = "welcome.html")]
pub struct Welcome {
    pub f: Frame,
    /// The ways to log in.
    pub providers: Vec<Provider>,
    /// Set when a log-in has just failed.
    pub trouble: Option<Trouble>,
    /// Why a log-in is asked for, when it was for a page of its own.
    pub why: Option<&'static str>,
}

/// What somebody had typed when the log-in ended: to be sent by them, now.
#[derive(Debug, Template)]
#[template(path = "continue.html")]
pub struct Continue {
    pub f: Frame,
    /// What was typed, by the names of the fields.
    pub typed: Vec<(&'static str, String)>,
    pub action: String,
    /// All that is sent.
    pub fields: Vec<(String, String)>,
    /// The page without it.
    pub back: String,
}

/// When the log-in ends, in the small frame at the top of each page.
#[derive(Debug, Template)]
#[template(path = "stay.html")]
pub struct Stay {
    /// The frame, for texts and style.
    pub f: Frame,
    /// "Du loggas ut 11.49".
    pub says: String,
    /// Whether it can be put off.
    pub can_stay: bool,
    /// It is soon, or has been: said at once to those who listen.
    pub urgent: bool,
    /// The log-in may have ended.
    pub ended: bool,
    /// After how many seconds the frame shows what, by itself.
    pub then: Option<(u64, String)>,
}

/// The answer to the e-ID: the cookie is set here, and the next request carries it because it starts here.
#[derive(Debug, Template)]
#[template(path = "moving_on.html")]
pub struct MovingOn {
    pub f: Frame,
    /// Where to go on.
    pub href: String,
}

/// The first time: what a mailbox means, and the button that opens it.
#[derive(Debug, Template)]
#[template(path = "open_box.html")]
pub struct OpenBox {
    pub f: Frame,
    /// The name from the e-ID.
    pub name: String,
}
