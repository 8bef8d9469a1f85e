//! Whether a letter is as it was accepted. The rows of a letter are claims; the event that accepted it was sealed by the
//! door, with a key that nobody has who writes rows alone.

use crate::{failure::Failure, letter_key::SealedKey, service::Inner};
use domain::MailboxId;
use evidence::{Accepting, Belongings};
use store::args;
use vault::{Key, Purpose, derive};

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unvouched {
    #[error("there is no event that accepted it")]
    NeverAccepted,
    #[error("its rows say other than what was accepted")]
    Changed,
    #[error("a part of it is missing, or there is one too many")]
    Parts,
}

impl SealedKey {
    /// Compares all that decides with what the door committed to, the letter's key among it: whoever exchanges key,
    /// header and parts for others has another key.
    pub(crate) fn vouched(&self, key: &Key) -> Result<(), Unvouched> {
        let accepting = self.accepting.as_ref().ok_or(Unvouched::NeverAccepted)?;
        let facts = &self.facts;
        let belongings = Belongings {
            key: *derive(key, Purpose::Commitment).expose(),
            mailbox_id: facts.mailbox_id,
            letter_id: facts.letter_id,
            accepted_at: facts.accepted_at,
            visible_from: facts.visible_from,
            confidential: facts.confidential,
            tells_opened: facts.tells_opened,
            parts: facts.parts,
            sender_mac: self.sender_mac,
        };
        fits(accepting, &belongings)?;
        if self.parts_there == facts.parts { Ok(()) } else { Err(Unvouched::Parts) }
    }
}

/// What was accepted before events committed to it is believed as its row stands.
pub(crate) fn fits(accepting: &Accepting, belongings: &Belongings) -> Result<(), Unvouched> {
    let held = match accepting.event.letter {
        Some(committed) => committed == belongings.commitment(&accepting.nonce),
        None => !accepting.must_commit(),
    };
    if held { Ok(()) } else { Err(Unvouched::Changed) }
}

impl Inner {
    /// Whether the recipient that the letter was accepted for is an identity that the mailbox's owner has or had. `None`
    /// where the event does not say.
    pub(crate) async fn owners(
        &self,
        mailbox: MailboxId,
        accepting: &Accepting,
    ) -> Result<Option<bool>, Failure> {
        let Some(address) = accepting.event.address else {
            return Ok(if accepting.must_commit() { Some(false) } else { None });
        };
        // The key store's own rows: those of the letters database are claims.
        let rows = self.keys.ask("find identities of an owner", OF_OWNER, args![mailbox]).await?;
        for row in rows {
            if evidence::address(&accepting.nonce, &row.tag("mac")?) == address {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }
}

const OF_OWNER: &str = "SELECT a.mac FROM vouched v JOIN known_address a ON a.owner_id = v.owner_id \
    WHERE v.kind = 'mailbox' AND v.id = $1";
