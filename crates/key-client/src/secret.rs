//! What must not be seen, in a form that can travel.

use crate::wire;
use domain::{Random, chance};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use vault::{Key, Opaque};
use zeroize::Zeroizing;

/// Bytes that are wiped when dropped and never printed. On the wire base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// In clear and no longer guarded.
    pub fn into_exposed(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl From<Zeroizing<Vec<u8>>> for SecretBytes {
    fn from(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes")
    }
}

impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&Zeroizing::new(wire::encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for SecretBytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(d)?);
        wire::decode(&text).map(Self::new).ok_or_else(|| D::Error::custom("not base64url"))
    }
}

/// A symmetric key on its way to whoever asked for it.
pub struct SecretKey(Key);

impl SecretKey {
    pub fn into_key(self) -> Key {
        self.0
    }
}

impl From<Key> for SecretKey {
    fn from(key: Key) -> Self {
        Self(key)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

impl Serialize for SecretKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&Zeroizing::new(wire::encode(self.0.expose())))
    }
}

impl<'de> Deserialize<'de> for SecretKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let bytes = SecretBytes::deserialize(d)?;
        Key::from_slice(bytes.expose()).map(Self).map_err(|_| D::Error::custom("a key is 32 bytes"))
    }
}

/// What a log-in gives: 256 random bits that stand for it. Shown once; the key service keeps only its SHA-256.
#[derive(Clone)]
pub struct GrantToken(Zeroizing<[u8; 32]>);

impl GrantToken {
    pub fn random(random: &dyn Random) -> Self {
        Self(Zeroizing::new(chance::bytes(random)))
    }

    /// From a session cookie's 43 characters.
    pub fn parse(text: &str) -> Result<Self, Opaque> {
        let bytes = Zeroizing::new(wire::decode(text).ok_or(Opaque)?);
        bytes.as_slice().try_into().map(|bytes| Self(Zeroizing::new(bytes))).map_err(|_| Opaque)
    }

    /// As put into a sealed session cookie, and nowhere else.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(wire::encode(self.0.as_slice()))
    }

    /// Under which the key service knows it.
    pub fn hash(&self) -> [u8; 32] {
        vault::sha256(self.0.as_slice())
    }
}

impl fmt::Debug for GrantToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantToken")
    }
}

impl Serialize for GrantToken {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.expose())
    }
}

impl<'de> Deserialize<'de> for GrantToken {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(d)?);
        Self::parse(&text).map_err(|_| D::Error::custom("not a grant token"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_in_their_debug_form() {
        let token = GrantToken::random(&vault::SystemRandom);
        assert_eq!(format!("{token:?}"), "GrantToken");
        assert_eq!(format!("{:?}", SecretBytes::new(b"canary".to_vec())), "SecretBytes");
        assert_eq!(format!("{:?}", SecretKey::from(Key::from_bytes([7; 32]))), "SecretKey");
    }

    #[test]
    fn tokens_are_256_bits_and_no_two_are_alike() {
        let token = || GrantToken::random(&vault::SystemRandom);
        let many: std::collections::BTreeSet<[u8; 32]> = (0..10_000).map(|_| *token().0).collect();
        assert_eq!(many.len(), 10_000);
        // Each bit is set about as often as not: six standard deviations are 300.
        for bit in 0..256 {
            let set = many.iter().filter(|token| token[bit / 8] & (1 << (bit % 8)) != 0).count();
            assert!((4_700..=5_300).contains(&set), "bit {bit} is set {set} times");
        }
    }

    #[test]
    fn a_token_survives_its_text_and_nothing_else_is_one() {
        let token = GrantToken::random(&vault::SystemRandom);
        assert_eq!(token.expose().len(), 43);
        assert_eq!(GrantToken::parse(&token.expose()).unwrap().hash(), token.hash());
        for text in ["", "AAAA", &format!("{}A", *token.expose()), &"=".repeat(43), &"å".repeat(43)] {
            assert!(GrantToken::parse(text).is_err(), "{text}");
        }
        assert_ne!(token.hash(), GrantToken::random(&vault::SystemRandom).hash());
    }
}
