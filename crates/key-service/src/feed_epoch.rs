//! The epoch of the senders' feed: another one after the letter database was restored.
//!
//! A cursor holds the epoch it was given in. The key store remembers the epoch and how far the feed had come; the
//! letter database holds its copy of the epoch, where every reader of the feed sees it. A letter database that is behind
//! what the key store has seen, or that has another epoch, was restored: a new epoch begins, and cursors of the old one
//! are refused instead of passing over what stands under their positions now. Looked at when the service starts and
//! every second; what was placed in the last second before a loss is what this cannot know. Then, and when both
//! databases are restored together, a cursor is told by the event that stands at its position, which it names.

use crate::{
    service::{Inner, KeyService},
    tend::TendError,
};
use domain::Time;
use store::{Error, Store, args};
use tracing::warn;

impl KeyService {
    /// Begins a new epoch of the feed: after a restore that the operator accepts. Answers with it.
    pub async fn begin_epoch(&self) -> Result<i64, TendError> {
        let _alone = self.0.feeding.lock().await;
        let begun = begin(&self.0.letters, &self.0.keys, self.0.clock.now()).await;
        begun.map_err(|error| TendError::from_store(&error))
    }
}

impl Inner {
    /// Remembers how far the feed has come, and begins a new epoch where it has gone back.
    pub(crate) async fn watch_feed(&self) -> Result<(), Error> {
        let _alone = self.feeding.lock().await;
        watch(&self.letters, &self.keys, self.clock.now()).await
    }
}

/// Of the two databases; the key store is read first, since the feed only grows: so another process that writes between
/// the two looks is not taken for a restore.
pub(crate) async fn watch(letters: &Store, keys: &Store, now: Time) -> Result<(), Error> {
    let mut tx = keys.read("look at feed epoch").await?;
    let row = tx.must_one(KNOWN, &[]).await?;
    let epoch = row.int("epoch")?;
    let seen = row.int("seen")?;
    drop(tx);
    let mut tx = letters.read("look at feed head").await?;
    let row = tx.must_one(HEAD, &[]).await?;
    let next = row.int("next")?;
    let copied = row.int("epoch")?;
    drop(tx);
    if next < seen || copied != epoch {
        warn!(
            epoch,
            copied, seen, next, "The letter database was restored: the senders' feed begins a new epoch"
        );
        begin(letters, keys, now).await?;
    } else if next > seen {
        let mut tx = keys.begin_background("note feed head").await?;
        tx.execute(SEEN, args![next]).await?.ignore();
        tx.commit().await?;
    }
    Ok(())
}

/// Beyond both epochs that are known, and never one that was. A crash between the two commits shows as a difference, and
/// ends in one epoch more.
async fn begin(letters: &Store, keys: &Store, now: Time) -> Result<i64, Error> {
    let mut tx = letters.read("look at feed head").await?;
    let row = tx.must_one(HEAD, &[]).await?;
    let next = row.int("next")?;
    let copied = row.int("epoch")?;
    drop(tx);
    let mut tx = keys.begin("begin feed epoch").await?;
    let begun = tx.must_one(BEGIN, args![copied, next, now]).await?;
    let epoch = begun.int("epoch")?;
    tx.commit().await?;
    let mut tx = letters.begin("begin feed epoch").await?;
    tx.execute(COPY, args![epoch]).await?.exactly(1)?;
    tx.commit().await?;
    metrics::counter!("kuvert_feed_epochs_begun_total").increment(1);
    Ok(epoch)
}

const KNOWN: &str = "SELECT epoch, seen FROM feed_epoch WHERE one = 1";
const SEEN: &str = "UPDATE feed_epoch SET seen = $1 WHERE one = 1 AND seen < $1";
const BEGIN: &str = "UPDATE feed_epoch SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch END + 1, seen = $2, \
    began_at = $3 WHERE one = 1 RETURNING epoch";
const HEAD: &str = "SELECT next, epoch FROM feed_head WHERE one = 1";
const COPY: &str = "UPDATE feed_head SET epoch = $1 WHERE one = 1";
