//! XML: begins as XML, is text in its declared encoding, and defines no entities, so nothing can expand.

use super::text::{self, Charset};

/// The scan of one document.
pub struct Scan {
    head: Vec<u8>,
    text: Option<text::Scan>,
    doctype: Matcher,
    entity: Matcher,
    broken: bool,
}

/// Whether a short word, whose first byte stands in it once, has passed by.
struct Matcher {
    word: &'static [u8],
    matched: usize,
}

impl Default for Scan {
    fn default() -> Self {
        Self {
            head: Vec::with_capacity(HEAD_BYTES),
            text: None,
            doctype: Matcher { word: DOCTYPE, matched: 0 },
            entity: Matcher { word: ENTITY, matched: 0 },
            broken: false,
        }
    }
}

impl Scan {
    pub fn update(&mut self, bytes: &[u8]) {
        // Entities can be declared only inside a document type declaration.
        let after_doctype = self.doctype.search(bytes);
        self.broken |= after_doctype.is_some_and(|rest| self.entity.search(rest).is_some());
        match &mut self.text {
            Some(text) => text.update(bytes),
            None => {
                let missing = HEAD_BYTES - self.head.len();
                let (head, rest) = bytes.split_at(missing.min(bytes.len()));
                self.head.extend_from_slice(head);
                if self.head.len() == HEAD_BYTES {
                    self.begin();
                    if let Some(text) = &mut self.text {
                        text.update(rest);
                    }
                }
            }
        }
    }

    pub fn finish(mut self) -> bool {
        if self.text.is_none() {
            self.begin();
        }
        !self.broken && self.text.is_some_and(text::Scan::finish)
    }

    /// Decides the encoding from the head, and judges the head.
    fn begin(&mut self) {
        let head = self.head.strip_prefix(BOM).unwrap_or(&self.head).trim_ascii_start();
        self.broken |= head.first() != Some(&b'<');
        let charset = declaration_encoding(head).map_or(Some(Charset::Utf8), |name| Charset::parse(&name));
        self.broken |= charset.is_none();
        let mut text = text::Scan::new(charset.unwrap_or(Charset::Utf8));
        text.update(&self.head);
        self.text = Some(text);
    }
}

impl Matcher {
    /// What follows the word, once it has passed; all of `bytes` when it passed earlier.
    fn search<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        if self.matched == self.word.len() {
            return Some(bytes);
        }
        for (at, byte) in bytes.iter().enumerate() {
            self.matched = if *byte == self.word[self.matched] {
                self.matched + 1
            } else {
                usize::from(*byte == self.word[0])
            };
            if self.matched == self.word.len() {
                return Some(&bytes[at + 1..]);
            }
        }
        None
    }
}

/// The encoding that `<?xml … ?>` names, in lower case (XML 1.0 §4.3.3).
fn declaration_encoding(head: &[u8]) -> Option<String> {
    let head = head.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|w| w == b"?>")?;
    let declaration = std::str::from_utf8(&head[..end]).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, _) = after[1..].split_once(quote)?;
    Some(name.to_ascii_lowercase())
}

const BOM: &[u8] = b"\xEF\xBB\xBF";
const HEAD_BYTES: usize = 512;
const DOCTYPE: &[u8] = b"<!DOCTYPE";
const ENTITY: &[u8] = b"<!ENTITY";
