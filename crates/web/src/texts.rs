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

use domain::Language;

/// The catalogue in one language.
#[derive(Debug)]
pub struct Texts {
    /// Which language this is.
    pub lang: Language,
    /// The frame, errors and words used on many pages.
    pub all: Everywhere,
    pub letters: Letters,
    /// Settings: senders, notices, helpers, history, profile.
    pub settings: Settings,
    /// Log-in and opening a mailbox.
    pub start: Start,
}

impl Texts {
    /// All texts in a language.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Swedish => &SWEDISH,
            Language::English => &ENGLISH,
        }
    }
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
