//! `Content-Disposition` with a name that every browser keeps (RFC 6266, RFC 8187).

use axum::http::HeaderValue;
use domain::letter::AttachmentType;
use std::borrow::Cow;

pub(crate) fn inline(name: &str) -> HeaderValue {
    disposition("inline", name)
}

pub(crate) fn attachment(name: &str) -> HeaderValue {
    disposition("attachment", name)
}

/// A name that ends as its type does. What was let in as text must not be saved as a script that runs when it is
/// opened.
pub(crate) fn typed(name: &str, media_type: AttachmentType) -> Cow<'_, str> {
    let endings: &[&str] = match media_type {
        AttachmentType::Pdf => &["pdf"],
        AttachmentType::Png => &["png"],
        AttachmentType::Jpeg => &["jpg", "jpeg"],
        AttachmentType::Text => &["txt"],
        AttachmentType::Csv => &["csv"],
        AttachmentType::Xml => &["xml"],
        AttachmentType::Calendar => &["ics"],
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match endings.iter().any(|known| known.eq_ignore_ascii_case(ending)) {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("{name}.{}", endings[0])),
    }
}

/// A file's name made of a subject, which may be empty and hold what file systems do not take.
pub(crate) fn file_name(subject: &str) -> String {
    let fits = |c: char| if "/\\:*?\"<>|".contains(c) || c.is_control() { '_' } else { c };
    let name: String = subject.trim().chars().take(MOST_OF_A_NAME).map(fits).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "Brev (utan ämne)".to_owned() } else { name.to_owned() }
}

fn disposition(kind: &'static str, name: &str) -> HeaderValue {
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte as char),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let value = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(kind))
}

/// Without percent signs too, which some browsers decode.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -._()".contains(c)
}

/// With an ending, and in two-byte letters, still within what file systems take.
const MOST_OF_A_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_as_its_type_does() {
        assert_eq!(typed("Beslut.PDF", AttachmentType::Pdf), "Beslut.PDF");
        assert_eq!(typed("bild.jpeg", AttachmentType::Jpeg), "bild.jpeg");
        for name in ["faktura.pdf.js", "läs.hta", "start.bat", "txt", "a.txt "] {
            assert_eq!(typed(name, AttachmentType::Text), format!("{name}.txt"));
        }
        assert_eq!(typed("ritning.svg", AttachmentType::Xml), "ritning.svg.xml");
    }

    #[test]
    fn a_subject_becomes_a_name() {
        assert_eq!(file_name("Beslut 2026/1482: ja?"), "Beslut 2026_1482_ ja_");
        for empty in ["", " ", "..", ". "] {
            assert_eq!(file_name(empty), "Brev (utan ämne)");
        }
        assert_eq!(file_name(&"å".repeat(255)).chars().count(), 100);
    }

    #[test]
    fn names_are_kept_and_cannot_leave_their_quotes() {
        assert_eq!(
            attachment("Beslut åäö.pdf"),
            "attachment; filename=\"Beslut ___.pdf\"; filename*=UTF-8''Beslut%20%C3%A5%C3%A4%C3%B6.pdf"
        );
        assert_eq!(
            inline("a\"; filename=\"b\r\nx.exe"),
            "inline; filename=\"a__ filename__b__x.exe\"; filename*=UTF-8''a%22%3B%20filename%3D%22b%0D%0Ax.exe"
        );
    }
}
