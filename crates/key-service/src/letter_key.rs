//! Sealed letter keys: finding them and opening them.

use crate::{failure::Failure, service::Inner, unseal::MailboxSecret, vouched::Unvouched};
use domain::{LetterId, MailboxId, SenderMac};
use evidence::{Accepting, EventKeys};
use key_client::{letter_aad, seal_info};
use mailbox::{LetterFacts, read_facts};
use std::{collections::HashMap, sync::Arc};
use store::{Many, Row, Tx, row};
use tracing::error;
use vault::Key;

/// A letter that is there, with its key.
pub(crate) struct SealedKey {
    pub facts: LetterFacts,
    pub sender_mac: SenderMac,
    pub epoch: i64,
    pub sealed: Vec<u8>,
    /// The event that accepted it.
    pub accepting: Option<Accepting>,
    /// Rows of parts that are there.
    pub parts_there: i64,
}

/// Why a letter key is not given out.
#[derive(Clone, Copy, Debug)]
enum Shut {
    /// It does not open.
    Opaque,
    Unvouched(Unvouched),
}

impl SealedKey {
    fn open(&self, secrets: &HashMap<i64, MailboxSecret>) -> Result<Key, Shut> {
        let facts = &self.facts;
        let aad = letter_aad(facts.mailbox_id, facts.letter_id, self.epoch, facts.parts);
        let secret = secrets.get(&self.epoch).ok_or(Shut::Opaque)?;
        let key = secret.open(seal_info(), &aad, &self.sealed).map_err(|_| Shut::Opaque)?;
        self.vouched(&key).map_err(Shut::Unvouched)?;
        Ok(key)
    }
}

/// The letters of a mailbox, among those asked for, that are there and not erased.
pub(crate) async fn find(
    tx: &mut Tx,
    keys: &dyn EventKeys,
    mailbox: MailboxId,
    letters: &[LetterId],
) -> Result<Vec<SealedKey>, store::Error> {
    let wanted: Vec<_> = letters.iter().map(|id| row![id]).collect();
    let rows = tx.query_many_with(&FIND, &[mailbox.into()], &wanted).await?;
    let mut found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut accepting = evidence::accepting(tx, keys, mailbox, letters).await?;
    for sealed in &mut found {
        sealed.accepting = accepting.remove(&sealed.facts.letter_id);
    }
    Ok(found)
}

impl Inner {
    /// Opens letter keys and makes of each what `then` says. `None` for one that does not open or that nobody vouches for,
    /// which is logged: it was tampered with, or the two databases do not fit.
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
        let told = |(sealed, key): (SealedKey, Result<Key, Shut>)| {
            let key = key.map_err(|shut| tell(&sealed, shut)).ok();
            (sealed, key)
        };
        Ok(opened.into_iter().map(told).collect())
    }
}

fn open_all(
    keys: Vec<SealedKey>,
    secrets: &HashMap<i64, MailboxSecret>,
    then: fn(&Key) -> Key,
) -> Vec<(SealedKey, Result<Key, Shut>)> {
    let open = |sealed: SealedKey| {
        let key = sealed.open(secrets).map(|key| then(&key));
        (sealed, key)
    };
    keys.into_iter().map(open).collect()
}

fn tell(sealed: &SealedKey, shut: Shut) {
    let letter = sealed.facts.letter_id;
    let mailbox = sealed.facts.mailbox_id;
    match shut {
        Shut::Opaque => {
            metrics::counter!("kuvert_keys_unopenable_total").increment(1);
            error!(letter.id = %letter, epoch = sealed.epoch, "A letter key does not open");
        }
        Shut::Unvouched(why) => {
            metrics::counter!("kuvert_unvouched_total", "table" => "letter").increment(1);
            error!(letter.id = %letter, mailbox.id = %mailbox, %why, "A letter is not as it was accepted: not opened");
        }
    }
}

fn read(row: &Row) -> Result<SealedKey, store::Error> {
    let facts = read_facts(row)?;
    Ok(SealedKey {
        facts,
        sender_mac: row.tag("sender_mac")?,
        epoch: row.int("epoch")?,
        sealed: row.bytes("sealed")?.to_vec(),
        accepting: None,
        parts_there: row.int("parts_there")?,
    })
}

/// Letter keys opened in one go; some ten milliseconds.
const PIECE: usize = 64;

static FIND: Many = Many::new(
    "SELECT l.mailbox_id, l.letter_id, l.accepted_at, l.visible_from, l.confidential, l.tells_opened, \
     l.parts, l.notice_state, l.opened_at, l.archived_at, l.binned_at, l.hold_until, l.sender_mac, k.epoch, k.sealed, \
     (SELECT COUNT(*) FROM part p WHERE p.mailbox_id = l.mailbox_id AND p.letter_id = l.letter_id) AS parts_there \
     FROM letter l JOIN letter_key k ON k.mailbox_id = l.mailbox_id AND k.letter_id = l.letter_id \
     WHERE l.mailbox_id = $1 AND l.letter_id IN (",
    1,
    ")",
);
