//! The keys of one purpose: the current one seals, any of them opens.

use crate::{secret::SecretKey, wire};
use domain::Random;
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt, sync::Arc};
use vault::{Key, KeyId, Opaque, Place};
use zeroize::Zeroizing;

/// The keys of one purpose. A ciphertext names its key, so none is ever tried.
///
/// Whoever holds a ring for long adopts a fresh one now and then (see [`KeyRing::adopt`]): a new version is
/// handed out for opening some minutes before it seals, so that all holders know it in time.
pub struct KeyRing(RwLock<Arc<Held>>);

struct Held {
    current: KeyId,
    keys: HashMap<KeyId, Key>,
}

impl KeyRing {
    /// A ring of `keys`; the one named `current` seals and must be among them.
    pub fn new(current: KeyId, keys: impl IntoIterator<Item = (KeyId, Key)>) -> Result<Self, Opaque> {
        let keys: HashMap<_, _> = keys.into_iter().collect();
        if !keys.contains_key(&current) {
            return Err(Opaque);
        }
        Ok(Self(RwLock::new(Arc::new(Held { current, keys }))))
    }

    /// A ring of one new key.
    pub fn random(random: &dyn Random) -> Self {
        let current = KeyId::random(random);
        let keys = HashMap::from([(current, Key::random(random))]);
        Self(RwLock::new(Arc::new(Held { current, keys })))
    }

    /// Seals with the current key.
    pub fn seal(&self, place: &Place, plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let held = self.held();
        vault::seal(held.current, &held.keys[&held.current], place, plain, random)
    }

    /// Opens with the key that the ciphertext names.
    pub fn open(&self, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let held = self.held();
        vault::open(held.keys.get(&vault::key_id(sealed)?).ok_or(Opaque)?, place, sealed)
    }

    /// The key that seals now.
    pub fn current(&self) -> KeyId {
        self.held().current
    }

    /// Takes the keys of a fresher ring of the same purpose.
    pub fn adopt(&self, fresh: Self) {
        let fresh = fresh.held();
        *self.0.write() = fresh;
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.0.read())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({})", self.current())
    }
}

/// A ring on its way.
#[derive(Debug, Serialize, Deserialize)]
pub struct RingMaterial {
    /// The key that seals.
    #[serde(with = "wire::key_id")]
    pub current: KeyId,
    pub keys: Vec<NamedKey>,
}

/// One key of a ring.
#[derive(Debug, Serialize, Deserialize)]
pub struct NamedKey {
    #[serde(with = "wire::key_id")]
    pub id: KeyId,
    pub key: SecretKey,
}

impl TryFrom<RingMaterial> for KeyRing {
    type Error = Opaque;

    fn try_from(material: RingMaterial) -> Result<Self, Opaque> {
        Self::new(material.current, material.keys.into_iter().map(|named| (named.id, named.key.into_key())))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    fn id(n: u8) -> KeyId {
        KeyId::from_bytes([n; 8])
    }

    fn key(n: u8) -> Key {
        Key::from_bytes([n; 32])
    }

    #[test]
    fn the_current_key_seals_and_older_ones_still_open() {
        let place = Place::new("test");
        let ring = KeyRing::new(id(1), [(id(1), key(1))]).unwrap();
        let old = ring.seal(&place, b"old", &SystemRandom);
        ring.adopt(KeyRing::new(id(2), [(id(1), key(1)), (id(2), key(2))]).unwrap());
        let new = ring.seal(&place, b"new", &SystemRandom);
        assert_eq!(vault::key_id(&new).unwrap(), id(2));
        assert_eq!(ring.open(&place, &old).unwrap().as_slice(), b"old");
        assert_eq!(ring.open(&place, &new).unwrap().as_slice(), b"new");
        ring.adopt(KeyRing::new(id(2), [(id(2), key(2))]).unwrap());
        assert!(ring.open(&place, &old).is_err());
    }

    #[test]
    fn a_ring_without_its_current_key_is_none() {
        assert!(KeyRing::new(id(1), [(id(2), key(2))]).is_err());
    }

    #[test]
    fn a_key_is_found_by_name_and_not_by_trial() {
        let place = Place::new("test");
        let sealed = vault::seal(id(9), &key(1), &place, b"x", &SystemRandom);
        assert!(KeyRing::new(id(1), [(id(1), key(1))]).unwrap().open(&place, &sealed).is_err());
    }
}
