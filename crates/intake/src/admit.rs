//! Admission: the one way from what a door has read and verified to a draft, whatever form the letter came in.
//!
//! In this order, which the API promises: the reference, and the answer again where it is known; the letter's own text; the
//! registry once more where it moved meanwhile; whether the certificate signs new letters; where the letter goes.

use crate::{
    AcceptError, Answer, Draft, Intake,
    lookup::{Addressed, Question},
    outgoing::Leaving,
    promise::Pledge,
    room::Place,
    sealer,
    sealing::{Filed, Recipient, Sealing, Source},
    signature::{Provenance, Signature, SignedBy},
    submission::{self, Submission},
    whereabouts::{Route, Sought},
};
use domain::{
    Code, LetterId, OrgNumber, PayloadMac, ReferenceMac, Refusal, SenderMac, Time,
    letter::{Address, Forwarded, Letter},
};
use key_client::KeysError;
use std::sync::Arc;
use store::Durability;

/// One letter as a door brings it: its signature holds, and nothing else is decided.
pub(crate) struct Candidate<'a> {
    pub(crate) caller: &'a OrgNumber,
    /// By whom and under what reference it is known: what its sender wrote, or who hands it over.
    pub(crate) address: Address,
    pub(crate) signature: Signature<'a>,
    pub(crate) signed_by: SignedBy,
    /// Judged only when the reference is new.
    pub(crate) letter: Result<Letter, Refusal>,
    pub(crate) source: Source,
    /// Set: it was first sent to somebody else.
    pub(crate) forwarded: Option<Arc<Forwarded>>,
    /// What it holds of memory.
    pub(crate) place: Place,
    /// Bytes more that it holds if it is new.
    pub(crate) grows: u64,
}

/// What becomes of a candidate.
pub(crate) enum Admitted {
    /// The same letter was accepted before: the same answer.
    Repeat(Box<Answer>),
    /// A new letter; its attachments can come.
    New(Box<Draft>),
}

/// The keyed hashes by which a submission is known.
struct Macs {
    sender: SenderMac,
    reference: ReferenceMac,
    payload: PayloadMac,
}

/// Where a letter goes.
enum Destination {
    Here(Recipient),
    Away(Leaving),
}

impl Intake {
    pub(crate) async fn admit(&self, candidate: Candidate<'_>) -> Result<Admitted, AcceptError> {
        let house = &*self.0;
        let Candidate { caller, address, signature, letter, source, mut place, .. } = candidate;
        let macs = self.macs(&address, &source.payload);
        let known = house.lookups.ask(Question {
            caller: caller.clone(),
            // Of what is forwarded the operator: what somebody has turned off is not told to whoever forwards.
            sender: address.sender.clone(),
            sender_mac: macs.sender,
            reference_mac: macs.reference,
            recipient: letter.as_ref().ok().map(|letter| letter.recipient.clone()),
        });
        let known = known.await?;
        // Before the letter is judged: what was accepted once gets its answer for ever, whatever rules and
        // registry say today.
        if let Some(stored) = known.stored {
            let answer = self.repeat(&stored, &address.sender, &source.payload).await?;
            return Ok(Admitted::Repeat(Box::new(answer)));
        }
        let letter = letter?;
        let Addressed { address_mac, found } = known.recipient?.ok_or(KeysError::Unavailable)?;
        let now = house.clock.now();
        let mut signed_by = candidate.signed_by;
        // The registry has changed since the signature was judged, and a certificate may have been revoked in
        // between.
        if self.overtaken(signed_by.registry, found.version).await? {
            signed_by = self.verified(caller, signature, now).await?;
        }
        signed_by.usable?;
        let visible_from = match signature {
            Signature::Jws { .. } => self.agrees(&letter, &address, now)?,
            Signature::Delivery { .. } | Signature::Forwarded { .. } => now,
        };
        let letter_id = LetterId::new(now, &*house.random);
        let sought = Sought { identity: &letter.recipient, address_mac: &address_mac, found: &found };
        let filed = match self.destination(caller, signature, &letter, sought, &source).await? {
            Destination::Here(recipient) => {
                Filed { letter_id, sender_mac: macs.sender, recipient, visible_from, leaving: None }
            }
            Destination::Away(leaving) => {
                let recipient = self.waiting_room(letter_id, address_mac, now);
                let leaving = Some(leaving);
                Filed { letter_id, sender_mac: macs.sender, recipient, visible_from: now, leaving }
            }
        };
        place.grow(candidate.grows)?;
        let provenance = Provenance { forwarded: candidate.forwarded, ..signed_by.provenance };
        Ok(Admitted::New(Box::new(Draft {
            intake: self.clone(),
            caller: caller.clone(),
            sealing: Sealing::begin(letter, source, provenance, filed, &*house.random),
            pledge: Pledge { address, reference_mac: macs.reference, payload_mac: macs.payload },
            place,
        })))
    }

