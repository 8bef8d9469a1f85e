//! The languages of the house: of pages, notices and a person's setting. Letters may be in any (`letter::Body`).

use serde::{Deserialize, Serialize};

/// A language that pages and notices are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// The first language: what nobody has chosen otherwise is in Swedish.
    #[default]
    #[serde(rename = "sv")]
    Swedish,
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// BCP 47: as stored, in `lang` attributes and in cookies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// `None` for any other than these two.
    pub fn parse(tag: &str) -> Option<Self> {
        [Self::Swedish, Self::English].into_iter().find(|language| language.as_str() == tag)
    }

    /// The one to offer instead.
    pub const fn other(self) -> Self {
        match self {
            Self::Swedish => Self::English,
            Self::English => Self::Swedish,
        }
    }

    /// What it calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Swedish => "Svenska",
            Self::English => "English",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_as_it_is_stored_and_sent() {
        for language in [Language::Swedish, Language::English] {
            assert_eq!(Language::parse(language.as_str()), Some(language));
            assert_eq!(serde_json::to_value(language).unwrap(), language.as_str());
            assert_eq!(language.other().other(), language);
        }
        assert_eq!(Language::parse("EN"), None);
        assert_eq!(Language::parse("sv-SE"), None);
        assert_eq!(Language::default(), Language::Swedish);
    }
}
