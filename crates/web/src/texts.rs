//! Every text that a citizen reads, in both languages. A text that lacks one of them does not compile.

mod everywhere;
mod letters;
mod phrases;
mod settings;
mod start;

pub use everywhere::Everywhere;
pub use letters::Letters;
pub use settings::Settings;
pub use start::Start;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Swedish, the first language.
    Swedish,
    English,
}

impl Language {
    /// As in `lang` attributes, cookies and the person's row.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// From a cookie or a stored setting; anything else is Swedish.
    pub fn from_code(code: &str) -> Self {
        if code == "en" { Self::English } else { Self::Swedish }
    }

    /// The language to offer in the switch.
    pub const fn other(self) -> Self {
        match self {
            Self::Swedish => Self::English,
            Self::English => Self::Swedish,
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Swedish => "Svenska",
            Self::English => "English",
        }
    }

    /// All texts in this language.
    pub const fn texts(self) -> &'static Texts {
        match self {
            Self::Swedish => &SWEDISH,
            Self::English => &ENGLISH,
        }
    }
}

/// The catalogue in one language.
#[derive(Debug)]
pub struct Texts {
    /// Which language this is.
    pub lang: Language,
    /// The frame, errors and words used on many pages.
    pub all: Everywhere,
    /// Lists and letters.
    pub letters: Letters,
    /// Settings: senders, notices, helpers, history, profile.
    pub settings: Settings,
    /// Log-in and opening a mailbox.
    pub start: Start,
}

static SWEDISH: Texts = Texts {
    lang: Language::Swedish,
    all: Everywhere::SV,
    letters: Letters::SV,
    settings: Settings::SV,
    start: Start::SV,
};

static ENGLISH: Texts = Texts {
    lang: Language::English,
    all: Everywhere::EN,
    letters: Letters::EN,
    settings: Settings::EN,
    start: Start::EN,
};

macro_rules! texts {
    ($(#[$doc:meta])* $name:ident { $($key:ident: $sv:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name { $(#[doc = $en] pub $key: &'static str,)* }
        impl $name {
            pub(super) const SV: Self = Self { $($key: $sv,)* };
            pub(super) const EN: Self = Self { $($key: $en,)* };
        }
    };
}
use texts;
