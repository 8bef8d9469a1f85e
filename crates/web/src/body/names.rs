//! Which addresses a text names, as a reader sees it.

use url::Url;

/// What looks like an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A web address or a host. `whole`: the word is this host with or without `https://` and what follows it.
    Host {
        host: String,
        whole: bool,
    },
    Mail(String),
    /// An address that is made to be read as another one.
    Trick,
}

/// All of them, in order.
pub(super) fn named(text: &str) -> Vec<Named> {
    let text = plainer(text);
    let between = |c: char| c.is_whitespace() || "<>\"'()[]{}«»”“„’,;|·…".contains(c);
    let around = ['.', ':', '!', '?', '-', '–', '/', '\\'];
    let words = text.split(between).filter_map(|word| address(word.trim_matches(around)));
    // A host of digits in brackets.
    words.chain(text.contains("://[").then_some(Named::Trick)).collect()
}

/// Invisible characters left out, all dots one dot, and the gaps around dots closed that are there to hide them.
fn plainer(text: &str) -> String {
    let seen = text.chars().filter(|c| !is_invisible(*c));
    let dotted: String = seen.map(|c| if is_dot(c) { '.' } else { c }).collect();
    // As people write addresses that should not become links, and as people hide them from those who look for
    // links.
    let mut text = dotted.replace("[.]", ".").replace("(.)", ".").replace("{.}", ".");
    while let Some(at) = text.find(" .").filter(|at| text[at + 2..].starts_with(|c: char| !c.is_whitespace()))
    {
        text.remove(at);
    }
    text.replace(" . ", ".")
}

fn is_dot(c: char) -> bool {
    // One dot leader, ideographic, halfwidth, fullwidth, small, hyphenation point and middle dot look like one.
    matches!(c, '\u{2024}' | '\u{3002}' | '\u{ff61}' | '\u{ff0e}' | '\u{fe52}' | '\u{2027}')
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}'
        | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{3164}' | '\u{115f}' | '\u{1160}')
}

fn address(word: &str) -> Option<Named> {
    let lower = word.to_lowercase();
    // `hxxp` is what mail filters make of `http`; a reader takes it for the same.
    let scheme = ["https", "http", "hxxps", "hxxp", "ftp"].into_iter().find(|scheme| {
        lower.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':') || rest.starts_with('\u{ff1a}'))
    });
    let (rest, is_sure) = match scheme {
        Some(scheme) => (
            lower[scheme.len()..]
                .trim_start_matches([':', '\u{ff1a}', '/', '\\', '\u{2044}', '\u{2215}', '\u{ff0f}']),
            true,
        ),
        None => (lower.as_str(), lower.starts_with("www.")),
    };
    // Some of these only look like a slash, so that the host seems to end before it does.
    let end = rest
        .find(['/', '?', '#', '\\', '\u{2044}', '\u{2215}', '\u{ff0f}', '\u{29f8}'])
        .unwrap_or(rest.len());
    let authority = rest[..end].trim_end_matches('.');
    if let Some((name, host)) = authority.rsplit_once('@') {
        // `https://bank.se@evil.example` reads as the bank and leads elsewhere; without a scheme it is how
        // mail addresses look.
        return match scheme {
            Some(_) => Some(Named::Trick),
            None if is_host(host) && !name.is_empty() => Some(Named::Mail(authority.to_owned())),
            None => None,
        };
    }
    if !is_sure && !is_host(authority) {
        return None;
    }
    // The browser's own reading: widths and capitals folded, other alphabets as what they are.
    let url = Url::parse(&format!("https://{authority}/")).ok();
    let Some(url) =
        url.filter(|url| url.username().is_empty() && url.host_str().is_some_and(|h| !h.is_empty()))
    else {
        return is_sure.then_some(Named::Trick);
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = format!("{}{port}", url.host_str().unwrap_or_default());
    let whole = matches!(scheme, None | Some("https"));
    Some(Named::Host { host, whole })
}

/// Whether a word is read as a host: some labels, and a last one such as hosts have. `t.ex` and `beslut.pdf` are none.
fn is_host(word: &str) -> bool {
    let word = word
        .split_once(':')
        .map_or(word, |(host, port)| if port.bytes().all(|b| b.is_ascii_digit()) { host } else { word });
    let labels: Vec<&str> = word.split('.').collect();
    let Some((last, before)) = labels.split_last() else { return false };
    if before.is_empty() || before.iter().any(|label| label.is_empty()) {
        return false;
    }
    let numbers = labels.len() == 4 && labels.iter().all(|label| label.parse::<u8>().is_ok());
    let country =
        // Two letters are a country, whether or not it exists today: a list would be out of date, and a miss
        // lets a lie through.
        last.len() == 2 && last.bytes().all(|b| b.is_ascii_alphabetic()) && !ABBREVIATED.contains(last);
    // Letters of another alphabet, which can look like ours.
    let foreign = last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && last.chars().any(|c| c > '\u{24f}');
    numbers || country || foreign || GENERIC.contains(last) || last.starts_with("xn--")
}

/// *Till exempel*, *med flera*: what Swedish letters are full of.
const ABBREVIATED: [&str; 2] = ["ex", "fl"];
const GENERIC: [&str; 22] = [
    "com", "net", "org", "info", "biz", "gov", "edu", "int", "mil", "app", "dev", "online", "site", "shop",
    "xyz", "top", "cloud", "link", "bank", "example", "test", "local",
];
