//! What stands beside a mailbox's chains and is compared in the same check: its own row, and its owner's addresses.

use crate::{columns::place, failure::Failure, mailbox_key, purpose::Purpose, service::Inner};
use domain::{MailboxId, Time};
use key_client::{Column, contact_address};
use store::{Tx, args};

/// Whether the mailbox's row says that its key is to be destroyed.
pub(crate) enum RollDue {
    Since(Time),
    Never,
    /// There is no such row: its set does not fit.
    NoMailbox,
}

impl RollDue {
    pub(crate) async fn read(tx: &mut Tx, mailbox: MailboxId) -> Result<Self, Failure> {
        let Some(row) = tx.one(ERASED_SINCE, args![mailbox]).await? else { return Ok(Self::NoMailbox) };
        Ok(row.opt_time("erased_since")?.map_or(Self::Never, Self::Since))
    }

    /// Whether it says so from this erasure on, or from an earlier one.
    pub(crate) fn covers(&self, erased_at: Time) -> bool {
        match self {
            Self::Since(since) => *since <= erased_at,
            Self::Never => false,
            Self::NoMailbox => true,
        }
    }
}

impl Inner {
    /// The first of these erasures that the mailbox's newest key can undo, with a backup of what was erased: what was erased
    /// before that key was made went with an older one. To be asked after the erasures were read: a key that was made
    /// meanwhile makes none of them count.
    pub(crate) async fn first_to_roll(
        &self,
        mailbox: MailboxId,
        erased: &[Time],
    ) -> Result<Option<Time>, Failure> {
        if erased.is_empty() {
            return Ok(None);
        }
        let mut tx = self.keys.read("read mailbox key").await?;
        let made_at = mailbox_key::made_at(&mut tx, mailbox).await?;
        Ok(erased.iter().copied().filter(|at| made_at.is_some_and(|made_at| *at > made_at)).min())
    }

    /// Whether the mailbox's row has the public key and epoch of the key store: copies that decide nothing.
    pub(crate) async fn key_is_copied(&self, mailbox: MailboxId) -> Result<bool, Failure> {
        let mut tx = self.letters.read("read mailbox key").await?;
        let Some(row) = tx.one(KEY_COPY, args![mailbox]).await? else { return Ok(true) };
        let copy = (row.int("epoch")?, row.array::<32>("public_key").ok());
        drop(tx);
        let mut tx = self.keys.read("read mailbox key").await?;
        let known = mailbox_key::newest(&mut tx, &[mailbox]).await?;
        Ok(known.get(&mailbox).is_some_and(|key| (key.epoch, Some(key.public_key)) == copy))
    }

    /// Whether the owner's addresses for notices open in their places: one that was put there from another row does not.
    pub(crate) async fn contacts_open(&self, mailbox: MailboxId) -> Result<bool, Failure> {
        let mut tx = self.letters.read("read contacts").await?;
        let rows = tx.query(CONTACTS, args![mailbox]).await?;
        drop(tx);
        for row in &rows {
            let at = place(Column::Contact, contact_address(row.id("contact_id")?).as_bytes());
            let purpose = Purpose::Column(Column::Contact);
            if self.keks.unseal_fresh(purpose, &at, row.bytes("address")?).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

const ERASED_SINCE: &str = "SELECT erased_since FROM mailbox WHERE mailbox_id = $1";
const KEY_COPY: &str = "SELECT epoch, public_key FROM mailbox WHERE mailbox_id = $1";
const CONTACTS: &str = "SELECT c.contact_id, c.address FROM contact c JOIN mailbox m ON m.owner_id = c.person_id \
    WHERE m.mailbox_id = $1 AND c.confirmed_at IS NOT NULL";
