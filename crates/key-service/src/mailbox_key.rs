//! The key pairs of mailboxes. The private halves stand in the key store alone, wrapped.

use crate::{failure::Failure, purpose::Purpose, service::Inner, unseal::MailboxSecret};
use domain::{MailboxId, Time};
use key_client::{KeysError, MailboxKey};
use std::collections::HashMap;
use store::{Many, Tx, args, row};
use vault::Place;

impl Inner {
    /// The keys that letters to these mailboxes are sealed to. Makes what is missing, durable before the answer.
    pub(crate) async fn make_mailbox_keys(
        &self,
        mailboxes: &[MailboxId],
    ) -> Result<Vec<MailboxKey>, Failure> {
        if mailboxes.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let mut tx = self.keys.read("find mailbox keys").await?;
        let mut known = newest(&mut tx, mailboxes).await?;
        drop(tx);
        let missing: Vec<_> = mailboxes.iter().copied().filter(|id| !known.contains_key(id)).collect();
        if !missing.is_empty() {
            let pairs =
                missing.iter().map(|id| self.pair(*id, FIRST_EPOCH)).collect::<Result<Vec<_>, _>>()?;
            let now = self.clock.now();
            let mut tx = self.keys.begin("make mailbox keys").await?;
            insert(&mut tx, &pairs, now).await?;
            // Somebody else may have been first: what stands there counts.
            known.extend(newest(&mut tx, &missing).await?);
            tx.commit().await?;
        }
        mailboxes.iter().map(|id| known.get(id).copied().ok_or(Failure::Opaque)).collect()
    }

    /// Makes the key pair of the next epoch unless it is there, and tells it.
    pub(crate) async fn make_epoch(&self, mailbox: MailboxId, epoch: i64) -> Result<MailboxKey, Failure> {
        let pair = self.pair(mailbox, epoch)?;
        let mut tx = self.keys.begin_background("make epoch key").await?;
        insert(&mut tx, &[pair], self.clock.now()).await?;
        let found = tx.one(ONE_PUBLIC, args![mailbox, epoch]).await?.ok_or(Failure::Opaque)?;
        let key = MailboxKey { epoch, public_key: found.array("public_key")? };
        tx.commit().await?;
        Ok(key)
    }

    /// The private halves of all epochs there are.
    pub(crate) async fn secrets(&self, mailbox: MailboxId) -> Result<HashMap<i64, MailboxSecret>, Failure> {
        let rows = self.keys.ask("load mailbox keys", SECRETS, args![mailbox]).await?;
        let mut secrets = HashMap::new();
        for row in rows {
            let epoch = row.int("epoch")?;
            let wrapped = row.bytes("wrapped")?;
            let plain = self.keks.unseal_fresh(Purpose::Mailbox, &place(mailbox, epoch), wrapped).await?;
            secrets.insert(epoch, MailboxSecret::from_slice(&plain)?);
        }
        Ok(secrets)
    }

    fn pair(&self, mailbox: MailboxId, epoch: i64) -> Result<Pair, Failure> {
        let secret = MailboxSecret::random(&*self.random)?;
        let place = place(mailbox, epoch);
        let now = self.clock.now();
        let wrapped =
            self.keks.seal(Purpose::Mailbox, &place, secret.expose().as_slice(), now, &*self.random)?;
        Ok(Pair { mailbox, epoch, public_key: *secret.public_key().as_bytes(), wrapped })
    }
}

/// Where a private half belongs.
pub(crate) fn place(mailbox: MailboxId, epoch: i64) -> Place {
    Place::new("mailbox/private").id(mailbox.as_bytes()).number(epoch.cast_unsigned())
}

struct Pair {
    mailbox: MailboxId,
    epoch: i64,
    public_key: [u8; 32],
    wrapped: Vec<u8>,
}

async fn insert(tx: &mut Tx, pairs: &[Pair], now: Time) -> Result<(), store::Error> {
    let rows: Vec<_> = pairs
        .iter()
        .map(|pair| row![pair.mailbox, pair.epoch, &pair.public_key, &pair.wrapped, now])
        .collect();
    // Fewer than asked for when somebody else was first.
    tx.execute_many(&INSERT, &rows).await?.ignore();
    Ok(())
}

/// The newest key pair of each that has one.
pub(crate) async fn newest(
    tx: &mut Tx,
    mailboxes: &[MailboxId],
) -> Result<HashMap<MailboxId, MailboxKey>, store::Error> {
    let wanted: Vec<_> = mailboxes.iter().map(|id| row![id]).collect();
    let rows = tx.query_many(&NEWEST, &wanted).await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.id("mailbox_id")?,
                MailboxKey { epoch: row.int("epoch")?, public_key: row.array("public_key")? },
            ))
        })
        .collect()
}

/// When the newest key pair was made.
pub(crate) async fn made_at(tx: &mut Tx, mailbox: MailboxId) -> Result<Option<Time>, store::Error> {
    let row = tx.one(MADE_AT, args![mailbox]).await?;
    row.map(|row| row.time("created_at")).transpose()
}

const FIRST_EPOCH: i64 = 1;
const MOST: usize = 1000;

// Ordered, so that the newest epoch of a mailbox is the last to be taken up.
static NEWEST: Many = Many::new(
    "SELECT mailbox_id, epoch, public_key FROM mailbox_key WHERE mailbox_id IN (",
    1,
    ") ORDER BY mailbox_id, epoch",
);
static INSERT: Many = Many::new(
    "INSERT INTO mailbox_key (mailbox_id, epoch, public_key, wrapped, created_at) VALUES ",
    5,
    " ON CONFLICT DO NOTHING",
);
const ONE_PUBLIC: &str = "SELECT public_key FROM mailbox_key WHERE mailbox_id = $1 AND epoch = $2";
const MADE_AT: &str = "SELECT created_at FROM mailbox_key WHERE mailbox_id = $1 ORDER BY epoch DESC LIMIT 1";
const SECRETS: &str = "SELECT epoch, wrapped FROM mailbox_key WHERE mailbox_id = $1 ORDER BY epoch";
