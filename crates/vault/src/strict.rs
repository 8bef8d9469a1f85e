//! Reading what others signed: one meaning only, or none.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Base64url without padding; other characters, padding and stray trailing bits are refused (RFC 7515 §2).
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The same for exactly `N` bytes.
pub(crate) fn base64url_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    base64url(text)?.try_into().ok()
}

/// Bytes as base64url without padding.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The members of one JSON object, in order, each name once.
pub(crate) struct Members(pub(crate) Vec<(String, Value)>);

/// Why bytes are no [`Members`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotMembers {
    NotAnObject,
    Duplicate,
}

impl Members {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NotMembers> {
        let Pairs(pairs) = serde_json::from_slice(bytes).map_err(|_| NotMembers::NotAnObject)?;
        // Few members: an object of thousands costs its sender more than us, and is cut off here.
        if pairs.len() > MOST_MEMBERS {
            return Err(NotMembers::NotAnObject);
        }
        let twice = |at: usize| pairs[..at].iter().any(|(name, _)| *name == pairs[at].0);
        if (1..pairs.len()).any(twice) {
            return Err(NotMembers::Duplicate);
        }
        Ok(Self(pairs))
    }
}

const MOST_MEMBERS: usize = 64;

struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64url_has_one_spelling() {
        assert_eq!(base64url("-_8").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "-_9", "+/8", "-_ 8", "-_8\n", "A"] {
            assert_eq!(base64url(text), None, "{text}");
        }
        assert!(base64url("").unwrap().is_empty());
    }

    #[test]
    fn a_name_stands_once() {
        assert_eq!(Members::parse(br#"{"a":1,"b":{"a":2}}"#).unwrap().0.len(), 2);
        assert_eq!(Members::parse(br#"{"a":1,"\u0061":1}"#).err(), Some(NotMembers::Duplicate));
        for text in ["", "[]", "null", "{} {}", "{\"a\":1,}", "\u{feff}{}"] {
            assert_eq!(Members::parse(text.as_bytes()).err(), Some(NotMembers::NotAnObject), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_decodes_encodes_to_the_same_text(text in "[A-Za-z0-9_-]{0,40}") {
            if let Some(bytes) = base64url(&text) {
                prop_assert_eq!(to_base64url(&bytes), text);
            }
        }
    }
}
