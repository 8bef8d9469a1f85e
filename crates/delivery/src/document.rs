//! XML from outside, read under limits: no document type, no entities, nothing that grows when it is read.

use roxmltree::{Document, Node, ParsingOptions};
use std::borrow::Cow;

/// Elements, texts and comments in one message. A delivery with one letter has about a hundred.
const NODES: u32 = 10_000;
/// Elements within elements; whatever walks the message does so by recursion.
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
/// characters have 160 000 lines.
const BREAKS: usize = 350_000;
/// Bytes of texts with a character by number or name, which the parser reads byte by byte: as many as the interface has
/// for a whole message. Some clients end each line of base64 with `&#13;`, or with `&#13;&#10;`.
const REFERRING_BYTES: usize = 2 * 1024 * 1024;
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
    #[error("there are too many carriage returns or characters by number, or too much text with them")]
    Breaks,
}

/// The message with the line ends that a parser sees (Extensible Markup Language 1.0, section 2.11): a carriage return,
/// with a line feed behind it or without, is one line feed. What is signed or large goes through here before [`parse`],
/// which does the same, but byte by byte, and not directly before a character by number.
pub fn line_ends(bytes: &[u8]) -> Result<Cow<'_, [u8]>, XmlError> {
    let mut returns = memchr::memchr_iter(b'\r', bytes).peekable();
    if returns.peek().is_none() {
        return Ok(Cow::Borrowed(bytes));
    }
    at_most(returns.clone().count(), BREAKS).map_err(|_| XmlError::Breaks)?;
    let mut all = Vec::with_capacity(bytes.len());
    let mut done = 0;
    for at in returns {
        all.extend_from_slice(&bytes[done..at]);
        all.push(b'\n');
        done = at + 1 + usize::from(bytes.get(at + 1) == Some(&b'\n'));
    }
    all.extend_from_slice(&bytes[done..]);
    Ok(Cow::Owned(all))
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
    // Entities are how a kilobyte becomes a gigabyte, and how a parser is made to fetch files.
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
            // Never further up than the limit, or a deep document would cost the square of its depth.
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
pub fn text<'a>(of: Node<'a, '_>) -> Option<Cow<'a, str>> {
    let mut texts = of.children().filter(|child| !child.is_comment());
    let Some(first) = texts.next() else { return Some("".into()) };
    if !first.is_text() {
        return None;
    }
    let mut all = Cow::Borrowed(first.text().unwrap_or_default());
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
        at_most(memchr::memchr_iter(byte, bytes).count(), BREAKS).map_err(|_| XmlError::Breaks)?;
    }
    let mut seen = Seen::default();
    let mut at = declaration_end(text)?;
    while let Some(open) = find(bytes, at, b'<') {
        seen.text(&bytes[at..open])?;
        let rest = &bytes[open..];
        if rest.starts_with(b"<![CDATA[") {
            at = after(bytes, open + 9, b"]]>");
            seen.length(at - open)?;
            seen.sections += 1;
        } else if rest.starts_with(b"<?") {
            return Err(XmlError::Instruction);
        } else {
            let comment = rest.starts_with(b"<!--");
            at = if comment { after(bytes, open + 4, b"-->") } else { seen.tag(bytes, open + 1)? };
            if !comment {
                references(&bytes[open..at])?;
                seen.end_of_text();
                seen.in_body = is_body(&bytes[open + 1..at]);
            }
            seen.markup += at - open;
            seen.nodes += u32::from(rest.get(1) != Some(&b'/'));
        }
        seen.bounded(nodes)?;
    }
    seen.text(&bytes[at..])
}

/// What was counted in a message so far.
#[derive(Default)]
struct Seen {
    nodes: u32,
    attributes: usize,
    prefixes: usize,
    sections: usize,
    markup: usize,
    /// Of texts that refer, in the elements before.
    referring: usize,
    /// Of the text since the last tag, and whether it refers. What CDATA and comments part is one text to its readers.
    run: usize,
    run_refers: bool,
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

    fn text(&mut self, text: &[u8]) -> Result<(), XmlError> {
        self.run_refers |= references(text)?;
        self.length(text.len())
    }

    fn length(&mut self, bytes: usize) -> Result<(), XmlError> {
        if bytes > TEXT_BYTES && !self.in_body {
            return Err(XmlError::TooLong);
        }
        self.run += bytes;
        let referring = self.referring + if self.run_refers { self.run } else { 0 };
        at_most(referring, REFERRING_BYTES).map_err(|_| XmlError::Breaks)
    }

    fn end_of_text(&mut self) {
        self.referring += if self.run_refers { self.run } else { 0 };
        (self.run, self.run_refers) = (0, false);
    }

    /// Counts what is assigned in one tag; answers where it ends.
    fn tag(&mut self, bytes: &[u8], from: usize) -> Result<usize, XmlError> {
        let mut at = from;
        let mut equals = 0;
        let mut values = 0;
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

/// Whether there are characters by number or name. Each ends soon, and is one: the parser reads what is none as another.
fn references(text: &[u8]) -> Result<bool, XmlError> {
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
    let mut all = memchr::memchr_iter(b'&', text).peekable();
    let any = all.peek().is_some();
    if all.all(holds) { Ok(any) } else { Err(XmlError::Malformed) }
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
mod tests;
