//! Whether a PDF is whole and open to be read, seen while it streams by.
//!
//! Not a parser: a reader of tokens (ISO 32000-2 §7.2) that knows dictionaries, strings, comments and where
//! stream data begins and ends, so that `/Encrypt` counts only as a key of a trailer or of a cross-reference
//! stream (§7.5.5, §7.5.8), not when the letters happen to stand in text or in compressed data. It keeps a
//! few dozen bytes, and the last two KiB.

mod ends;

use ends::Ends;

/// What the scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Whole, and not encrypted.
    Whole,
    /// No `%PDF-` in the first KiB: it is something else.
    NoPdf,
    /// It does not end with `startxref`, a place and `%%EOF`.
    Broken,
    /// A trailer names an encryption dictionary.
    Encrypted,
}

/// The scan of one document. Feed it all bytes in order, then [`Scan::finish`].
pub struct Scan {
    ends: Ends,
    state: State,
    word: Word,
    depth: u32,
    dictionary: Dictionary,
    after_dictionary: bool,
    in_trailer: bool,
    encrypted: bool,
}

#[derive(Clone, Copy)]
enum State {
    Between,
    Word,
    Name { escape: Escape },
    Comment,
    Text { nested: u32, escaped: bool },
    Hex,
    Open,
    Close,
    Data { matched: usize },
}

#[derive(Clone, Copy)]
enum Escape {
    None,
    First,
    Second(u8),
}

/// The outermost dictionary being read: what its keys and names were.
#[derive(Default)]
struct Dictionary {
    names_encrypt: bool,
    is_xref: bool,
}

/// The beginning of a word or name; what is longer than any we look for is cut.
#[derive(Default)]
struct Word {
    bytes: [u8; WORD_BYTES],
    length: usize,
}

impl Default for Scan {
    fn default() -> Self {
        Self::new()
    }
}

impl Scan {
    /// A scan that has seen nothing.
    pub fn new() -> Self {
        Self {
            ends: Ends::default(),
            state: State::Between,
            word: Word::default(),
            depth: 0,
            dictionary: Dictionary::default(),
            after_dictionary: false,
            in_trailer: false,
            encrypted: false,
        }
    }

