//! Erasing for good. A letter's sealed key is deleted at once, but backups still have it. So some days after an
//! erasure the mailbox gets a new key pair, the keys of the letters that are left are sealed to it, and the old
//! private key is destroyed: then nothing opens what was erased, wherever a copy of it lies.
//!
//! That letters were erased stands in the mailbox's row and, where its administrator reaches no further, in its chains: the sweep
//! that checks those takes down in the key store what they say, and either makes a roll due.
//!
//! Each step can be cut short and done again:
//! 1. the next key pair is made, in the key store;
//! 2. the mailbox takes it, and from then on letters are sealed to it;
//! 3. the keys of older letters are sealed anew;
//! 4. when none is left, and letters that were on their way have had time to arrive, the mailbox's history says
//!    so and the old private key goes.

use crate::{failure::Failure, mailbox_key, purpose::Purpose, service::Inner, unseal::MailboxSecret};
use domain::{LetterId, MailboxId, Time, words::EventType};
use evidence::NewEvent;
use key_client::{Column, letter_aad, seal_info};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use store::args;
use tracing::{error, info, warn};
use vault::seal_to::{PublicKey, seal_to};

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Mailboxes that took a new key.
    pub begun: usize,
    /// Letter keys sealed to a new mailbox key.
    pub resealed: usize,
    /// Mailboxes whose old private keys were destroyed.
    pub rolled: usize,
    /// Mailboxes where it did not go on; the log says why.
    pub failed: usize,
    /// Private keys of mailboxes and columns sealed anew, after a rotation that was cut short.
    pub rewrapped: i64,
}

impl Inner {
    /// Begins what is due and goes on with what was begun.
    pub(crate) async fn sweep(&self) -> Result<Swept, Failure> {
        let _alone = self.sweeping.lock().await;
        let mut swept = Swept::default();
        if self.keks.versions(Purpose::Mailbox).len() > 1 && self.has_stragglers().await? {
            swept.rewrapped += self.rewrap().await?;
        }
        for column in Column::ALL {
            if self.keks.versions(Purpose::Column(column)).len() > 1 {
                swept.rewrapped += self.recolumn(column).await?;
            }
        }
        self.roll_outgoing().await?;
        self.begin_due(&mut swept).await?;
        for (mailbox, newest, since) in self.under_way().await? {
            match self.go_on(mailbox, newest, since, &mut swept).await {
                Ok(()) => {}
                Err(failure) => {
                    error!(mailbox.id = %mailbox, error = %failure, "Could not go on with a new epoch");
                    swept.failed += 1;
                }
            }
        }
        Ok(swept)
    }

    async fn begin_due(&self, swept: &mut Swept) -> Result<(), Failure> {
        loop {
            let due = self.due().await?;
            let count = due.len();
            let mut failed = 0;
            for (mailbox, epoch) in due {
                if let Err(failure) = self.begin_roll(mailbox, epoch + 1).await {
                    error!(mailbox.id = %mailbox, error = %failure, "Could not begin a new epoch");
                    failed += 1;
                }
            }
            swept.begun += count - failed;
            swept.failed += failed;
            // What failed is still due, and would be found again at once, for ever.
            if count < MAILBOXES || failed > 0 {
                return Ok(());
            }
        }
    }

    /// Mailboxes where letters were erased long enough ago: as their rows say it, and as their chains do.
    async fn due(&self) -> Result<BTreeMap<MailboxId, i64>, Failure> {
        let before = self.clock.now().minus(self.settings.roll_after());
        let mut letters = self.letters.read("find mailboxes to roll").await?;
        let mut rows = letters.query(DUE, args![before, MAILBOXES as i64]).await?;
        drop(letters);
        let mut keys = self.keys.read("find mailboxes to roll").await?;
        // The row alone could be reset by whoever writes the letter database, and nothing would ever be
        // destroyed.
        rows.extend(keys.query(DUE_BY_CHAIN, args![before, MAILBOXES as i64]).await?);
        rows.iter().map(|row| Ok((row.id("mailbox_id")?, row.int("epoch")?))).collect()
    }

    /// Mailboxes with more than one key pair, the newest epoch, and since when it is there.
    async fn under_way(&self) -> Result<Vec<(MailboxId, i64, Time)>, Failure> {
        let mut tx = self.keys.read("find mailboxes under way").await?;
        let rows = tx.query(UNDER_WAY, &[]).await?;
        rows.iter()
            .map(|row| Ok((row.id("mailbox_id")?, row.int("epoch")?, row.time("created_at")?)))
            .collect()
    }

