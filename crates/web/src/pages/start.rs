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
    /// What happened.
    pub title: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
}

/// The first page, for those who are not logged in.
#[derive(Debug, Template)]
#[template(path = "welcome.html")]
pub struct Welcome {
    /// The frame.
    pub f: Frame,
    /// The ways to log in.
    pub providers: Vec<Provider>,
    /// Set when a log-in has just failed.
    pub trouble: Option<Trouble>,
}

/// The answer to the e-ID: the cookie is set here, and the next request carries it because it starts here.
#[derive(Debug, Template)]
#[template(path = "moving_on.html")]
pub struct MovingOn {
    /// The frame.
    pub f: Frame,
    /// Where to go on.
    pub href: String,
}

/// The first time: what a mailbox means, and the button that opens it.
#[derive(Debug, Template)]
#[template(path = "open_box.html")]
pub struct OpenBox {
    /// The frame.
    pub f: Frame,
    /// The name from the e-ID.
    pub name: String,
}
