//! The rows of an announcement, as its job sees them.

use crate::delivery::Failure;
use domain::{AnnouncementId, ContactId, Language, Time, words::Channel};
use store::{Error, Many, Tx, args, row};

/// One that has not ended.
pub struct Open {
    /// (sealed)
    pub words: Vec<u8>,
    pub accepted_at: Time,
}

/// An address that it goes to.
pub struct Way {
    pub contact_id: ContactId,
    pub channel: Channel,
    /// As it is now; `None` when it is not there any more, or not to be used.
    pub reach: Option<Reach>,
}

/// What is known of an address.
pub struct Reach {
    /// (sealed)
    pub address: Vec<u8>,
    pub language: Language,
}

pub async fn open(tx: &mut Tx, id: AnnouncementId) -> Result<Option<Open>, Error> {
    let Some(row) = tx.one(OPEN, args![id]).await? else { return Ok(None) };
    Ok(Some(Open { words: row.bytes("words")?.to_vec(), accepted_at: row.time("accepted_at")? }))
}

/// Those that this try has not come to yet.
pub async fn waiting(tx: &mut Tx, id: AnnouncementId, attempt: u32, most: i64) -> Result<Vec<Way>, Error> {
    let rows = tx.query(WAITING, args![id, attempt, most]).await?;
    let way = |row: &store::Row| -> Result<Way, Error> {
        let channel = Channel::parse(row.text("channel")?)
            .ok_or(Error::Column { column: "channel", wanted: "a channel" })?;
        let reach = match row.opt_bytes("address")? {
            None => None,
            Some(address) => Some(Reach {
                address: address.to_vec(),
                language: Language::parse(row.text("language")?).unwrap_or_default(),
            }),
        };
        Ok(Way { contact_id: row.id("contact_id")?, channel, reach })
    };
    rows.iter().map(way).collect()
}

/// How each was tried, in the order of `ways`.
pub async fn record(
    tx: &mut Tx,
    id: AnnouncementId,
    attempt: u32,
    ways: &[Way],
    results: &[Result<(), Failure>],
    now: Time,
) -> Result<(), Error> {
    let mut rows = Vec::with_capacity(ways.len());
    for (way, result) in ways.iter().zip(results) {
        let (state, code) = match result {
            Ok(()) => ("sent", ""),
            Err(Failure::Later(code)) => ("waiting", *code),
            Err(failure) => ("failed", failure.code()),
        };
        rows.push(row![way.contact_id, state, code]);
        if let Err(Failure::BadAddress(_)) = result {
            registry::contacts::failed(tx, way.contact_id, now).await?;
        }
    }
    // None are left when another worker has ended it meanwhile.
    tx.execute_many_with(&RECORD, args![id, attempt], &rows).await?.ignore();
    Ok(())
}

pub async fn any_waiting(tx: &mut Tx, id: AnnouncementId) -> Result<bool, Error> {
    Ok(tx.one(ANY_WAITING, args![id]).await?.is_some())
}

/// Words and addresses go, and the counts stay: how many took it, and how many did not. `None` when it had ended.
pub async fn end(tx: &mut Tx, id: AnnouncementId, now: Time) -> Result<Option<(i64, i64)>, Error> {
    let Some(row) = tx.one(END, args![id, now]).await? else { return Ok(None) };
    tx.execute(FORGET, args![id]).await?.ignore();
    Ok(Some((row.int("sent")?, row.int("failed")?)))
}

const OPEN: &str = "SELECT words, accepted_at FROM announcement \
    WHERE announcement_id = $1 AND ended_at IS NULL AND words IS NOT NULL";
// The address only where notices may still go to it; as in registry::contacts.
const WAITING: &str = "SELECT w.contact_id, w.channel, \
    CASE WHEN c.confirmed_at IS NOT NULL AND c.failed_at IS NULL AND p.deceased_at IS NULL THEN c.address END AS address, \
    p.language FROM announcement_way w \
    LEFT JOIN contact c ON c.contact_id = w.contact_id LEFT JOIN person p ON p.person_id = c.person_id \
    WHERE w.announcement_id = $1 AND w.state = 'waiting' AND w.attempts <> $2 ORDER BY w.contact_id LIMIT $3";
const ANY_WAITING: &str =
    "SELECT 1 FROM announcement_way WHERE announcement_id = $1 AND state = 'waiting' LIMIT 1";
const END: &str = "UPDATE announcement SET words = NULL, ended_at = $2, \
    sent = (SELECT count(*) FROM announcement_way w WHERE w.announcement_id = $1 AND w.state = 'sent'), \
    failed = (SELECT count(*) FROM announcement_way w WHERE w.announcement_id = $1 AND w.state <> 'sent') \
    WHERE announcement_id = $1 AND ended_at IS NULL RETURNING sent, failed";
const FORGET: &str = "DELETE FROM announcement_way WHERE announcement_id = $1";
static RECORD: Many = Many::new(
    "UPDATE announcement_way SET state = v.column2, last_code = NULLIF(v.column3, ''), attempts = $2 FROM (VALUES ",
    3,
    ") AS v WHERE announcement_way.announcement_id = $1 AND announcement_way.contact_id = v.column1",
);