    pub(crate) async fn begin_roll(&self, mailbox: MailboxId, epoch: i64) -> Result<(), Failure> {
        let made = self.make_epoch(mailbox, epoch).await?;
        let mut keys = self.keys.read("read mailbox key").await?;
        let made_at = mailbox_key::made_at(&mut keys, mailbox).await?;
        drop(keys);
        let mut tx = self.letters.begin_background("switch epoch").await?;
        // Whoever erases holds this row until they commit, so the statement below sees it.
        registry::boxes::hold(&mut tx, mailbox).await?;
        let switched = tx.execute(SWITCH, args![made.epoch, &made.public_key, mailbox, made_at]).await?;
        tx.commit().await?;
        if switched.any() {
            info!(mailbox.id = %mailbox, epoch, "A mailbox takes a new key");
        }
        Ok(())
    }

    async fn go_on(
        &self,
        mailbox: MailboxId,
        newest: i64,
        since: Time,
        swept: &mut Swept,
    ) -> Result<(), Failure> {
        let mut tx = self.letters.read("read epoch").await?;
        let row = tx.one(EPOCH, args![mailbox]).await?;
        drop(tx);
        // A mailbox whose opening was cut short; nothing is sealed to it.
        let Some(row) = row else { return Ok(()) };
        if row.int("epoch")? < newest {
            // Cut short between making the pair and taking it.
            self.begin_roll(mailbox, newest).await?;
        }
        let now = self.clock.now();
        let seen = *self.rolling.lock().entry(mailbox).or_insert(now);
        let left = self.reseal(mailbox, newest, swept).await?;
        if left > 0 {
            warn!(mailbox.id = %mailbox, left, "Letter keys that do not open keep an old mailbox key alive");
            swept.failed += 1;
        // Letters that were sealed to the old key before the switch may still wait to be committed.
        } else if now.since(seen) >= self.settings.roll_grace()
            && self.destroy(mailbox, newest, since).await?
        {
            self.rolling.lock().remove(&mailbox);
            swept.rolled += 1;
        }
        Ok(())
    }

    /// Seals the keys of older epochs to the newest; tells how many could not be opened.
    async fn reseal(&self, mailbox: MailboxId, newest: i64, swept: &mut Swept) -> Result<usize, Failure> {
        let secrets = Arc::new(self.secrets(mailbox).await?);
        let mut after = vec![];
        let mut left = 0;
        loop {
            let mut tx = self.letters.read("find older letter keys").await?;
            let rows = tx.query(OLDER, args![mailbox, newest, &after, BATCH]).await?;
            drop(tx);
            let Some(last) = rows.last() else { return Ok(left) };
            after = last.bytes("letter_id")?.to_vec();
            let older = rows.iter().map(|row| Older::read(mailbox, row)).collect::<Result<Vec<_>, _>>()?;
            let held = Arc::clone(&secrets);
            // Not on the threads that answer: a hundred key agreements at a time would hold up who wants to
            // read.
            let fresh = Self::compute(move || {
                older.into_iter().map(|one| one.sealed_anew(&held, newest)).collect::<Vec<_>>()
            });
            let mut tx_rows = Vec::with_capacity(rows.len());
            for (letter, epoch, sealed) in fresh.await? {
                match sealed {
                    Some(sealed) => tx_rows.push((letter, epoch, sealed)),
                    None => {
                        error!(letter.id = %letter, epoch, "A letter key does not open and cannot be sealed anew");
                        left += 1;
                    }
                }
            }
            let mut tx = self.letters.begin_background("seal letter keys anew").await?;
            for (letter, epoch, sealed) in &tx_rows {
                // None when it was erased meanwhile.
                let done = tx.execute(RESEAL, args![newest, sealed, mailbox, letter, *epoch]).await?;
                swept.resealed += usize::try_from(done.count()).unwrap_or(0);
            }
            tx.commit().await?;
        }
    }

