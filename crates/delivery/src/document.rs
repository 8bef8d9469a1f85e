//! XML from outside, read under limits: no document type, no entities, nothing that grows when it is read.

use roxmltree::{Document, Node, ParsingOptions};

/// Elements, texts and comments in one message. A delivery with one letter has about a hundred.
const NODES: u32 = 10_000;
/// Elements within elements.
const DEPTH: usize = 32;
/// Attributes and namespace declarations of one element. In the whole message there may be two for each node, where few
/// have one.
const ATTRIBUTES: usize = 48;
/// Prefixes declared in the whole message; each is carried by all elements below it.
const PREFIXES: usize = 512;
/// CDATA sections: one for each text, where most have none.
const SECTIONS: usize = 10_000;
/// Bytes of tags and comments. Ten thousand tags with a namespace in each are a third of it.
const MARKUP_BYTES: usize = 2 * 1024 * 1024;
/// Characters by number or name, and line breaks with a carriage return, each: 10 MiB of base64 in lines of 64
/// characters have 160 000 lines, of which some clients write each end as `&#13;`, or as `&#13;&#10;`.
const BREAKS: usize = 350_000;
/// Bytes of one character by number: `&#x10FFFF;`, and zeros before it.
const REFERENCE_BYTES: usize = 32;
/// Bytes of a text that is in no element called `Body`. The longest that has a limit in the schema is of 2000
/// characters.
const TEXT_BYTES: usize = 256 * 1024;
/// Bytes of the declaration.
const DECLARATION_BYTES: usize = 256;

/// Why a message is no XML that we read. The texts say nothing of what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    #[error("the message is not UTF-8, or does not say that it is")]
    Encoding,
    #[error("the message is not well-formed XML")]
    Malformed,
    #[error("the message has a document type declaration or an entity")]
    DocumentType,
    #[error("the message has a processing instruction")]
    Instruction,
    #[error("the message has too many or too deeply nested parts")]
    TooComplex,
    #[error("a text that is no body and no file is longer than 256 KiB")]
    TooLong,
}

/// Parses a whole message.
pub fn parse(bytes: &[u8]) -> Result<Document<'_>, XmlError> {
    parse_within(bytes, NODES)
}

/// The same with another limit on elements and texts, for an answer about a thousand recipients.
pub fn parse_within(bytes: &[u8], nodes: u32) -> Result<Document<'_>, XmlError> {
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    declared(text)?;
    bounded(text, nodes)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: nodes, entity_resolver: None };
    let document = Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected | roxmltree::Error::UnknownEntityReference(..) => {
            XmlError::DocumentType
        }
        roxmltree::Error::NodesLimitReached
        | roxmltree::Error::AttributesLimitReached
        | roxmltree::Error::NamespacesLimitReached => XmlError::TooComplex,
        _ => XmlError::Malformed,
    })?;
    let mut depth = 0usize;
    // In document order; a node's own depth follows from its parent's, which stands before it.
    for node in document.root().descendants() {
        if node.is_element() {
            depth = depth.max(node.ancestors().take(DEPTH + 2).count());
        }
    }
    if depth > DEPTH + 1 { Err(XmlError::TooComplex) } else { Ok(document) }
}

/// The element's children that are elements. Text between them must be blank, as in every type of the interface
/// that has child elements.
pub fn elements<'a, 'i>(of: Node<'a, 'i>) -> Option<impl Iterator<Item = Node<'a, 'i>>> {
    let blank = of
        .children()
        .filter(Node::is_text)
        .all(|text| text.text().is_none_or(|t| t.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))));
    blank.then(|| of.children().filter(Node::is_element))
}

/// All text of an element that has no child elements; comments do not part it.
pub fn text<'a>(of: Node<'a, '_>) -> Option<std::borrow::Cow<'a, str>> {
    let mut texts = of.children().filter(|child| !child.is_comment());
    let Some(first) = texts.next() else { return Some("".into()) };
    if !first.is_text() {
        return None;
    }
    let mut all = std::borrow::Cow::Borrowed(first.text().unwrap_or_default());
    for next in texts {
        if !next.is_text() {
            return None;
        }
        all.to_mut().push_str(next.text().unwrap_or_default());
    }
    Some(all)
}

/// Whether the element has this name; an empty namespace is none.
pub fn is(node: &Node<'_, '_>, (namespace, local): crate::names::Name<'_>) -> bool {
    node.tag_name().namespace().unwrap_or_default() == namespace && node.tag_name().name() == local
}

