//! Heads as they stand in the key store.

use super::{
    Head, Sum,
    recent::{self, Recent},
};
use domain::{MailboxId, Time};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{Many, Row, Store, Tx, args, row};
use vault::mac::Mac;

/// What a group of events adds to a mailbox's head.
#[derive(Default)]
pub(super) struct Added {
    events: i64,
    sum: Sum,
    ids: Vec<[u8; 8]>,
}

impl Added {
    pub(super) fn count(&mut self, mac: &Mac, mailbox: MailboxId, entry: &[u8; 32]) {
        self.events += 1;
        self.sum = self.sum.plus(Sum::of(mac, mailbox, entry));
        self.ids.push(recent::id(entry));
    }
}

/// A head with what is known beside it.
#[derive(Clone, Default)]
pub(super) struct Stored {
    pub(super) head: Head,
    pub(super) recent: Recent,
    /// Nothing that was committed until then is uncounted.
    pub(super) settled_at: Option<Time>,
    /// A start of the service may have left something uncounted since.
    pub(super) unsettled: bool,
}

impl Stored {
    /// From the columns of [`HEADS`].
    fn read(row: &Row) -> Result<Option<Self>, store::Error> {
        let Some(events) = row.opt_int("events")? else { return Ok(None) };
        let settled_at = row.time("settled_at")?;
        Ok(Some(Self {
            head: Head { events, sum: Sum::from_bytes(&row.array("sum")?) },
            recent: row.opt_bytes("recent")?.map(Recent::from_bytes).unwrap_or_default(),
            settled_at: Some(settled_at),
            unsettled: row.opt_time("began_at")?.is_some_and(|began_at| began_at > settled_at),
        }))
    }

    /// Of one mailbox, with the openings that are being written: of one moment.
    pub(super) async fn with_openings(
        keys: &Store,
        mailbox: MailboxId,
    ) -> Result<(Self, HashSet<[u8; 32]>), store::Error> {
        let rows = keys.ask("read head", WITH_OPENINGS, args![mailbox]).await?;
        let stored = rows.first().map(Self::read).transpose()?.flatten().unwrap_or_default();
        let opening =
            |row: &Row| row.opt_bytes("entry").map(|entry| entry.and_then(|entry| entry.try_into().ok()));
        let openings = rows.iter().filter_map(|row| opening(row).transpose()).collect::<Result<_, _>>()?;
        Ok((stored, openings))
    }
}

/// Mailboxes that this key store vouches for, with their heads. Events of others (a letter that waits for another operator) are
/// not counted.
pub(super) async fn read(
    tx: &mut Tx,
    mailboxes: &[MailboxId],
) -> Result<HashMap<MailboxId, Option<Stored>>, store::Error> {
    let wanted: Vec<_> = mailboxes.iter().map(|id| row![id]).collect();
    let mut found = HashMap::with_capacity(mailboxes.len());
    for row in tx.query_many(&HEADS, &wanted).await? {
        found.insert(row.id("id")?, Stored::read(&row)?);
    }
    Ok(found)
}

/// False when one of them is not as it was read any more.
pub(super) async fn add(
    tx: &mut Tx,
    added: &BTreeMap<MailboxId, Added>,
    now: Time,
) -> Result<bool, store::Error> {
    let ids: Vec<MailboxId> = added.keys().copied().collect();
    let found = read(tx, &ids).await?;
    let moved = |id: &MailboxId| {
        let there = found.get(id)?;
        let more = added.get(id)?;
        let before = there.as_ref().map(|stored| stored.head.events);
        let Stored { head, recent, unsettled, .. } = there.clone().unwrap_or_default();
        let sum = head.sum.plus(more.sum).to_bytes();
        let recent = recent.with(&more.ids, now, unsettled).to_bytes();
        Some((*id, before, head.events + more.events, sum, recent))
    };
    let moved: Vec<_> = ids.iter().filter_map(moved).collect();
    let new: Vec<_> = moved
        .iter()
        .filter(|one| one.1.is_none())
        .map(|(id, _, events, sum, recent)| row![id, *events, sum, 0, 0, recent])
        .collect();
    let old: Vec<_> = moved
        .iter()
        .filter_map(|(id, was, events, sum, recent)| Some(row![id, (*was)?, *events, sum, recent]))
        .collect();
    let written = tx.execute_many(&BEGIN, &new).await?.count() + tx.execute_many(&MOVE, &old).await?.count();
    Ok(written == moved.len() as u64)
}

const WITH_OPENINGS: &str = "SELECT v.id, h.events, h.sum, h.recent, h.settled_at, \
    (SELECT MAX(began_at) FROM evidence_gap) AS began_at, o.entry \
    FROM vouched v LEFT JOIN evidence_head h ON h.mailbox_id = v.id \
    LEFT JOIN evidence_opening o ON o.mailbox_id = v.id WHERE v.kind = 'mailbox' AND v.id = $1";
static HEADS: Many = Many::new(
    "SELECT v.id, h.events, h.sum, h.recent, h.settled_at, (SELECT MAX(began_at) FROM evidence_gap) AS began_at \
     FROM vouched v LEFT JOIN evidence_head h ON h.mailbox_id = v.id WHERE v.kind = 'mailbox' AND v.id IN (",
    1,
    ")",
);
static BEGIN: Many = Many::new(
    "INSERT INTO evidence_head (mailbox_id, events, sum, checked_at, faulty, recent) VALUES ",
    6,
    " ON CONFLICT DO NOTHING",
);
static MOVE: Many = Many::new(
    "UPDATE evidence_head SET events = v.column3, sum = v.column4, recent = v.column5 FROM (VALUES ",
    5,
    ") AS v WHERE evidence_head.mailbox_id = v.column1 AND evidence_head.events = v.column2",
);
