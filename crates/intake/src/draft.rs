//! A new letter while its attachments stream in.

use crate::{
    AcceptError, Intake,
    check::{Macs, count_refusal},
    content::Check,
    outgoing::Leaving,
    room,
    scanner::Session,
    signer::Signed,
};
use bytes::Bytes;
use domain::{
    Code, Identity, LetterId, MailboxId, OrgNumber, Refusal, Time,
    letter::{Attachment, Letter},
};
use mailbox::{AttachmentWriter, Form, LetterSeal, PreparedPart};
use registry::recipient::Found;
use ring::digest;
use vault::seal_to::PublicKey;

/// A letter that was checked and is not accepted yet. Dropped, nothing of it is left.
pub struct Draft {
    pub(crate) intake: Intake,
    pub(crate) caller: OrgNumber,
    /// What was signed, as it came.
    pub(crate) original: Bytes,
    pub(crate) form: Form,
    /// What a repeat is compared by, and the sender can recompute: the JWS's payload, or
    /// [`delivery::Sealed::payloads`].
    pub(crate) payload: Vec<u8>,
    pub(crate) letter: Letter,
    pub(crate) letter_id: LetterId,
    pub(crate) signed: Signed,
    pub(crate) macs: Macs,
    pub(crate) visible_from: Time,
    pub(crate) recipient: Recipient,
    pub(crate) seal: LetterSeal,
    pub(crate) parts: Vec<PreparedPart>,
    pub(crate) wrapped_keys: Vec<Vec<u8>>,
    /// Set: for a mailbox at another operator.
    pub(crate) leaving: Option<Leaving>,
    pub(crate) place: room::Place,
}

/// Where a new letter is filed.
pub(crate) struct Filed {
    pub(crate) letter_id: LetterId,
    pub(crate) recipient: Recipient,
    pub(crate) visible_from: Time,
    pub(crate) leaving: Option<Leaving>,
}

/// The mailbox that the letter goes to, as it was when asked.
pub(crate) struct Recipient {
    pub(crate) mailbox_id: MailboxId,
    pub(crate) epoch: i64,
    pub(crate) public_key: PublicKey,
    pub(crate) address_mac: [u8; 32],
    pub(crate) asked_at: Time,
}

impl Recipient {
    pub(crate) fn of(
        found: &Found,
        identity: &Identity,
        address_mac: [u8; 32],
        now: Time,
    ) -> Result<Self, Refusal> {
        let found = found.reachable(identity, now).map_err(|code| Refusal::new(code).at("/recipient"))?;
        Ok(Self {
            mailbox_id: found.mailbox_id,
            epoch: found.epoch,
            public_key: found.public_key,
            address_mac,
            asked_at: now,
        })
    }
}

impl Draft {
    /// The id that the letter will have.
    pub fn letter_id(&self) -> LetterId {
        self.letter_id
    }

    /// What is to be sent, in order.
    pub fn manifest(&self) -> &[Attachment] {
        &self.letter.attachments
    }

    /// Attachments that have come.
    pub(crate) fn taken(&self) -> usize {
        self.leaving.as_ref().map_or(self.parts.len(), |leaving| leaving.files.len())
    }

