//! Reading what others signed: one meaning only, or none.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
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
pub(crate) struct Members(pub(crate) Vec<(String, Member)>);

/// A member's value, as far as anyone asks. Lists and objects are read over without being kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Text(String),
    Integer(i64),
    Other,
}

/// Why bytes are no [`Members`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotMembers {
    NotAnObject,
    Duplicate,
}

impl Members {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, NotMembers> {
        let Self(members) = serde_json::from_slice(bytes).map_err(|_| NotMembers::NotAnObject)?;
        let twice = |at: usize| members[..at].iter().any(|(name, _)| *name == members[at].0);
        if (1..members.len()).any(twice) {
            return Err(NotMembers::Duplicate);
        }
        Ok(Self(members))
    }
}

impl Member {
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of a few members")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    if members.len() == MOST_MEMBERS {
                        return Err(A::Error::invalid_length(MOST_MEMBERS + 1, &self));
                    }
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Member, E> {
                Ok(Member::Text(text.to_owned()))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Member, E> {
                Ok(Member::Integer(number))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Member, E> {
                Ok(i64::try_from(number).map_or(Member::Other, Member::Integer))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_unit<E>(self) -> Result<Member, E> {
                Ok(Member::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Member, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Member::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Far more than any header has.
const MOST_MEMBERS: usize = 64;

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
    fn values_are_texts_integers_or_passed_over() {
        let Members(members) =
            Members::parse(br#"{"a":"b","c":-3,"d":1.0,"e":18446744073709551615,"f":[1,{"a":[]}],"g":{"a":1,"a":2},"h":null,"i":true}"#)
                .ok()
                .unwrap();
        assert_eq!(members[0].1, Member::Text("b".into()));
        assert_eq!(members[1].1, Member::Integer(-3));
        assert!(members[2..].iter().all(|(_, value)| *value == Member::Other));
        assert_eq!(members.len(), 8);
    }

    #[test]
    fn an_object_of_very_many_members_is_refused() {
        let object = |count: usize| {
            let members: Vec<String> = (0..count).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Members::parse(object(MOST_MEMBERS).as_bytes()).is_ok());
        assert!(Members::parse(object(MOST_MEMBERS + 1).as_bytes()).is_err());
        assert!(Members::parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
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
