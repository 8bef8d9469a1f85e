//! All rows of a letter, in as few statements as there are tables.

use crate::objects::Unclaimed;
use domain::{JobId, LetterId, MailboxId, SenderMac, Time, jobs::NoticeJob, words::NoticeState};
use evidence::EventRow;
use key_client::EventRing;
use store::{
    Error, Many, Tx, Value,
    jobs::{self, NewJob},
    row,
};

/// Everything of one letter that the transaction writes. Made outside it; nothing is computed inside.
pub struct PreparedLetter {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub accepted_at: Time,
    pub visible_from: Time,
    /// Sealed, see [`crate::Header::seal`].
    pub header: Vec<u8>,
    pub sender_mac: SenderMac,
    pub confidential: bool,
    pub tells_opened: bool,
    /// The epoch of the mailbox's key that `sealed_key` is sealed to.
    pub epoch: i64,
    pub sealed_key: Vec<u8>,
    /// The signed original, then the attachments.
    pub parts: Vec<PreparedPart>,
    /// The chain's first event, `accepted`.
    pub event: EventRow,
    pub notice_job: JobId,
}

pub enum PreparedPart {
    /// Small enough for a row.
    Row(Vec<u8>),
    /// An object, durable already. `guard` removes it unless the letter is committed.
    Object { name: String, bytes: u64, guard: Unclaimed },
}

impl PreparedPart {
    /// Bytes of the ciphertext.
    pub fn stored_bytes(&self) -> u64 {
        match self {
            Self::Row(bytes) => bytes.len() as u64,
            Self::Object { bytes, .. } => *bytes,
        }
    }
}

impl From<Unclaimed> for PreparedPart {
    fn from(guard: Unclaimed) -> Self {
        Self::Object { name: guard.name().to_owned(), bytes: guard.bytes(), guard }
    }
}

impl PreparedLetter {
    /// The order in which rows are written, the same in every process, so that two batches cannot deadlock.
    pub fn key(&self) -> (MailboxId, LetterId) {
        (self.mailbox_id, self.letter_id)
    }

    /// Its objects belong to rows from now on, even if the outcome of the commit stays unknown.
    pub fn claim_objects(&mut self) {
        for part in &mut self.parts {
            if let PreparedPart::Object { guard, .. } = part {
                guard.claim();
            }
        }
    }
}

/// Writes the letters. The caller commits, or nothing of them is there.
pub async fn deliver(tx: &mut Tx, ring: &EventRing, letters: &[&PreparedLetter]) -> Result<(), Error> {
    let mut letters = letters.to_vec();
    letters.sort_unstable_by_key(|letter| letter.key());
    let count = letters.len() as u64;
    let rows: Vec<_> = letters.iter().map(|letter| letter_row(letter)).collect();
    tx.execute_many(&LETTERS, &rows).await?.exactly(count)?;
    let rows: Vec<_> =
        letters.iter().map(|l| row![l.mailbox_id, l.letter_id, l.epoch, &l.sealed_key]).collect();
    tx.execute_many(&KEYS, &rows).await?.exactly(count)?;
    let rows: Vec<_> = letters.iter().flat_map(|letter| part_rows(letter)).collect();
    tx.execute_many(&PARTS, &rows).await?.exactly(rows.len() as u64)?;
    let events: Vec<_> = letters.iter().map(|letter| letter.event.clone()).collect();
    evidence::insert(tx, ring, &events).await?;
    let feed: Vec<_> = letters.iter().map(|letter| letter.event.feed_row(letter.sender_mac)).collect();
    evidence::feed::waiting(tx, &feed).await?;
    let jobs: Vec<_> = letters.iter().map(|letter| notice(letter)).collect();
    jobs::enqueue_many(tx, &jobs).await
}

fn letter_row(letter: &PreparedLetter) -> [Value<'_>; 10] {
    row![
        letter.mailbox_id,
        letter.letter_id,
        letter.accepted_at,
        letter.visible_from,
        &letter.header,
        &letter.sender_mac,
        letter.confidential,
        letter.tells_opened,
        count(&letter.parts),
        NoticeState::Pending.as_str(),
    ]
}

fn part_rows(letter: &PreparedLetter) -> impl Iterator<Item = [Value<'_>; 6]> {
    (0i64..).zip(&letter.parts).map(|(part_no, part)| {
        let (ciphertext, object) = match part {
            PreparedPart::Row(bytes) => (Some(bytes), None),
            PreparedPart::Object { name, .. } => (None, Some(name)),
        };
        let stored = i64::try_from(part.stored_bytes()).unwrap_or(i64::MAX);
        row![letter.mailbox_id, letter.letter_id, part_no, stored, ciphertext, object]
    })
}

/// The recipient is told when the letter can be seen.
fn notice(letter: &PreparedLetter) -> NewJob {
    let subject = NoticeJob { mailbox_id: letter.mailbox_id, letter_id: letter.letter_id };
    NewJob::new(letter.notice_job, &subject, letter.visible_from)
}

fn count(parts: &[PreparedPart]) -> i64 {
    i64::try_from(parts.len()).unwrap_or(i64::MAX)
}

static LETTERS: Many = Many::new(
    "INSERT INTO letter (mailbox_id, letter_id, accepted_at, visible_from, header, sender_mac, confidential, \
     tells_opened, parts, notice_state) VALUES ",
    10,
    "",
);
static KEYS: Many = Many::new("INSERT INTO letter_key (mailbox_id, letter_id, epoch, sealed) VALUES ", 4, "");
static PARTS: Many = Many::new(
    "INSERT INTO part (mailbox_id, letter_id, part_no, stored_bytes, ciphertext, object) VALUES ",
    6,
    "",
);
