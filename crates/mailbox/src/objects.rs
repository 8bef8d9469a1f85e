//! Ciphertexts too large for a row, as files under random names.
//!
//! An object is whole and on disk (file and folder) before [`Writer::finish`] answers, so the transaction that
//! names it can commit. What no row names a day later is collected.

use bytes::Bytes;
use domain::{Random, Time, chance};
use futures_util::{StreamExt, TryStreamExt};
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, local::LocalFileSystem, path::Path as Name,
};
use std::{
    collections::HashSet,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Many, Store, row};

/// The folder of objects. Cheap to clone.
#[derive(Clone)]
pub struct Objects(Arc<Inner>);

struct Inner {
    files: LocalFileSystem,
    folder: PathBuf,
    random: Arc<dyn Random>,
}

/// The object store failed. Names are random and say nothing.
#[derive(Debug, thiserror::Error)]
#[error("the object store failed")]
pub struct ObjectsError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl Objects {
    /// Opens the folder, and makes it when it is not there.
    pub fn open(folder: &Path, random: Arc<dyn Random>) -> Result<Self, ObjectsError> {
        make_private(folder)?;
        // A receipt says that the letter is on disk, and its objects are part of it.
        let files = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self(Arc::new(Inner { files, folder: folder.to_owned(), random })))
    }

    /// Begins a new object.
    pub async fn writer(&self) -> Result<Writer, ObjectsError> {
        let name = self.new_name();
        let upload = self.0.files.put_multipart(&Name::from(name.as_str())).await?;
        Ok(Writer { objects: self.clone(), name, upload, held: Vec::new(), bytes: 0 })
    }

    /// Stores a whole object.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<Unclaimed, ObjectsError> {
        let name = self.new_name();
        let length = bytes.len() as u64;
        self.0.files.put(&Name::from(name.as_str()), PutPayload::from(bytes)).await?;
        Ok(Unclaimed { objects: self.clone(), name: Some(name), bytes: length })
    }

    /// Some bytes of an object.
    pub async fn read(&self, name: &str, range: Range<u64>) -> Result<Bytes, ObjectsError> {
        Ok(self.0.files.get_range(&Name::from(name), range).await?)
    }

    /// Removes an object; removing it twice is no error.
    pub async fn remove(&self, name: &str) -> Result<(), ObjectsError> {
        match self.0.files.delete(&Name::from(name)).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes what is a day old and named by no row: what was written for letters that were never accepted,
    /// and files that a crash left half written. Answers how many.
    pub async fn collect(&self, store: &Store, now: Time) -> Result<usize, ObjectsError> {
        // What is being received just now is named by no row either.
        let before = now.minus(ORPHAN_AGE).millis();
        let mut removed = self.collect_half_written(before).await?;
        let old = self
            .0
            .files
            .list(None)
            .try_filter(|meta| std::future::ready(meta.last_modified.timestamp_millis() < before));
        let mut batches = old.map_ok(|meta| meta.location.to_string()).try_chunks(BATCH).boxed();
        while let Some(names) = batches.next().await {
            let names = names.map_err(|error| error.1)?;
            let rows: Vec<_> = names.iter().map(|name| row![name]).collect();
            let mut tx = store.read("find orphans").await?;
            let mut named = tx.query_many(&NAMED, &rows).await?;
            named.extend(tx.query_many(&NAMED_OUTBOUND, &rows).await?);
            drop(tx);
            let named: HashSet<&str> = named.iter().filter_map(|row| row.text("object").ok()).collect();
            for name in names.iter().filter(|name| !named.contains(name.as_str())) {
                self.remove(name).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Staging files of [`LocalFileSystem`] are `name#number` and not in its own lists.
    async fn collect_half_written(&self, before: i64) -> Result<usize, ObjectsError> {
        let folder = self.0.folder.clone();
        let sweep = move || -> std::io::Result<usize> {
            let mut removed = 0;
            for shard in std::fs::read_dir(&folder)?.flatten().filter(|entry| entry.path().is_dir()) {
                for file in std::fs::read_dir(shard.path())?.flatten() {
                    let half = file.file_name().to_string_lossy().contains('#');
                    let age = file
                        .metadata()?
                        .modified()?
                        .duration_since(std::time::UNIX_EPOCH)
                        .unwrap_or_default();
                    if half && i64::try_from(age.as_millis()).is_ok_and(|written_at| written_at < before) {
                        std::fs::remove_file(file.path())?;
                        removed += 1;
                    }
                }
            }
            Ok(removed)
        };
        Ok(tokio::task::spawn_blocking(sweep).await.map_err(std::io::Error::other)??)
    }

    fn new_name(&self) -> String {
        let hex = hex::encode(chance::bytes::<16>(&*self.0.random));
        // No folder with a million files in it.
        let (shard, rest) = hex.split_at(2);
        format!("{shard}/{rest}")
    }
}

/// An object being written. Dropped before [`Writer::finish`] it leaves nothing.
pub struct Writer {
    objects: Objects,
    name: String,
    upload: Box<dyn MultipartUpload>,
    held: Vec<u8>,
    bytes: u64,
}

impl Writer {
    /// Takes more bytes; holds at most one piece of them.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectsError> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Makes it whole and durable.
    pub async fn finish(mut self) -> Result<Unclaimed, ObjectsError> {
        self.flush().await?;
        self.upload.complete().await?;
        Ok(Unclaimed { objects: self.objects, name: Some(self.name), bytes: self.bytes })
    }

    async fn flush(&mut self) -> Result<(), ObjectsError> {
        if !self.held.is_empty() {
            let piece = std::mem::take(&mut self.held);
            self.bytes += piece.len() as u64;
            self.upload.put_part(PutPayload::from(piece)).await?;
        }
        Ok(())
    }
}

/// A durable object that no committed row names yet. Dropped without [`Unclaimed::claim`] it is removed.
pub struct Unclaimed {
    objects: Objects,
    name: Option<String>,
    bytes: u64,
}

impl Unclaimed {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its name, for the row.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// A row is about to name it, or may have: only the collector may remove it now.
    pub fn claim(&mut self) {
        self.name = None;
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let objects = self.objects.clone();
        // Outside a runtime the collector does it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { objects.remove(&name).await });
        }
    }
}

/// The ciphertexts are nobody else's business either.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl From<object_store::Error> for ObjectsError {
    fn from(error: object_store::Error) -> Self {
        Self(Box::new(error))
    }
}
impl From<std::io::Error> for ObjectsError {
    fn from(error: std::io::Error) -> Self {
        Self(Box::new(error))
    }
}
impl From<store::Error> for ObjectsError {
    fn from(error: store::Error) -> Self {
        Self(Box::new(error))
    }
}

static NAMED: Many = Many::new("SELECT object FROM part WHERE object IN (", 1, ")");
static NAMED_OUTBOUND: Many = Many::new("SELECT object FROM outbound WHERE object IN (", 1, ")");
const ORPHAN_AGE: Duration = Duration::from_secs(24 * 3600);
const PIECE_BYTES: usize = 1024 * 1024;
const BATCH: usize = 256;
