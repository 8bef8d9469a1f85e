//! The evidence of the whole house, for `doctor`, for the demo and for tests.

use crate::{
    chain::{Broken, Flaw, Walk, event_columns},
    rings::EventKeys,
};
use store::{Store, args};

/// What was checked, and held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    pub chains: usize,
    pub events: usize,
}

/// Checks every chain, and that nothing that other tables know of is without its event. Reads in pages, so it can
/// run beside the service.
pub async fn audit(store: &Store, keys: &dyn EventKeys) -> Result<Audit, Broken> {
    let mut audit = Audit::default();
    let mut mailbox = vec![];
    let mut letter = vec![];
    let mut seq = -1;
    let mut walk: Option<Walk> = None;
    loop {
        let mut tx = store.read("audit evidence").await?;
        let page = tx.query(PAGE, args![&mailbox, &letter, seq]).await?;
        let Some(last) = page.last() else { break };
        (mailbox, letter, seq) =
            (last.bytes("mailbox_id")?.to_vec(), last.bytes("letter_id")?.to_vec(), last.int("seq")?);
        for row in &page {
            let mailbox_id = row.id("mailbox_id")?;
            let chain = row.id("letter_id")?;
            let mut link =
                match walk.take().filter(|walk| (walk.mailbox_id, walk.chain) == (mailbox_id, chain)) {
                    Some(link) => link,
                    None => {
                        audit.chains += 1;
                        Walk::begin(mailbox_id, chain)
                    }
                };
            link.step(keys, row)?;
            walk = Some(link);
            audit.events += 1;
        }
    }
    let mut tx = store.read("audit evidence").await?;
    for sql in [LETTER_WITHOUT, OPENED_WITHOUT, FEED_WITHOUT, WAITING_WITHOUT] {
        if let Some(row) = tx.one(sql, &[]).await? {
            return Err(Broken::At {
                chain: row.id("letter_id")?,
                seq: row.number("seq")?,
                flaw: Flaw::Missing,
            });
        }
    }
    Ok(audit)
}

const PAGE: &str = concat!(
    "SELECT ",
    event_columns!(),
    ", mailbox_id, letter_id FROM event WHERE (mailbox_id, letter_id, seq) > ($1, $2, $3) \
     ORDER BY mailbox_id, letter_id, seq LIMIT 2000"
);
const LETTER_WITHOUT: &str = "SELECT l.letter_id, 0 AS seq FROM letter l WHERE NOT EXISTS (SELECT 1 FROM event e \
    WHERE e.mailbox_id = l.mailbox_id AND e.letter_id = l.letter_id AND e.seq = 0) LIMIT 1";
const OPENED_WITHOUT: &str = "SELECT l.letter_id, 1 AS seq FROM letter l WHERE l.opened_at IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM event e WHERE e.mailbox_id = l.mailbox_id AND e.letter_id = l.letter_id AND e.type = 'opened') LIMIT 1";
const FEED_WITHOUT: &str = "SELECT f.letter_id, f.seq FROM feed f JOIN submission s ON s.letter_id = f.letter_id \
    WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.mailbox_id = s.mailbox_id AND e.letter_id = f.letter_id \
    AND e.seq = f.seq) LIMIT 1";
const WAITING_WITHOUT: &str = "SELECT f.letter_id, f.seq FROM feed_waiting f JOIN submission s ON s.letter_id = f.letter_id \
    WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.mailbox_id = s.mailbox_id AND e.letter_id = f.letter_id \
    AND e.seq = f.seq) LIMIT 1";
