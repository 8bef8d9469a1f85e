//! Whether the two databases fit each other: after a restore they may be of different ages.

use crate::{failure::Failure, mailbox_key::newest, service::Inner};
use domain::MailboxId;
use store::args;
use tracing::error;

/// What a comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub mailboxes: usize,
    /// Mailboxes that had an older key than the key store has for them, and took the newest: the letters
    /// database is older than the key store. What was sealed to a destroyed key stays unreadable.
    pub behind: usize,
    /// Mailboxes whose key is not in the key store: the key store is older than the letters database. Their
    /// letters cannot be opened until a newer key store is restored.
    pub lost: usize,
}

impl Inner {
    pub(crate) async fn reconcile(&self) -> Result<Reconciled, Failure> {
        let _alone = self.sweeping.lock().await;
        let mut found = Reconciled::default();
        let mut after = vec![];
        loop {
            let mut tx = self.letters.read("compare mailboxes").await?;
            let rows = tx.query(MAILBOXES, args![&after, BATCH]).await?;
            drop(tx);
            let Some(last) = rows.last() else { return Ok(found) };
            after = last.bytes("mailbox_id")?.to_vec();
            let ids = rows.iter().map(|row| row.id("mailbox_id")).collect::<Result<Vec<MailboxId>, _>>()?;
            let mut tx = self.keys.read("compare mailbox keys").await?;
            let known = newest(&mut tx, &ids).await?;
            drop(tx);
            for (row, id) in rows.iter().zip(ids) {
                found.mailboxes += 1;
                let epoch = row.int("epoch")?;
                let public_key = row.array::<32>("public_key")?;
                match known.get(&id) {
                    Some(key) if key.epoch == epoch && key.public_key == public_key => {}
                    Some(key) if key.epoch > epoch => {
                        self.begin_roll(id, key.epoch).await?;
                        found.behind += 1;
                    }
                    _ => {
                        error!(mailbox.id = %id, epoch, "The key of a mailbox is not in the key store");
                        found.lost += 1;
                    }
                }
            }
        }
    }
}

const BATCH: i64 = 512;
const MAILBOXES: &str =
    "SELECT mailbox_id, epoch, public_key FROM mailbox WHERE mailbox_id > $1 ORDER BY mailbox_id LIMIT $2";
