//! The canonical form of what is signed: Canonical XML 1.0 of the message without prefixes.
//!
//! A delivery is signed as a document of its own, in which every element stands in a default namespace. On its
//! way it is written anew, with other prefixes and under another name. So what is digested is not the bytes that
//! came but this form, which follows from the expanded names, the attributes and the texts alone. On a document
//! without prefixes, inclusive and exclusive canonicalisation give the same bytes.

use crate::names::Name;
use roxmltree::{Node, NodeId};

/// Where canonical bytes go: into memory or into a digest.
pub trait Sink {
    fn push(&mut self, text: &str);
}

impl Sink for String {
    fn push(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Sink for ring::digest::Context {
    fn push(&mut self, text: &str) {
        self.update(text.as_bytes());
    }
}

/// An attribute with a namespace: it has no form without a prefix. None has been seen in deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an attribute has a prefix")]
pub struct PrefixedAttribute;

/// Writes the element and all below it. `renamed` is the name that the root is signed under, when it travels under
/// another; the child `omitted`, such as the signature over it, is left out.
pub fn write(
    element: Node<'_, '_>,
    renamed: Option<Name<'_>>,
    omitted: Option<NodeId>,
    to: &mut impl Sink,
) -> Result<(), PrefixedAttribute> {
    let tag = element.tag_name();
    let name = renamed.unwrap_or((tag.namespace().unwrap_or_default(), tag.name()));
    Writer { to, omitted }.element(element, name, "")
}

pub fn text(element: Node<'_, '_>, renamed: Option<Name<'_>>) -> Result<String, PrefixedAttribute> {
    let mut out = String::new();
    write(element, renamed, None, &mut out)?;
    Ok(out)
}

/// A text as it stands between tags.
pub fn escape_text(text: &str, to: &mut impl Sink) {
    escape(
        text,
        to,
        |byte| matches!(byte, b'&' | b'<' | b'>' | b'\r'),
        |byte| match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&#xD;",
        },
    );
}

/// The value of an attribute as it stands between its quotes.
pub(crate) fn escape_attribute(value: &str, to: &mut impl Sink) {
    escape(
        value,
        to,
        |byte| matches!(byte, b'&' | b'<' | b'"' | b'\t' | b'\n' | b'\r'),
        |byte| match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'"' => "&quot;",
            b'\t' => "&#x9;",
            b'\n' => "&#xA;",
            _ => "&#xD;",
        },
    );
}

struct Writer<'s, S> {
    to: &'s mut S,
    omitted: Option<NodeId>,
}

impl<S: Sink> Writer<'_, S> {
    /// `inherited` is the default namespace in force. The depth was bounded when the document was read.
    fn element(
        &mut self,
        element: Node<'_, '_>,
        (namespace, local): Name<'_>,
        inherited: &str,
    ) -> Result<(), PrefixedAttribute> {
        self.to.push("<");
        self.to.push(local);
        if namespace != inherited {
            self.to.push(" xmlns=\"");
            self.attribute(namespace);
            self.to.push("\"");
        }
        let mut attributes: Vec<_> = element.attributes().collect();
        // Refused rather than guessed: which prefix its signer wrote is not to be known.
        if attributes.iter().any(|attribute| attribute.namespace().is_some()) {
            return Err(PrefixedAttribute);
        }
        // Canonical XML orders attributes by namespace and name; without namespaces the name decides alone.
        attributes.sort_unstable_by_key(|attribute| attribute.name());
        for attribute in attributes {
            self.to.push(" ");
            self.to.push(attribute.name());
            self.to.push("=\"");
            self.attribute(attribute.value());
            self.to.push("\"");
        }
        self.to.push(">");
        let omitted = self.omitted;
        for child in element.children().filter(|child| Some(child.id()) != omitted) {
            if child.is_element() {
                let tag = child.tag_name();
                self.element(child, (tag.namespace().unwrap_or_default(), tag.name()), namespace)?;
            } else if child.is_text() {
                escape_text(child.text().unwrap_or_default(), self.to);
            }
        }
        self.to.push("</");
        self.to.push(local);
        self.to.push(">");
        Ok(())
    }

    fn attribute(&mut self, value: &str) {
        escape_attribute(value, self.to);
    }
}

