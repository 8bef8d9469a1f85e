//! Whether a text holds a link, or what mail programs and phones make a link of.

use super::fold::{CombiningDots, fold};
use std::net::Ipv4Addr;

/// True for anything with a scheme (`https://`), for `www.`, for what looks like a domain, alone or within an e-mail
/// address, and for an IPv4 address. It is better to refuse too much: a text that is refused can be mended, and a link
/// that was sent cannot be taken back. So a full stop without a space after it counts too, but in the dates and
/// abbreviations of everyday Swedish.
pub fn has_link(text: &str) -> bool {
    // What is read as a full stop in a domain, UTS 46 §2.3, and letters of full width as those they stand for.
    let plain: String = text.chars().filter(|c| !UNSEEN.contains(c)).map(plain).collect();
    // And in the ways in which it may be read: with look-alikes as what they look like, with what was pulled apart together.
    [plain.to_lowercase(), fold(text, CombiningDots::Gone), fold(text, CombiningDots::FullStops)]
        .iter()
        .any(|text| is_link(text))
}

fn is_link(text: &str) -> bool {
    let joined: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    text.contains("://")
        || joined.contains("://")
        || joined.contains("www.")
        || text.contains("www.")
        || has_address(text)
        || text.split(|c| !in_name(c)).any(|word| is_domain(word) || is_ipv4(word))
}

/// An `@` between two names, whatever they are.
fn has_address(text: &str) -> bool {
    let at = |(no, _)| text[..no].ends_with(in_name) && text[no + 1..].starts_with(in_name);
    text.match_indices('@').any(at)
}

/// Labels between full stops, one of which is a top-level domain or could be one, whatever stands after it: programs that
/// make links end them where they see fit.
fn is_domain(word: &str) -> bool {
    let labels: Vec<&str> = word.trim_matches(NO_LETTERS).split('.').collect();
    labels.windows(2).any(|pair| could_be_top(pair[1]) && !is_ordinary(pair[0], pair[1]))
}

/// How it begins counts.
fn could_be_top(label: &str) -> bool {
    let (letters, rest) = letters(label);
    label.starts_with("xn--")
        || letters.chars().count() >= 2 && !rest.starts_with(|c: char| c.is_ascii_digit())
}

/// An abbreviation, or a word that follows a number.
fn is_ordinary(before: &str, label: &str) -> bool {
    let (word, _) = letters(label);
    let after_number = before.ends_with(|c: char| c.is_ascii_digit());
    after_number && AFTER_NUMBERS.contains(&word) || ABBREVIATIONS.contains(&(before, word))
}

fn letters(label: &str) -> (&str, &str) {
    label.split_at(label.find(|c: char| !c.is_alphabetic()).unwrap_or(label.len()))
}

/// Four numbers of at most 255 and without leading zeros, RFC 3986 §3.2.2, whatever stands on either side: that is where
/// programs see them, in a section number too. Fewer are versions, dates, times and amounts, and nobody makes a link of them.
fn is_ipv4(word: &str) -> bool {
    word.split(['-', '_']).any(|piece| {
        let four: Vec<&str> = piece.split('.').filter(|label| !label.is_empty()).take(4).collect();
        four.join(".").parse::<Ipv4Addr>().is_ok()
    })
}

fn in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}

fn plain(c: char) -> char {
    match c {
        '\u{3002}' | '\u{FF0E}' | '\u{FF61}' => '.',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    }
}

/// They part nothing for a reader, and some programs take them out.
const UNSEEN: [char; 5] = ['\u{AD}', '\u{200C}', '\u{200D}', '\u{2060}', '\u{034F}'];

/// What a word may begin and end with and is no part of a name.
const NO_LETTERS: [char; 3] = ['.', '-', '_'];

/// Written without spaces; their last parts are no top-level domains.
const ABBREVIATIONS: [(&str, &str); 6] =
    [("t", "ex"), ("m", "fl"), ("e", "dyl"), ("o", "dyl"), ("e", "likn"), ("o", "likn")];