/// The parser reads over the declaration: a message that says it is in another encoding, or in another version of XML,
/// would be read in another way by whoever believes it.
fn declared(text: &str) -> Result<(), XmlError> {
    let declaration = &text[unmarked(text)..declaration_end(text)?];
    let mut pieces = declaration.split(['"', '\'']);
    while let (Some(name), Some(value)) = (pieces.next(), pieces.next()) {
        match name.trim_start_matches(DECLARATION).trim().trim_end_matches('=').trim_end() {
            "version" if value != "1.0" => return Err(XmlError::Malformed),
            "encoding" if !value.eq_ignore_ascii_case("utf-8") => return Err(XmlError::Encoding),
            _ => {}
        }
    }
    Ok(())
}

/// Where the text begins behind its byte order mark.
fn unmarked(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 }
}

/// Where the declaration ends: where the text begins, when there is none.
fn declaration_end(text: &str) -> Result<usize, XmlError> {
    let from = unmarked(text);
    if !text[from..].starts_with(DECLARATION) {
        return Ok(from);
    }
    let first = &text.as_bytes()[from..text.len().min(from + DECLARATION_BYTES)];
    memchr::memmem::find(first, b"?>").map(|at| from + at + 2).ok_or(XmlError::Malformed)
}

/// What costs the parser more than its bytes is bounded here, in one pass before it sees them. It compares each
/// attribute with all before it, copies declarations down, reads a text with a character by number byte by byte, and
/// joins texts that CDATA parts. What is no XML at all is left to it.
fn bounded(text: &str, nodes: u32) -> Result<(), XmlError> {
    let bytes = text.as_bytes();
    for byte in [b'&', b'\r'] {
        at_most(memchr::memchr_iter(byte, bytes).count(), BREAKS)?;
    }
    let mut seen = Seen::default();
    let mut at = declaration_end(text)?;
    while let Some(open) = find(bytes, at, b'<') {
        references(&bytes[at..open])?;
        seen.text(open - at)?;
        let rest = &bytes[open..];
        if rest.starts_with(b"<![CDATA[") {
            at = after(bytes, open + 9, b"]]>");
            seen.text(at - open)?;
            seen.sections += 1;
        } else if rest.starts_with(b"<?") {
            return Err(XmlError::Instruction);
        } else {
            let comment = rest.starts_with(b"<!--");
            at = if comment { after(bytes, open + 4, b"-->") } else { seen.tag(bytes, open + 1)? };
            if !comment {
                references(&bytes[open..at])?;
                seen.in_body = is_body(&bytes[open + 1..at]);
            }
            seen.markup += at - open;
            seen.nodes += u32::from(rest.get(1) != Some(&b'/'));
        }
        seen.bounded(nodes)?;
    }
    seen.text(bytes.len() - at)?;
    references(&bytes[at..])
}

/// What was counted in a message so far.
#[derive(Default)]
struct Seen {
    nodes: u32,
    attributes: usize,
    prefixes: usize,
    sections: usize,
    markup: usize,
    /// The last tag begins what may hold a large text: a letter's body, or a file.
    in_body: bool,
}

impl Seen {
    fn bounded(&self, nodes: u32) -> Result<(), XmlError> {
        at_most(self.nodes, nodes)?;
        at_most(self.attributes, 2 * nodes as usize)?;
        at_most(self.prefixes, PREFIXES)?;
        at_most(self.sections, SECTIONS)?;
        at_most(self.markup, MARKUP_BYTES)
    }

    fn text(&self, bytes: usize) -> Result<(), XmlError> {
        if bytes > TEXT_BYTES && !self.in_body { Err(XmlError::TooLong) } else { Ok(()) }
    }

    /// Counts what is assigned in one tag; answers where it ends.
    fn tag(&mut self, bytes: &[u8], from: usize) -> Result<usize, XmlError> {
        let (mut at, mut equals, mut values) = (from, 0, 0);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'>' => {
                    self.attributes += equals;
                    return Ok(at + 1);
                }
                b'"' | b'\'' => {
                    values += 1;
                    match find(bytes, at + 1, byte) {
                        Some(end) => at = end,
                        None => return Ok(bytes.len()),
                    }
                }
                b'=' => equals += 1,
                b'x' if bytes[at..].starts_with(b"xmlns:") => self.prefixes += 1,
                _ => {}
            }
            at_most(equals.max(values), ATTRIBUTES)?;
            at_most(self.prefixes, PREFIXES)?;
            at_most(at - from, MARKUP_BYTES)?;
            at += 1;
        }
        Ok(at)
    }
}