    /// The next bytes, in pieces of any size.
    pub fn update(&mut self, bytes: &[u8]) {
        self.ends.keep(bytes);
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if let State::Data { matched: 0 } = self.state {
                // Most of a document is here: leap to the next byte that could end the data.
                let Some(at) = rest.iter().position(|b| *b == ENDSTREAM[0]) else { return };
                self.state = State::Data { matched: 1 };
                rest = &rest[at + 1..];
            } else {
                self.step(byte);
                rest = after;
            }
        }
    }

    /// The verdict on the whole.
    pub fn finish(mut self) -> Verdict {
        // Ends a word that stands at the very end.
        self.step(b' ');
        if !self.ends.begins_well() {
            Verdict::NoPdf
        } else if !self.ends.end_well() {
            Verdict::Broken
        } else if self.encrypted || self.ends.trailer_names_encrypt() {
            Verdict::Encrypted
        } else {
            Verdict::Whole
        }
    }

    fn step(&mut self, byte: u8) {
        match self.state {
            State::Between => self.begin(byte),
            State::Word if is_regular(byte) => self.word.push(byte),
            State::Word => {
                self.state = State::Between;
                if !self.end_word(byte) {
                    self.begin(byte);
                }
            }
            State::Name { escape } if is_regular(byte) => {
                self.state = State::Name { escape: self.name_byte(escape, byte) }
            }
            State::Name { .. } => {
                self.end_name();
                self.begin(byte);
            }
            State::Comment if matches!(byte, b'\r' | b'\n') => self.state = State::Between,
            State::Comment => {}
            State::Text { nested, escaped } => self.state = text_byte(nested, escaped, byte),
            State::Hex if byte == b'>' => self.state = State::Between,
            State::Hex => {}
            State::Open if byte == b'<' => self.open_dictionary(),
            State::Open => self.state = if byte == b'>' { State::Between } else { State::Hex },
            State::Close if byte == b'>' => self.close_dictionary(),
            State::Close => self.begin(byte),
            State::Data { matched } => self.data_byte(matched, byte),
        }
    }

    fn begin(&mut self, byte: u8) {
        self.state = match byte {
            b'%' => State::Comment,
            b'(' => State::Text { nested: 0, escaped: false },
            b'<' => State::Open,
            b'>' => State::Close,
            b'/' => {
                self.word.clear();
                State::Name { escape: Escape::None }
            }
            _ if is_regular(byte) => {
                self.word.clear();
                self.word.push(byte);
                State::Word
            }
            _ => State::Between,
        };
        if !matches!(self.state, State::Between | State::Word) {
            self.after_dictionary = false;
        }
    }

    /// A bare word is over; whether it took the byte after it too (the line end of `stream`).
    fn end_word(&mut self, next: u8) -> bool {
        let after_dictionary = std::mem::take(&mut self.after_dictionary);
        match self.word.as_bytes() {
            // §7.3.8.1: the keyword follows the dictionary and is followed by a line end.
            b"stream" if after_dictionary && matches!(next, b'\r' | b'\n') => {
                self.encrypted |= self.dictionary.is_xref && self.dictionary.names_encrypt;
                self.state = State::Data { matched: 0 };
                return true;
            }
            b"trailer" => (self.in_trailer, self.depth) = (true, 0),
            b"startxref" => self.in_trailer = false,
            // A new object: whatever was left open before it was broken.
            b"obj" => (self.in_trailer, self.depth) = (false, 0),
            _ => {}
        }
        false
    }

    /// A name may write any byte as `#` and two hex digits (§7.3.5).
    fn name_byte(&mut self, escape: Escape, byte: u8) -> Escape {
        match (escape, hex(byte)) {
            (Escape::None, _) if byte == b'#' => Escape::First,
            (Escape::None, _) => {
                self.word.push(byte);
                Escape::None
            }
            (Escape::First, Some(high)) => Escape::Second(high),
            (Escape::Second(high), Some(low)) => {
                self.word.push(high << 4 | low);
                Escape::None
            }
            (_, None) => {
                self.word.push(b'#');
                Escape::None
            }
        }
    }

    fn end_name(&mut self) {
        if self.depth == 1 {
            match self.word.as_bytes() {
                b"Encrypt" if self.in_trailer => self.encrypted = true,
                // A cross-reference stream is a trailer too (§7.5.8), and that it is one may stand further on
                // in its dictionary.
                b"Encrypt" => self.dictionary.names_encrypt = true,
                b"XRef" => self.dictionary.is_xref = true,
                _ => {}
            }
        }
    }

    fn open_dictionary(&mut self) {
        if self.depth == 0 {
            self.dictionary = Dictionary::default();
        }
        self.depth = self.depth.saturating_add(1);
        self.state = State::Between;
    }

    fn close_dictionary(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.after_dictionary = self.depth == 0;
        self.state = State::Between;
    }

    fn data_byte(&mut self, matched: usize, byte: u8) {
        // `endstream` begins with `e` and holds another one, after which no prefix goes on but `e` itself.
        let matched =
            if byte == ENDSTREAM[matched] { matched + 1 } else { usize::from(byte == ENDSTREAM[0]) };
        self.state = if matched == ENDSTREAM.len() { State::Between } else { State::Data { matched } };
    }
}

impl Word {
    fn clear(&mut self) {
        self.length = 0;
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        }
        self.length = (self.length + 1).min(WORD_BYTES + 1);
    }

    /// Empty for a word too long to be one of ours.
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

fn text_byte(nested: u32, escaped: bool, byte: u8) -> State {
    match byte {
        _ if escaped => State::Text { nested, escaped: false },
        b'\\' => State::Text { nested, escaped: true },
        b'(' => State::Text { nested: nested.saturating_add(1), escaped: false },
        b')' if nested == 0 => State::Between,
        b')' => State::Text { nested: nested - 1, escaped: false },
        _ => State::Text { nested, escaped: false },
    }
}

/// Neither white space nor a delimiter (§7.2.3).
fn is_regular(byte: u8) -> bool {
    !matches!(
        byte,
        0 | b'\t'
            | b'\n'
            | 0x0C
            | b'\r'
            | b' '
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

const WORD_BYTES: usize = 16;
const ENDSTREAM: &[u8] = b"endstream";

#[cfg(test)]
mod tests;
