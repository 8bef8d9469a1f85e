//! What a signature is over, when it is not over what was sent: found by trying the changes that clients and the tools
//! between them make. Nothing of this is ever taken; it only tells where to look.

use crate::{
    canonical::{escape_attribute, escape_text},
    document::is,
    names::{DSIG, MESSAGE_V1, Name, SIGNED_DELIVERY},
    signature::Parsed,
    verify,
};
use ring::digest;
use roxmltree::{Node, NodeId};
use std::borrow::Cow;

/// The signature holds if this is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    pub change: Change,
    /// The change is within the letter alone, whereas the signature is over more: the seal was made over the letter in
    /// another form than the one that is sent.
    pub in_letter: bool,
}

/// How what was signed differs from what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Blank text between elements was put in afterwards.
    Indented,
    /// Line breaks or blanks in base64 were put in afterwards.
    Base64Broken,
    /// Line breaks in base64 were taken out afterwards.
    Base64Joined,
    /// Line ends in texts were written in another way afterwards.
    LineEnds,
    /// It was signed with namespace prefixes.
    Prefixes,
    /// It was signed under the name that it travels under.
    Renamed,
    /// The whole SOAP message was signed instead of the delivery in it.
    WholeMessage,
}

/// For a digest that does not agree.
pub(super) fn of_content(signed: Node<'_, '_>, root: Name<'_>, parsed: &Parsed<'_, '_>) -> Option<Hint> {
    let agrees = |form: &str| {
        digest::digest(verify::algorithm(parsed.digest_hash), form.as_bytes()).as_ref() == parsed.digest
    };
    let omitted = Some(parsed.element.id());
    let letter = signed.children().find(|child| is(child, SIGNED_DELIVERY)).map(|letter| letter.id());
    // First what is within the letter alone: a change of everything is one of the letter, too.
    for within in letter.map(Some).into_iter().chain([None]) {
        for (change, text) in texts() {
            if agrees(&Plain { text: &*text, omitted, within }.write(signed, root)) {
                return Some(Hint { change, in_letter: within.is_some() });
            }
        }
    }
    let whole = |change| Some(Hint { change, in_letter: false });
    let own = (signed.tag_name().namespace().unwrap_or_default(), signed.tag_name().name());
    let same = |_: Node<'_, '_>, _: &str| None;
    if agrees(&Plain { text: &same, omitted, within: None }.write(signed, own)) {
        return whole(Change::Renamed);
    }
    for style in [Style::Exclusive, Style::Inclusive, Style::InclusiveUsed] {
        for name in [Some(root.1), None] {
            if (Prefixed { style, omitted }).write(signed, name).is_some_and(|form| agrees(&form)) {
                return whole(Change::Prefixes);
            }
        }
    }
    let document = signed.document().root_element();
    let style = Style::Exclusive;
    if document != signed
        && (Prefixed { style, omitted }).write(document, None).is_some_and(|form| agrees(&form))
    {
        return whole(Change::WholeMessage);
    }
    None
}

/// For a value that does not verify.
pub(super) fn of_value(parsed: &Parsed<'_, '_>) -> Option<Hint> {
    let made = |form: &str| {
        let made = |der: &Vec<u8>| verify::holds(der, parsed.signature_hash, form.as_bytes(), &parsed.value);
        parsed.certificates.iter().any(made)
    };
    let info = parsed.signed_info;
    let whole = |change| Some(Hint { change, in_letter: false });
    for (change, text) in texts() {
        if made(&Plain { text: &*text, omitted: None, within: None }.write(info, (DSIG, "SignedInfo"))) {
            return whole(change);
        }
    }
    for style in [Style::Exclusive, Style::Inclusive, Style::InclusiveUsed] {
        if (Prefixed { style, omitted: None }).write(info, None).is_some_and(|form| made(&form)) {
            return whole(Change::Prefixes);
        }
    }
    None
}