    /// The same payload gets the same answer, byte for byte; another payload is a conflict.
    async fn repeat(
        &self,
        stored: &Submission,
        sender: &OrgNumber,
        payload: &[u8],
    ) -> Result<Answer, AcceptError> {
        let parts: [&[u8]; 2] = [sender.as_str().as_bytes(), payload];
        if !self.0.gateway_keys.sender.verify("payload", &parts, stored.payload_mac.as_bytes()) {
            return Err(Code::ReferenceConflict.into());
        }
        self.stored_answer(stored).await
    }

    /// The answer that was given, once it would survive what a new one survives.
    pub(crate) async fn stored_answer(&self, stored: &Submission) -> Result<Answer, AcceptError> {
        let house = &*self.0;
        if house.durability == Durability::SyncQuorum {
            let mut tx = house.store.begin("confirm receipt").await?;
            submission::confirm(&mut tx, stored).await?;
            tx.commit().await?;
        }
        let answer =
            stored.answer(&house.gateway_keys).map_err(|error| AcceptError::Internal(Box::new(error)))?;
        Ok(Answer { repeated: true, ..answer })
    }

    fn macs(&self, address: &Address, payload: &[u8]) -> Macs {
        let mac = &self.0.gateway_keys.sender;
        Macs {
            sender: submission::sender_mac(mac, &address.sender),
            reference: submission::reference_mac(mac, &address.sender, &address.reference),
            payload: PayloadMac::from_bytes(
                mac.tag("payload", &[address.sender.as_str().as_bytes(), payload]),
            ),
        }
    }

    /// What needs more than the payload's own text. Answers from when the letter is seen.
    fn agrees(&self, letter: &Letter, address: &Address, now: Time) -> Result<Time, Refusal> {
        let settings = &self.0.settings;
        if letter.sender != address.sender || letter.reference != address.reference {
            return Err(Code::PayloadMalformed.into());
        }
        if letter.audience.as_ref().is_some_and(|audience| *audience != settings.audience) {
            return Err(Refusal::new(Code::WrongAudience).at("/audience"));
        }
        let visible_from = letter.visible_from.unwrap_or(now).max(now);
        if visible_from > now.plus(settings.visible_ahead) {
            return Err(Refusal::new(Code::FieldInvalid).because("too far ahead").at("/visible_from"));
        }
        Ok(visible_from)
    }

    /// Here, or to another operator. Only what an agency or its dispatcher brings leaves, never what an operator hands
    /// over, so that nothing goes in a circle.
    async fn destination(
        &self,
        caller: &OrgNumber,
        signature: Signature<'_>,
        letter: &Letter,
        sought: Sought<'_>,
        source: &Source,
    ) -> Result<Destination, AcceptError> {
        let now = self.0.clock.now();
        let here = || Recipient::of(sought.found, &letter.recipient, *sought.address_mac, now);
        let sealed = match signature {
            Signature::Jws { .. } => return self.by_route(caller, letter, sought, here).await,
            Signature::Delivery { sealed, .. } => Some(sealed),
            Signature::Forwarded { .. } => None,
        };
        let elsewhere = match here() {
            Ok(recipient) => return Ok(Destination::Here(recipient)),
            Err(refusal) => refusal,
        };
        // A delivery of several messages would come apart.
        let leaves = sealed.is_some_and(|sealed| sealed.delivery.messages.len() == 1)
            && self.0.outgoing.is_some()
            && !self.is_operator(caller);
        if !leaves {
            return Err(elsewhere.into());
        }
        match self.route(&letter.sender, sought, now).await {
            // Who brings it is where it would go: two registers, or two moments, that do not agree.
            Ok(Route::Away(to)) if to.number == *caller => Err(elsewhere.into()),
            Ok(Route::Here) => Err(elsewhere.into()),
            Ok(Route::Away(to)) => {
                self.may_leave(letter, source.form, now)?;
                let signed = delivery::signed_delivery(&source.original);
                let signed = signed.map_err(|error| sealer::refusal(&error))?;
                Ok(Destination::Away(Leaving { to, files: Vec::new(), signed_delivery: Some(signed) }))
            }
            Err(AcceptError::Refused(refusal)) if refusal.code == Code::SenderMustSign => {
                Err(Refusal::new(Code::RecipientElsewhere).at("/recipient").into())
            }
            Err(error) => Err(error),
        }
    }

    /// A letter of the agency API goes where the register says, also where a mailbox here is known.
    async fn by_route(
        &self,
        caller: &OrgNumber,
        letter: &Letter,
        sought: Sought<'_>,
        here: impl Fn() -> Result<Recipient, Refusal>,
    ) -> Result<Destination, AcceptError> {
        let now = self.0.clock.now();
        match self.route(&letter.sender, sought, now).await? {
            Route::Here => Ok(Destination::Here(here()?)),
            // Who brings it is where it would go.
            Route::Away(to) if to.number == *caller => {
                Err(Refusal::new(Code::RecipientElsewhere).at("/recipient").into())
            }
            Route::Away(to) => {
                self.may_leave(letter, mailbox::Form::Jws, now)?;
                Ok(Destination::Away(Leaving { to, files: Vec::new(), signed_delivery: None }))
            }
        }
    }
}

impl Admitted {
    pub(crate) fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// The recipient is not reached here, which is no fault of whoever brings the letter: of a delivery that is told as *not
/// delivered*, not as a fault.
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
