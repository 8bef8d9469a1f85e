//! Text: valid in its character set, and without NULs.

/// The character sets that a text may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    Ascii,
    /// One byte a character, all of them defined.
    OneByte,
}

impl Charset {
    /// By its registered name, in lower case.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "us-ascii" | "ascii" => Some(Self::Ascii),
            "iso-8859-1" | "latin1" | "iso-8859-15" | "windows-1252" => Some(Self::OneByte),
            _ => None,
        }
    }
}

/// The scan of one text.
pub struct Scan {
    charset: Charset,
    head: Vec<u8>,
    /// The bytes of a character that the last piece cut.
    cut: Vec<u8>,
    broken: bool,
}

impl Scan {
    /// A scan that has seen nothing.
    pub fn new(charset: Charset) -> Self {
        Self { charset, head: Vec::with_capacity(HEAD_BYTES), cut: Vec::new(), broken: false }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        self.broken |= bytes.contains(&0);
        match self.charset {
            Charset::Utf8 => self.utf8(bytes),
            Charset::Ascii => self.broken |= !bytes.is_ascii(),
            Charset::OneByte => {}
        }
    }

    /// Whether it begins with `word`, after a byte order mark and space, in any case.
    pub fn begins_with(&self, word: &str) -> bool {
        let head = self.head.strip_prefix(BOM).unwrap_or(&self.head).trim_ascii_start();
        head.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether all of it was text.
    pub fn finish(self) -> bool {
        !self.broken && self.cut.is_empty()
    }

    fn utf8(&mut self, mut bytes: &[u8]) {
        if self.broken {
            return;
        }
        while !self.cut.is_empty() {
            let Some((first, rest)) = bytes.split_first() else { return };
            self.cut.push(*first);
            bytes = rest;
            match std::str::from_utf8(&self.cut) {
                Ok(_) => self.cut.clear(),
                Err(error) if error.error_len().is_some() => {
                    self.broken = true;
                    return;
                }
                Err(_) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                Some(_) => self.broken = true,
                None => self.cut.extend_from_slice(&bytes[error.valid_up_to()..]),
            }
        }
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";
const HEAD_BYTES: usize = 64;
