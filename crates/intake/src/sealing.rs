//! A letter while it is sealed to where it goes: its original, its attachments as they come, its header and its key.

use crate::{
    AcceptError, Intake,
    outgoing::Leaving,
    room::Place,
    scanner::Session,
    signature::Provenance,
    sink::{AttachmentSink, Goes},
};
use bytes::Bytes;
use domain::{
    AddressMac, Code, Identity, JobId, LetterId, MailboxId, OrgNumber, Random, Refusal, SenderMac, Time,
    chance,
    letter::Letter,
    words::{EventType, ReceiptWish},
};
use evidence::{Accepted, Event, EventRow};
use mailbox::{AttachmentWriter, Form, Header, LetterSeal, Original, PreparedLetter, PreparedPart, Says};
use registry::recipient::Found;
use vault::seal_to::PublicKey;

/// See the module. Dropped, nothing of the letter is left.
pub(crate) struct Sealing {
    pub(crate) letter: Letter,
    pub(crate) source: Source,
    pub(crate) provenance: Provenance,
    pub(crate) filed: Filed,
    pub(crate) seal: LetterSeal,
    /// Attachments that have come.
    pub(crate) parts: Vec<PreparedPart>,
    pub(crate) wrapped_keys: Vec<Vec<u8>>,
}

/// What was signed, and what of it is compared.
pub(crate) struct Source {
    pub(crate) original: Bytes,
    pub(crate) form: Form,
    /// What a repeat is compared by, and the sender can recompute: the JWS's payload, or
    /// [`delivery::Sealed::payloads`].
    pub(crate) payload: Vec<u8>,
}

/// Where a new letter is filed.
pub(crate) struct Filed {
    pub(crate) letter_id: LetterId,
    /// Of whom it is known by: the sender, or the operator that hands over what is forwarded.
    pub(crate) sender_mac: SenderMac,
    pub(crate) recipient: Recipient,
    pub(crate) visible_from: Time,
    /// Set: for a mailbox at another operator.
    pub(crate) leaving: Option<Leaving>,
}

/// The mailbox that the letter goes to, as it was when asked.
pub(crate) struct Recipient {
    pub(crate) mailbox_id: MailboxId,
    pub(crate) epoch: i64,
    pub(crate) public_key: PublicKey,
    pub(crate) address_mac: AddressMac,
    pub(crate) asked_at: Time,
}

/// The event that a letter's chain begins with. Its nonce is needed once more, for the receipt and where it is kept.
pub(crate) struct FirstEvent {
    pub(crate) event: Event,
    pub(crate) nonce: [u8; 32],
}

/// Everything of a letter for a mailbox here but its first event.
pub(crate) struct SealedLetter {
    filed: Filed,
    at: Time,
    confidential: bool,
    tells_opened: bool,
    header: Vec<u8>,
    sealed_key: Vec<u8>,
    parts: Vec<PreparedPart>,
    notice_job: JobId,
}

impl Recipient {
    /// Refuses where the mailbox is not here, is closed, or does not take letters of this sender.
    pub(crate) fn of(
        found: &Found,
        identity: &Identity,
        address_mac: AddressMac,
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

impl Sealing {
    /// A letter of which nothing is sealed yet, under a key of its own.
    pub(crate) fn begin(
        letter: Letter,
        source: Source,
        provenance: Provenance,
        filed: Filed,
        random: &dyn Random,
    ) -> Self {
        // What leaves carries its attachments inside its original.
        let parts = if filed.leaving.is_some() { 0 } else { letter.attachments.len() };
        let seal = LetterSeal::new(filed.recipient.mailbox_id, filed.letter_id, parts, random);
        Self { letter, source, provenance, filed, seal, parts: Vec::new(), wrapped_keys: Vec::new() }
    }

    /// Attachments that have come.
    pub(crate) fn taken(&self) -> usize {
        self.filed.leaving.as_ref().map_or(self.parts.len(), |leaving| leaving.files.len())
    }

    /// Takes the attachment `at`, the next one. What it holds of memory meanwhile is added to `place`.
    pub(crate) async fn attachment<'a>(
        &'a mut self,
        intake: &Intake,
        place: &'a mut Place,
        at: usize,
    ) -> Result<AttachmentSink<'a>, AcceptError> {
        let Some(entry) = self.letter.attachments.get(at).cloned() else {
            return Err(Code::AttachmentExtra.into());
        };
        if at != self.taken() {
            return Err(Code::AttachmentMissing.into());
        }
        let house = &*intake.0;
        let scan: Session;
        let goes = if self.filed.leaving.is_some() {
            place.grow(entry.bytes.saturating_mul(LEAVING_COPIES))?;
            scan = house.settings.scanner.begin().await?;
            Goes::Along(Vec::new())
        } else {
            place.grow(AttachmentWriter::in_memory(entry.bytes))?;
            scan = house.settings.scanner.begin().await?;
            let part_no = i64::try_from(at + 1).unwrap_or(i64::MAX);
            let (writer, wrapped_key) =
                self.seal.attachment(part_no, entry.bytes, &house.objects, &*house.random).await?;
            Goes::Sealed(Box::new(writer), wrapped_key)
        };
        Ok(AttachmentSink::new(self, place, entry, scan, goes))
    }

