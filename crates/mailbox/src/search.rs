//! Finding letters by what their headers say.

use crate::Header;
use domain::Time;

/// Words that must all be found: in the subject, the names of the sender and of who forwarded it, or the date.
pub(crate) struct Search(Vec<String>);

impl Search {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_lowercase().split_whitespace().take(MAX_WORDS).map(str::to_owned).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn finds(&self, header: &Header, shown_at: Time) -> bool {
        if self.is_empty() {
            return true;
        }
        let text = format!(
            "{}\n{}\n{}\n{}\n{}",
            if header.subject.trim().is_empty() { NO_SUBJECT } else { &header.subject },
            header.sender_name,
            header.forwarded_by.as_deref().unwrap_or_default(),
            header.matter.as_ref().and_then(|matter| matter.subject.as_deref()).unwrap_or_default(),
            dates(shown_at)
        )
        .to_lowercase();
        self.0.iter().all(|word| text.contains(word.as_str()))
    }
}

/// The day as people write it, in both languages.
fn dates(at: Time) -> String {
    let date = at.date();
    let (year, month, day) = date.parts();
    let month = usize::try_from(month - 1).unwrap_or_default();
    let swedish = SWEDISH.get(month).unwrap_or(&"");
    let english = ENGLISH.get(month).unwrap_or(&"");
    format!("{date} {day} {swedish} {year} {english}")
}

/// As pages show a letter without one, in both languages.
const NO_SUBJECT: &str = "(utan ämne) (no subject)";
const MAX_WORDS: usize = 16;
const SWEDISH: [&str; 12] = [
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
];
const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use domain::OrgNumber;

    fn header(subject: &str) -> Header {
        Header {
            subject: subject.into(),
            sender: OrgNumber::parse("164020000016").unwrap(),
            sender_name: "Exempelkommunen".into(),
            language: "sv".into(),
            kind: None,
            reply_by: None,
            visible_from: None,
            matter: None,
            attachments: vec![],
            dispatcher: None,
            forwarded_by: Some("Bo Bengtsson".into()),
        }
    }

    #[test]
    fn a_letter_without_subject_is_found_by_how_it_is_shown() {
        let at = Time::parse("2026-11-21T23:30:00Z").unwrap();
        for text in ["utan ämne", "(Utan Ämne)", "no subject"] {
            assert!(Search::new(text).finds(&header(" "), at), "{text}");
            assert!(!Search::new(text).finds(&header("Beslut"), at), "{text}");
        }
    }

    #[test]
    fn all_words_must_be_found_somewhere() {
        let header = header("Beslut om bygglov");
        let at = Time::parse("2026-11-21T23:30:00Z").unwrap();
        for text in [
            "",
            "BESLUT",
            "bygg kommunen",
            "22 november",
            "2026-11-22",
            "beslut november 2026",
            "bo beng",
            "  ",
        ] {
            assert!(Search::new(text).finds(&header, at), "{text}");
        }
        for text in ["avslag", "beslut oktober", "2026-11-21", "164020000016x"] {
            assert!(!Search::new(text).finds(&header, at), "{text}");
        }
    }
}
