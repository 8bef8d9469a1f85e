//! Whether HTML is such as people write, so that reading it takes no longer than its length.
//!
//! A browser's parser, and ours, takes time by the square of what is nested, of formatting that is carried on from
//! block to block, and of the attributes of one tag. 256 KiB made for that would hold up everybody for minutes.

use std::collections::HashSet;

/// Whether it is worth parsing. What is counted is never less than what a parser sees: where the two could come to
/// disagree about what a tag is, the answer is no.
pub(super) fn is_tame(html: &str) -> bool {
    let bytes = html.as_bytes();
    let mut state = State::Text;
    let mut began = 0;
    let mut tags = 0;
    let mut formatting: HashSet<&[u8]> = HashSet::new();
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        if *byte == b'<' && (next.is_ascii_alphabetic() || next == b'/') {
            // A `<` within a tag is where parsers and this count could part; people do not write it.
            if state != State::Text {
                return false;
            }
            (state, began, tags) = (State::Name, at, tags + 1);
            continue;
        }
        let before = state;
        state = state.after(*byte);
        if before != State::Text && state == State::Text && is_formatting(&bytes[began..at]) {
            formatting.insert(&bytes[began..at]);
        }
        let too_long = state != State::Text && at - began > MOST_BYTES_OF_A_TAG;
        if too_long || tags > MOST_TAGS || formatting.len() > MOST_FORMATTING {
            return false;
        }
    }
    true
}

/// The text alone, for what is not tame: everything that looks like a tag is a gap.
pub(super) fn text_of(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        // Without an end it was no tag, and its words are kept.
        let (tag, after) = piece.split_once('>').unwrap_or(("", piece));
        let ends_a_line =
            ["p", "/p", "br", "/div", "/li", "/tr", "/h"].iter().any(|name| tag.starts_with(name));
        text.push(if ends_a_line { '\n' } else { ' ' });
        text.push_str(after);
    }
    text
}

/// Where in a tag, as the HTML standard's tokenizer has it (§13.2.5.8 and on).
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Name,
    BeforeAttribute,
    Attribute,
    AfterAttribute,
    BeforeValue,
    Value,
    Quoted(u8),
}

impl State {
    fn after(self, byte: u8) -> Self {
        let space = matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ');
        match (self, byte) {
            (Self::Text, _) => Self::Text,
            (Self::Quoted(quote), _) if byte == quote => Self::BeforeAttribute,
            (Self::Quoted(quote), _) => Self::Quoted(quote),
            (_, b'>') => Self::Text,
            (Self::BeforeValue, _) if space => Self::BeforeValue,
            (Self::BeforeValue, b'"' | b'\'') => Self::Quoted(byte),
            (Self::BeforeValue, _) => Self::Value,
            (Self::Value, _) if !space => Self::Value,
            (Self::Value, _) | (_, b'/') => Self::BeforeAttribute,
            (Self::Name, _) if !space => Self::Name,
            (Self::Attribute | Self::AfterAttribute, b'=') => Self::BeforeValue,
            (Self::Attribute | Self::AfterAttribute, _) if space => Self::AfterAttribute,
            (Self::Name | Self::BeforeAttribute, _) if space => Self::BeforeAttribute,
            _ => Self::Attribute,
        }
    }
}

/// Tags that a parser opens again in each block until they are closed; the same one three times at most.
fn is_formatting(tag: &[u8]) -> bool {
    const NAMES: [&[u8]; 13] = [
        b"b", b"big", b"code", b"em", b"font", b"i", b"nobr", b"s", b"small", b"strike", b"strong", b"tt",
        b"u",
    ];
    let name = tag.get(1..).unwrap_or_default();
    let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(name.len());
    NAMES.iter().any(|known| name[..end].eq_ignore_ascii_case(known))
}

/// A table of some hundred rows, and much text.
const MOST_TAGS: usize = 5_000;
/// Different ones: `<b>`, `<b class="x">` and `<i>` are three.
const MOST_FORMATTING: usize = 32;
const MOST_BYTES_OF_A_TAG: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_tame() {
        let row = "<tr><td>1 &lt; 2</td><td class='a'><b>x</b></td></tr>\n";
        let letter = format!(
            "<h1>Beslut</h1><p title=\"it's > here\">Hej<br/>du</p><table>{}</table>",
            row.repeat(500)
        );
        assert!(is_tame(&letter));
        assert!(is_tame("a < b, <3 and no tag at all"));
    }

    #[test]
    fn what_would_take_long_is_not() {
        for wild in [
            "<div>".repeat(50_000),
            "<b><p>".repeat(40_000),
            "<table><a>".repeat(25_000),
            (0..100).map(|n| format!("<b title={n}>")).collect::<String>(),
            format!("<p {}>", (0..20_000).map(|n| format!("a{n} ")).collect::<String>()),
            // The same, where a mark that is none would hide it.
            format!("<p =\" x='\"> ' {}>", (0..20_000).map(|n| format!("a{n} ")).collect::<String>()),
            format!(
                "<!-- <p a=\" --><p x='\"> ' {}>",
                (0..20_000).map(|n| format!("a{n} ")).collect::<String>()
            ),
            "<p a=b=\"<i>\">".to_owned(),
        ] {
            assert!(!is_tame(&wild), "{}", &wild[..12]);
        }
    }

    #[test]
    fn the_text_of_a_wild_letter_is_kept() {
        assert_eq!(
            text_of("<p>Hej <b>du</b></p>1 & 2").split_whitespace().collect::<Vec<_>>(),
            ["Hej", "du", "1", "&", "2"]
        );
    }
}