    /// The last step. `false` when letters of an older epoch have come in meanwhile.
    async fn destroy(&self, mailbox: MailboxId, newest: i64, since: Time) -> Result<bool, Failure> {
        let chain = mailbox.own_chain();
        let mut tx = self.letters.begin_background("end epoch").await?;
        if tx.one(ANY_OLDER, args![mailbox, newest]).await?.is_some() {
            return Ok(false);
        }
        // Said already, when it was cut short right here the last time.
        if tx.one(SAID, args![mailbox, chain, EventType::EpochRolled.as_str(), since]).await?.is_none() {
            let rolled = NewEvent::by_service(EventType::EpochRolled, self.clock.now());
            evidence::append(&mut tx, &self.events, mailbox, chain, rolled, &*self.random).await?;
        }
        tx.commit().await?;
        // Said first and done after, in two databases: a crash in between repeats the saying at most, and no
        // key goes without it.
        let mut tx = self.keys.begin_background("destroy mailbox keys").await?;
        let destroyed = tx.execute(DESTROY, args![mailbox, newest]).await?.count();
        tx.commit().await?;
        info!(mailbox.id = %mailbox, epoch = newest, destroyed, "Destroyed old keys of a mailbox");
        Ok(true)
    }
}

/// A letter key of an older epoch.
struct Older {
    mailbox: MailboxId,
    letter: LetterId,
    epoch: i64,
    parts: i64,
    sealed: Vec<u8>,
}

impl Older {
    fn read(mailbox: MailboxId, row: &store::Row) -> Result<Self, store::Error> {
        let sealed = row.bytes("sealed")?.to_vec();
        Ok(Self {
            mailbox,
            letter: row.id("letter_id")?,
            epoch: row.int("epoch")?,
            parts: row.int("parts")?,
            sealed,
        })
    }

    fn sealed_anew(
        self,
        secrets: &HashMap<i64, MailboxSecret>,
        newest: i64,
    ) -> (LetterId, i64, Option<Vec<u8>>) {
        let seal = || {
            let aad = |epoch| letter_aad(self.mailbox, self.letter, epoch, self.parts);
            let key = secrets.get(&self.epoch)?.open(seal_info(), &aad(self.epoch), &self.sealed).ok()?;
            let to: PublicKey = secrets.get(&newest)?.public_key();
            seal_to(&to, seal_info(), &aad(newest), key.expose()).ok()
        };
        let sealed = seal();
        (self.letter, self.epoch, sealed)
    }
}

/// Mailboxes looked up at once.
const MAILBOXES: usize = 1_000;
const BATCH: i64 = 128;
const DUE: &str =
    "SELECT mailbox_id, epoch FROM mailbox WHERE erased_since <= $1 ORDER BY erased_since LIMIT $2";
const DUE_BY_CHAIN: &str = "SELECT h.mailbox_id, MAX(k.epoch) AS epoch FROM evidence_head h \
    JOIN mailbox_key k ON k.mailbox_id = h.mailbox_id WHERE h.erased_at <= $1 GROUP BY h.mailbox_id, h.erased_at \
    HAVING MAX(k.created_at) < h.erased_at ORDER BY h.erased_at LIMIT $2";
const UNDER_WAY: &str = "SELECT mailbox_id, MAX(epoch) AS epoch, MAX(created_at) AS created_at FROM mailbox_key \
    GROUP BY mailbox_id HAVING COUNT(*) > 1 ORDER BY mailbox_id";
const EPOCH: &str = "SELECT epoch FROM mailbox WHERE mailbox_id = $1";
// What was erased since the key was made asks for another roll.
const SWITCH: &str = "UPDATE mailbox SET epoch = $1, public_key = $2, erased_since = (SELECT MIN(e.at) FROM event e \
    WHERE e.mailbox_id = $3 AND e.type = 'erased' AND e.at > $4) WHERE mailbox_id = $3 AND epoch < $1";
const OLDER: &str = "SELECT k.letter_id, k.epoch, l.parts, k.sealed FROM letter_key k \
    JOIN letter l ON l.mailbox_id = k.mailbox_id AND l.letter_id = k.letter_id \
    WHERE k.mailbox_id = $1 AND k.epoch < $2 AND k.letter_id > $3 ORDER BY k.letter_id LIMIT $4";
const RESEAL: &str = "UPDATE letter_key SET epoch = $1, sealed = $2 \
    WHERE mailbox_id = $3 AND letter_id = $4 AND epoch = $5";
const ANY_OLDER: &str = "SELECT 1 FROM letter_key WHERE mailbox_id = $1 AND epoch < $2 LIMIT 1";
const SAID: &str =
    "SELECT 1 FROM event WHERE mailbox_id = $1 AND letter_id = $2 AND type = $3 AND at >= $4 LIMIT 1";
const DESTROY: &str = "DELETE FROM mailbox_key WHERE mailbox_id = $1 AND epoch < $2";