/// Whether a tag begins an element called `Body`, whatever its prefix.
fn is_body(tag: &[u8]) -> bool {
    let name =
        tag.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'>')).next().unwrap_or_default();
    name.split(|byte| *byte == b':').next_back() == Some(b"Body") && !name.starts_with(b"/")
}

fn at_most<T: PartialOrd>(count: T, most: T) -> Result<(), XmlError> {
    if count > most { Err(XmlError::TooComplex) } else { Ok(()) }
}

/// Each character by number or name ends soon, and is one: the parser reads what is none as another.
fn references(text: &[u8]) -> Result<(), XmlError> {
    let holds = |at: usize| {
        let first = &text[at + 1..text.len().min(at + 1 + REFERENCE_BYTES)];
        let Some(name) = first.split(|byte| *byte == b';').next().filter(|name| name.len() < first.len())
        else {
            return false;
        };
        let number = |digits: &[u8], radix| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            char::from_u32(u32::from_str_radix(digits, radix).ok()?)
        };
        match name {
            [b'#', b'x', digits @ ..] => number(digits, 16).is_some(),
            [b'#', digits @ ..] => number(digits, 10).is_some(),
            _ => true,
        }
    };
    if memchr::memchr_iter(b'&', text).all(holds) { Ok(()) } else { Err(XmlError::Malformed) }
}

fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    Some(from + memchr::memchr(byte, bytes.get(from..)?)?)
}

fn after(bytes: &[u8], from: usize, word: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memmem::find(rest, word).map_or(bytes.len(), |at| from + at + word.len())
}

