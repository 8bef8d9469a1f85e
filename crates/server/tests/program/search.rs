//! Looks for words in bytes, however they may have been written there.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{collections::HashMap, fs, path::Path};

/// Words that must not be found, in every form that a leak could have.
pub struct Needles {
    forms: Vec<Form>,
    /// Which two first bytes a form has; most places are dismissed by this alone.
    begins: Vec<bool>,
    by_begin: HashMap<[u8; 4], Vec<usize>>,
}

struct Form {
    word: String,
    written: &'static str,
    bytes: Vec<u8>,
}

impl Needles {
    pub fn new<S: AsRef<str>>(words: &[S]) -> Self {
        let mut forms = Vec::new();
        for word in words {
            let word = word.as_ref();
            assert!(word.len() >= 8, "\"{word}\" is so short that it could be found by chance");
            let utf8 = word.as_bytes().to_vec();
            let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let mut add = |written, bytes| forms.push(Form { word: word.to_owned(), written, bytes });
            let hex: String = utf8.iter().map(|b| format!("{b:02x}")).collect();
            add("hex", hex.to_uppercase().into_bytes());
            add("hex", hex.into_bytes());
            for skipped in 0..3 {
                add("base64", base64(&STANDARD, &utf8, skipped));
                add("base64url", base64(&URL_SAFE_NO_PAD, &utf8, skipped));
            }
            if !word.is_ascii() {
                let escape = |unit: u16| match u8::try_from(unit) {
                    Ok(ascii) if ascii.is_ascii() => char::from(ascii).to_string(),
                    _ => format!("\\u{unit:04x}"),
                };
                let escaped: String = word.encode_utf16().map(escape).collect();
                add("JSON escapes", escaped.into_bytes());
            }
            let encoded: String = url_encoded(word);
            add("URL escapes", encoded.into_bytes());
            add("UTF-16", utf16);
            add("UTF-8", utf8);
        }
        let mut begins = vec![false; 1 << 16];
        let mut by_begin = HashMap::<_, Vec<usize>>::new();
        for (no, form) in forms.iter().enumerate() {
            begins[usize::from(u16::from_le_bytes([form.bytes[0], form.bytes[1]]))] = true;
            by_begin.entry(form.bytes[..4].try_into().unwrap()).or_default().push(no);
        }
        Self { forms, begins, by_begin }
    }

    /// What is found, each as "word as form".
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (at, four) in bytes.windows(4).enumerate() {
            if !self.begins[usize::from(u16::from_le_bytes([four[0], four[1]]))] {
                continue;
            }
            let four: [u8; 4] = four.try_into().unwrap();
            for no in self.by_begin.get(&four).into_iter().flatten() {
                let form = &self.forms[*no];
                if bytes[at..].starts_with(&form.bytes) {
                    let from = at.saturating_sub(80);
                    let near = String::from_utf8_lossy(&bytes[from..(at + 80).min(bytes.len())]);
                    found.push(format!("\"{}\" as {} at {at}: …{near}…", form.word, form.written));
                }
            }
        }
        found
    }

    /// Through every file of a folder, and the names themselves. Answers the bytes read, and what was found where.
    pub fn found_in_folder(&self, folder: &Path, skip: &[&str]) -> (u64, Vec<String>) {
        let mut read = 0;
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if skip.contains(&name.as_str()) {
                continue;
            }
            let mut add =
                |hits: Vec<String>| found.extend(hits.iter().map(|h| format!("{}: {h}", path.display())));
            add(self.found_in(name.as_bytes()));
            if path.is_dir() {
                let (more, hits) = self.found_in_folder(&path, skip);
                read += more;
                found.extend(hits);
            } else if let Ok(bytes) = fs::read(&path) {
                // A file that went while we looked (a journal at its checkpoint) has its content elsewhere.
                read += bytes.len() as u64;
                add(self.found_in(&bytes));
            }
        }
        (read, found)
    }
}

/// The digits that stand for this word alone when it begins `skipped` bytes into a group of three.
fn base64(engine: &impl Engine, word: &[u8], skipped: usize) -> Vec<u8> {
    let mut bytes = vec![0; skipped];
    bytes.extend_from_slice(word);
    let whole = bytes.len() / 3 * 4;
    let from = [0, 2, 3][skipped];
    engine.encode(&bytes).into_bytes()[from..whole].to_vec()
}

fn url_encoded(word: &str) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-._~".contains(b);
    word.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[test]
fn a_word_is_found_in_every_form() {
    let word = "Kanariefågeln sjunger";
    let needles = Needles::new(&[word]);
    let hidden = |bytes: &[u8]| [b"before".as_slice(), bytes, b"after"].concat();
    for skipped in 0..3 {
        let within = [&b"xyz"[..skipped], word.as_bytes(), b"tail"].concat();
        for engine in [STANDARD.encode(&within), URL_SAFE_NO_PAD.encode(&within)] {
            assert!(!needles.found_in(&hidden(engine.as_bytes())).is_empty(), "{engine}");
        }
    }
    let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex: String = word.bytes().map(|b| format!("{b:02x}")).collect();
    let json = r#"Kanarief\u00e5geln sjunger"#;
    let url = "Kanarief%C3%A5geln%20sjunger";
    for form in [
        word.as_bytes(),
        &utf16,
        hex.as_bytes(),
        hex.to_uppercase().as_bytes(),
        json.as_bytes(),
        url.as_bytes(),
    ] {
        assert_eq!(needles.found_in(&hidden(form)).len(), 1, "{}", String::from_utf8_lossy(form));
    }
    assert!(needles.found_in(b"Kanariefagel, and nothing of the sort").is_empty());
}
