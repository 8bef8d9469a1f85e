//! What a letter says, made safe to show.

mod alternatives;
mod links;
mod names;
mod pictures;
mod tables;
mod tame;

use crate::language;
use ammonia::{Builder, UrlRelative};
use domain::letter::{Body, BodyType};
use links::is_plain_address;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Plain text as paragraphs of HTML: everything escaped, lines kept, and addresses that begin with `https://` made
/// links whose text is the address itself, so that no link says another place than it leads to.
pub fn plain(text: &str) -> Vec<String> {
    // A lone carriage return ended lines on old systems, and JSON carries it as it came.
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
/// elsewhere. Pictures are those that the letter carries within itself. Links say where they lead. HTML that was made to take long is shown as
/// its text.
pub fn html(sent: &str) -> String {
    tables::readable(&links::truthful(&reduced(sent)))
}

/// With links that are not looked at yet.
fn reduced(sent: &str) -> String {
    let apart = pictures::apart(sent);
    // Before any parser sees it: there is no way to stop one halfway.
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
    // From nothing up, not from the library's defaults: what a later version of it thinks harmless does not
    // come in.
    let clean = Builder::empty()
        .tags(tags)
        // With what is inside: as text, a script would stand in the letter as gibberish.
        .clean_content_tags(["script", "style", "template", "title", "noscript"].into())
        // `empty` still knows attributes for tags that we let in, such as `cite` with any address.
        .tag_attributes(HashMap::new())
        .generic_attributes(["lang", "dir"].into())
        .add_tag_attributes("abbr", ["title"])
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("img", ["src", "alt", "width", "height"])
        .add_tag_attributes("td", ["colspan", "rowspan"])
        .add_tag_attributes("th", ["colspan", "rowspan", "scope"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(["https", "mailto", "tel", pictures::SCHEME].into())
        // A relative link would lead to our own pages, in a letter that somebody else wrote.
        .url_relative(UrlRelative::Deny)
        // The page that is opened must neither reach back to ours nor learn from where it was opened.
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |_, attribute, value| match attribute {
            // Of `img` alone: an address of another kind is no picture here.
            "src" => pictures.take(value).map(Cow::Owned),
            // Our own marks must not come from outside: a link with one would be an address that nobody has
            // checked.
            "href" if url::Url::parse(value).is_ok_and(|url| url.scheme() == pictures::SCHEME) => None,
            // Shown over whatever the pointer is on, also a link.
            "title" if !names::named(value).is_empty() => None,
            "colspan" | "rowspan" | "start" | "width" | "height"
                if !value.bytes().all(|b| b.is_ascii_digit()) =>
            {
                None
            }
            _ => Some(Cow::Borrowed(value)),
        })
        .clean(&apart.html)
        .to_string();
    alternatives::said(&clean)
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
        BodyType::Html => tame::text_of(&reduced(&body.content))
            .replace("&nbsp;", " ")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            // Last: undone first, `&amp;lt;` would become a mark that nobody wrote.
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

/// Whether the letter's page can hold the text itself: plain text, and HTML, which is reduced to elements of ours and stands
/// in the page's flow without style or script.
pub(crate) fn fits_a_page(body: &Body) -> bool {
    let most = if body.media_type == BodyType::Html { MOST_HTML_ON_A_PAGE } else { MOST_ON_A_PAGE };
    body.content.len() <= most
}

/// Whether it shows pictures that it carries within itself.
pub(crate) fn has_pictures(body: &Body) -> bool {
    body.media_type == BodyType::Html && !pictures::apart(&body.content).is_empty()
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
        // They end the sentence in which the address stands far more often than the address.
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

/// HTML is cleaned anew each time that it is shown, and may hold pictures.
const MOST_HTML_ON_A_PAGE: usize = 128 * 1024;
/// More than any letter of words; what is longer is framed, so that the page stays light.
const MOST_ON_A_PAGE: usize = 256 * 1024;

#[cfg(test)]
mod tests;
