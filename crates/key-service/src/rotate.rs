//! Renewing keys while the house is open.

use crate::{
    failure::Failure,
    mailbox_key,
    purpose::{Purpose, Renewal},
    service::Inner,
};
use domain::MailboxId;
use evidence::Writer;
use key_client::{KeysError, Rotated};
use store::args;
use tracing::{error, info};

impl Inner {
    /// A new version of a purpose's key. A rotation of mailbox keys that was cut short is gone on with instead.
    pub(crate) async fn rotate(&self, name: &str) -> Result<Rotated, Failure> {
        let purpose = Purpose::parse(name).ok_or(KeysError::Rejected("purpose_unknown".into()))?;
        if purpose.renewal() == Renewal::Never {
            return Err(KeysError::Rejected("purpose_does_not_rotate".into()).into());
        }
        let _alone = self.sweeping.lock().await;
        let now = self.clock.now();
        self.keks.reload().await?;
        let (version, seals_from) = if purpose == Purpose::Mailbox && self.has_stragglers().await? {
            let current = self.keks.current(purpose, now)?;
            (current.version, current.created_at)
        } else {
            self.keks.add(purpose, self.settings.spread(), now, &*self.random).await?
        };
        self.events.adopt(self.keks.ring(Purpose::EventsOf(Writer::Keys), now)?);
        let rewrapped = match purpose {
            Purpose::Mailbox => self.rewrap().await?,
            Purpose::Column(column) => self.recolumn(column).await?,
            _ => 0,
        };
        info!(purpose = name, version, rewrapped, "Rotated a key");
        Ok(Rotated { purpose: name.to_owned(), version, seals_from, rewrapped })
    }

    /// Whether private keys are wrapped by another version than the current one.
    pub(crate) async fn has_stragglers(&self) -> Result<bool, Failure> {
        let current = self.keks.current(Purpose::Mailbox, self.clock.now())?.id;
        let mut tx = self.keys.read("look for old wraps").await?;
        Ok(tx.one(ANY_STRAGGLER, args![current.as_bytes()]).await?.is_some())
    }

    /// Wraps all private keys by the current version, some at a time. Can be cut short and done again: a key is
    /// either wrapped by the one or by the other.
    pub(crate) async fn rewrap(&self) -> Result<i64, Failure> {
        let mut after = vec![];
        let mut after_epoch = 0;
        let mut rewrapped = 0;
        loop {
            let now = self.clock.now();
            let current = self.keks.current(Purpose::Mailbox, now)?.id;
            let mut tx = self.keys.read("find older wraps").await?;
            let rows = tx.query(STRAGGLERS, args![current.as_bytes(), &after, after_epoch, BATCH]).await?;
            let Some(last) = rows.last() else { return Ok(rewrapped) };
            (after, after_epoch) = (last.bytes("mailbox_id")?.to_vec(), last.int("epoch")?);
            drop(tx);
            let mut tx = self.keys.begin_background("rewrap mailbox keys").await?;
            for row in &rows {
                let mailbox: MailboxId = row.id("mailbox_id")?;
                let epoch = row.int("epoch")?;
                let wrapped = row.bytes("wrapped")?;
                let place = mailbox_key::place(mailbox, epoch);
                let Ok(secret) = self.keks.unseal(Purpose::Mailbox, &place, wrapped) else {
                    error!(mailbox.id = %mailbox, epoch, "A mailbox key does not open and keeps its old wrap");
                    continue;
                };
                let fresh = self.keks.seal(Purpose::Mailbox, &place, &secret, now, &*self.random)?;
                let done = tx.execute(REWRAP, args![&fresh, mailbox, epoch, wrapped]).await?;
                rewrapped += i64::try_from(done.count()).unwrap_or(0);
            }
            tx.commit().await?;
        }
    }
}

const BATCH: i64 = 256;
const ANY_STRAGGLER: &str = "SELECT 1 FROM mailbox_key WHERE substr(wrapped, 5, 8) <> $1 LIMIT 1";
const STRAGGLERS: &str = "SELECT mailbox_id, epoch, wrapped FROM mailbox_key \
    WHERE substr(wrapped, 5, 8) <> $1 AND (mailbox_id > $2 OR mailbox_id = $2 AND epoch > $3) \
    ORDER BY mailbox_id, epoch LIMIT $4";
const REWRAP: &str =
    "UPDATE mailbox_key SET wrapped = $1 WHERE mailbox_id = $2 AND epoch = $3 AND wrapped = $4";
