//! Reading a letter.

use crate::{
    AttachmentHeader, Doubt, Form, Header, MailboxError, Mailboxes, Original,
    genuine::{self, Read},
    list::Listed,
    reading::{Reading, reading},
    rights::{self, Actor, LetterFacts, letter_columns, may, read_facts},
};
use delivery::Again;
use domain::{
    LetterId, MailboxId,
    letter::{Letter, Limits},
    words::{Act, Because, ReceiptWish},
};
use key_client::{KeysError, LetterKey};
use std::sync::Arc;
use store::{Tx, args};
use vault::{Certificate, Key, jws::FlattenedJws};

/// A letter before it is opened: so that the page can say whether the sender will know
/// ([`LetterFacts::tells_opened`] and not opened yet).
pub type Peek = Listed;

/// A letter that was opened, and the event written.
pub struct OpenedLetter {
    /// As they were before this opening.
    pub facts: LetterFacts,
    pub because: Because,
    /// What the sender wrote, parsed from the signed bytes.
    pub letter: Letter,
    /// The signed bytes, the signer's certificate, and the names as they were.
    pub original: Original,
    /// Why it cannot be shown as verified; `None` when it is what the door accepted for this mailbox's owner.
    pub doubt: Option<Doubt>,
    pub(crate) content: Key,
}

impl OpenedLetter {
    /// Name, type and size of the attachments, in order.
    pub fn attachments(&self) -> Vec<AttachmentHeader> {
        Header::of(&self.letter, "", None).attachments
    }
}

