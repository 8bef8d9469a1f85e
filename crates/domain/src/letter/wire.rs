//! The payload's JSON, member by member, before any value is judged.

use super::{Address, Letter, Limits, fields};
use crate::{Code, Refusal};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{borrow::Cow, fmt, marker::PhantomData};

/// The object as written. A derived struct refuses unknown and duplicate members by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub reference: String,
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub language: String,
    pub body: Object<WireBody>,
    pub attachments: Option<Vec<Object<WireAttachment>>>,
    pub support: Option<Object<WireSupport>>,
    pub matter: Option<Object<WireMatter>>,
    pub kind: Option<String>,
    pub reply_by: Option<String>,
    pub visible_from: Option<String>,
    pub reply: Option<String>,
    pub receipt: Option<String>,
    pub confidential: Option<bool>,
    pub audience: Option<String>,
    facts: Option<IgnoredAny>,
    reached_by: Option<IgnoredAny>,
    in_reply_to: Option<IgnoredAny>,
    metadata: Option<IgnoredAny>,
    attention: Option<IgnoredAny>,
    correlation_id: Option<IgnoredAny>,
    alternatives: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireBody {
    pub media_type: String,
    pub content: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireAttachment {
    pub name: String,
    pub media_type: String,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSupport {
    pub text: Option<String>,
    pub url: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireMatter {
    pub id: Option<String>,
    pub shared_id: Option<String>,
    pub subject: Option<String>,
    pub status: Option<String>,
}

pub(super) fn read(payload: &[u8]) -> Result<Wire, Refusal> {
    let Object(wire): Object<Wire> = serde_json::from_slice(payload).map_err(|e| explain(&e))?;
    for (member, present) in [
        ("facts", wire.facts.is_some()),
        ("reached_by", wire.reached_by.is_some()),
        ("in_reply_to", wire.in_reply_to.is_some()),
        ("metadata", wire.metadata.is_some()),
        ("attention", wire.attention.is_some()),
        ("correlation_id", wire.correlation_id.is_some()),
        ("alternatives", wire.alternatives.is_some()),
    ] {
        if present {
            return Err(Refusal::new(Code::NotSupported).at(format!("/{member}")));
        }
    }
    Ok(wire)
}

pub(super) fn address(payload: &[u8]) -> Result<Address, Refusal> {
    /// Two members of the object; the others are read over.
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        reference: Cow<'a, str>,
        #[serde(borrow)]
        sender: Cow<'a, str>,
    }
    let Object(only): Object<Only<'_>> = serde_json::from_slice(payload).map_err(|e| explain(&e))?;
    Ok(Address { sender: fields::sender(&only.sender)?, reference: fields::reference(&only.reference)? })
}

/// A JSON object and nothing else: a derived struct alone would also take a list of its members by position.
pub(super) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer.deserialize_map(Members(PhantomData)).map(Self)
    }
}

impl Wire {
    pub(super) fn check(self, limits: &Limits) -> Result<Letter, Refusal> {
        fields::letter(self, limits)
    }
}

/// Tells what is wrong without repeating what the letter says: serde's own message may quote a value.
fn explain(error: &serde_json::Error) -> Refusal {
    let text = error.to_string();
    let named = |prefix: &str| {
        let name = text.strip_prefix(prefix)?.split('`').next()?;
        let plain =
            name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        Some(if plain { format!(" {name}") } else { String::new() })
    };
    let place = format!("line {}, column {}", error.line(), error.column());
    if let Some(name) = named("unknown field `") {
        Refusal::new(Code::UnknownMember).because(format!("the member{name} at {place}"))
    } else if let Some(name) = named("duplicate field `") {
        Refusal::new(Code::DuplicateMember).because(format!("the member{name} at {place}"))
    } else if let Some(name) = named("missing field `") {
        Refusal::new(Code::FieldMissing).because(format!("the member{name} is required"))
    } else {
        Refusal::new(Code::PayloadMalformed).because(format!("at {place}"))
    }
}
