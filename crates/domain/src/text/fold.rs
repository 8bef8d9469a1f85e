//! A text as a reader, or a program that makes links, may take it: characters that look like others as those, what is not
//! seen left out, what was pulled apart put together.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What a combining dot becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CombiningDots {
    /// Nothing: `ṡe` is `se`.
    Gone,
    /// A full stop after its letter, as which it is read.
    FullStops,
}

/// Small letters without marks, ASCII where there is one that looks the same.
pub(super) fn fold(text: &str, dots: CombiningDots) -> String {
    let seen = text.chars().filter(|c| !is_unseen(*c)).filter_map(|c| match c {
        '\u{307}' | '\u{323}' | '\u{358}' | '\u{1DF8}' | '\u{740}' => {
            (dots == CombiningDots::FullStops).then_some('.')
        }
        // Three full stops are no full stop of a name.
        '\u{2025}' | '\u{2026}' => Some(' '),
        other => Some(other),
    });
    let plain: String =
        seen.collect::<String>().nfkd().filter(|c| !is_combining_mark(*c)).map(plain).collect();
    together(&between_names(&plain.to_lowercase()))
}

/// They part nothing for a reader, and some programs take them out.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Signs that are read as full stop, slash, colon or at; digits of other scripts; blanks of every width.
fn plain(c: char) -> char {
    match c {
        '\u{2024}' | '\u{3002}' | '\u{FF0E}' | '\u{FF61}' | '\u{FE52}' | '\u{A4F8}' | '\u{6D4}'
        | '\u{701}' | '\u{702}' | '\u{166E}' | '\u{2E3C}' | '\u{1803}' | '\u{1809}' | '\u{10A50}'
        | '\u{2E33}' | '\u{A60E}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29F8}' | '\u{1735}' | '\u{2571}' | '\u{27CB}' | '\u{30CE}'
        | '\u{4E3F}' => '/',
        '\u{2236}' | '\u{A789}' | '\u{2D0}' | '\u{589}' | '\u{5C3}' | '\u{703}' | '\u{704}' | '\u{FE30}' => {
            ':'
        }
        c if c != '\n' && c.is_whitespace() => ' ',
        c => digit(c).unwrap_or(c),
    }
}

/// The digit that a decimal digit of another script is.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 24] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50,
        0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0xA620,
    ];
    let value = ZEROS.iter().find_map(|zero| u32::from(c).checked_sub(*zero).filter(|value| *value < 10))?;
    char::from_digit(value, 10)
}

/// A dot in the middle of a line, or one of a list, between two letters without a blank.
fn between_names(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    let name = |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(|c| c.is_alphanumeric());
    let replaced = all.iter().enumerate().map(|(at, c)| match c {
        '\u{B7}' | '\u{387}' | '\u{2022}' | '\u{2219}' | '\u{22C5}' | '\u{30FB}' | '\u{2027}'
        | '\u{16EB}' | '\u{25CF}' | '\u{2E31}' | '\u{2981}' | '\u{10101}'
            if name(at.checked_sub(1)) && name(Some(at + 1)) =>
        {
            '.'
        }
        c => *c,
    });
    replaced.collect()
}

/// `evil[.]se`, `evil (dot) se` and `evil . se` as `evil.se`.
fn together(text: &str) -> String {
    let mut text = text.to_owned();
    for (open, close) in
        [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('«', '»'), ('"', '"'), ('\'', '\'')]
    {
        text = unbracketed(&text, open, close);
    }
    for (word, sign) in WORDS {
        text = spelt(&text, word, sign);
    }
    let all: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(c) = all.get(at).copied() {
        let ahead = all[at..].iter().take_while(|c| **c == ' ').count();
        let after = at + ahead;
        let lone = ahead > 0
            && all.get(after) == Some(&'.')
            && !out.ends_with('.')
            && all.get(after + 1) != Some(&'.');
        let next = all[(after + 1).min(all.len())..].iter().find(|c| **c != ' ');
        if lone && next.is_some_and(|c| c.is_alphanumeric()) && out.ends_with(char::is_alphanumeric) {
            out.push('.');
            at = after + 1 + all[after + 1..].iter().take_while(|c| **c == ' ').count();
            continue;
        }
        out.push(c);
        at += 1;
    }
    out
}

/// Takes brackets off that hold a separator alone.
fn unbracketed(text: &str, open: char, close: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(open) {
        let held = inside.split_once(close).and_then(|(held, after)| {
            let sign = match held.trim() {
                "." | "dot" | "punkt" | "prick" | "point" => ".",
                "/" | "slash" | "snedstreck" => "/",
                ":" | "kolon" | "colon" => ":",
                "@" | "at" | "snabel-a" | "snabela" => "@",
                "://" => "://",
                _ => return None,
            };
            Some((sign, after))
        });
        match held {
            Some((sign, after)) => {
                out.push_str(before.trim_end_matches(' '));
                out.push_str(sign);
                rest = after.trim_start_matches(' ');
            }
            None => {
                out.push_str(before);
                out.push(open);
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}

/// ` punkt se` as `.se`, before the endings that are met.
fn spelt(text: &str, word: &str, sign: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        let end = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        out.push_str(before);
        if ENDINGS.contains(&end) {
            out.push(sign)
        } else {
            out.push_str(word)
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

const WORDS: [(&str, char); 3] = [(" punkt ", '.'), (" dot ", '.'), (" prick ", '.')];
const ENDINGS: [&str; 30] = [
    "com", "se", "nu", "org", "net", "info", "eu", "io", "no", "dk", "fi", "de", "app", "xyz", "me", "biz",
    "online", "site", "top", "link", "click", "shop", "store", "live", "ru", "cn", "uk", "us", "co", "tk",
];
