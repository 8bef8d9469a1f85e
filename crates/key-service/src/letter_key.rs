//! Sealed letter keys: finding them and opening them.

use crate::{failure::Failure, service::Inner, unseal::MailboxSecret};
use domain::{LetterId, MailboxId};
use key_client::{letter_aad, seal_info};
use mailbox::LetterFacts;
use std::{collections::HashMap, sync::Arc};
use store::{Many, Row, Tx, row};
use tracing::error;
use vault::{Key, Opaque};

/// A letter that is there, with its key.
pub(crate) struct SealedKey {
    pub facts: LetterFacts,
    pub sender_mac: [u8; 32],
    pub epoch: i64,
    pub sealed: Vec<u8>,
}

impl SealedKey {
    pub(crate) fn open(&self, secrets: &HashMap<i64, MailboxSecret>) -> Result<Key, Opaque> {
        let facts = &self.facts;
        let aad = letter_aad(facts.mailbox_id, facts.letter_id, self.epoch, facts.parts);
        secrets.get(&self.epoch).ok_or(Opaque)?.open(seal_info(), &aad, &self.sealed)
    }
}

/// The letters of a mailbox, among those asked for, that are there and not erased.
pub(crate) async fn find(
    tx: &mut Tx,
    mailbox: MailboxId,
    letters: &[LetterId],
) -> Result<Vec<SealedKey>, store::Error> {
    let wanted: Vec<_> = letters.iter().map(|id| row![id]).collect();
    let rows = tx.query_many_with(&FIND, &[mailbox.into()], &wanted).await?;
    rows.iter().map(|row| read(mailbox, row)).collect()
}

impl Inner {
    /// Opens letter keys and makes of each what `then` says. `None` for one that does not open, which is logged:
    /// it was tampered with, or the two databases do not fit.
    pub(crate) async fn open_keys(
        &self,
        mailbox: MailboxId,
        keys: Vec<SealedKey>,
        then: fn(&Key) -> Key,
    ) -> Result<Vec<(SealedKey, Option<Key>)>, Failure> {
        let secrets = Arc::new(self.secrets(mailbox).await?);
        let mut rest = keys;
        let mut pieces = vec![];
        // All pieces run at once, on as many processors as there are.
        while !rest.is_empty() {
            let piece = rest.split_off(rest.len().saturating_sub(PIECE));
            let secrets = Arc::clone(&secrets);
            pieces.push(tokio::spawn(Self::compute(move || open_all(piece, &secrets, then))));
        }
        let mut opened = vec![];
        for piece in pieces {
            opened.extend(piece.await.map_err(|_| Failure::Lost)??);
        }
        for (sealed, _) in opened.iter().filter(|(_, key)| key.is_none()) {
            metrics::counter!("kuvert_keys_unopenable_total").increment(1);
            error!(letter.id = %sealed.facts.letter_id, epoch = sealed.epoch, "A letter key does not open");
        }
        Ok(opened)
    }
}

fn open_all(
    keys: Vec<SealedKey>,
    secrets: &HashMap<i64, MailboxSecret>,
    then: fn(&Key) -> Key,
) -> Vec<(SealedKey, Option<Key>)> {
    let open = |sealed: SealedKey| {
        let key = sealed.open(secrets).ok().map(|key| then(&key));
        (sealed, key)
    };
    keys.into_iter().map(open).collect()
}

fn read(mailbox_id: MailboxId, row: &Row) -> Result<SealedKey, store::Error> {
    let facts = LetterFacts::read(mailbox_id, row)?;
    Ok(SealedKey { facts, sender_mac: row.array(11)?, epoch: row.int(12)?, sealed: row.bytes(13)?.to_vec() })
}

/// Letter keys opened in one go; some ten milliseconds.
const PIECE: usize = 64;

static FIND: Many = Many::new(
    "SELECT l.letter_id, l.accepted_at, l.visible_from, l.confidential, l.tells_opened, l.parts, l.notice_state, \
     l.opened_at, l.archived_at, l.binned_at, l.hold_until, l.sender_mac, k.epoch, k.sealed \
     FROM letter l JOIN letter_key k ON k.mailbox_id = l.mailbox_id AND k.letter_id = l.letter_id \
     WHERE l.mailbox_id = $1 AND l.letter_id IN (",
    1,
    ")",
);
