//! Pictures that a letter carries within itself, as `data:` addresses in base64: PNG, JPEG and GIF.
//!
//! They are taken out before HTML is judged and parsed, so that megabytes of base64 are neither tags that take long
//! nor text, and put back where a cleaned `img` asks for them.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use parking_lot::Mutex;
use std::ops::Range;

/// HTML with short marks where pictures stood, and where in what was sent they are.
pub(super) struct Apart<'a> {
    pub html: String,
    sent: &'a str,
    found: Vec<Range<usize>>,
}

/// The scheme of the marks. Nothing else is done with it, and no link keeps it.
pub(super) const SCHEME: &str = "kuvert-picture";

/// Takes the pictures out.
pub(super) fn apart(sent: &str) -> Apart<'_> {
    let mut html = String::new();
    let mut found = Vec::new();
    let mut from = 0;
    for (colon, _) in sent.match_indices(':') {
        // Inside the picture before, which is taken as a whole.
        if colon < from {
            continue;
        }
        let Some((start, content)) = picture_at(sent, colon) else { continue };
        html.push_str(&sent[from..start]);
        html.push_str(&format!("{SCHEME}:{}", found.len()));
        from = content.end;
        found.push(content);
    }
    html.push_str(&sent[from..]);
    Apart { html, sent, found }
}

impl Apart<'_> {
    /// About how high they are together, in lines of text.
    pub(super) fn lines(&self) -> usize {
        self.found.iter().map(|at| pixels_high(&self.sent[at.clone()]) / PIXELS_A_LINE).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The pictures that are what they should be, to be shown once each.
    pub(super) fn shown(&self) -> Shown {
        let address = |at: &Range<usize>| Mutex::new(data_address(&self.sent[at.clone()]));
        Shown(self.found.iter().map(address).collect())
    }
}

/// What marks stand for.
pub(super) struct Shown(Vec<Mutex<Option<String>>>);

impl Shown {
    /// The address that an `img` gets for a mark. A mark that is repeated stands for nothing, so that a short letter
    /// does not become a long page.
    pub(super) fn take(&self, mark: &str) -> Option<String> {
        let number: usize = mark.strip_prefix(SCHEME)?.strip_prefix(':')?.parse().ok()?;
        self.0.get(number)?.lock().take()
    }
}

/// Where the address around this colon begins and its base64 lies, if it is `src="data:image/…;base64,…"`.
fn picture_at(sent: &str, colon: usize) -> Option<(usize, Range<usize>)> {
    let start = colon.checked_sub(4)?;
    let before = sent.get(..start)?;
    let scheme = sent.get(start..colon)?;
    if !scheme.eq_ignore_ascii_case("data") {
        return None;
    }
    let before = before.trim_end_matches(SPACE);
    let quote = before.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let before = before.strip_suffix(['"', '\'']).unwrap_or(before).trim_end_matches(SPACE);
    let name = before.strip_suffix('=')?.trim_end_matches(SPACE);
    let name = name.get(name.len().checked_sub(3)?..)?;
    let rest = sent.get(colon + 1..)?;
    // Bounded, or each colon of a long letter would have it read to the end.
    let comma = rest.bytes().take(MOST_OF_A_TYPE).position(|b| b == b',')?;
    let media_type = rest[..comma].to_ascii_lowercase();
    if !name.eq_ignore_ascii_case("src")
        || !media_type.starts_with("image/")
        || !media_type.ends_with(";base64")
    {
        return None;
    }
    let content = &rest[comma + 1..];
    // Only as far as the base64 goes: a search for the end would read the rest of the letter again for each picture.
    let is_base64 = |b: u8| {
        b.is_ascii_alphanumeric() || b"+/=".contains(&b) || quote.is_some() && SPACE.contains(&char::from(b))
    };
    let length = content.bytes().position(|b| !is_base64(b))?;
    let end = char::from(content.as_bytes()[length]);
    let begins = colon + 1 + comma + 1;
    quote
        .map_or(end == '>' || SPACE.contains(&end), |quote| end == quote)
        .then_some((start, begins..begins + length))
}

