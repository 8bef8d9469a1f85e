//! The root: one file of 32 bytes that wraps all other keys. Whoever has it and the key store has everything.

use domain::Random;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};
use vault::{Key, KeyId, Opaque, Place, mac::Mac};
use zeroize::Zeroizing;

/// The root key and its public name.
pub struct Root {
    key: Key,
    id: KeyId,
}

/// Why there is no root.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    #[error("could not read or write the root key file")]
    Io(#[from] io::Error),
    /// So that nobody makes a second root for a key store that has one.
    #[error("there is a root key file already; it is never overwritten")]
    Exists,
    #[error("the root key file must hold exactly 32 bytes")]
    Length,
    /// Mended by `chmod 600`.
    #[error("the root key file can be read by others; allow its owner alone (mode 0600)")]
    Permissions,
}

impl Root {
    /// Makes the file, with mode 0600, durable before it is used. Never overwrites one.
    pub fn init(path: &Path, random: &dyn Random) -> Result<Self, RootError> {
        let key = Key::random(random);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => RootError::Exists,
            _ => RootError::Io(error),
        })?;
        file.write_all(key.expose())?;
        file.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(Self::of(key))
    }

    /// Reads the file; refuses one that others can read.
    pub fn load(path: &Path) -> Result<Self, RootError> {
        let file = File::open(path)?;
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
            return Err(RootError::Permissions);
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(64));
        file.take(33).read_to_end(&mut bytes)?;
        Key::from_slice(&bytes).map(Self::of).map_err(|_| RootError::Length)
    }

    /// [`Root::load`], or [`Root::init`] when there is no file: for the demo and first starts.
    pub fn load_or_init(path: &Path, random: &dyn Random) -> Result<Self, RootError> {
        if fs::exists(path)? { Self::load(path) } else { Self::init(path, random) }
    }

    /// As in front of everything it wraps.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn wrap(&self, place: &Place, key: &Key, random: &dyn Random) -> Vec<u8> {
        vault::seal(self.id, &self.key, place, key.expose(), random)
    }

    pub(crate) fn unwrap(&self, place: &Place, wrapped: &[u8]) -> Result<Key, Opaque> {
        if vault::key_id(wrapped)? != self.id {
            return Err(Opaque);
        }
        Key::from_slice(&vault::open(&self.key, place, wrapped)?)
    }

    fn of(key: Key) -> Self {
        let name = Mac::new(Key::from_bytes(*key.expose())).tag("root key id", &[]);
        let mut id = [0; 8];
        id.copy_from_slice(&name[..8]);
        Self { key, id: KeyId::from_bytes(id) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    #[test]
    fn a_root_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        let made = Root::init(&path, &SystemRandom).unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), 32);
        assert_eq!(Root::load(&path).unwrap().id(), made.id());
        assert!(matches!(Root::init(&path, &SystemRandom), Err(RootError::Exists)));
        assert_eq!(Root::load_or_init(&path, &SystemRandom).unwrap().id(), made.id());
    }

    #[cfg(unix)]
    #[test]
    fn a_root_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("root.key");
        Root::init(&path, &SystemRandom).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o644, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(Root::load(&path), Err(RootError::Permissions)), "{mode:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_another_length_is_no_root() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        for length in [0, 31, 33, 5000] {
            let path = folder.path().join(length.to_string());
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(Root::load(&path), Err(RootError::Length)), "{length}");
        }
    }
}