/// Chapters, as in 5.kap.2, and months, as in 29.nov.2026. None is a top-level domain.
#[rustfmt::skip]
const AFTER_NUMBERS: [&str; 26] = [
    "kap", "jan", "januari", "feb", "febr", "februari", "mar", "mars", "apr", "april", "maj", "jun", "juni", "jul",
    "juli", "aug", "augusti", "sep", "sept", "september", "okt", "oktober", "nov", "november", "dec", "december",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_seen_however_they_are_written() {
        for text in [
            "https://example.se/a",
            "HTTP://EXAMPLE.SE",
            "läs på www.example.se.",
            "Logga in på exempelkommunen.se nu",
            "(exempel.co.uk)",
            "kuvert.se/brev?a=1",
            "bit.ly/3abc",
            "t.co/x",
            "skriv till fraga@example.se",
            "räksmörgås.se",
            "xn--rksmrgs-5wao1o.xn--p1ai",
            "example。com",
            "ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｓｅ",
            "exam\u{AD}ple.s\u{2060}e",
            "mailto:a@b.se",
            "kontakt@enhet2.april",
            "a@b.t.ex",
            "anna@kommunen",
            "ett,exempel.se,till",
            "192.168.1.5.example.com",
            "under_streck.example.se",
            "rad ett\nexample.com\nrad tre",
            "Klart.Kontakta oss",
            "192.0.2.7",
            "gå till 192.0.2.7/x nu",
            "(192.0.2.7:8080)",
            "1.1.1.1",
            "255.255.255.255.",
            "192.0.2.7_",
            "192.0.2.7.1",
            "10.0.0.1-10.0.0.9",
            "１９２．０．２．７",
            "evil.com.1",
            "evil.com.1.2/x",
            "evil.com_",
            "_evil.com_",
            "evil.com-",
            "evil.com_x",
            "evil.com-1",
            "evil.com²",
            "163.com.1",
            "evil.xn--p1ai.1",
            "t.ex.evil.com",
            "t.ex.com",
            "1.nov.evil.com",
            "1.nov-evil.com",
            "1.nov-5.evil.com",
            "1.kap.evil.com",
            "evil.nov.com",
            "163.com-1",
            "163.xyz/1",
            "1177.se.1",
            "evil..xyz.2",
            "1-192.0.2.7",
            "192.0.2.7+1",
            "1.xn--1ai.2",
            "slut i.nov",
            // Look-alikes of full stops, slashes, colons and at signs.
            "evil\u{2024}se",
            "evil\u{A4F8}com",
            "evil\u{B7}se",
            "evil\u{2022}se",
            "evil\u{30FB}com",
            "evil\u{FE52}se",
            "evil\u{6D4}com",
            "evil.\u{301}se",
            "evil\u{307}se",
            "evil\u{323}se",
            "evil.\u{FE0F}se",
            "evil\u{2063}.\u{200C}se",
            "ev\u{180E}il.s\u{E0100}e",
            "ｅｖｉｌ．ｓｅ",
            "𝐞𝐯𝐢𝐥.𝐬𝐞",
            "ⓔⓥⓘⓛ.ⓢⓔ",
            "https\u{A789}\u{2215}\u{2215}evil",
            "https:\u{2044}\u{2044}evil",
            "h t t p s : / / evil",
            "w w w . evil",
            "a\u{FF20}evil",
            "192\u{2024}0\u{2024}2\u{2024}7",
            "١٩٢.٠.٢.٧",
            "evil⒈se",
            // Pulled apart.
            "evil . se",
            "evil .se",
            "evil\u{2009}.\u{A0}se",
            "evil[.]se",
            "evil [.] se",
            "evil(.)se",
            "evil{.}se",
            "evil (dot) se",
            "evil[punkt]se",
            "evil dot com",
            "evil punkt se",
            "fraga[at]example",
            "fraga (snabel-a) example",
            "https[:]//evil",
            "hxxps://evil",
            // Cannot be told from one.
            "se avsnitt 5.1.2.1",
            "dnr 3.1.2.1-12345/2026",
            "2.mom.3",
            "2026.KS.123",
            "Tel.nr.08-123",
        ] {
            assert!(has_link(text), "{text}");
        }
    }

    #[test]
    fn ordinary_sentences_are_let_be() {
        for text in [
            "",
            "Sopbilen kommer tisdag. Ställ ut kärlet före kl. 06.00.",
            "Vi stänger vattnet 1.12.2026 kl 10.30–14.00, t.ex. i Norrby m.fl. byar (T.ex. här).",
            "Avgiften är 1.250,50 kr. Ring 08-123 45 67.",
            "Bl.a. gata A, p.g.a. arbete fr.o.m. måndag t.o.m. fredag, d.v.s. hela veckan...",
            "Vänta... sedan kommer mer.",
            "Snart.",
            "Tel. 0701-74 06 05, rum B.12",
            "Mötet är inställt.\nHälsningar, Exempelkommunen",
            "2026-11-29 12.30",
            "29.11.2026, 29.11.26 och 29.nov.2026",
            "1.234,50 kr, 1.234.567 kr, 1.234.567.890 kr",
            "3 st @ 10 kr, @kommunen",
            "version 4.2.1, 4.2.1-beta och 4.2.1_2",
            "kl.12.30, kl. 12.30, 10.00-12.00",
            "10.00-12.00_",
            "SFS 2018:1937, dnr 2026-11.300.4.1, mål B 1234-26",
            "t.ex.10 kr, t.ex. 10 kr, bl.a., bl.a.12, m.fl.",
            "Ring 08.123.45.67 eller 070.123.45.67",
            "256.0.2.7 och 1.2.3.400",
            "§ 1.2.3, bilaga 1.2.3_a",
            "29.juni.2026, 29.november.2026, 1.maj, 3.MARS.26",
            "1.nov-5.nov.2026 och 1.nov-5.nov",
            "29.nov.2026-3.dec.2026",
            "fr.o.m.1.dec.2026 t.o.m.10.jan.",
            "t.ex.1.dec.2026, bl.a.m.fl.",
            "5.kap.2 § och 5.kap.2-3",
            "Mån · Tis · Ons • Tors",
            "• Ställ ut kärlet\n• Lås grinden",
            "Vänta… sedan kommer mer. Vänta ... sedan",
            "Se punkt 3, punkt 4 och punkten nedan",
            "Vi ses (kl. 12) [rum 3] {A}",
            "5½ tim, 10 m², № 3, à 20 kr",
            "Ett “citat” och 'ett till'.",
            "İstanbul och São Paulo, Zoë",
            "مرحبا بكم في البلدية",
            "Добро пожаловать",
        ] {
            assert!(!has_link(text), "{text}");
        }
    }
}
