//! The key-encryption keys, unwrapped and held in memory.

use crate::{
    purpose::{Purpose, Renewal},
    root::Root,
};
use domain::{Random, Time};
use evidence::{Rings, Writer};
use key_client::{KeyRing, NamedKey, RingMaterial, SecretKey};
use parking_lot::RwLock;
use std::{collections::HashMap, sync::Arc, time::Duration};
use store::{Store, Tx, args};
use vault::{Key, KeyId, Opaque, Place, mac::Mac, sign::SigningKey};
use zeroize::Zeroizing;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeksError {
    #[error("the root key is not the one that this key store was made with")]
    WrongRoot,
    /// New keys would make every letter unreadable without a word.
    #[error("the key store is empty, but there are mailboxes: restore the key store from its backup")]
    Lost,
    #[error("a purpose has no key")]
    Missing,
    #[error("the last rotation of this purpose has not taken effect yet")]
    UnderWay,
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// One version of one purpose.
pub(crate) struct Kek {
    pub id: KeyId,
    pub version: i64,
    pub key: Key,
    pub created_at: Time,
    /// From then on it opens, but seals nothing new.
    pub retired_at: Option<Time>,
}

/// Never empty.
struct Versions {
    older: Vec<Arc<Kek>>,
    newest: Arc<Kek>,
}

pub(crate) struct Keks {
    root: Root,
    store: Store,
    held: RwLock<Arc<HashMap<Purpose, Versions>>>,
}

impl Keks {
    /// Reads and unwraps all keys; makes the first version of purposes that have none, and takes the ring of events that all
    /// roles had before back from them. With `mailboxes_exist` an empty store is refused.
    pub(crate) async fn open(
        root: Root,
        store: Store,
        mailboxes_exist: bool,
        now: Time,
        random: &dyn Random,
    ) -> Result<Self, KeksError> {
        let mut tx = store.begin("make first keys").await?;
        let rows = tx.query(ALL, &[]).await?;
        if rows.is_empty() && mailboxes_exist {
            return Err(KeksError::Lost);
        }
        for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::Events) {
            let known = rows.iter().map(|row| row.text("purpose")).collect::<Result<Vec<_>, _>>()?;
            if !known.contains(&purpose.as_str()) {
                // None when another process is starting too: what is read back below counts.
                let _ = insert(&mut tx, &root, purpose, 1, now, random).await?;
            }
        }
        // None where there never was one, or since an earlier start.
        tx.execute(TAKE_BACK, args![now, Purpose::Events.as_str()]).await?.ignore();
        tx.commit().await?;
        let keks = Self { held: RwLock::new(Arc::new(HashMap::new())), root, store };
        keks.reload().await?;
        Ok(keks)
    }

    /// Reads them all again: another process may have rotated.
    pub(crate) async fn reload(&self) -> Result<(), KeksError> {
        let mut tx = self.store.read("load keys").await?;
        let mut found: HashMap<Purpose, Vec<Arc<Kek>>> = HashMap::new();
        for row in tx.query(ALL, &[]).await? {
            // A purpose of a later version of the program is left alone.
            let Some(purpose) = Purpose::parse(row.text("purpose")?) else { continue };
            let version = row.int("version")?;
            let key = self
                .root
                .unwrap(&place(purpose, version), row.bytes("wrapped")?)
                .map_err(|Opaque| KeksError::WrongRoot)?;
            let id = KeyId::from_bytes(row.array("key_id")?);
            let kek = Kek {
                id,
                version,
                key,
                created_at: row.time("created_at")?,
                retired_at: row.opt_time("retired_at")?,
            };
            found.entry(purpose).or_default().push(Arc::new(kek));
        }
        let mut held = HashMap::new();
        for purpose in Purpose::ALL {
            let mut older = found.remove(&purpose).unwrap_or_default();
            match older.pop() {
                Some(newest) => held.insert(purpose, Versions { older, newest }),
                // Instances that began after it was taken back have none.
                None if purpose == Purpose::Events => None,
                None => return Err(KeksError::Missing),
            };
        }
        *self.held.write() = Arc::new(held);
        Ok(())
    }

    /// Every version, oldest first.
    pub(crate) fn versions(&self, purpose: Purpose) -> Vec<Arc<Kek>> {
        let held = self.held();
        held.get(&purpose).map_or_else(Vec::new, |versions| versions.all().cloned().collect())
    }

    /// The version that seals.
    pub(crate) fn current(&self, purpose: Purpose, now: Time) -> Result<Arc<Kek>, Opaque> {
        self.held().get(&purpose).map(|versions| versions.current(now)).ok_or(Opaque)
    }

    /// Seals with the current version.
    pub(crate) fn seal(
        &self,
        purpose: Purpose,
        place: &Place,
        plain: &[u8],
        now: Time,
        random: &dyn Random,
    ) -> Result<Vec<u8>, Opaque> {
        let kek = self.current(purpose, now)?;
        Ok(vault::seal(kek.id, &kek.key, place, plain, random))
    }

    /// Opens with the version that the ciphertext names.
    pub(crate) fn unseal(
        &self,
        purpose: Purpose,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let id = vault::key_id(sealed)?;
        let kek = self.versions(purpose).into_iter().find(|kek| kek.id == id).ok_or(Opaque)?;
        vault::open(&kek.key, place, sealed)
    }

    /// [`Keks::unseal`], looking for newer versions once when it names one that is not known here.
    pub(crate) async fn unseal_fresh(
        &self,
        purpose: Purpose,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Opaque> {
        let id = vault::key_id(sealed)?;
        if self.versions(purpose).iter().all(|kek| kek.id != id) {
            self.reload().await.map_err(|_| Opaque)?;
        }
        self.unseal(purpose, place, sealed)
    }

    /// A key that makes tags.
    pub(crate) fn mac(&self, purpose: Purpose, now: Time) -> Result<Mac, Opaque> {
        self.current(purpose, now).map(|kek| Mac::new(Key::from_bytes(*kek.key.expose())))
    }

    /// The keys that have made tags, for those that are checked in here.
    pub(crate) fn macs(&self, purpose: Purpose) -> Vec<Mac> {
        self.versions(purpose).iter().map(|kek| Mac::new(Key::from_bytes(*kek.key.expose()))).collect()
    }

    /// A key to be handed out.
    pub(crate) fn handed_out(&self, purpose: Purpose, now: Time) -> Result<SecretKey, Opaque> {
        self.current(purpose, now).map(|kek| Key::from_bytes(*kek.key.expose()).into())
    }

    /// A ring to be handed out, with the versions that do not seal yet.
    pub(crate) fn material(&self, purpose: Purpose, now: Time) -> Result<RingMaterial, Opaque> {
        let named = |kek: &Arc<Kek>| NamedKey { id: kek.id, key: Key::from_bytes(*kek.key.expose()).into() };
        let keys = self.versions(purpose).iter().map(named).collect();
        Ok(RingMaterial { current: self.current(purpose, now)?.id, keys })
    }

    /// The rings of all who write events, and of those who wrote them before.
    pub(crate) fn event_rings(&self, now: Time) -> Result<Rings, Opaque> {
        let mut rings = vec![];
        for writer in Writer::ALL.iter().filter(|writer| **writer != Writer::Before) {
            rings.push((*writer, self.ring(Purpose::EventsOf(*writer), now)?));
        }
        let before = self.versions(Purpose::Events);
        if !before.is_empty() {
            rings.push((Writer::Before, self.ring(Purpose::Events, now)?));
        }
        // What no start has taken back yet has sealed nothing that counts beside its making.
        let taken_back = |kek: &Arc<Kek>| kek.retired_at.unwrap_or(kek.created_at);
        Ok(Rings { rings, before_until: before.last().map(taken_back) })
    }

    /// A ring for use in here.
    pub(crate) fn ring(&self, purpose: Purpose, now: Time) -> Result<KeyRing, Opaque> {
        self.material(purpose, now)?.try_into()
    }

    /// Every key that has signed receipts.
    pub(crate) fn signing_keys(&self) -> Vec<SigningKey> {
        self.versions(Purpose::Receipt).iter().map(|kek| SigningKey::from_seed(&kek.key)).collect()
    }

    /// Adds a version, which seals `spread` from now; the one before retires then.
    pub(crate) async fn add(
        &self,
        purpose: Purpose,
        spread: Duration,
        now: Time,
        random: &dyn Random,
    ) -> Result<(i64, Time), KeksError> {
        self.reload().await?;
        let seals_from = if purpose.renewal() == Renewal::HandedOut { now.plus(spread) } else { now };
        let versions = self.versions(purpose);
        if versions.iter().any(|kek| kek.retired_at.is_some_and(|at| at > now)) {
            return Err(KeksError::UnderWay);
        }
        let version = versions.last().ok_or(KeksError::Missing)?.version + 1;
        let mut tx = self.store.begin("add key version").await?;
        insert(&mut tx, &self.root, purpose, version, now, random).await?.exactly(1)?;
        tx.execute(RETIRE, args![seals_from, purpose.as_str(), version]).await?.ignore();
        tx.commit().await?;
        self.reload().await?;
        Ok((version, seals_from))
    }

    fn held(&self) -> Arc<HashMap<Purpose, Versions>> {
        Arc::clone(&self.held.read())
    }
}

impl Versions {
    fn all(&self) -> impl Iterator<Item = &Arc<Kek>> {
        self.older.iter().chain([&self.newest])
    }

    fn current(&self, now: Time) -> Arc<Kek> {
        let seals = |kek: &&Arc<Kek>| kek.retired_at.is_none_or(|at| at > now);
        Arc::clone(self.all().find(seals).unwrap_or(&self.newest))
    }
}

async fn insert(
    tx: &mut Tx,
    root: &Root,
    purpose: Purpose,
    version: i64,
    now: Time,
    random: &dyn Random,
) -> Result<store::Affected, store::Error> {
    let id = KeyId::random(random);
    let wrapped = root.wrap(&place(purpose, version), &Key::random(random), random);
    tx.execute(INSERT, args![id.as_bytes(), purpose.as_str(), version, &wrapped, now]).await
}

fn place(purpose: Purpose, version: i64) -> Place {
    Place::new("kek").text(purpose.as_str()).number(version.cast_unsigned())
}

const ALL: &str =
    "SELECT purpose, version, key_id, wrapped, created_at, retired_at FROM kek ORDER BY purpose, version";
const INSERT: &str = "INSERT INTO kek (key_id, purpose, version, wrapped, created_at) VALUES ($1, $2, $3, $4, $5) \
    ON CONFLICT DO NOTHING";
const TAKE_BACK: &str = "UPDATE kek SET retired_at = $1 WHERE purpose = $2 AND retired_at IS NULL";
const RETIRE: &str =
    "UPDATE kek SET retired_at = $1 WHERE purpose = $2 AND version < $3 AND retired_at IS NULL";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    impl Keks {
        /// As if this instance had begun with a version that had one ring of events for all roles.
        pub(crate) async fn make_ring_of_before(&self, taken_back_at: Time, random: &dyn Random) {
            let mut tx = self.store.begin("test").await.unwrap();
            let made = insert(&mut tx, &self.root, Purpose::Events, 1, taken_back_at, random).await.unwrap();
            made.exactly(1).unwrap();
            let taken_back = tx.execute(TAKE_BACK, args![taken_back_at, Purpose::Events.as_str()]).await;
            taken_back.unwrap().exactly(1).unwrap();
            tx.commit().await.unwrap();
            self.reload().await.unwrap();
        }
    }
}