/// What a text was before it was changed, by its element; `None` where it is as it was.
type Text = dyn Fn(Node<'_, '_>, &str) -> Option<String>;

/// The changes of texts that are tried.
fn texts() -> Vec<(Change, Box<Text>)> {
    let mut all: Vec<(Change, Box<Text>)> = vec![
        (Change::Indented, Box::new(|of, text| between(of, text).then(String::new))),
        (Change::Base64Broken, Box::new(|of, text| is_base64(of).then(|| without_blanks(text)))),
        (
            Change::Indented,
            Box::new(|of, text| match between(of, text) {
                true => Some(String::new()),
                false => is_base64(of).then(|| without_blanks(text)),
            }),
        ),
        (Change::LineEnds, Box::new(|_, text| text.contains('\r').then(|| text.replace('\r', "")))),
        (
            Change::LineEnds,
            Box::new(|_, text| {
                (text.contains('\n') && !text.contains('\r')).then(|| text.replace('\n', "\r\n"))
            }),
        ),
    ];
    // As signatures are wrapped by Java's and by PEM's habit, alone or with the content.
    for (columns, end) in [(76, "\n"), (76, "\r\n"), (64, "\n"), (64, "\r\n")] {
        for (before, after) in [("", ""), ("", end), (end, end)] {
            for signatures_only in [true, false] {
                all.push((
                    Change::Base64Joined,
                    Box::new(move |of, text| {
                        let of_signature = of.tag_name().namespace() == Some(DSIG);
                        let wrapped = is_base64(of) && (of_signature || !signatures_only);
                        (wrapped && text.len() > columns).then(|| {
                            // Base64 is ASCII: a lossy step changes nothing that could agree.
                            let lines = text.as_bytes().chunks(columns).map(String::from_utf8_lossy);
                            let lines: Vec<Cow<'_, str>> = lines.collect();
                            [before, &lines.join(end), after].concat()
                        })
                    }),
                ));
            }
        }
    }
    all
}

/// Blank text beside elements.
fn between(of: Node<'_, '_>, text: &str) -> bool {
    text.trim().is_empty() && of.children().any(|child| child.is_element())
}

fn is_base64(of: Node<'_, '_>) -> bool {
    let signature = ["X509Certificate", "SignatureValue", "DigestValue"];
    is(&of, (MESSAGE_V1, "Body")) || signature.iter().any(|name| is(&of, (DSIG, name)))
}

fn without_blanks(text: &str) -> String {
    text.split_ascii_whitespace().collect()
}

/// The form that is asked for, with other texts.
struct Plain<'t> {
    text: &'t Text,
    omitted: Option<NodeId>,
    /// Texts are changed in this element alone.
    within: Option<NodeId>,
}

impl Plain<'_> {
    fn write(&self, element: Node<'_, '_>, name: Name<'_>) -> String {
        let mut out = String::new();
        self.element(element, name, "", self.within.is_none(), &mut out);
        out
    }

    fn element(
        &self,
        element: Node<'_, '_>,
        (namespace, local): Name<'_>,
        inherited: &str,
        inside: bool,
        out: &mut String,
    ) {
        let inside = inside || Some(element.id()) == self.within;
        out.push('<');
        out.push_str(local);
        if namespace != inherited {
            declare("", namespace, out);
        }
        attributes(element, out);
        out.push('>');
        for child in element.children().filter(|child| Some(child.id()) != self.omitted) {
            if child.is_element() {
                let name = (child.tag_name().namespace().unwrap_or_default(), child.tag_name().name());
                self.element(child, name, namespace, inside, out);
            } else if child.is_text() {
                let text = child.text().unwrap_or_default();
                let other = if inside { (self.text)(element, text) } else { None };
                escape_text(other.as_deref().unwrap_or(text), out);
            }
        }
        out.push_str(&format!("</{local}>"));
    }
}

