//! Notices as rows. What will be sent is written down before it is, so that a repeat after a crash is the same
//! notice; letters that come soon after each other share one.

use crate::{Notifier, delivery::Failure, plan::Group};
use domain::{ContactId, MailboxId, Time, words::Channel};
use std::{collections::HashMap, time::Duration};
use store::{Many, Tx, row};

/// One message to send, with the row that records it.
pub(crate) struct Planned {
    pub notice_id: [u8; 32],
    pub contact_id: ContactId,
    pub channel: Channel,
    pub window_at: Time,
    /// Set when the window's notice needs no other try.
    pub before: Option<Before>,
}

/// How the notice of a window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Before {
    Sent,
    /// Another worker wrote it down moments ago and is sending it.
    UnderWay,
    Failed,
}

/// What became of a message.
pub(crate) struct Attempt {
    pub planned: Planned,
    pub result: Result<(), Failure>,
}

impl Notifier {
    /// For each contact of each group the notice that is to be sent or was.
    pub(crate) async fn write_down(
        &self,
        tx: &mut Tx,
        groups: &[Group],
    ) -> Result<Vec<Vec<Planned>>, store::Error> {
        let now = self.clock.now();
        // Before anything is read: without it two workers would each find no notice and each send one.
        hold(tx, groups).await?;
        let known = known(tx, groups, now).await?;
        let mut new = Vec::new();
        let mut planned = Vec::with_capacity(groups.len());
        for group in groups {
            let mut messages = Vec::with_capacity(group.contacts.len());
            for contact in &group.contacts {
                let contact_id = contact.contact_id;
                let channel = contact.channel;
                let known = known.get(&(group.mailbox_id, contact_id));
                messages.push(match known {
                    Some(notice) => Planned {
                        notice_id: notice.notice_id,
                        contact_id,
                        channel,
                        window_at: notice.window_at,
                        before: notice.before,
                    },
                    None => {
                        let notice_id = self.notice_id(group.mailbox_id, contact_id, now);
                        new.push((notice_id, group.mailbox_id, contact_id, channel));
                        Planned { notice_id, contact_id, channel, window_at: now, before: None }
                    }
                });
            }
            planned.push(messages);
        }
        let rows: Vec<_> = new
            .iter()
            .map(|(notice_id, mailbox_id, contact_id, channel)| {
                row![notice_id, mailbox_id, contact_id, channel.as_str(), "sending", now, 0]
            })
            .collect();
        tx.execute_many(&WRITE_DOWN, &rows).await?.ignore();
        Ok(planned)
    }

    /// How the messages ended that were tried now.
    pub(crate) async fn record(&self, tx: &mut Tx, attempts: &[&Attempt]) -> Result<(), store::Error> {
        let now = self.clock.now();
        let mut rows = Vec::with_capacity(attempts.len());
        for Attempt { planned, result } in attempts.iter().filter(|attempt| attempt.planned.before.is_none())
        {
            let (state, sent_at, code) = match result {
                Ok(()) => ("sent", Some(now), ""),
                Err(Failure::Later(code)) => ("sending", None, *code),
                Err(failure) => ("failed", None, failure.code()),
            };
            rows.push(row![&planned.notice_id, state, sent_at.map_or(0, Time::millis), code]);
            if let Err(Failure::BadAddress(_)) = result {
                registry::contacts::failed(tx, planned.contact_id, now).await?;
            }
        }
        // A notice that was taken away meanwhile needs no record.
        tx.execute_many(&RECORD, &rows).await?.ignore();
        Ok(())
    }

    fn notice_id(&self, mailbox_id: MailboxId, contact_id: ContactId, window_at: Time) -> [u8; 32] {
        let window = window_at.millis().to_be_bytes();
        let parts: [&[u8]; 3] = [mailbox_id.as_bytes(), contact_id.as_bytes(), &window];
        self.notifier_keys.notice.tag("notice", &parts)
    }
}

struct Notice {
    notice_id: [u8; 32],
    window_at: Time,
    before: Option<Before>,
}