    /// When the letter can be seen, accepted at `at`.
    pub(crate) fn visible_from(&self, at: Time) -> Time {
        self.filed.visible_from.max(at)
    }

    pub(crate) fn tells_opened(&self) -> bool {
        self.letter.receipt == ReceiptWish::Opened
    }

    /// Part 0 of a letter for a mailbox here.
    pub(crate) fn original(&self, accepted_at: Time) -> Original {
        Original {
            signed: self.source.original.to_vec(),
            form: self.source.form,
            certificate: self.provenance.certificate.to_vec(),
            sender_name: self.provenance.sender_name.clone(),
            dispatcher: self.provenance.dispatcher.clone(),
            forwarded: self.provenance.forwarded.as_deref().cloned(),
            accepted_at,
            wrapped_keys: self.wrapped_keys.clone(),
        }
    }

    /// `sender`: by whom the letter is known. `original`: where it is for a mailbox here.
    pub(crate) fn first_event(
        &self,
        sender: &OrgNumber,
        at: Time,
        original: Option<&Original>,
        random: &dyn Random,
    ) -> FirstEvent {
        let Filed { letter_id, sender_mac, recipient, leaving, .. } = &self.filed;
        let nonce = chance::bytes(random);
        let here = leaving.is_none();
        let belongings = self.seal.belongings(&Says {
            accepted_at: at,
            visible_from: self.visible_from(at),
            confidential: here && self.letter.confidential,
            tells_opened: here && self.tells_opened(),
            sender_mac: *sender_mac,
        });
        let original = original.map(Original::to_cbor);
        let accepted = Accepted {
            letter_id: *letter_id,
            at,
            recipient: &self.letter.recipient,
            payload: &self.source.payload,
            sender,
            certificate: self.provenance.certificate_sha256,
            belongings: &belongings,
            address_mac: &recipient.address_mac,
            original: original.as_deref().map(Vec::as_slice),
        };
        let kind = if here { EventType::Accepted } else { EventType::TakenInCharge };
        let detail = self.provenance.forwarded.as_ref().map(|_| evidence::FORWARDED.to_owned());
        let event = Event { kind, detail, ..Event::accepted(accepted, &nonce, random) };
        FirstEvent { event, nonce }
    }

    /// Seals what has not been sealed while it came: the header, `original`, and the letter's key to the mailbox.
    pub(crate) async fn finish(
        self,
        intake: &Intake,
        original: &Original,
    ) -> Result<SealedLetter, AcceptError> {
        let house = &*intake.0;
        let random = &*house.random;
        let forwarder = original.forwarded.as_ref().map(|one| one.by.as_str());
        let header = Header::of(&self.letter, &original.sender_name, original.dispatcher.as_deref())
            .forwarded_by(forwarder);
        let mut parts = vec![self.seal.original(original, &house.objects, random).await?];
        let tells_opened = self.tells_opened();
        let visible_from = self.visible_from(original.accepted_at);
        let Self { letter, filed, seal, parts: attachments, .. } = self;
        parts.extend(attachments);
        let sealed_key = seal.key(filed.recipient.epoch, &filed.recipient.public_key);
        Ok(SealedLetter {
            filed: Filed { visible_from, ..filed },
            at: original.accepted_at,
            confidential: letter.confidential,
            tells_opened,
            header: seal.header(&header, random),
            sealed_key: sealed_key.map_err(|error| AcceptError::Internal(Box::new(error)))?,
            parts,
            notice_job: JobId::new(original.accepted_at, random),
        })
    }
}

impl SealedLetter {
    /// All that the transaction writes.
    pub(crate) fn begun_by(self, event: EventRow) -> PreparedLetter {
        let Filed { letter_id, sender_mac, recipient, visible_from, .. } = self.filed;
        PreparedLetter {
            mailbox_id: recipient.mailbox_id,
            letter_id,
            accepted_at: self.at,
            visible_from,
            header: self.header,
            sender_mac,
            confidential: self.confidential,
            tells_opened: self.tells_opened,
            epoch: recipient.epoch,
            sealed_key: self.sealed_key,
            parts: self.parts,
            event,
            notice_job: self.notice_job,
        }
    }
}

/// The file, its base64 in the signed and in the sealed message, and that one sealed for the wait.
const LEAVING_COPIES: u64 = 5;