/// By its first bytes, whatever the sender says it is.
fn data_address(base64: &str) -> Option<String> {
    let compact: String = base64.chars().filter(|c| !SPACE.contains(c)).collect();
    // Browsers do without padding too, and encoders leave it out.
    let bytes = LENIENT.decode(compact).ok()?;
    let kind = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => "png",
        [0xFF, 0xD8, 0xFF, ..] => "jpeg",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "gif",
        _ => return None,
    };
    // Written anew from the bytes, so that nothing but base64 can stand between the quotes.
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}

/// What PNG and GIF say in their first bytes; a JPEG, which says it later, is taken to be a photograph.
fn pixels_high(base64: &str) -> usize {
    let head: String = base64.chars().filter(|c| !SPACE.contains(c)).take(32).collect();
    let head = LENIENT.decode(head).unwrap_or_default();
    let pixels = match head.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => head
            .get(20..24)
            .map_or(0, |high| high.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))),
        [b'G', b'I', b'F', ..] => {
            head.get(8..10).map_or(0, |high| usize::from(high[0]) | usize::from(high[1]) << 8)
        }
        _ => A_PHOTOGRAPH,
    };
    // A file may claim four thousand million.
    pixels.min(MOST_PIXELS)
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\x0C'];
const MOST_OF_A_TYPE: usize = 64;
const PIXELS_A_LINE: usize = 30;
const A_PHOTOGRAPH: usize = 450;
const MOST_PIXELS: usize = 1_500;

#[cfg(test)]
mod tests {
    use super::*;

    const GIF: &str = "R0lGODlhAQABAAAAACw=";

    #[test]
    fn pictures_are_taken_out_however_they_are_quoted() {
        for (tag, left) in [
            ("<img src=\"data:image/gif;base64,R0lGODlhAQABAAAAACw=\">", "<img src=\"kuvert-picture:0\">"),
            (
                "<IMG SRC = 'DATA:image/GIF;BASE64,R0lGODlh\r\n AQABAAAAACw'>",
                "<IMG SRC = 'kuvert-picture:0'>",
            ),
            (
                "<img src=data:image/png;base64,R0lGODlhAQABAAAAACw= alt=x>",
                "<img src=kuvert-picture:0 alt=x>",
            ),
        ] {
            let apart = apart(tag);
            assert_eq!(apart.html, left);
            let shown = apart.shown();
            assert_eq!(shown.take("kuvert-picture:0"), Some(format!("data:image/gif;base64,{GIF}")));
            assert_eq!(shown.take("kuvert-picture:0"), None, "once");
        }
    }

    #[test]
    fn what_is_no_picture_stays_and_what_lies_about_itself_is_not_shown() {
        for text in [
            "Se data:image/png;base64,AAAA i texten",
            "<a href=\"data:image/png;base64,AAAA\">x</a>",
            "<img src=\"data:image/svg+xml,<svg onload=x>\">",
            "<img src=\"data:image/png;base64,AA\"><b title=\"å:\">",
            "<img src=\"data:image/png;base64,AA<>\">",
            "<img src='data:text/html;base64,PGI+'>",
            "å:data:",
        ] {
            let apart = apart(text);
            let shown = apart.shown();
            assert!(apart.html == text || shown.take("kuvert-picture:0").is_none(), "{text}");
        }
        // SVG can fetch and run.
        let svg = format!("<img src='data:image/png;base64,{}'>", STANDARD.encode("<svg xmlns=x onload=y>"));
        assert_eq!(apart(&svg).shown().take("kuvert-picture:0"), None);
        for mark in ["kuvert-picture:7", "kuvert-picture:", "kuvert-picture:-1", "https://exempel.se/"] {
            assert_eq!(apart(&svg).shown().take(mark), None);
        }
    }

    #[test]
    fn beginnings_without_end_do_not_read_the_letter_again_each() {
        // Would take hours if each looked for its end in all the rest.
        assert!(apart(&"src=data:image/x;base64,".repeat(400_000)).is_empty());
    }

    #[test]
    fn height_is_read_from_the_first_bytes() {
        let png = [&b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR"[..], &[0, 0, 0, 10, 0, 0, 1, 44], &[8; 40]].concat();
        assert_eq!(pixels_high(&STANDARD.encode(png)), 300);
        assert_eq!(pixels_high(GIF), 1);
        assert_eq!(pixels_high("/9j/4AAQ"), A_PHOTOGRAPH);
        assert_eq!(pixels_high(""), A_PHOTOGRAPH);
    }
}