impl Mailboxes {
    /// The header of one letter, without opening it.
    pub async fn peek(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<Option<Peek>, MailboxError> {
        let now = self.0.clock.now();
        let which = args![actor.rights.person, mailbox_id, letter_id];
        let row = self.0.store.ask_one("peek at letter", WITH_HEADER, which).await?;
        let Some(row) = row else { return Ok(None) };
        let facts = read_facts(&row)?;
        let Some(because) = may(&actor.rights, &facts, Act::List, now) else { return Ok(None) };
        let reading = Reading::read(&row)?;
        self.header_of(actor, facts, because, reading, row.bytes("header")?.to_vec()).await
    }

    /// Whether a letter is there for this person to open, now: not erased since they opened it.
    pub async fn is_there(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<bool, MailboxError> {
        let mut tx = self.0.store.read("look for letter").await?;
        let facts = rights::facts(&mut tx, mailbox_id, letter_id).await?;
        Ok(facts.is_some_and(|facts| may(&actor.rights, &facts, Act::Open, self.0.clock.now()).is_some()))
    }

    /// Opens a letter. The key service commits the event `opened`, who has read it, and the first time that the owner or
    /// a signatory does `opened_at` and what the sender is told, before it gives the key.
    pub async fn open(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<Option<Arc<OpenedLetter>>, MailboxError> {
        let mut tx = self.0.store.read("open letter").await?;
        let facts = rights::facts(&mut tx, mailbox_id, letter_id).await?;
        // No connection is held while the key service writes and answers.
        drop(tx);
        match facts {
            Some(facts) => self.open_found(actor, facts).await,
            None => Ok(None),
        }
    }

    /// As [`Mailboxes::open`], a letter that was found a moment ago. What it is and who may is decided by the key service,
    /// by what holds when it writes the event.
    pub async fn open_found(
        &self,
        actor: &Actor,
        facts: LetterFacts,
    ) -> Result<Option<Arc<OpenedLetter>>, MailboxError> {
        let now = self.0.clock.now();
        let LetterFacts { mailbox_id, letter_id, .. } = facts;
        let Some(because) = may(&actor.rights, &facts, Act::Open, now) else { return Ok(None) };
        let released = match self.0.keys.content(&actor.grant, mailbox_id, letter_id).await {
            Ok(key) => key,
            // Erased, or the right has ended, since the facts were read.
            Err(KeysError::NotAllowed | KeysError::Gone) => return Ok(None),
            Err(error) => return Err(MailboxError::Keys(error)),
        };
        let LetterKey { content, accepted, owners } = released;
        let content = content.into_key();
        let Some(sealed) = self.part(&facts, 0).await? else { return Ok(None) };
        let original =
            Original::open(&content, (mailbox_id, letter_id), facts.parts, &sealed.whole().await?)?;
        let read = read(&original)?;
        let doubt = genuine::doubt(&read, &original, &accepted, owners);
        if let Some(why) = doubt {
            metrics::counter!("kuvert_letters_unverified_total").increment(1);
            tracing::error!(letter.id = %letter_id, mailbox.id = %mailbox_id, %why, "A letter is not what the door accepted");
        }
        let letter = read.letter;
        let opened = Arc::new(OpenedLetter { facts, because, letter, original, doubt, content });
        self.0.opened.put(&actor.grant, letter_id, now, Arc::clone(&opened));
        tracing::debug!(letter.id = %letter_id, "Opened letter {letter_id}");
        Ok(Some(opened))
    }

    /// What was opened in this log-in some minutes ago at most, or opens it now. The right is asked for anew.
    pub(crate) async fn open_or_recent(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
    ) -> Result<Option<Arc<OpenedLetter>>, MailboxError> {
        let now = self.0.clock.now();
        let recent = self.0.opened.get(&actor.grant, letter_id, now);
        match recent.filter(|opened| opened.facts.mailbox_id == mailbox_id) {
            Some(opened) => Ok(may(&actor.rights, &opened.facts, Act::Open, now).map(|_| opened)),
            None => self.open(actor, mailbox_id, letter_id).await,
        }
    }
}

/// Reads a letter's facts in a transaction that will change it; `None` unless the person may. Their right is one that the
/// key service vouched for when the request began, and is read anew in it: it may have ended since.
pub(crate) async fn find(
    tx: &mut Tx,
    actor: &Actor,
    (mailbox_id, letter_id): (MailboxId, LetterId),
    act: Act,
    now: domain::Time,
) -> Result<Option<(LetterFacts, Because)>, store::Error> {
    let rights = actor.rights_now(tx, now).await?;
    let facts = rights::facts(tx, mailbox_id, letter_id).await?;
    Ok(facts.and_then(|facts| rights.may(&facts, act, now).map(|because| (facts, because))))
}

/// The letter in the signed bytes. It passed its checks when it was accepted; limits may have changed since.
fn read(original: &Original) -> Result<Read, MailboxError> {
    const NONE: Limits = Limits {
        letter_bytes: u64::MAX,
        body_bytes: u64::MAX,
        attachments: usize::MAX,
        attachment_bytes: u64::MAX,
        total_bytes: u64::MAX,
    };
    match original.form {
        Form::Jws => {
            let jws = FlattenedJws::parse(&original.signed).map_err(|_| MailboxError::Damaged)?;
            let letter = Letter::parse(&jws.payload, &NONE).map_err(|_| MailboxError::Damaged)?;
            let key = Certificate::parse(&original.certificate).ok().and_then(|c| c.verifying_key().ok());
            let signature_holds = key.is_some_and(|key| jws.verify(&key).is_ok());
            Ok(Read { letter, signature_holds, payload: Some(jws.payload) })
        }
        Form::Delivery { message } => {
            let Again { delivery, signature, payloads } =
                delivery::again(&original.signed).map_err(|_| MailboxError::Damaged)?;
            let at = usize::try_from(message).map_err(|_| MailboxError::Damaged)?;
            let of = delivery.messages.get(at);
            let to = delivery::letter::addressed(&delivery).map_err(|_| MailboxError::Damaged)?;
            let letter = delivery::letter::letter(&delivery, &to, of.ok_or(MailboxError::Damaged)?, &NONE);
            let mut letter = letter.map_err(|_| MailboxError::Damaged)?;
            if original.forwarded.is_some() {
                // Its sender asked to be told when another opens it.
                letter.receipt = ReceiptWish::Nothing;
            }
            let signature_holds = signature.is_some_and(|one| one.certificate.der == original.certificate);
            let payload = match &original.forwarded {
                Some(_) => None,
                None => Some(payloads.get(at).ok_or(MailboxError::Damaged)?.to_vec()),
            };
            Ok(Read { letter, signature_holds, payload })
        }
    }
}

const WITH_HEADER: &str = concat!(
    "SELECT ",
    letter_columns!(),
    ", header, ",
    reading!("$1"),
    " FROM letter WHERE mailbox_id = $2 AND letter_id = $3 AND length(header) > 0"
);