/// Holds the contacts' rows until the transaction ends: of two workers with letters for the same person, the second
/// must see what the first wrote down.
async fn hold(tx: &mut Tx, groups: &[Group]) -> Result<(), store::Error> {
    let mut contacts: Vec<_> = groups.iter().flat_map(|g| &g.contacts).map(|c| c.contact_id).collect();
    // In one order for all workers, or two of them would wait for each other.
    contacts.sort_unstable();
    contacts.dedup();
    let rows: Vec<_> = contacts.iter().map(|contact_id| row![contact_id]).collect();
    tx.execute_many(&HOLD, &rows).await?.ignore();
    Ok(())
}

/// The notice of each contact that counts for its group: one that was sent, else one that is to be, the newest.
async fn known(
    tx: &mut Tx,
    groups: &[Group],
    now: Time,
) -> Result<HashMap<(MailboxId, ContactId), Notice>, store::Error> {
    let fresh: HashMap<_, _> = groups.iter().map(|group| (group.mailbox_id, group.fresh)).collect();
    let wanted: Vec<_> = groups
        .iter()
        .flat_map(|group| group.contacts.iter().map(|c| row![group.mailbox_id, c.contact_id, group.since]))
        .collect();
    // One contact can have several rows here: its window may have had a notice that failed, one that was sent
    // before somebody looked into the box, and one that is being sent.
    let mut known: HashMap<_, Notice> = HashMap::new();
    // Newest first; of those equal in rank the first one stays.
    let mut rows = tx.query_many(&KNOWN, &wanted).await?;
    rows.sort_by_key(|row| std::cmp::Reverse(row.int("window_at").unwrap_or(0)));
    for row in &rows {
        let key: (MailboxId, ContactId) = (row.id("mailbox_id")?, row.id("contact_id")?);
        let window_at = row.time("window_at")?;
        let tries = row.int("attempts")?;
        let fresh = fresh.get(&key.0).copied().unwrap_or(false);
        let before = match row.text("state")? {
            // Who has been in the box since may have seen its letters, but not those that came after.
            "sent" if row.flag("opened_since")? => continue,
            "sent" => Some(Before::Sent),
            // It counts last: it must stop neither a notice that was sent nor one that is still to be.
            "failed" => Some(Before::Failed),
            // A job that was begun before can have been cut short by a crash, so its notice is sent again.
            _ if fresh && tries == 0 && now.since(window_at) < UNDER_WAY => Some(Before::UnderWay),
            _ => None,
        };
        let notice = Notice { notice_id: row.array("notice_id")?, window_at, before };
        match known.get(&key) {
            // What was sent outweighs all else, so that nobody is told twice; what is under way outweighs
            // what waits.
            Some(other) if rank(other.before) <= rank(notice.before) => {}
            _ => {
                known.insert(key, notice);
            }
        }
    }
    Ok(known)
}

fn rank(before: Option<Before>) -> u8 {
    match before {
        Some(Before::Sent) => 0,
        Some(Before::UnderWay) => 1,
        None => 2,
        Some(Before::Failed) => 3,
    }
}

/// How long a notice that was written down and never tried is left to whoever wrote it down.
const UNDER_WAY: Duration = Duration::from_secs(120);

// Changes nothing: an update is how both databases lock a row, since SQLite has no `FOR UPDATE`.
static HOLD: Many = Many::new("UPDATE contact SET failed_at = failed_at WHERE contact_id IN (", 1, ")");
static KNOWN: Many = Many::new(
    "SELECT n.mailbox_id, n.contact_id, n.notice_id, n.window_at, n.state, n.attempts, \
     CASE WHEN EXISTS (SELECT 1 FROM letter l WHERE l.mailbox_id = n.mailbox_id AND l.opened_at > n.sent_at) \
     THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS opened_since FROM (VALUES ",
    3,
    ") AS want CROSS JOIN notice n WHERE n.mailbox_id = want.column1 AND n.contact_id = want.column2 \
     AND n.window_at >= want.column3",
);
static WRITE_DOWN: Many = Many::new(
    "INSERT INTO notice (notice_id, mailbox_id, contact_id, channel, state, window_at, attempts) VALUES ",
    7,
    " ON CONFLICT DO NOTHING",
);
static RECORD: Many = Many::new(
    "UPDATE notice SET state = v.column2, sent_at = NULLIF(v.column3, 0), last_code = NULLIF(v.column4, ''), \
     attempts = attempts + 1 FROM (VALUES ",
    4,
    ") AS v WHERE notice.notice_id = v.column1",
);
