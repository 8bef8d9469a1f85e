//! The key for the content of one letter: nobody reads without a trace.

use crate::{
    failure::{AGAIN, Failure},
    letter_key::{SealedKey, find},
    rights::rights,
    service::Inner,
};
use domain::{
    LetterId, MailboxId, PersonId, SenderMac, Time,
    words::{Act, Because, EventType},
};
use evidence::{NewEvent, feed};
use key_client::{AcceptedEvent, GrantToken, KeysError, LetterKey};
use mailbox::may;
use store::{Tries, Tx, args};
use tracing::{error, info};
use vault::{Key, Purpose, derive};

impl Inner {
    pub(crate) async fn content(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letter: LetterId,
    ) -> Result<LetterKey, Failure> {
        let now = self.clock.now();
        let person = self.grants.lock().spend_open(grant, now)?;
        // Opened before the transaction that writes, and given out only after it has committed: so what does
        // not open is not on record as opened, and what is not on record does not leave here.
        let (sealed, key) = match self.try_open(person, mailbox, letter, now).await? {
            (sealed, Some(key)) => (sealed, key),
            // The epoch may have rolled between the two databases.
            (_, None) => match self.try_open(person, mailbox, letter, now).await? {
                (sealed, Some(key)) => (sealed, key),
                (_, None) => return Err(Failure::Opaque),
            },
        };
        let accepting = sealed.accepting.as_ref().ok_or(Failure::Opaque)?;
        let owners = self.owners(mailbox, accepting).await?;
        let mut tries = Tries::again(AGAIN);
        loop {
            match self.record(person, &sealed, now).await {
                Err(failure) if tries.left(failure.is_transient()) => {}
                Err(failure) => return Err(failure),
                Ok(()) => break,
            }
        }
        let commits = accepting.must_commit();
        let accepted = AcceptedEvent { nonce: accepting.nonce, event: accepting.cbor.clone(), commits };
        Ok(LetterKey { content: key.into(), accepted, owners })
    }

    async fn try_open(
        &self,
        person: PersonId,
        mailbox: MailboxId,
        letter: LetterId,
        now: Time,
    ) -> Result<(SealedKey, Option<Key>), Failure> {
        let mut tx = self.letters.glance("find letter").await?;
        let rights = rights(&mut tx, person, now).await?;
        let found = find(&mut tx, &self.keks.event_rings(now)?, mailbox, &[letter]).await?;
        drop(tx);
        let sealed =
            found.into_iter().next().filter(|sealed| may(&rights, &sealed.facts, Act::Open, now).is_some());
        let sealed = sealed.ok_or(KeysError::Gone)?;
        let opened = self.open_keys(mailbox, vec![sealed], |key| derive(key, Purpose::Content)).await?;
        opened.into_iter().next().ok_or(Failure::Lost)
    }

    /// Decides once more by what holds now, and writes it down: the event, who has read it, and at the first opening by
    /// the owner or a signatory the instant and what the sender is told.
    async fn record(&self, person: PersonId, sealed: &SealedKey, now: Time) -> Result<(), Failure> {
        let facts = &sealed.facts;
        let mailbox = facts.mailbox_id;
        let letter = facts.letter_id;
        let mut tx = self.letters.begin_urgent("open letter").await?;
        let rights = self.rights_over(&mut tx, person, mailbox, now).await?;
        let because = may(&rights, facts, Act::Open, now).ok_or(KeysError::Gone)?;
        if !tx.execute(READ, args![mailbox, letter, person, now]).await?.any() {
            return Err(KeysError::Gone.into());
        }
        // Somebody who helps reads for themselves: for the owner the letter is unread, and the sender learns of the
        // owner's opening, not of theirs.
        let counts = because != Because::Helper;
        let opened = NewEvent::by_person(EventType::Opened, now, person, because);
        let event =
            evidence::append_untold(&mut tx, &self.events, mailbox, letter, opened, &*self.random).await?;
        let is_first = counts && tx.execute(OPENED, args![event.at, mailbox, letter]).await?.any();
        if is_first && facts.tells_opened {
            tell_sender(&mut tx, letter, sealed.sender_mac, event).await?;
        }
        self.commit_opening(tx, mailbox, &event.entry).await?;
        info!(letter.id = %letter, %because, is_first, "Opened letter {letter}");
        Ok(())
    }
}

impl Inner {
    /// Both databases at once: the event in one, that it is being written in the other. Nobody is answered before both
    /// are durable.
    async fn commit_opening(&self, tx: Tx, mailbox: MailboxId, entry: &[u8; 32]) -> Result<(), Failure> {
        let (committed, begun) = tokio::join!(tx.commit(), self.begin_opening(mailbox, entry));
        match (committed, begun) {
            (Ok(()), begun) => {
                self.events.committed().add([(mailbox, *entry)]);
                // It is on record, and nobody was given the key; not tried again, or it would be on record twice.
                begun.map_err(|failure| {
                    error!(error = %failure, "An opening could not be counted");
                    KeysError::Unavailable.into()
                })
            }
            (Err(failed), begun) => {
                if begun.is_ok() && !matches!(failed, store::Error::InDoubt(_)) {
                    // What cannot be forgotten now is settled later.
                    let _ = self.forget_opening(entry).await;
                }
                Err(failed.into())
            }
        }
    }
}

/// Only of the first opening: how often somebody reads is nobody's business.
async fn tell_sender(
    tx: &mut Tx,
    letter_id: LetterId,
    sender_mac: SenderMac,
    event: evidence::Appended,
) -> Result<(), store::Error> {
    let seq = event.seq;
    let at = event.at;
    let kind = EventType::Opened;
    feed::waiting(tx, &[feed::FeedRow { letter_id, seq, sender_mac, at, kind }]).await
}

// As long as there is a key to read it with.
const READ: &str = "INSERT INTO reading (mailbox_id, letter_id, person_id, read_at) \
    SELECT k.mailbox_id, k.letter_id, $3, $4 FROM letter_key k \
    WHERE k.mailbox_id = $1 AND k.letter_id = $2 \
    ON CONFLICT (mailbox_id, letter_id, person_id) DO UPDATE SET read_at = EXCLUDED.read_at";
const OPENED: &str =
    "UPDATE letter SET opened_at = $1 WHERE mailbox_id = $2 AND letter_id = $3 AND opened_at IS NULL";