    /// Takes the attachment `at` (0, 1 … in manifest order, each after the one before it is finished).
    pub async fn attachment(&mut self, at: usize) -> Result<AttachmentSink<'_>, AcceptError> {
        let began = self.begin(at).await;
        let (goes, scan) = began.inspect_err(count_refusal)?;
        let entry = self.letter.attachments[at].clone();
        Ok(AttachmentSink {
            at,
            seen: 0,
            hash: digest::Context::new(&digest::SHA256),
            content: Check::of(entry.media_type),
            scan,
            goes,
            entry,
            draft: self,
        })
    }

    async fn begin(&mut self, at: usize) -> Result<(Goes, Session), AcceptError> {
        let Some(entry) = self.letter.attachments.get(at) else { return Err(Code::AttachmentExtra.into()) };
        if at != self.taken() {
            return Err(Code::AttachmentMissing.into());
        }
        let house = &*self.intake.0;
        if self.leaving.is_some() {
            self.place.grow(entry.bytes.saturating_mul(LEAVING_COPIES))?;
            let scan = house.settings.scanner.begin().await?;
            return Ok((Goes::Along(Vec::new()), scan));
        }
        self.place.grow(AttachmentWriter::in_memory(entry.bytes))?;
        let scan = house.settings.scanner.begin().await?;
        let part_no = i64::try_from(at + 1).unwrap_or(i64::MAX);
        let (writer, wrapped_key) =
            self.seal.attachment(part_no, entry.bytes, &house.objects, &*house.random).await?;
        Ok((Goes::Sealed(Box::new(writer), wrapped_key), scan))
    }
}

/// Where an attachment's bytes go.
enum Goes {
    /// Into a part of their own, with its wrapped key.
    Sealed(Box<AttachmentWriter>, Vec<u8>),
    /// With the letter, to another operator.
    Along(Vec<u8>),
}

/// One attachment on its way: hashed, judged and sealed as it comes; a large one is never whole in memory.
pub struct AttachmentSink<'a> {
    draft: &'a mut Draft,
    at: usize,
    entry: Attachment,
    seen: u64,
    hash: digest::Context,
    content: Check,
    scan: Session,
    goes: Goes,
}

impl AttachmentSink<'_> {
    /// The next bytes. After an error the draft is of no use.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), AcceptError> {
        self.take(bytes).await.inspect_err(count_refusal)
    }

    /// The whole has come: size, checksum, content, scanner. Durable afterwards if it is large.
    pub async fn finish(self) -> Result<(), AcceptError> {
        self.close().await.inspect_err(count_refusal)
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), AcceptError> {
        self.seen += bytes.len() as u64;
        if self.seen > self.entry.bytes {
            return Err(self.refuse(Code::AttachmentSizeMismatch));
        }
        self.hash.update(bytes);
        self.content.update(bytes);
        let scanned = self.scan.update(bytes).await;
        scanned.map_err(|code| self.refuse(code))?;
        match &mut self.goes {
            Goes::Sealed(writer, _) => writer.write(bytes).await?,
            Goes::Along(file) => file.extend_from_slice(bytes),
        }
        Ok(())
    }

    async fn close(self) -> Result<(), AcceptError> {
        let at = self.at;
        let refuse = |code: Code| AcceptError::Refused(at_entry(at, code));
        if self.seen != self.entry.bytes {
            return Err(refuse(Code::AttachmentSizeMismatch));
        }
        if self.hash.finish().as_ref() != self.entry.sha256 {
            return Err(refuse(Code::AttachmentChecksumMismatch));
        }
        self.content.finish().map_err(refuse)?;
        self.scan.finish().await.map_err(refuse)?;
        match self.goes {
            Goes::Sealed(writer, wrapped_key) => {
                let part = writer.finish().await?;
                if let PreparedPart::Object { .. } = part {
                    self.draft.place.shrink(AttachmentWriter::in_memory(self.entry.bytes));
                }
                self.draft.parts.push(part);
                self.draft.wrapped_keys.push(wrapped_key);
            }
            Goes::Along(file) => {
                if let Some(leaving) = &mut self.draft.leaving {
                    leaving.files.push(file);
                }
            }
        }
        Ok(())
    }

    fn refuse(&self, code: Code) -> AcceptError {
        AcceptError::Refused(at_entry(self.at, code))
    }
}

fn at_entry(at: usize, code: Code) -> Refusal {
    Refusal::new(code).at(format!("/attachments/{at}"))
}

/// The file, its base64 in the signed and in the sealed message, and that one sealed for the wait.
const LEAVING_COPIES: u64 = 5;
