//! The beginning and the end of a document, kept while the rest streams by.

use super::{hex, is_regular};

pub(super) const TAIL_BYTES: usize = 2048;

/// The first KiB and the last two.
#[derive(Default)]
pub(super) struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Ends {
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&bytes[..missing.min(bytes.len())]);
        if bytes.len() >= TAIL_BYTES {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - TAIL_BYTES..]);
        } else {
            let surplus = (self.tail.len() + bytes.len()).saturating_sub(TAIL_BYTES);
            self.tail.drain(..surplus);
            self.tail.extend_from_slice(bytes);
        }
    }

    pub(super) fn begins_well(&self) -> bool {
        find(&self.head, b"%PDF-").is_some()
    }

    pub(super) fn end_well(&self) -> bool {
        let Some(at) = rfind(&self.tail, b"startxref") else { return false };
        let rest = &self.tail[at + b"startxref".len()..];
        let rest = rest.trim_ascii_start();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        digits > 0 && find(&rest[digits..], b"%%EOF").is_some()
    }

    /// The same question asked of the raw end, in case an unclosed string or stream hid the last trailer.
    pub(super) fn trailer_names_encrypt(&self) -> bool {
        let Some(trailer) = rfind(&self.tail, b"trailer") else { return false };
        let trailer = &self.tail[trailer..];
        let end = find(trailer, b"startxref").unwrap_or(trailer.len());
        let trailer = &unescaped(&trailer[..end]);
        let mut from = 0;
        while let Some(at) = find(&trailer[from..], b"/Encrypt") {
            from += at + b"/Encrypt".len();
            if trailer.get(from).is_none_or(|next| !is_regular(*next)) {
                return true;
            }
        }
        false
    }
}

/// Any byte of a name may be written as `#` and two hex digits (§7.3.5).
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'#', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        out.push(escaped.map_or(*first, |(high, low)| high << 4 | low));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    out
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

fn rfind(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).rposition(|w| w == needle)
}

const HEAD_BYTES: usize = 1024;