const DECLARATION: &str = "<?xml ";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn fault(text: &str) -> XmlError {
        parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_could_grow_or_hide_is_refused() {
        assert_eq!(fault("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), XmlError::DocumentType);
        assert_eq!(fault("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), XmlError::DocumentType);
        assert_eq!(fault("<a>&b;</a>"), XmlError::DocumentType);
        assert_eq!(fault("<a><?b c?></a>"), XmlError::Instruction);
        assert_eq!(fault("<a>"), XmlError::Malformed);
        assert_eq!(fault("<a/><b/>"), XmlError::Malformed);
        assert_eq!(fault("<a b='1' b='2'/>"), XmlError::Malformed);
        assert_eq!(parse(b"<a>\xE5</a>").unwrap_err(), XmlError::Encoding);
    }

    #[test]
    fn size_in_every_direction_is_bounded() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(nested(DEPTH).as_bytes()).is_ok());
        assert_eq!(fault(&nested(DEPTH + 1)), XmlError::TooComplex);
        assert_eq!(fault(&nested(4_000)), XmlError::TooComplex);
        assert_eq!(fault(&format!("<a>{}</a>", "<b/>".repeat(20_000))), XmlError::TooComplex);
        let attributes = |count: usize| (0..count).map(|n| format!(" a{n}='>'")).collect::<String>();
        assert!(parse(format!("<a{}/>", attributes(ATTRIBUTES)).as_bytes()).is_ok());
        assert_eq!(fault(&format!("<a{}/>", attributes(ATTRIBUTES + 1))), XmlError::TooComplex);
        assert!(
            parse(format!("<a>{}</a>", format!("<b{}/>", attributes(40)).repeat(500)).as_bytes()).is_ok()
        );
        assert_eq!(
            fault(&format!("<a>{}</a>", format!("<b{}/>", attributes(40)).repeat(501))),
            XmlError::TooComplex
        );
        let declared = (0..40).map(|n| format!(" xmlns:n{n}='u'")).collect::<String>();
        assert_eq!(fault(&format!("<a>{}</a>", format!("<b{declared}/>").repeat(20))), XmlError::TooComplex);
    }

    #[test]
    fn what_costs_more_than_its_bytes_is_bounded() {
        let holds = |piece: &str, count: usize| {
            parse(format!("<Body>{}</Body>", piece.repeat(count)).as_bytes()).map(|_| ())
        };
        for (piece, most) in [("<![CDATA[a]]>", SECTIONS), ("&#13;", BREAKS), ("a\r\n", BREAKS)] {
            assert_eq!(holds(piece, most), Ok(()), "{piece}");
            assert_eq!(holds(piece, most + 1), Err(XmlError::TooComplex), "{piece}");
        }
        let long =
            |bytes: usize| parse(format!("<a><!--{}--></a>", "x".repeat(bytes)).as_bytes()).map(|_| ());
        assert_eq!(long(MARKUP_BYTES - 100), Ok(()));
        assert_eq!(long(MARKUP_BYTES), Err(XmlError::TooComplex));
        assert_eq!(fault(&format!("<a b='{}'/>", "x".repeat(MARKUP_BYTES))), XmlError::TooComplex);
        assert_eq!(fault(&format!("<a {}/>", "\"".repeat(1000))), XmlError::TooComplex);
        assert_eq!(fault(&format!("<a {}/>", " ".repeat(MARKUP_BYTES))), XmlError::TooComplex);
        assert!(holds("&#x0000041;", 1).is_ok());
        assert_eq!(holds(&format!("&#{}65;", "0".repeat(REFERENCE_BYTES)), 1), Err(XmlError::Malformed));
        for none in ["&#x110000;", "&#xD800;", "&#1114112;", "&#+65;", "&#;", "&#x;", "&#65", "&a"] {
            assert_eq!(holds(none, 1), Err(XmlError::Malformed), "{none}");
            assert_eq!(fault(&format!("<a b='{none}'/>")), XmlError::Malformed, "{none}");
        }
        assert!(holds("<![CDATA[ & no reference ]]><!-- & neither -->", 1).is_ok());
        assert_eq!(fault(&format!("<?xml version='1.0'{}?><a/>", " ".repeat(300))), XmlError::Malformed);
        assert_eq!(fault("<?xml version='1.0'?><?b?><a/>"), XmlError::Instruction);
    }

    #[test]
    fn a_text_is_long_in_a_body_alone() {
        let long = "x".repeat(TEXT_BYTES + 1);
        for good in [
            format!("<Body>{long}</Body>"),
            format!("<m:Body\nxmlns:m='u'>{long}</m:Body>"),
            format!("<Body><!-- -->{long}<![CDATA[{long}]]></Body>"),
            format!("<a>{}</a>", &long[1..]),
        ] {
            assert!(parse(good.as_bytes()).is_ok(), "{}", &good[..30]);
        }
        for bad in [
            format!("<a>{long}</a>"),
            format!("<Body><a>{long}</a></Body>"),
            format!("<a><Body></Body>{long}</a>"),
            format!("<BodyBody>{long}</BodyBody>"),
            format!("<a><![CDATA[{long}]]></a>"),
        ] {
            assert_eq!(fault(&bad), XmlError::TooLong, "{}", &bad[..30]);
        }
        assert_eq!(fault(&(" ".repeat(TEXT_BYTES + 1) + "<a/>")), XmlError::TooLong);
        assert_eq!(fault(&("<a/>".to_owned() + &" ".repeat(TEXT_BYTES + 1))), XmlError::TooLong);
    }

    #[test]
    fn base64_in_lines_is_read_however_they_end() {
        for end in ["\n", "\r\n", "&#13;\n", "&#xD;\n", "&#13;&#10;"] {
            let lines = format!("{}{end}", "QUJD".repeat(16)).repeat(150_000);
            let message = format!("<m:Body xmlns:m='u'>{lines}</m:Body>");
            let document = parse(message.as_bytes()).unwrap_or_else(|error| panic!("{end}: {error}"));
            let breaks = if end == "\n" || end == "\r\n" { 1 } else { 2 };
            assert_eq!(text(document.root_element()).unwrap().len(), 150_000 * (64 + breaks), "{end}");
        }
    }

    #[test]
    fn a_message_in_another_encoding_or_version_is_refused() {
        for good in [
            "<?xml version=\"1.0\"?><a/>",
            "<?xml version = '1.0' encoding = 'utf-8' standalone='no'?>\n<a/>",
        ] {
            assert!(parse(good.as_bytes()).is_ok(), "{good}");
        }
        assert_eq!(fault("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), XmlError::Encoding);
        assert_eq!(fault("\u{FEFF}<?xml version='1.0' encoding=\"utf-16\"?><a/>"), XmlError::Encoding);
        assert_eq!(fault("<?xml version='1.1'?><a/>"), XmlError::Malformed);
    }

    #[test]
    fn text_is_whole_whatever_parts_it() {
        let document = parse(b"<a>16<!-- not the end -->40<![CDATA[20]]>&#48;</a>").unwrap();
        assert_eq!(text(document.root_element()).unwrap(), "1640200");
        let mixed = parse(b"<a>1<b/>2</a>").unwrap();
        assert!(text(mixed.root_element()).is_none());
        assert!(elements(mixed.root_element()).is_none());
    }
}
