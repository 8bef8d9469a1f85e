//! SOAP 1.1 around a message.

use crate::{
    document::{elements, is},
    names::{Name, SOAP},
};
use roxmltree::{Document, Node};

/// Why a message is no SOAP 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoapError {
    #[error("the root is no Envelope of SOAP 1.1")]
    Envelope,
    #[error("the Body does not hold exactly one element")]
    Body,
    #[error("a Header must be understood that is not")]
    MustUnderstand,
}

/// The one element in the Body. Headers are passed over, unless they must be understood.
pub fn body<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, SoapError> {
    let envelope = Some(document.root_element()).filter(|root| is(root, (SOAP, "Envelope")));
    let envelope = envelope.ok_or(SoapError::Envelope)?;
    let mut parts = elements(envelope).ok_or(SoapError::Envelope)?;
    let mut next = parts.next();
    if let Some(header) = next.filter(|node| is(node, (SOAP, "Header"))) {
        let needed = |node: Node<'_, '_>| {
            node.attribute((SOAP, "mustUnderstand")).is_some_and(|v| ["1", "true"].contains(&v.trim()))
        };
        if header.children().filter(Node::is_element).any(needed) {
            return Err(SoapError::MustUnderstand);
        }
        next = parts.next();
    }
    let body = next.filter(|node| is(node, (SOAP, "Body"))).ok_or(SoapError::Envelope)?;
    if parts.next().is_some() {
        return Err(SoapError::Envelope);
    }
    let mut inside = elements(body).ok_or(SoapError::Body)?;
    match (inside.next(), inside.next()) {
        (Some(element), None) => Ok(element),
        _ => Err(SoapError::Body),
    }
}

/// The local name of the element in the Body, found without parsing the message: which reader it is given to. That reader
/// parses it, once, and tells by the whole name when it is another's. What does not stand near the beginning is not
/// looked for: a message of tags alone would cost more than it costs to refuse it.
pub fn operation(message: &[u8]) -> Option<&str> {
    let message = &message[..message.len().min(BEGINNING)];
    let mut at = 0;
    let mut depth = 0_i64;
    let mut in_body = false;
    loop {
        let open = at + memchr::memchr(b'<', message.get(at..)?)?;
        let rest = &message[open..];
        let skipped: &[u8] = match rest.get(1)? {
            b'?' => b"?>",
            b'!' if rest.starts_with(b"<![CDATA[") => b"]]>",
            b'!' => b"-->",
            _ => b"",
        };
        if !skipped.is_empty() {
            at = open + memchr::memmem::find(rest, skipped)? + skipped.len();
            continue;
        }
        let end = open + tag_end(rest)?;
        at = end + 1;
        if rest[1] == b'/' {
            depth -= 1;
            continue;
        }
        let local = local_name(&message[open + 1..end])?;
        match depth {
            1 => in_body = local == "Body",
            2 if in_body => return Some(local),
            _ => {}
        }
        if message[end - 1] != b'/' {
            depth += 1;
        }
    }
}

/// Where the first tag ends; what stands in quotes does not end it.
fn tag_end(tag: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', tag.get(at..)?)?;
        match tag[at] {
            b'>' => return Some(at),
            quote => at += 2 + memchr::memchr(quote, tag.get(at + 1..)?)?,
        }
    }
}

fn local_name(tag: &[u8]) -> Option<&str> {
    let name = tag.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next()?;
    std::str::from_utf8(name.rsplit(|byte| *byte == b':').next()?).ok()
}

/// The one child element of an operation's element, where it has this name.
pub fn only<'a, 'i>(operation: Node<'a, 'i>, name: Name<'_>) -> Option<Node<'a, 'i>> {
    let mut inside = elements(operation)?;
    match (inside.next(), inside.next()) {
        (Some(element), None) if is(&element, name) => Some(element),
        _ => None,
    }
}

/// Room for a Header of any client.
const BEGINNING: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_found_however_the_message_is_written() {
        let envelope = |inside: &str| crate::write::envelope(inside);
        assert_eq!(operation(envelope("<notify xmlns=\"x\"><a/></notify>").as_bytes()), Some("notify"));
        assert_eq!(operation(envelope("<n:notify/>").as_bytes()), Some("notify"));
        let odd = "\u{FEFF}<?xml version='1.0'?><!-- <Body><no/> -->\n<s:Envelope a='>' b=\"<Body>\">\
            <s:Header><x/><y><![CDATA[<Body><no/>-->]]></y><Body><no/></Body></s:Header ><s:Body\n c='1'><!--a--><p:notify q='/'>";
        assert_eq!(operation(odd.as_bytes()), Some("notify"));
        assert_eq!(operation(b"<Envelope><Header/><Body><deliverSecure>"), Some("deliverSecure"));
    }

    #[test]
    fn what_has_no_operation_has_none() {
        for text in
            ["", "<", "a", "<a>", "<a/>", "</a></b>", "<a><Body/></a>", "<a><Body></Body>", "<a b='", "<!-- "]
        {
            assert_eq!(operation(text.as_bytes()), None, "{text}");
        }
        // Nor is it looked for far behind.
        let with = |header: usize| {
            format!(
                "<Envelope><Header><a b='{}'/></Header><Body><notify/></Body></Envelope>",
                "\"".repeat(header)
            )
        };
        assert_eq!(operation(with(BEGINNING / 2).as_bytes()), Some("notify"));
        assert_eq!(operation(with(BEGINNING).as_bytes()), None);
    }
}
