//! What there is to say about a batch of letters, and to whom.

use crate::{Notifier, outcome::Told, worker::DueNotice};
use domain::{LetterId, MailboxId, SenderMac, Time, words::NoticeState};
use registry::contacts::{self, Reach};
use std::collections::{BTreeMap, HashMap, HashSet};
use store::{Many, Tx, row};

/// The letters of one mailbox that wait for their notice.
pub(crate) struct Group {
    pub mailbox_id: MailboxId,
    pub jobs: Vec<DueNotice>,
    pub contacts: Vec<Reach>,
    /// All letters' sender, when it is the same.
    pub sender_mac: Option<SenderMac>,
    /// Notices from after this instant count for these letters.
    pub since: Time,
    /// None of the jobs was begun before.
    pub fresh: bool,
}

/// What a batch comes to before anything is sent. Letters that are gone or have their state are in neither.
#[derive(Default)]
pub(crate) struct Plan {
    /// Letters whose notice state can be written without sending.
    pub settled: Vec<Told>,
    pub groups: Vec<Group>,
}

impl Notifier {
    /// Looks again at what is true now: letters are opened and erased, contacts come and go.
    pub(crate) async fn plan(&self, tx: &mut Tx, jobs: &[DueNotice]) -> Result<Plan, store::Error> {
        let now = self.clock.now();
        let mut waiting = waiting(tx, jobs).await?;
        let mut settled = Vec::new();
        let mut groups: BTreeMap<MailboxId, Group> = BTreeMap::new();
        for due in jobs {
            let DueNotice { job, letter: of } = due;
            // Taken out, so that two jobs of one letter are one.
            let Some(letter) = waiting.remove(&(of.mailbox_id, of.letter_id)) else { continue };
            if letter.opened {
                settled.push(Told::new(*of, NoticeState::NotNeeded));
                continue;
            }
            let group = groups.entry(of.mailbox_id).or_insert_with(|| Group {
                mailbox_id: of.mailbox_id,
                jobs: Vec::new(),
                contacts: Vec::new(),
                sender_mac: Some(letter.sender_mac),
                since: now.minus(self.coalesce),
                fresh: true,
            });
            group.sender_mac = group.sender_mac.filter(|mac| *mac == letter.sender_mac);
            if job.attempts > 1 {
                // The notice of the first try is this letter's, however long ago that was.
                group.fresh = false;
                group.since = group.since.min(letter.visible_from.minus(self.coalesce));
            }
            group.jobs.push(due.clone());
        }
        let reachable = may_be_reached(tx, groups.keys()).await?;
        let mut plan = Plan { settled, groups: Vec::with_capacity(reachable.len()) };
        for (mailbox_id, mut group) in groups {
            if reachable.contains(&mailbox_id) {
                group.contacts = contacts::for_mailbox(tx, mailbox_id, now).await?;
            }
            if group.contacts.is_empty() {
                let told = |due: &DueNotice| Told::new(due.letter, NoticeState::NoContactPoint);
                plan.settled.extend(group.jobs.iter().map(told));
            } else {
                plan.groups.push(group);
            }
        }
        Ok(plan)
    }
}

struct Waiting {
    opened: bool,
    sender_mac: SenderMac,
    visible_from: Time,
}

/// The letters of these jobs that have no notice state yet.
async fn waiting(
    tx: &mut Tx,
    jobs: &[DueNotice],
) -> Result<HashMap<(MailboxId, LetterId), Waiting>, store::Error> {
    let wanted: Vec<_> = jobs.iter().map(|due| row![due.letter.mailbox_id, due.letter.letter_id]).collect();
    let mut waiting = HashMap::with_capacity(jobs.len());
    for row in tx.query_many(&WAITING, &wanted).await? {
        let letter = Waiting {
            // An erased letter keeps its row with an empty header: there is nothing left to tell of.
            opened: row.opt_time("opened_at")?.is_some() || row.int("header_bytes")? == 0,
            sender_mac: row.tag("sender_mac")?,
            visible_from: row.time("visible_from")?,
        };
        waiting.insert((row.id("mailbox_id")?, row.id("letter_id")?), letter);
    }
    Ok(waiting)
}

/// Which of these mailboxes can have somebody to tell. The registry decides who; this only spares it a question for
/// each mailbox whose owner has no address at all, which are many when one letter goes to everybody.
async fn may_be_reached(
    tx: &mut Tx,
    mailboxes: impl Iterator<Item = &MailboxId>,
) -> Result<HashSet<MailboxId>, store::Error> {
    let wanted: Vec<_> = mailboxes.map(|mailbox_id| row![mailbox_id]).collect();
    tx.query_many(&MAY_BE_REACHED, &wanted).await?.iter().map(|row| row.id("mailbox_id")).collect()
}

// A cross join keeps SQLite from beginning with the large table.
static WAITING: Many = Many::new(
    "SELECT l.mailbox_id, l.letter_id, l.opened_at, l.sender_mac, l.visible_from, \
     length(l.header) AS header_bytes FROM (VALUES ",
    2,
    ") AS want CROSS JOIN letter l WHERE l.mailbox_id = want.column1 AND l.letter_id = want.column2 \
     AND l.notice_state = 'pending'",
);
static MAY_BE_REACHED: Many = Many::new(
    "SELECT m.mailbox_id FROM (VALUES ",
    1,
    ") AS want CROSS JOIN mailbox m WHERE m.mailbox_id = want.column1 \
     AND (m.owner_kind <> 'person' OR EXISTS (SELECT 1 FROM contact c WHERE c.person_id = m.owner_id))",
);
