//! What a letter says, made safe to show.

mod pictures;
mod tame;

use crate::language;
use ammonia::{Builder, UrlRelative};
use domain::letter::{Body, BodyType};
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

/// HTML as sent, reduced to what a letter needs: no script, style, form, frame or anything that is fetched from
/// elsewhere. Pictures are those that the letter carries within itself. HTML that was made to take long is shown as
/// its text.
pub fn html(sent: &str) -> String {
    let apart = pictures::apart(sent);
    if !tame::is_tame(&apart.html) {
        let paragraphs = plain(&tame::text_of(&apart.html)).join("</p><p>");
        return format!("<p>{paragraphs}</p>");
    }
    let pictures = apart.shown();
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
        "img",
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
        .add_tag_attributes("img", ["src", "alt", "width", "height"])
        .add_tag_attributes("td", ["colspan", "rowspan"])
        .add_tag_attributes("th", ["colspan", "rowspan", "scope"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(["https", "mailto", "tel", pictures::SCHEME].into())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |_, attribute, value| match attribute {
            // Of `img` alone: an address of another kind is no picture here.
            "src" => pictures.take(value).map(Cow::Owned),
            "href" if url::Url::parse(value).is_ok_and(|url| url.scheme() == pictures::SCHEME) => None,
            "colspan" | "rowspan" | "start" | "width" | "height"
                if !value.bytes().all(|b| b.is_ascii_digit()) =>
            {
                None
            }
            _ => Some(Cow::Borrowed(value)),
        })
        .clean(&apart.html)
        .to_string()
}

/// The whole document for the frame. Plain text comes here when it is too long for the page itself.
pub(crate) fn document(body: &Body, language: &str, title: &str, nonce: &str) -> String {
    let inside = match body.media_type {
        BodyType::Html => html(&body.content),
        BodyType::Plain => plain(&body.content).iter().map(|one| format!("<p>{one}</p>")).collect(),
    };
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style nonce=\"{nonce}\">{}</style></head>\
         <body><main dir=\"auto\">{inside}</main></body></html>",
        escaped(&language::tag(language)),
        escaped(title),
        crate::style::LETTER_CSS,
    )
}

/// The bare text, for words that nobody has verified: no links, no pictures, nothing that is laid out.
pub(crate) fn words(body: &Body) -> String {
    let text = match body.media_type {
        BodyType::Plain => body.content.replace("\r\n", "\n").replace('\r', "\n"),
        BodyType::Html => tame::text_of(&html(&body.content))
            .replace("&nbsp;", " ")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    };
    let mut lines: Vec<&str> = text.split('\n').map(str::trim).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim().to_owned()
}

/// Whether there is nothing to read or see.
pub(crate) fn is_empty(body: &Body) -> bool {
    match body.media_type {
        BodyType::Plain => body.content.trim().is_empty(),
        BodyType::Html => {
            let apart = pictures::apart(&body.content);
            let text = || tame::text_of(&apart.html).replace("&nbsp;", " ").replace("&#160;", " ");
            apart.is_empty() && text().trim().is_empty()
        }
    }
}

/// Whether the letter's page can hold the text itself.
pub(crate) fn fits_a_page(body: &Body) -> bool {
    body.media_type == BodyType::Plain && body.content.len() <= MOST_ON_A_PAGE
}

/// How tall the frame is made, 1–12: it cannot tell its own height without script. Too tall is a little empty
/// paper; too short scrolls.
pub(crate) fn height(sent: &str) -> usize {
    // Of what was sent, since only the frame itself needs it clean.
    let apart = pictures::apart(sent);
    let blocks = ["<p", "<br", "<li", "<h1", "<h2", "<h3", "<tr", "<div", "\n\n"];
    let breaks: usize = blocks.iter().map(|tag| apart.html.matches(tag).count()).sum();
    let text = apart.html.chars().count();
    (1 + (breaks + text / 60 + apart.lines()) / 7).min(12)
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

/// More than any letter of words; what is longer is framed, so that the page stays light.
const MOST_ON_A_PAGE: usize = 256 * 1024;

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
    fn html_made_to_take_long_is_not_parsed_but_shown_as_its_text() {
        for wild in ["<div>".repeat(50_000), "<b><p>".repeat(40_000), "<table><a>".repeat(25_000)] {
            let shown = html(&format!("{wild}<b>Hej</b>"));
            assert_eq!(shown.split_whitespace().collect::<String>(), "<p>Hej</p>");
        }
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
            "src=",
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
    fn pictures_within_the_letter_are_shown_and_no_other() {
        let gif = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
        let sent = format!(
            "<p><img src=\"{gif}\" alt=\"Kommunens vapen\" width=40 height=40% onload=x srcset=//evil.example/a></p>\
             <img src=https://evil.example/t.gif alt=Karta><img src=//evil.example/u><img src=kuvert-picture:0>\
             <img src='data:image/svg+xml;base64,PHN2Zz4='><a href=kuvert-picture:0>a</a><a href='{gif}'>b</a>"
        );
        let clean = html(&sent);
        assert!(clean.contains(&format!("src=\"{gif}\"")), "{clean}");
        assert!(clean.contains("alt=\"Kommunens vapen\"") && clean.contains("width=\"40\""), "{clean}");
        assert!(clean.contains("alt=\"Karta\""), "what was left out is said: {clean}");
        assert_eq!((clean.matches("src=").count(), clean.matches("data:").count()), (1, 1), "{clean}");
        for bad in ["evil", "svg", "onload", "40%", "srcset", "kuvert-picture", "href"] {
            assert!(!clean.contains(bad), "{bad} in {clean}");
        }
    }

    #[test]
    fn a_letter_of_megabytes_of_pictures_keeps_its_form() {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let picture = BASE64_STANDARD.encode([&b"\xFF\xD8\xFF"[..], &vec![7; 900_000]].concat());
        let sent: String = (0..8)
            .map(|n| format!("<h2>Bild {n}</h2><img src='data:image/jpeg;base64,{picture}'>"))
            .collect();
        assert!(sent.len() > 9_000_000);
        let clean = html(&sent);
        assert_eq!((clean.matches("<h2>").count(), clean.matches("data:image/jpeg").count()), (8, 8));
        assert_eq!(height(&sent), 12);
        // What is judged and parsed is the letter without its pictures.
        assert!(pictures::apart(&sent).html.len() < 1_000);
        // The same picture asked for many times is no way to a long page.
        let many = format!(
            "<img src='data:image/jpeg;base64,{picture}'>{}",
            "<img src=kuvert-picture:0>".repeat(3_000)
        );
        assert!(html(&many).len() < 2_000_000);
    }

    #[test]
    fn nothing_to_read_is_told_from_something() {
        let body = |media_type, content: &str| Body { media_type, content: content.into() };
        for empty in ["", " \n", "<p>&nbsp;</p><br>", "<html><body></body></html>"] {
            assert!(is_empty(&body(BodyType::Html, empty)), "{empty}");
        }
        assert!(is_empty(&body(BodyType::Plain, "\r\n ")));
        let picture = "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>";
        for full in ["Hej", "<p>Hej</p>", picture] {
            assert!(!is_empty(&body(BodyType::Html, full)), "{full}");
        }
        assert!(!is_empty(&body(BodyType::Plain, "<p>")));
    }

    #[test]
    fn a_longer_letter_gets_a_taller_frame() {
        assert_eq!(height("<p>Hej</p>"), 1);
        assert!(height(&"<p>En rad till av brevet.</p>".repeat(40)) > 4);
        assert_eq!(height(&"<p>x</p>".repeat(10_000)), 12);
    }
}
