//! XML from outside, read under limits: no document type, no entities, nothing that grows when it is read.

use roxmltree::{Document, Node, ParsingOptions};

/// Elements and texts in one message. A delivery with one letter has about a hundred.
const NODES: u32 = 10_000;
/// Elements within elements.
const DEPTH: usize = 32;
/// Attributes and namespace declarations of one element.
const ATTRIBUTES: usize = 48;
/// Prefixes declared in the whole message; each is carried by all elements below it.
const PREFIXES: usize = 512;

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
}

/// Parses a whole message.
pub fn parse(bytes: &[u8]) -> Result<Document<'_>, XmlError> {
    parse_within(bytes, NODES)
}

/// The same with another limit on elements and texts, for an answer about a thousand recipients.
pub fn parse_within(bytes: &[u8], nodes: u32) -> Result<Document<'_>, XmlError> {
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    declared(text)?;
    bounded(bytes)?;
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
        if node.is_pi() {
            return Err(XmlError::Instruction);
        }
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
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let Some(declaration) = text.strip_prefix("<?xml ").and_then(|rest| rest.get(..rest.find("?>")?)) else {
        return Ok(());
    };
    let mut pieces = declaration.split(['"', '\'']);
    while let (Some(name), Some(value)) = (pieces.next(), pieces.next()) {
        match name.trim().trim_end_matches('=').trim_end() {
            "version" if value != "1.0" => return Err(XmlError::Malformed),
            "encoding" if !value.eq_ignore_ascii_case("utf-8") => return Err(XmlError::Encoding),
            _ => {}
        }
    }
    Ok(())
}

/// The parser compares each attribute with all before it, and copies declarations down: both are bounded here, in
/// one pass over the bytes, before it sees them. What is no XML at all is left to the parser.
fn bounded(bytes: &[u8]) -> Result<(), XmlError> {
    let (mut at, mut prefixes) = (0, 0);
    while let Some(open) = find(bytes, at, b'<') {
        let rest = &bytes[open..];
        at = if rest.starts_with(b"<!--") {
            after(bytes, open + 4, b"-->")
        } else if rest.starts_with(b"<![CDATA[") {
            after(bytes, open + 9, b"]]>")
        } else if rest.starts_with(b"<?") {
            after(bytes, open + 2, b"?>")
        } else {
            tag(bytes, open + 1, &mut prefixes)?
        };
    }
    Ok(())
}

/// Counts what is assigned in one tag; answers where it ends.
fn tag(bytes: &[u8], from: usize, prefixes: &mut usize) -> Result<usize, XmlError> {
    let (mut at, mut attributes) = (from, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return Ok(at + 1),
            b'"' | b'\'' => match find(bytes, at + 1, byte) {
                Some(end) => at = end,
                None => return Ok(bytes.len()),
            },
            b'=' => attributes += 1,
            b'x' if bytes[at..].starts_with(b"xmlns:") => *prefixes += 1,
            _ => {}
        }
        if attributes > ATTRIBUTES || *prefixes > PREFIXES {
            return Err(XmlError::TooComplex);
        }
        at += 1;
    }
    Ok(at)
}

fn find(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    Some(from + memchr::memchr(byte, bytes.get(from..)?)?)
}

fn after(bytes: &[u8], from: usize, word: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memmem::find(rest, word).map_or(bytes.len(), |at| from + at + word.len())
}

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
        let declared = (0..40).map(|n| format!(" xmlns:n{n}='u'")).collect::<String>();
        assert_eq!(fault(&format!("<a>{}</a>", format!("<b{declared}/>").repeat(20))), XmlError::TooComplex);
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
