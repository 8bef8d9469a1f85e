//! The one access decision.

use domain::{
    LetterId, MailboxId, PersonId, Time,
    words::{Act, Because, NoticeState},
};
use key_client::GrantToken;
use store::{Error, Row, Tx, args};

/// Somebody who has logged in, and the mailboxes they may act for at this moment.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What the log-in gave; the key service decides again by it.
    pub grant: GrantToken,
    /// As the key service vouched for them when the request began.
    pub rights: Rights,
}

/// Rights as the rows of the letters database have them now, and which of those are vouched for.
pub(crate) struct RightsNow {
    rows: Rights,
    vouched: Rights,
}

impl Actor {
    /// Rows alone give nobody a right: whoever administers the database writes them. What is vouched for may have ended.
    pub(crate) async fn rights_now(&self, tx: &mut Tx, now: Time) -> Result<RightsNow, Error> {
        let rows = Rights::read(tx, self.rights.person, now).await?;
        let both = self.rights.boxes.iter().filter(|right| rows.boxes.contains(right)).copied().collect();
        Ok(RightsNow { vouched: Rights { person: rows.person, boxes: both }, rows })
    }
}

impl RightsNow {
    /// [`may`] by what is vouched for. A right that only the rows give is refused, counted and logged.
    pub(crate) fn may(&self, letter: &LetterFacts, act: Act, now: Time) -> Option<Because> {
        let because = may(&self.vouched, letter, act, now);
        if because.is_none() && may(&self.rows, letter, act, now).is_some() {
            metrics::counter!("kuvert_unvouched_total", "table" => "mandate").increment(1);
            tracing::error!(mailbox.id = %letter.mailbox_id, act = act.as_str(), "A right over a mailbox is not vouched for");
        }
        because
    }
}

/// For which mailboxes a person may act, and why. Read anew for each request: a mandate can end any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    pub person: PersonId,
    pub boxes: Vec<(MailboxId, Because)>,
}

impl Rights {
    /// As the registry has them now.
    pub async fn read(tx: &mut Tx, person: PersonId, now: Time) -> Result<Self, Error> {
        let boxes = registry::mandates::boxes_of(tx, person, now).await?;
        Ok(Self { person, boxes: boxes.into_iter().map(|one| (one.mailbox_id, one.because)).collect() })
    }
}

/// What a letter's row says in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterFacts {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub accepted_at: Time,
    pub visible_from: Time,
    /// Not for helpers.
    pub confidential: bool,
    /// The sender is told when it is opened.
    pub tells_opened: bool,
    /// The signed original and the attachments.
    pub parts: i64,
    pub notice_state: NoticeState,
    pub opened_at: Option<Time>,
    pub archived_at: Option<Time>,
    pub binned_at: Option<Time>,
    /// Cannot be erased before.
    pub hold_until: Option<Time>,
}

/// Whether the person may do `act` with the letter now, and by what right. `None` is shown as *not found*.
pub fn may(rights: &Rights, letter: &LetterFacts, act: Act, now: Time) -> Option<Because> {
    let because = may_box(rights, letter.mailbox_id, act)?;
    let hidden = letter.visible_from > now || because == Because::Helper && letter.confidential;
    (!hidden).then_some(because)
}

/// The same for an act that concerns the mailbox as a whole.
pub fn may_box(rights: &Rights, mailbox_id: MailboxId, act: Act) -> Option<Because> {
    let held = rights.boxes.iter().filter(|(id, _)| *id == mailbox_id).map(|(_, because)| *because);
    // The strongest right counts: owner before signatory before helper.
    let because = held.min_by_key(|because| *because as u8)?;
    let allowed = match because {
        Because::Owner | Because::Signatory => true,
        Because::Helper => matches!(act, Act::List | Act::Open),
    };
    allowed.then_some(because)
}

/// Reads a letter's facts; an erased letter is not there.
pub(crate) async fn facts(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    letter_id: LetterId,
) -> Result<Option<LetterFacts>, Error> {
    let row = tx.one(FACTS, args![mailbox_id, letter_id]).await?;
    row.as_ref().map(read_facts).transpose()
}

store::columns! {
    pub(crate) letter_columns,
    /// Of a row with all these columns, perhaps among others.
    pub fn read_facts -> LetterFacts {
        mailbox_id: id,
        letter_id: id,
        accepted_at: time,
        visible_from: time,
        confidential: flag,
        tells_opened: flag,
        parts: int,
        notice_state: notice_state(row),
        opened_at: opt_time,
        archived_at: opt_time,
        binned_at: opt_time,
        hold_until: opt_time,
    }
}

fn notice_state(row: &Row, column: &'static str) -> Result<NoticeState, Error> {
    row.parsed(column, "a state of a notice", NoticeState::parse)
}

const FACTS: &str = concat!(
    "SELECT ",
    letter_columns!(),
    " FROM letter WHERE mailbox_id = $1 AND letter_id = $2 AND length(header) > 0"
);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    const NOW: Time = Time::from_millis(1_700_000_000_000);

    fn letter(mailbox_id: MailboxId) -> LetterFacts {
        LetterFacts {
            mailbox_id,
            letter_id: LetterId::new(NOW, &SystemRandom),
            accepted_at: NOW,
            visible_from: NOW,
            confidential: false,
            tells_opened: false,
            parts: 1,
            notice_state: NoticeState::Pending,
            opened_at: None,
            archived_at: None,
            binned_at: None,
            hold_until: None,
        }
    }

    fn with(boxes: Vec<(MailboxId, Because)>) -> Rights {
        Rights { person: PersonId::new(&SystemRandom), boxes }
    }

    #[test]
    fn another_mailbox_is_not_found_for_any_act() {
        let letter = letter(MailboxId::new(&SystemRandom));
        let rights = with(vec![(MailboxId::new(&SystemRandom), Because::Owner)]);
        for act in Act::ALL {
            assert_eq!(may(&rights, &letter, *act, NOW), None);
            assert_eq!(may(&with(vec![]), &letter, *act, NOW), None);
        }
    }

    #[test]
    fn owners_and_signatories_may_all_and_helpers_only_read() {
        let letter = letter(MailboxId::new(&SystemRandom));
        for act in Act::ALL {
            for because in [Because::Owner, Because::Signatory] {
                assert_eq!(may(&with(vec![(letter.mailbox_id, because)]), &letter, *act, NOW), Some(because));
            }
            let reads = matches!(act, Act::List | Act::Open).then_some(Because::Helper);
            assert_eq!(may(&with(vec![(letter.mailbox_id, Because::Helper)]), &letter, *act, NOW), reads);
        }
    }

    #[test]
    fn a_confidential_letter_is_not_for_helpers() {
        let mut letter = letter(MailboxId::new(&SystemRandom));
        letter.confidential = true;
        let helper = with(vec![(letter.mailbox_id, Because::Helper)]);
        assert_eq!(may(&helper, &letter, Act::List, NOW), None);
        let both = with(vec![(letter.mailbox_id, Because::Helper), (letter.mailbox_id, Because::Owner)]);
        assert_eq!(may(&both, &letter, Act::Open, NOW), Some(Because::Owner));
    }

    #[test]
    fn nobody_sees_a_letter_before_its_time() {
        let mut letter = letter(MailboxId::new(&SystemRandom));
        letter.visible_from = Time::from_millis(NOW.millis() + 1);
        let owner = with(vec![(letter.mailbox_id, Because::Owner)]);
        assert_eq!(may(&owner, &letter, Act::List, NOW), None);
        assert_eq!(may(&owner, &letter, Act::List, letter.visible_from), Some(Because::Owner));
    }
}