/// Which namespaces are declared where.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Where they are used.
    Exclusive,
    /// All that are in force.
    Inclusive,
    /// Those in force that something in it uses: the message around it has declarations of its own.
    InclusiveUsed,
}

/// With prefixes, as they came.
struct Prefixed {
    style: Style,
    omitted: Option<NodeId>,
}

impl Prefixed {
    /// `name` is what the root is called instead; its prefix is then that of its first child.
    fn write(&self, element: Node<'_, '_>, name: Option<&str>) -> Option<String> {
        let root = match name {
            None => qualified(element),
            Some(local) => {
                let like = element.children().find(|child| child.is_element()).map(qualified);
                match like.as_deref().and_then(|like| like.split_once(':')) {
                    Some((prefix, _)) => format!("{prefix}:{local}"),
                    None => local.to_owned(),
                }
            }
        };
        let used: Vec<&str> = element.descendants().filter_map(|node| node.tag_name().namespace()).collect();
        let mut out = String::new();
        self.element(element, &root, &used, &mut Vec::new(), &mut out)?;
        Some(out)
    }

    fn element<'a>(
        &self,
        element: Node<'a, '_>,
        name: &str,
        used: &[&str],
        declared: &mut Vec<(&'a str, &'a str)>,
        out: &mut String,
    ) -> Option<()> {
        if element.attributes().any(|attribute| attribute.namespace().is_some()) {
            return None;
        }
        let before = declared.len();
        let mut needed: Vec<(&str, &str)> = match self.style {
            Style::Exclusive => {
                let prefix = name.split_once(':').map(|(prefix, _)| prefix);
                let found = element.namespaces().find(|n| n.name() == prefix);
                let absent = || prefix.is_none().then_some(("", ""));
                vec![found.map(|n| (n.name().unwrap_or_default(), n.uri())).or_else(absent)?]
            }
            style => element
                .namespaces()
                .filter(|n| n.name() != Some("xml") && (style == Style::Inclusive || used.contains(&n.uri())))
                .map(|n| (n.name().unwrap_or_default(), n.uri()))
                .collect(),
        };
        needed.sort_unstable();
        out.push('<');
        out.push_str(name);
        for (prefix, uri) in needed {
            let known = declared.iter().rev().find(|(other, _)| *other == prefix).map(|(_, uri)| *uri);
            if known.unwrap_or_default() != uri {
                declare(prefix, uri, out);
                declared.push((prefix, uri));
            }
        }
        attributes(element, out);
        out.push('>');
        for child in element.children().filter(|child| Some(child.id()) != self.omitted) {
            if child.is_element() {
                self.element(child, &qualified(child), used, declared, out)?;
            } else if child.is_text() {
                escape_text(child.text().unwrap_or_default(), out);
            }
        }
        out.push_str(&format!("</{name}>"));
        declared.truncate(before);
        Some(())
    }
}

/// An element's name with a prefix that is declared for its namespace: with the only one, in messages that machines write.
fn qualified(element: Node<'_, '_>) -> String {
    let tag = element.tag_name();
    let namespace = tag.namespace().unwrap_or_default();
    match element.namespaces().find(|n| n.uri() == namespace).and_then(|n| n.name()) {
        Some(prefix) => format!("{prefix}:{}", tag.name()),
        None => tag.name().to_owned(),
    }
}

fn declare(prefix: &str, uri: &str, out: &mut String) {
    out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
    out.push_str(prefix);
    out.push_str("=\"");
    escape_attribute(uri, out);
    out.push('"');
}

/// None of those that have been seen has a prefix.
fn attributes(element: Node<'_, '_>, out: &mut String) {
    let mut all: Vec<_> = element.attributes().collect();
    all.sort_unstable_by_key(|attribute| attribute.name());
    for attribute in all {
        out.push_str(&format!(" {}=\"", attribute.name()));
        escape_attribute(attribute.value(), out);
        out.push('"');
    }
}
