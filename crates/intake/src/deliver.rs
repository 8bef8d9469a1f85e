//! A delivery of Mina Meddelanden: the same use case as a letter of the agency API, in another envelope.
//!
//! Each message becomes a letter, known by sender and message id. All letters of a delivery are accepted, or none.

use crate::{
    AcceptError, Answer, Draft, Intake,
    check::{OVERHEAD_BYTES, Source, count_refusal},
    draft::{Filed, Recipient},
    lookup::{Addressed, Question},
    room::Place,
    sealer,
    signer::{NotSigned, Signed},
    whereabouts::{Route, Sought},
};
use bytes::Bytes;
use delivery::{Message, Sealed, letter};
use domain::{
    Code, Identity, LetterId, OrgNumber, Refusal,
    letter::{Letter, Limits},
};
use futures_util::future::try_join_all;
use key_client::KeysError;
use mailbox::Form;
use registry::{Snapshot, recipient::Found};

/// What became of a delivery whose signatures hold.
#[derive(Debug)]
pub struct Delivered {
    pub recipient: Identity,
    /// An answer for each message in order; or why the recipient cannot be reached here, which is no fault of the
    /// sender.
    pub letters: Result<Vec<Answer>, Refusal>,
}

impl Intake {
    /// Takes a whole `deliverSecure` message, byte for byte as it came, of the organisation that calls. A message that
    /// asks for another operation is told by [`Code::OperationUnknown`].
    pub async fn deliver(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Delivered, AcceptError> {
        self.open()?;
        let length = envelope.len() as u64;
        if length > self.0.settings.envelope_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        // Fairness begins here, before any work on the signatures.
        let place = self.0.room.admit(caller, OVERHEAD_BYTES + COPIES * length)?;
        let message = envelope.clone();
        let read = self.aside(envelope.len(), move || {
            let sealed = Sealed::from_envelope(&message).map_err(|error| sealer::refusal(&error))?;
            let to = letter::addressed(&sealed.delivery)?;
            Ok((sealed, to))
        });
        let read = read.await;
        let other = |error: &AcceptError| error.refusal().code == Code::OperationUnknown;
        let (sealed, to) = read.inspect_err(|error| {
            if !other(error) {
                count_refusal(error)
            }
        })?;
        let taken = self.take(caller, envelope, &sealed, &to, place).await;
        let letters = match taken {
            Ok(answers) => Ok(answers),
            Err(AcceptError::Refused(refusal)) if unreachable(refusal.code) => {
                count_refusal(&refusal.clone().into());
                Err(refusal)
            }
            Err(error) => {
                count_refusal(&error);
                return Err(error);
            }
        };
        Ok(Delivered { recipient: to.recipient, letters })
    }

    async fn take(
        &self,
        caller: &OrgNumber,
        envelope: Bytes,
        sealed: &Sealed,
        to: &letter::Addressed,
        mut place: Place,
    ) -> Result<Vec<Answer>, AcceptError> {
        let signed = self.sealed_by(caller, sealed, to).await?;
        let messages = sealed.delivery.messages.iter().zip(&sealed.payloads).enumerate();
        let known = messages.map(|(no, (message, payload))| {
            let signed = &signed;
            let envelope = envelope.clone();
            let part = Part { no, message, payload, envelope };
            self.known(caller, sealed, to, signed, part)
        });
        let known = try_join_all(known).await?;
        let mut drafts = Vec::new();
        let mut answers = Vec::with_capacity(known.len());
        for one in known {
            match one {
                Known::Repeat(answer) => answers.push(Some(*answer)),
                Known::New(mut draft, message) => {
                    draft.place = place.take();
                    attach(&mut draft, &sealed.delivery.messages[message]).await?;
                    drafts.push(*draft);
                    answers.push(None);
                }
            }
        }
        let mut accepted =
            if drafts.is_empty() { Vec::new() } else { self.accept_all(drafts).await? }.into_iter();
        let whole: Option<Vec<Answer>> =
            answers.into_iter().map(|answer| answer.or_else(|| accepted.next())).collect();
        whole.ok_or(AcceptError::Unknown)
    }

    async fn sealed_by(
        &self,
        caller: &OrgNumber,
        sealed: &Sealed,
        to: &letter::Addressed,
    ) -> Result<Signed, AcceptError> {
        let authorities = self.0.trust.current();
        let now = self.0.clock.now();
        self.by_registry(|snapshot| sealer::verify(snapshot, &authorities, caller, sealed, to, now)).await
    }

    /// Whether the message was accepted before; if not, its draft.
    async fn known(
        &self,
        caller: &OrgNumber,
        sealed: &Sealed,
        to: &letter::Addressed,
        signed: &Signed,
        part: Part<'_>,
    ) -> Result<Known, AcceptError> {
        let house = &*self.0;
        let mut signed = signed.clone();
        signed.address.reference = letter::reference(part.message)?;
        let macs = self.macs(&signed.address, part.payload);
        // Judged only when the reference is new.
        let letter = letter::letter(&sealed.delivery, to, part.message, &self.delivery_limits());
        let known = house.lookups.ask(Question {
            caller: caller.clone(),
            sender: to.sender.clone(),
            sender_mac: macs.sender,
            reference_mac: macs.reference,
            recipient: letter.is_ok().then(|| to.recipient.clone()),
        });
        let known = known.await?;
        if let Some(stored) = known.stored {
            let answer = self.repeat(&stored, &to.sender, part.payload).await?;
            return Ok(Known::Repeat(Box::new(answer)));
        }
        let letter = letter?;
        let Addressed { address_mac, found } = known.recipient?.ok_or(KeysError::Unavailable)?;
        if self.overtaken(signed.registry, found.version).await? {
            let reference = signed.address.reference;
            signed = self.sealed_by(caller, sealed, to).await?;
            signed.address.reference = reference;
        }
        signed.usable?;
        let filed = self.file(caller, sealed, &part.envelope, &letter, (address_mac, &found)).await?;
        let message = u32::try_from(part.no).map_err(|_| Code::LetterTooLarge)?;
        let source = Source {
            original: part.envelope,
            form: Form::Delivery { message },
            payload: part.payload.to_vec(),
        };
        let room = house.room.admit(caller, 0)?;
        let draft = self.draft(caller, letter, source, signed, macs, filed, room);
        Ok(Known::New(Box::new(draft), part.no))
    }

    /// Here, or to another operator: only what an agency or its dispatcher brings, and never what an operator does, so
    /// that nothing goes in a circle. A delivery of several messages would come apart, and is not taken in charge.
    async fn file(
        &self,
        caller: &OrgNumber,
        sealed: &Sealed,
        envelope: &[u8],
        letter: &Letter,
        (address_mac, found): ([u8; 32], &Found),
    ) -> Result<Filed, AcceptError> {
        let house = &*self.0;
        let now = self.0.clock.now();
        let letter_id = LetterId::new(now, &*house.random);
        let elsewhere = match Recipient::of(found, &letter.recipient, address_mac, now) {
            Ok(recipient) => return Ok(Filed { letter_id, recipient, visible_from: now, leaving: None }),
            Err(refusal) => refusal,
        };
        let handed_on =
            house.outgoing.is_some() && !self.is_operator(caller) && sealed.delivery.messages.len() == 1;
        if !handed_on {
            return Err(elsewhere.into());
        }
        let sought = Sought { identity: &letter.recipient, address_mac: &address_mac, found };
        match self.route(&letter.sender, sought, now).await {
            // Who brings it is where it would go: two registers, or two moments, that do not agree.
            Ok(Route::Away(to)) if to.number == *caller => Err(elsewhere.into()),
            Ok(Route::Away(to)) => {
                let form = Form::Delivery { message: 0 };
                self.may_leave(letter, form, now)?;
                let signed = delivery::signed_delivery(envelope).map_err(|error| sealer::refusal(&error))?;
                Ok(self.leaves(letter_id, address_mac, to, Some(signed), now))
            }
            Ok(Route::Here) => Err(elsewhere.into()),
            Err(AcceptError::Refused(refusal)) if refusal.code == Code::SenderMustSign => {
                Err(Refusal::new(Code::RecipientElsewhere).at("/recipient").into())
            }
            Err(error) => Err(error),
        }
    }

    /// Whether what was judged by one version of the registry must be judged again, since a recipient was looked up in a
    /// later one, which is in memory now. Whoever read it there does not matter: between the two others read it as well.
    pub(crate) async fn overtaken(&self, judged: i64, found: i64) -> Result<bool, AcceptError> {
        self.0.directory.refresh_if(&self.0.store, found).await?;
        Ok(judged < found)
    }

    /// Judged by what we know of the registry; when that refuses, once more by what the registry says now.
    pub(crate) async fn by_registry(
        &self,
        judge: impl Fn(&Snapshot) -> Result<Signed, NotSigned>,
    ) -> Result<Signed, AcceptError> {
        let house = &*self.0;
        let known = house.directory.current();
        let mut judged = judge(&known);
        if matches!(judged, Err(NotSigned::Refused(_))) {
            house.directory.refresh(&house.store).await?;
            let fresh = house.directory.current();
            if fresh.version != known.version {
                judged = judge(&fresh);
            }
        }
        Ok(judged?)
    }

    /// Attachments lie in the envelope and are as large as it lets them be.
    pub(crate) fn delivery_limits(&self) -> Limits {
        let settings = &self.0.settings;
        Limits { body_bytes: settings.envelope_bytes, ..settings.limits.clone() }
    }
}

/// One message of a delivery.
struct Part<'a> {
    no: usize,
    message: &'a Message,
    payload: &'a [u8; 32],
    envelope: Bytes,
}

enum Known {
    Repeat(Box<Answer>),
    New(Box<Draft>, usize),
}

pub(crate) async fn attach(draft: &mut Draft, message: &Message) -> Result<(), AcceptError> {
    for (at, file) in message.attachments.iter().enumerate() {
        let mut sink = draft.attachment(at).await?;
        for piece in file.content.chunks(PIECE_BYTES) {
            sink.write(piece).await?;
        }
        sink.finish().await?;
    }
    Ok(())
}

/// Told as *not delivered*, not as a fault.
pub(crate) fn unreachable(code: Code) -> bool {
    matches!(
        code,
        Code::RecipientUnknown
            | Code::RecipientElsewhere
            | Code::MailboxClosed
            | Code::RecipientDeceased
            | Code::RecipientUnderAge
            | Code::SenderDeclined
    )
}

/// The envelope, its attachments decoded, the original as it is sealed, and what is on its way to the database.
pub(crate) const COPIES: u64 = 4;
const PIECE_BYTES: usize = 64 * 1024;
