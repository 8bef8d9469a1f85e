//! Which mailboxes a person acts for, and by what right.

use crate::owner::Owner;
use domain::{MailboxId, MandateId, PersonId, Time, words::Because};
use store::{Error, Row, Tx, args};

/// A mailbox that a person acts for now.
#[derive(Clone, Debug)]
pub struct BoxAccess {
    pub mailbox_id: MailboxId,
    pub because: Because,
    pub owner: Owner,
    /// Closed mailboxes get no new letters; the old ones can still be read.
    pub closed_at: Option<Time>,
    /// None for one's own mailbox.
    pub mandate_id: Option<MandateId>,
    /// When the right ends by itself.
    pub ends_at: Option<Time>,
    /// (sealed) Name and number of the owner, to tell mailboxes apart. For a person's mailbox it is sealed under
    /// the person's log-in tag. Empty where the owner is nobody, which is vouched for of no mailbox.
    pub owner_profile: Vec<u8>,
}

/// All mailboxes that a person acts for now, the own one first. The mailbox of someone who has died is nobody's;
/// neither does anyone who has died act.
pub async fn boxes_of(tx: &mut Tx, person_id: PersonId, now: Time) -> Result<Vec<BoxAccess>, Error> {
    tx.query(BOXES_OF, args![person_id, now]).await?.iter().map(read).collect()
}

/// The right of a person over one mailbox now, the strongest if there are several; `None` when there is none.
pub async fn access(
    tx: &mut Tx,
    person_id: PersonId,
    mailbox_id: MailboxId,
    now: Time,
) -> Result<Option<BoxAccess>, Error> {
    let boxes = boxes_of(tx, person_id, now).await?;
    Ok(boxes.into_iter().find(|access| access.mailbox_id == mailbox_id))
}

fn read(row: &Row) -> Result<BoxAccess, Error> {
    Ok(BoxAccess {
        mailbox_id: row.id("mailbox_id")?,
        because: row.parsed("because", "a right", Because::parse)?,
        owner: Owner::read(row)?,
        closed_at: row.opt_time("closed_at")?,
        mandate_id: row.opt_id("mandate_id")?,
        ends_at: row.opt_time("ends_at")?,
        owner_profile: row.opt_bytes("owner_profile")?.unwrap_or_default().to_vec(),
    })
}

// The last column puts the own mailbox before those that one signs for, and those before those that one reads.
const BOXES_OF: &str = "SELECT m.mailbox_id, 'owner' AS because, m.owner_kind, m.owner_id, m.closed_at, \
    CAST(NULL AS BYTEA) AS mandate_id, CAST(NULL AS BIGINT) AS ends_at, p.profile AS owner_profile, \
    0 AS rank, m.opened_at \
    FROM mailbox m JOIN person p ON p.person_id = m.owner_id \
    WHERE m.owner_id = $1 AND m.owner_kind = 'person' AND p.deceased_at IS NULL \
    UNION ALL \
    SELECT m.mailbox_id, g.kind, m.owner_kind, m.owner_id, m.closed_at, g.mandate_id, g.valid_to, \
    COALESCE(p.profile, o.profile), CASE g.kind WHEN 'signatory' THEN 1 ELSE 2 END, m.opened_at \
    FROM mandate g JOIN mailbox m ON m.mailbox_id = g.mailbox_id \
    JOIN person holder ON holder.person_id = g.person_id \
    LEFT JOIN person p ON p.person_id = m.owner_id \
    LEFT JOIN organisation o ON o.organisation_id = m.owner_id \
    WHERE g.person_id = $1 AND g.revoked_at IS NULL AND g.valid_from <= $2 \
    AND (g.valid_to IS NULL OR g.valid_to > $2) AND holder.deceased_at IS NULL AND p.deceased_at IS NULL \
    AND (g.kind <> 'helper' OR p.protected_at IS NULL) \
    ORDER BY 9, 10, 1";
