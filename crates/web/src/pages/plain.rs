//! Pages of text: messages, questions, and what the service says about itself.

use crate::{frame::Frame, icons};
use askama::Template;
use domain::Language;

/// One thing said, and where to go: errors, logged out, under age.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub struct Message {
    pub f: Frame,
    pub title: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
    /// The next step: address and words.
    pub next: Option<(String, &'static str)>,
    /// What an operator can look for; never personal.
    pub reference: Option<String>,
}

/// One clear question before something that matters.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub struct Confirm {
    pub f: Frame,
    pub question: String,
    /// What it is about: a subject, an address.
    pub about: Option<String>,
    /// What it means, a sentence each.
    pub means: Vec<&'static str>,
    pub action: String,
    pub fields: Vec<(&'static str, String)>,
    /// The words of yes.
    pub yes: String,
    /// Cannot be undone.
    pub grave: bool,
    pub back: String,
    /// The words of no.
    pub no: &'static str,
}

/// Who runs the service; from configuration.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// "Exempeloperatören".
    pub name: String,
    pub email: String,
    pub number: String,
}

macro_rules! about {
    ($($(#[$doc:meta])* $name:ident $path:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Template)]
        #[template(path = $path)]
        pub struct $name {
            pub f: Frame,
            /// Who runs the service.
            pub operator: Operator,
        }
        impl $name {
            /// Whether the page is in Swedish.
            pub fn swedish(&self) -> bool {
                self.f.t.lang == Language::Swedish
            }
        }
    )*};
}

about! {
    /// `/about`: how the service works.
    About "about.html";
    /// `/tillganglighet`: the accessibility statement.
    Accessibility "accessibility.html";
    /// `/integritet`: how personal data are used.
    Privacy "privacy.html";
}
