//! Links in letters as HTML: none leads to another place than it says.
//!
//! In plain text a link's text is its address. HTML can write anything there, so the host stands beside the text, and what
//! plain text would not make a link of is none here either; nor is a text that names one place and leads to another.

use super::{
    escaped,
    names::{Named, named},
};
use crate::links::{mail, telephone};
use url::Url;

/// Takes what `ammonia` has written, in which every attribute is quoted and every `<` begins a tag.
pub(super) fn truthful(clean: &str) -> String {
    let mut out = String::with_capacity(clean.len() + clean.len() / 8);
    let mut rest = clean;
    while let Some((before, tag, after)) = next_link(rest) {
        out.push_str(before);
        let (inside, after) = to_its_end(after);
        // A parser may leave one link within another.
        write(tag, &truthful(inside), &mut out);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether an address leads where it seems to: a host of plain letters with a dot, and no name before an `@`.
pub(super) fn is_plain_address(address: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || c == '\\' || turns_text_around(c);
    Url::parse(address).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let (scheme, shown) = address.split_at_checked("https://".len()).unwrap_or_default();
        scheme.eq_ignore_ascii_case("https://")
            && url.username().is_empty()
            && url.password().is_none()
            && host.contains('.')
            // `xn--` is how a host is written whose letters only look like ours.
            && !host.split('.').any(|label| label.starts_with("xn--"))
            // What the browser reads as the host must be what a person reads: no encoding, no backslash, no
            // folded width before it.
            && shown.to_ascii_lowercase().starts_with(host)
            && !address.chars().any(odd)
    })
}

/// Where a link leads.
struct Target {
    /// `None` for what must not be a link.
    href: Option<String>,
    /// As it is said beside the text.
    shown: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Web,
    Mail,
    Telephone,
}

impl Target {
    fn of(href: &str) -> Option<Self> {
        let href = href.trim();
        let url = Url::parse(href).ok()?;
        let rest = href.split_once(':').map_or("", |(_, rest)| rest);
        match url.scheme() {
            "https" => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let shown = format!("{}{port}", url.host_str()?);
                let href = is_plain_address(href).then(|| href.to_owned());
                Some(Self { href, shown, kind: Kind::Web })
            }
            "mailto" => {
                // Who else gets it, and what it says, is nobody's to fill in unseen.
                let link = mail(rest.split('?').next().unwrap_or_default());
                Some(Self { href: link.href, shown: link.text, kind: Kind::Mail })
            }
            "tel" => {
                let link = telephone(rest);
                let shown = link.href.as_deref().map_or("", |href| &href["tel:".len()..]).to_owned();
                Some(Self { href: link.href, shown, kind: Kind::Telephone })
            }
            _ => None,
        }
    }

    /// Whether the text says this very place and nothing else.
    fn is_said_by(&self, text: &str) -> bool {
        match self.kind {
            Kind::Web => {
                let word = text.trim();
                let says = |named: &[Named]| matches!(named, [Named::Host { host, whole: true }] if *host == self.shown);
                !word.contains(char::is_whitespace) && says(&named(word))
            }
            Kind::Mail => text.trim().eq_ignore_ascii_case(&self.shown),
            Kind::Telephone => {
                text.chars().all(|c| !c.is_alphabetic()) && national(text) == national(&self.shown)
            }
        }
    }

    /// Whether the text names another place.
    fn is_denied_by(&self, text: &str) -> bool {
        if text.chars().any(turns_text_around) {
            return true;
        }
        let host = match self.kind {
            Kind::Web => self.shown.split(':').next().unwrap_or_default(),
            Kind::Mail => self.shown.split_once('@').map_or("", |(_, host)| host),
            Kind::Telephone => "",
        };
        let other = |named: Named| match named {
            Named::Host { host: said, .. } => !is_within(host, said.split(':').next().unwrap_or_default()),
            Named::Mail(address) if self.kind == Kind::Mail => !address.eq_ignore_ascii_case(&self.shown),
            Named::Mail(address) => !is_within(host, address.rsplit('@').next().unwrap_or_default()),
            Named::Trick => true,
        };
        let digits = national(text);
        named(text).into_iter().any(other)
            // Shorter ones are hours, floors and extensions rather than another telephone number.
            || self.kind == Kind::Telephone && digits.len() >= 5 && digits != national(&self.shown)
    }
}

