//! Tables that a narrow screen can show, and amounts that stay in one piece.
//!
//! A table that is wider than the screen scrolls sideways by itself, so that neither the page does nor its columns are
//! broken letter by letter.

use std::borrow::Cow;

/// Takes what has been cleaned: every tag ends, and attributes stand in double quotes.
pub(super) fn readable(clean: &str) -> String {
    let mut out = String::with_capacity(clean.len() + clean.len() / 16);
    let mut rest = clean;
    let mut depth = 0_usize;
    let mut in_link = false;
    while let Some(at) = rest.find('<') {
        let (text, from) = rest.split_at(at);
        // What a link says is what was compared with where it leads.
        out.push_str(&if in_link { Cow::Borrowed(text) } else { together(text) });
        let (tag, after) = from.split_at(end_of_tag(from));
        match name_of(tag) {
            "table" => {
                if depth == 0 {
                    out.push_str(SCROLLER);
                }
                depth += 1;
                out.push_str(tag);
            }
            "/table" => {
                out.push_str(tag);
                if depth == 1 {
                    out.push_str("</div>");
                }
                depth = depth.saturating_sub(1);
            }
            name @ ("a" | "/a") => {
                in_link = name == "a";
                out.push_str(tag);
            }
            "td" if is_amount(&cell(after)) => {
                out.push_str("<td class=\"amount\"");
                out.push_str(&tag["<td".len()..]);
            }
            _ => out.push_str(tag),
        }
        rest = after;
    }
    out.push_str(&together(rest));
    out
}

/// Behind the tag's `>`; one within an attribute's quotes does not end it.
fn end_of_tag(from: &str) -> usize {
    let mut quoted = false;
    for (at, byte) in from.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return at + 1,
            _ => {}
        }
    }
    from.len()
}

fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches('<');
    &name[..name.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(name.len())]
}

/// The text of a cell whose tag has just ended, without what is marked up in it.
fn cell(after: &str) -> String {
    let inside = &after[..after.find("</td").unwrap_or(0)];
    let mut text = String::new();
    for piece in inside.split('<').enumerate() {
        match piece {
            (0, before) => text.push_str(before),
            (_, tagged) => text.push_str(tagged.split_once('>').map_or("", |(_, behind)| behind)),
        }
        if text.len() > MOST_OF_AN_AMOUNT {
            break;
        }
    }
    text.replace("&nbsp;", " ")
}

/// Digits with what stands around them in an amount, a date or a number, and no other word.
fn is_amount(text: &str) -> bool {
    let text = text.trim();
    let is_part = |word: &str| {
        let word = word.trim_end_matches(['.', ':', '-']);
        CURRENCIES.iter().any(|one| one.eq_ignore_ascii_case(word))
            || word.chars().all(|c| c.is_ascii_digit() || ".,:-–−+%/".contains(c))
    };
    text.len() <= MOST_OF_AN_AMOUNT
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.split_whitespace().all(is_part)
}

/// Text in which the thousands of a number, and a number and its currency, are not parted at the end of a line.
fn together(text: &str) -> Cow<'_, str> {
    if !text.contains(' ') || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = '\0';
    for (at, c) in text.char_indices() {
        let holds = c == ' ' && before.is_ascii_digit() && goes_on(&text[..at], &text[at + 1..]);
        out.push(if holds { '\u{A0}' } else { c });
        before = c;
    }
    Cow::Owned(out)
}

/// Thousands follow on one to three digits that begin a number or are thousands themselves: not on those of a telephone
/// number.
fn goes_on(before: &str, after: &str) -> bool {
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let word: &str = &after[..after.find(|c: char| !c.is_alphabetic() && c != '€').unwrap_or(after.len())];
    let head = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let begins = head.chars().next_back().is_none_or(|c| c.is_whitespace() || c == '(');
    let thousands = digits == 3 && begins && before.len() - head.len() <= 3;
    thousands || CURRENCIES.iter().any(|one| one.eq_ignore_ascii_case(word))
}

const SCROLLER: &str = "<div class=\"wide\" tabindex=\"0\">";
const CURRENCIES: &[&str] = &["kr", "sek", "kronor", "eur", "€", "öre"];
/// No amount is longer.
const MOST_OF_AN_AMOUNT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_scrolls_by_itself_and_one_within_another_with_it() {
        let clean = "<p>Före</p><table><tbody><tr><td><table><tbody><tr><td>a</td></tr></tbody></table></td></tr></tbody>\
            </table><p>mellan</p><table><tbody></tbody></table>";
        let out = readable(clean);
        assert_eq!(out.matches(SCROLLER).count(), 2, "{out}");
        assert_eq!(out.matches("</div>").count(), 2, "{out}");
        assert!(out.contains("</table></td></tr></tbody></table></div><p>mellan"), "{out}");
        assert_eq!(readable("<p>Hej</p>"), "<p>Hej</p>");
        // What only looks like a tag is none.
        let odd = "<p><img alt=\"a > <table> b\">c</p>";
        assert_eq!(readable(odd), odd);
        assert_eq!(readable("</table>x"), "</table>x");
    }

    #[test]
    fn a_cell_that_is_an_amount_is_not_broken() {
        for amount in
            ["1 850 kr", "1&nbsp;850&nbsp;kr", "-12,50", "− 4 %", "2026-12-13", "<b>1 850</b> kr", "1.234:-"]
        {
            let out = readable(&format!("<td colspan=\"2\">{amount}</td>"));
            assert!(out.starts_with("<td class=\"amount\" colspan=\"2\">"), "{out}");
        }
        for words in ["Bostadskostnad 1", "kr", "", "<p>Hej 1</p>", "1 850 kr per månad", &"1".repeat(41)] {
            assert!(!readable(&format!("<td>{words}</td>")).contains("amount"), "{words}");
        }
    }

    #[test]
    fn amounts_in_words_stay_in_one_piece() {
        assert_eq!(
            readable("<p>Du får 1 850 kr per månad.</p>"),
            "<p>Du får 1\u{A0}850\u{A0}kr per månad.</p>"
        );
        assert_eq!(readable("12 345 678 SEK"), "12\u{A0}345\u{A0}678\u{A0}SEK");
        for text in [
            "den 5 dec 2026",
            "3 krukor",
            "tel 08 12 34",
            "Ring 0771-567 567",
            "a 850 b",
            "1  850",
            "<a title=\"1 850\">1 850 kr</a>",
        ] {
            assert_eq!(readable(text), text);
        }
    }

    #[test]
    fn what_is_long_takes_no_longer_than_its_length() {
        let cells = "<td>1 850 kr</td>".repeat(20_000);
        assert_eq!(readable(&cells).matches("amount").count(), 20_000);
        assert_eq!(readable(&"<td>".repeat(20_000)).len(), 80_000);
    }
}
