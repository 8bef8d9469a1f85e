//! What a letter says, made safe to show.

mod tame;

use ammonia::{Builder, UrlRelative};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Plain text as paragraphs of HTML: everything escaped, lines kept, and addresses that begin with `https://` made
/// links whose text is the address itself, so that no link says another place than it leads to.
pub fn plain(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut paragraphs = vec![String::new()];
    for line in text.split('\n') {
        let Some(paragraph) = paragraphs.last_mut() else { continue };
        if line.trim().is_empty() {
            if !paragraph.is_empty() {
                paragraphs.push(String::new());
            }
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push_str("<br>");
        }
        linked(line, paragraph);
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// HTML as sent, reduced to what a letter needs: no script, style, form, frame, picture or anything else that is
/// fetched from elsewhere. HTML that was made to take long is shown as its text.
pub fn html(sent: &str) -> String {
    if !tame::is_tame(sent) {
        let paragraphs = plain(&tame::text_of(sent)).join("</p><p>");
        return format!("<p>{paragraphs}</p>");
    }
    let tags: HashSet<&str> = [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "u",
        "ul",
    ]
    .into();
    Builder::empty()
        .tags(tags)
        .clean_content_tags(["script", "style", "template", "title", "noscript"].into())
        // `empty` still knows attributes for tags that we let in, such as `cite` with any address.
        .tag_attributes(HashMap::new())
        .generic_attributes(["lang", "dir", "title"].into())
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("td", ["colspan", "rowspan"])
        .add_tag_attributes("th", ["colspan", "rowspan", "scope"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(["https", "mailto", "tel"].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(|_, attribute, value| match attribute {
            "colspan" | "rowspan" | "start" if !value.bytes().all(|b| b.is_ascii_digit()) => None,
            _ => Some(Cow::Borrowed(value)),
        })
        .clean(sent)
        .to_string()
}

/// The whole document for the frame.
pub(crate) fn document(sent: &str, language: &str, title: &str, nonce: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style nonce=\"{nonce}\">{}</style></head>\
         <body><main>{}</main></body></html>",
        escaped(language),
        escaped(title),
        crate::style::LETTER_CSS,
        html(sent)
    )
}

/// How tall the frame is made, 1–12: it cannot tell its own height without script. Too tall is a little empty
/// paper; too short scrolls.
pub(crate) fn height(sent: &str) -> usize {
    // Of what was sent, since only the frame itself needs it clean.
    let blocks = ["<p", "<br", "<li", "<h1", "<h2", "<h3", "<tr", "<div"];
    let breaks: usize = blocks.iter().map(|tag| sent.matches(tag).count()).sum();
    let text = sent.chars().count();
    (1 + (breaks + text / 60) / 7).min(12)
}

fn linked(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(at) = rest.find("https://") {
        let (before, from) = rest.split_at(at);
        out.push_str(&escaped(before));
        let end =
            from.find(|c: char| c.is_whitespace() || "<>\"'()[]{}«»”“".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        match is_plain_address(address) {
            true => {
                let address = escaped(address);
                out.push_str(&format!(
                    "<a href=\"{address}\" rel=\"noopener noreferrer nofollow\">{address}</a>"
                ));
            }
            false => out.push_str(&escaped(address)),
        }
        rest = &from[address.len()..];
    }
    out.push_str(&escaped(rest));
}

/// An address that leads where it seems to: a host of plain letters with a dot, and no name before an `@`.
fn is_plain_address(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default();
        let shown = address.strip_prefix("https://").unwrap_or_default();
        url.username().is_empty()
            && url.password().is_none()
            && host.contains('.')
            && !host.split('.').any(|label| label.starts_with("xn--"))
            && shown.to_ascii_lowercase().starts_with(host)
    })
}

/// Text as it stands in HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_made_to_take_long_takes_no_longer_than_its_text() {
        let began = std::time::Instant::now();
        for wild in ["<div>".repeat(50_000), "<b><p>".repeat(40_000), "<table><a>".repeat(25_000)] {
            assert!(html(&format!("{wild}Hej")).contains("Hej"));
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(10));
        assert_eq!(html("<q cite=javascript:x>a</q>"), "<q>a</q>");
    }

    #[test]
    fn text_becomes_paragraphs_with_its_lines_kept() {
        assert_eq!(plain("Hej\r\n\r\n\nrad 1\nrad 2\n"), ["Hej", "rad 1<br>rad 2"]);
        assert_eq!(plain(" \n \n"), Vec::<String>::new());
    }

    #[test]
    fn text_never_becomes_markup() {
        assert_eq!(
            plain("<script>alert('x')</script> & \"y\""),
            ["&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"]
        );
    }

    #[test]
    fn addresses_become_links_that_say_where_they_lead() {
        assert_eq!(
            plain("Se https://exempel.se/a?b=1&c=2."),
            ["Se <a href=\"https://exempel.se/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\">\
              https://exempel.se/a?b=1&amp;c=2</a>."]
        );
        for text in [
            "https://exempel.se@evil.example/",
            "https://xn--exempl-dua.se/",
            "https://еxempel.se/",
            "https://localhost/",
            "http://exempel.se/",
            "javascript:alert(1)",
            "https://",
            "https://.",
            "https://https://",
            "https://[::1]/",
        ] {
            let out = plain(text).concat();
            assert!(!out.contains("<a "), "{text} -> {out}");
            assert_eq!(out, escaped(text), "{text}");
        }
    }

    #[test]
    fn html_keeps_what_a_letter_needs_and_nothing_that_acts_or_fetches() {
        let sent = "<h2>Hej</h2><p onclick=x()>Text <a href=https://exempel.se/ onclick=y>här</a>\
            <img src=https://evil.example/t.gif><script>alert(1)</script><style>*{}</style>\
            <form action=https://evil.example/><input name=a><button>b</button></form>\
            <iframe src=https://evil.example/></iframe><a href=javascript:alert(1)>z</a><a href=/login>l</a>\
            <td style='background:url(https://evil.example/)'>c</td><svg onload=x></svg><base href=//evil.example>\
            <meta http-equiv=refresh content=0>";
        let clean = html(sent);
        assert!(clean.contains("<h2>Hej</h2>"), "{clean}");
        assert!(
            clean.contains("href=\"https://exempel.se/\"") && clean.contains("target=\"_blank\""),
            "{clean}"
        );
        for bad in [
            "onclick",
            "<img",
            "script",
            "style",
            "<form",
            "<input",
            "<button",
            "iframe",
            "evil",
            "svg",
            "<base",
            "<meta",
            "href=\"/login",
        ] {
            assert!(!clean.contains(bad), "{bad} in {clean}");
        }
    }

    #[test]
    fn a_longer_letter_gets_a_taller_frame() {
        assert_eq!(height("<p>Hej</p>"), 1);
        assert!(height(&"<p>En rad till av brevet.</p>".repeat(40)) > 4);
        assert_eq!(height(&"<p>x</p>".repeat(10_000)), 12);
    }
}
