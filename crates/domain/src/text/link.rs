//! Whether a text holds a link, or what mail programs and phones make a link of.

/// True for anything with a scheme (`https://`), for `www.`, and for what looks like a domain, alone or within an e-mail
/// address. It is better to refuse too much: a text that is refused can be mended, and a link that was sent cannot be
/// taken back. So a full stop without a space after it counts too, but for the abbreviations of everyday Swedish.
pub fn has_link(text: &str) -> bool {
    // What is read as a full stop in a domain, UTS 46 §2.3, and letters of full width as those they stand for.
    let text: String = text.chars().filter(|c| !UNSEEN.contains(c)).map(plain).collect();
    let text = text.to_lowercase();
    text.contains("://") || text.contains("www.") || text.split(|c| !in_name(c)).any(is_domain)
}

/// Labels between full stops, of which the last is a top-level domain or could be one.
fn is_domain(word: &str) -> bool {
    let word = word.trim_matches(['.', '-']);
    let Some((before, last)) = word.rsplit_once('.') else { return false };
    let top = last.starts_with("xn--") || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    top && !before.is_empty() && !ABBREVIATIONS.contains(&word)
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

/// Written without spaces; their last parts are no top-level domains.
const ABBREVIATIONS: [&str; 6] = ["t.ex", "m.fl", "e.dyl", "o.dyl", "e.likn", "o.likn"];

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
            "ett,exempel.se,till",
            "192.168.1.5.example.com",
            "under_streck.example.se",
            "rad ett\nexample.com\nrad tre",
            "Klart.Kontakta oss",
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
        ] {
            assert!(!has_link(text), "{text}");
        }
    }
}
