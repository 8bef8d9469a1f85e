//! Where a sealed thing belongs.

use crate::labels;

/// The place a ciphertext is bound to: purpose, letter, mailbox, part, count, in an order the caller keeps.
/// A ciphertext moved to another row, column or mailbox has another place there and does not open.
///
/// Fields are written as a type byte, a 32-bit big-endian length and the bytes, so no two different places
/// have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Vec<u8>);

impl Place {
    /// The purpose, such as `letter/header`: one for each sealed column or kind of object.
    #[must_use]
    pub fn new(purpose: &str) -> Self {
        Self(Vec::with_capacity(128)).text(labels::PLACE).text(purpose)
    }

    /// An id of sixteen bytes.
    #[must_use]
    pub fn id(self, id: &[u8; 16]) -> Self {
        self.field(b'i', id)
    }

    /// A position, count or version.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        self.field(b'n', &number.to_be_bytes())
    }

    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.field(b't', text.as_bytes())
    }

    /// Any other bytes, such as a keyed hash that names a row.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.field(b'b', bytes)
    }

    /// As mixed into keys; also fit as HPKE `aad`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn field(mut self, kind: u8, bytes: &[u8]) -> Self {
        // A field of 4 GiB cannot be told from a shorter one; ids and words are short.
        let length = u32::try_from(bytes.len()).expect("a field of a place is short");
        self.0.push(kind);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_flow_into_each_other() {
        let same = [
            Place::new("a").text("bc"),
            Place::new("ab").text("c"),
            Place::new("abc"),
            Place::new("a").text("b").text("c"),
            Place::new("a").bytes(b"bc"),
            Place::new("a").id(b"0123456789abcdef"),
            Place::new("a").text("0123456789abcdef"),
            Place::new("a").number(u64::from_be_bytes(*b"01234567")),
            Place::new("a").text("01234567"),
        ];
        for (at, one) in same.iter().enumerate() {
            for other in &same[at + 1..] {
                assert_ne!(one, other);
            }
        }
    }

    #[test]
    fn the_bytes_are_as_documented() {
        assert_eq!(
            Place::new("x").number(1).as_bytes(),
            b"t\0\0\0\x08kuvert/1t\0\0\0\x01xn\0\0\0\x08\0\0\0\0\0\0\0\x01"
        );
    }
}
