//! Keys, their names, and the one error of decryption.

use domain::{Random, chance};
use std::fmt;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A symmetric key of 32 bytes. Wiped when dropped; cannot be printed or copied by accident.
#[derive(ZeroizeOnDrop)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A new key that nobody can guess.
    pub fn random(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// From bytes that were unsealed or derived.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// From an unsealed slice; any length but 32 is not a key.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Opaque> {
        let mut key = Zeroizing::new([0; 32]);
        if bytes.len() != key.len() {
            return Err(Opaque);
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    /// The bytes in clear: to be wrapped by another key, and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The public name of a key. Every ciphertext begins with it, so that decryption never tries keys one by one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub fn random(random: &dyn Random) -> Self {
        Self(chance::bytes(random))
    }

    /// From its eight bytes.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// From eight stored bytes; any other length is no name.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Opaque> {
        bytes.try_into().map(Self).map_err(|_| Opaque)
    }

    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// It does not open. Which part was wrong is not said, since the answer would help whoever made it wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("does not open")]
pub struct Opaque;

impl From<ring::error::Unspecified> for Opaque {
    fn from(_: ring::error::Unspecified) -> Self {
        Self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_is_shown_in_hex() {
        let id = KeyId::from_bytes([0, 1, 2, 3, 4, 5, 0xfe, 0xff]);
        assert_eq!(id.to_string(), "000102030405feff");
        assert_eq!(KeyId::from_slice(id.as_bytes()), Ok(id));
        assert_eq!(KeyId::from_slice(&[0; 7]), Err(Opaque));
    }

    #[test]
    fn only_32_bytes_are_a_key() {
        for length in [0, 31, 33] {
            assert!(Key::from_slice(&vec![7; length]).is_err());
        }
        assert_eq!(Key::from_slice(&[7; 32]).unwrap().expose(), &[7; 32]);
    }
}