/// Only ASCII is replaced, so every cut is at a character's edge. Most of a large text is base64: pieces in which
/// nothing is to be replaced are told at once, many bytes in one step.
fn escape(text: &str, to: &mut impl Sink, replaced: impl Fn(u8) -> bool, by: impl Fn(u8) -> &'static str) {
    let mut done = 0;
    for (no, piece) in text.as_bytes().chunks(PIECE_BYTES).enumerate() {
        // No early return within a piece: only so does the compiler look at many bytes at once.
        if !piece.iter().fold(false, |any, byte| any | replaced(*byte)) {
            continue;
        }
        for (at, byte) in piece.iter().enumerate().filter(|(_, byte)| replaced(**byte)) {
            let at = no * PIECE_BYTES + at;
            to.push(&text[done..at]);
            to.push(by(*byte));
            done = at + 1;
        }
    }
    to.push(&text[done..]);
}

const PIECE_BYTES: usize = 128;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::document::parse;

    fn canonical(xml: &str) -> String {
        let document = parse(xml.as_bytes()).unwrap();
        text(document.root_element(), None).unwrap()
    }

    #[test]
    fn prefixes_and_where_they_are_declared_do_not_matter() {
        let plain = r#"<a xmlns="u"><b><c xmlns="v" x="1" y="2"></c></b><d xmlns=""></d></a>"#;
        for same in [
            plain,
            r#"<p:a xmlns:p="u" xmlns:q="v"><p:b><q:c y="2" x="1"/></p:b><d/></p:a>"#,
            r#"<a xmlns="u" xmlns:z="unused"><b><p:c xmlns:p="v" x='1' y='2'/><!-- c --></b><d xmlns=""/></a>"#,
        ] {
            assert_eq!(canonical(same), plain);
        }
    }

    #[test]
    fn texts_and_attributes_are_written_one_way() {
        assert_eq!(
            canonical("<a>&#xD;\r\n&lt;&gt;&amp;'\"<![CDATA[<&]]></a>"),
            "<a>&#xD;\n&lt;&gt;&amp;'\"&lt;&amp;</a>"
        );
        assert_eq!(
            canonical("<a b='&#9;&#10;&#13;\"&lt;>&amp;'/>"),
            "<a b=\"&#x9;&#xA;&#xD;&quot;&lt;>&amp;\"></a>"
        );
        assert_eq!(canonical("<a> å\u{10348} </a>"), "<a> å\u{10348} </a>");
    }

    #[test]
    fn long_texts_are_written_whole_wherever_something_is_replaced() {
        for before in [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES - 1] {
            let a = "å".repeat(before);
            let b = "x".repeat(before);
            let mut out = String::new();
            let wanted = format!("{a}&amp;{b}&#xD;{a}&gt;");
            escape_text(&format!("{a}&{b}\r{a}>"), &mut out);
            assert_eq!(out, wanted);
        }
    }

    #[test]
    fn an_attribute_with_a_prefix_has_no_form() {
        let document = parse(b"<a xmlns:x='u'><b x:c='1'/></a>").unwrap();
        assert_eq!(text(document.root_element(), None), Err(PrefixedAttribute));
        let document = parse(b"<a xml:lang='sv'/>").unwrap();
        assert_eq!(text(document.root_element(), None), Err(PrefixedAttribute));
    }

    #[test]
    fn the_root_is_renamed_and_a_child_left_out() {
        let document = parse(b"<s:d xmlns:s='s' xmlns:m='m'><m:x/><m:y>1</m:y></s:d>").unwrap();
        let root = document.root_element();
        let mut out = String::new();
        write(root, Some(("m", "r")), root.last_element_child().map(|c| c.id()), &mut out).unwrap();
        assert_eq!(out, "<r xmlns=\"m\"><x></x></r>");
    }
}
