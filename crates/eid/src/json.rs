//! JSON as RFC 7515 §4 and RFC 7519 §4 want it: a member that stands twice makes the whole unreadable. Two
//! readers that each take another one of the two would disagree about who logged in.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::{cell::Cell, fmt};

/// Why a text is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAnObject {
    Malformed,
    Duplicated,
}

/// Reads one JSON object with no member twice at any depth.
pub(crate) fn object(bytes: &[u8]) -> Result<Map<String, Value>, NotAnObject> {
    let twice = Cell::new(false);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { twice: &twice }.deserialize(&mut reader).map_err(|_| match twice.get() {
        true => NotAnObject::Duplicated,
        false => NotAnObject::Malformed,
    })?;
    reader.end().map_err(|_| NotAnObject::Malformed)?;
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(NotAnObject::Malformed),
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    twice: &'a Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if map.insert(name, value).is_some() {
                self.twice.set(true);
                return Err(serde::de::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth() {
        assert!(object(br#"{"a":1,"b":[{"c":null,"d":1.5}]}"#).is_ok());
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":{"a":1,"a":2}}"#, r#"{"x":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(object(text.as_bytes()), Err(NotAnObject::Duplicated), "{text}");
        }
        for text in ["[]", "1", "", "{}x", "{\"a\":}", "{\"a\":1"] {
            assert_eq!(object(text.as_bytes()), Err(NotAnObject::Malformed), "{text}");
        }
    }
}
