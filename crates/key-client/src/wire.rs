//! How bytes and the types of lower crates are written in messages.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// `Vec<u8>` and arrays as base64url.
pub(crate) mod bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::encode(bytes.as_ref()))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(d: D) -> Result<T, D::Error> {
        let bytes =
            super::decode(&String::deserialize(d)?).ok_or_else(|| D::Error::custom("not base64url"))?;
        T::try_from(bytes).map_err(|_| D::Error::custom("not as many bytes as asked for"))
    }
}

/// Lists of byte strings as base64url.
pub(crate) mod byte_lists {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer, T: AsRef<[u8]>>(list: &[T], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(|bytes| super::encode(bytes.as_ref())))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: TryFrom<Vec<u8>>>(d: D) -> Result<Vec<T>, D::Error> {
        let list = Vec::<String>::deserialize(d)?;
        list.iter()
            .map(|text| super::decode(text).and_then(|bytes| T::try_from(bytes).ok()))
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("not a list of byte strings"))
    }
}

/// Identities as their twelve digits.
pub(crate) mod identities {
    use domain::Identity;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(list: &[Identity], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(Identity::expose))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Identity>, D::Error> {
        let list = Vec::<String>::deserialize(d)?;
        list.iter().map(|text| Identity::parse(text)).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// The name of a key as sixteen hexadecimal digits.
pub(crate) mod key_id {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use vault::KeyId;

    pub fn serialize<S: Serializer>(id: &KeyId, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<KeyId, D::Error> {
        let text = String::deserialize(d)?;
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u64::from_str_radix(&text, 16).ok().filter(|_| digits);
        number.map(|n| KeyId::from_bytes(n.to_be_bytes())).ok_or_else(|| D::Error::custom("not a key id"))
    }
}
