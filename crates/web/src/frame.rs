//! What stands around every page.

use crate::texts::Texts;
use domain::Language;

/// Which entry of the main menu the page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The inbox and the letters in it.
    Inbox,
    Archive,
    Bin,
    Settings,
    Elsewhere,
}

/// Who is logged in, as the frame needs to know it.
#[derive(Clone, Debug)]
pub struct Who {
    /// The name from the e-ID.
    pub name: String,
    /// Bound to the log-in; every form carries it.
    pub csrf: String,
    /// Whether the person has a box to go to; without one there is no menu.
    pub has_box: bool,
}

/// The frame of one page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The texts in the page's language.
    pub t: &'static Texts,
    /// The title in the browser's tab, without the name of the service.
    pub title: String,
    /// Where in the main menu.
    pub place: Place,
    /// Who is logged in.
    pub who: Option<Who>,
    /// The page to come back to after a change of language.
    pub path: String,
    /// The style sheet's address.
    pub css: String,
    /// What was just done, said at the top of the page.
    pub done: Option<Done>,
    /// For the one page that moves on by itself: where to.
    pub moves_to: Option<String>,
}

/// Said at the top of a page after an act.
#[derive(Clone, Debug)]
pub struct Done {
    pub text: String,
    /// How to take it back.
    pub undo: Option<Undo>,
}

/// A form that takes the last act back.
#[derive(Clone, Debug)]
pub struct Undo {
    pub action: String,
    pub fields: Vec<(&'static str, String)>,
}

impl Frame {
    /// A frame for a page at `path`.
    pub fn new(
        language: Language,
        path: &str,
        place: Place,
        title: impl Into<String>,
        who: Option<Who>,
    ) -> Self {
        Self {
            t: Texts::of(language),
            title: title.into(),
            place,
            who,
            path: path.to_owned(),
            css: format!("/static/{}", crate::style::file_name()),
            done: None,
            moves_to: None,
        }
    }

    /// The language that the switch offers.
    pub fn other(&self) -> Language {
        self.t.lang.other()
    }

    /// The token that forms carry; empty when nobody is logged in, for then no form needs one.
    pub fn csrf(&self) -> &str {
        self.who.as_ref().map_or("", |who| &who.csrf)
    }

    /// Whether the main menu is shown.
    pub fn has_menu(&self) -> bool {
        self.who.as_ref().is_some_and(|who| who.has_box)
    }

    /// Whether the menu's entry `place` is the present one.
    pub fn is_at(&self, place: Place) -> bool {
        self.place == place
    }
}
