//! The language of a letter, as its `lang` attribute says it, so that it is read out in the right voice.

use std::borrow::Cow;

/// The tag as BCP 47 writes it (RFC 5646 §2.1.1). What is none is the empty tag, which HTML reads as *not known*:
/// better no voice in particular than a wrong one.
pub(crate) fn tag(of_letter: &str) -> Cow<'_, str> {
    let mut parts = of_letter.split('-');
    let first = parts.next().unwrap_or_default().to_ascii_lowercase();
    let private = first == "x" || first == "i";
    let language = (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic());
    let mut rest = of_letter.split('-').skip(1);
    let well = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(language || private && of_letter.contains('-')) || !rest.all(well) {
        return Cow::Borrowed("");
    }
    let mut out = shortest(&first).to_owned();
    let mut single = private;
    for part in parts {
        out.push('-');
        match part.len() {
            2 if !single => out.push_str(&part.to_ascii_uppercase()),
            4 if !single && part.bytes().all(|b| b.is_ascii_alphabetic()) => {
                out.push_str(&part[..1].to_ascii_uppercase());
                out.push_str(&part[1..].to_ascii_lowercase());
            }
            length => {
                single |= length == 1;
                out.push_str(&part.to_ascii_lowercase());
            }
        }
    }
    Cow::Owned(out)
}

/// ISO 639-2 and 639-3 as some systems write them; screen readers know the two letters.
fn shortest(language: &str) -> &str {
    let known = [
        ("swe", "sv"),
        ("eng", "en"),
        ("fin", "fi"),
        ("nor", "no"),
        ("nob", "nb"),
        ("dan", "da"),
        ("deu", "de"),
        ("ger", "de"),
        ("fra", "fr"),
        ("fre", "fr"),
        ("spa", "es"),
        ("pol", "pl"),
        ("ara", "ar"),
        ("som", "so"),
        ("fas", "fa"),
        ("per", "fa"),
        ("sme", "se"),
        ("rus", "ru"),
        ("ukr", "uk"),
        ("tur", "tr"),
    ];
    known.iter().find(|(long, _)| *long == language).map_or(language, |(_, short)| short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_browsers_know_them() {
        for (sent, shown) in [
            ("sv", "sv"),
            ("sv-SE", "sv-SE"),
            ("SV-se", "sv-SE"),
            ("swe", "sv"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("sr-Latn", "sr-Latn"),
            ("es-419", "es-419"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("de-CH-1901", "de-CH-1901"),
            ("en-a-BBB-x-AB", "en-a-bbb-x-ab"),
            ("x-lattlast", "x-lattlast"),
            ("i-klingon", "i-klingon"),
        ] {
            assert_eq!(tag(sent), shown);
        }
        for none in ["", "svenska", "s", "x", "sv_SE", "sv-", "sv--SE", "sv-åland", "\" onload=\"", "1a"] {
            assert_eq!(tag(none), "", "{none}");
        }
    }
}