/// Whether `host` is the place that was said, or within it: `minasidor.exempel.se` is within `exempel.se`.
fn is_within(host: &str, said: &str) -> bool {
    let bare = |host: &str| {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host.strip_prefix("www.").map(str::to_owned).unwrap_or(host)
    };
    let host = bare(host);
    let said = bare(said);
    !said.is_empty() && (host == said || host.strip_suffix(&said).is_some_and(|rest| rest.ends_with('.')))
}

/// Digits as dialled in Sweden.
fn national(number: &str) -> String {
    let number = number.replacen("(0)", "", 1);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("46").filter(|_| number.trim_start().starts_with('+')) {
        // +46 70 and 070 are the same telephone, and letters write it either way.
        Some(rest) => format!("0{rest}"),
        None => digits,
    }
}

/// Embeddings, overrides and isolates: with them letters stand in another order than they are read in.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write(tag: &str, inside: &str, out: &mut String) {
    let text = visible(inside);
    let has_picture = inside.contains("<img");
    let target = attribute(tag, "href").and_then(|href| Target::of(&href));
    // A link that nobody sees can still be reached by the keyboard and by what reads aloud.
    let Some(target) = target.filter(|_| has_picture || !text.trim().is_empty()) else {
        return out.push_str(inside);
    };
    match &target.href {
        Some(href) if !target.is_denied_by(&text) => {
            let href = escaped(href);
            out.push_str(&format!(
                "<a href=\"{href}\" target=\"_blank\" rel=\"noopener noreferrer nofollow\">{inside}</a>"
            ));
        }
        _ => out.push_str(inside),
    }
    // A picture can show any address as pixels, so with one the true host always stands beside it.
    if !target.shown.is_empty() && (has_picture || !target.is_said_by(&text)) {
        // Set apart from what surrounds it, which may run from right to left.
        out.push_str(&format!(" <bdi>({})</bdi>", escaped(&target.shown)));
    }
}

/// What is before the next link, its tag, and what follows.
fn next_link(html: &str) -> Option<(&str, &str, &str)> {
    let mut at = 0;
    loop {
        let begin = at + html[at..].find('<')?;
        let end = begin + tag_length(&html[begin..]);
        let tag = &html[begin..end];
        if name(tag) == "a" {
            return Some((&html[..begin], tag, &html[end..]));
        }
        at = end;
    }
}

/// What is inside a link whose tag has just ended, and what follows it.
fn to_its_end(html: &str) -> (&str, &str) {
    let mut at = 0;
    let mut depth = 1;
    while let Some(found) = html[at..].find('<') {
        let begin = at + found;
        at = begin + tag_length(&html[begin..]);
        match name(&html[begin..at]) {
            "a" => depth += 1,
            "/a" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&html[..begin], &html[at..]);
        }
    }
    (html, "")
}

/// A tag's length, to the `>` that stands in no value.
pub(super) fn tag_length(html: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    html.len()
}

fn name(tag: &str) -> &str {
    let tag = tag.trim_start_matches('<').trim_end_matches('>');
    tag.split([' ', '>']).next().unwrap_or_default()
}

/// An attribute's value, as it was before it was written.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut parts = tag.split('"');
    while let (Some(before), Some(value)) = (parts.next(), parts.next()) {
        if before.trim_end_matches('=').rsplit(' ').next() == Some(name) {
            return Some(unescaped(value));
        }
    }
    None
}

/// The text that is read, with a space where a line ends and the words that stand for pictures.
fn visible(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        text.push_str(&rest[..begin]);
        let end = begin + tag_length(&rest[begin..]);
        let tag = &rest[begin..end];
        match name(tag).trim_start_matches('/') {
            "img" => text.push_str(&format!(" {} ", escaped(&attribute(tag, "alt").unwrap_or_default()))),
            "a" | "abbr" | "b" | "bdi" | "cite" | "code" | "em" | "i" | "q" | "s" | "small" | "span"
            | "strong" | "sub" | "sup" | "u" => {}
            _ => text.push(' '),
        }
        rest = &rest[end..];
    }
    text.push_str(rest);
    unescaped(&text)
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&nbsp;", "\u{a0}"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests;
