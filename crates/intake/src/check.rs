//! All that the letter part alone can decide, in the order that the API promises: caller and signature, the
//! reference, then everything else.

use crate::{
    AcceptError, Answer, Draft, Intake,
    draft::{Filed, Recipient},
    lookup::{Addressed, Question},
    room::Place,
    signer::{self, NotSigned, Signed},
    submission::{self, Submission},
    whereabouts::{Route, Sought},
};
use bytes::Bytes;
use domain::{
    Code, LetterId, OrgNumber, Refusal, Time,
    letter::{Address, Letter},
};
use key_client::KeysError;
use mailbox::{Form, LetterSeal};
use store::Durability;
use vault::jws::FlattenedJws;

/// What becomes of a letter part.
#[allow(clippy::large_enum_variant, reason = "almost every one is a draft")]
pub enum Checked {
    /// The same letter was accepted before: the same answer.
    Repeat(Answer),
    /// A new letter; its attachments can come.
    Draft(Draft),
}

/// What was signed, and what of it is compared.
pub(crate) struct Source {
    pub(crate) original: Bytes,
    pub(crate) form: Form,
    pub(crate) payload: Vec<u8>,
}

/// The keyed hashes by which a submission is known.
pub(crate) struct Macs {
    pub(crate) sender: [u8; 32],
    pub(crate) reference: [u8; 32],
    pub(crate) payload: [u8; 32],
}

impl Intake {
    /// Judges the letter part (the JWS, byte for byte as it came) for the organisation that calls.
    pub async fn check(&self, caller: &OrgNumber, jws: Bytes) -> Result<Checked, AcceptError> {
        let checked = self.judge(caller, jws).await;
        match &checked {
            Ok(Checked::Draft(_)) => {}
            Ok(Checked::Repeat(_)) => {
                metrics::counter!("kuvert_letters_total", "outcome" => "repeated").increment(1)
            }
            Err(error) => count_refusal(error),
        }
        checked
    }

    async fn judge(&self, caller: &OrgNumber, bytes: Bytes) -> Result<Checked, AcceptError> {
        let house = &*self.0;
        self.open()?;
        if bytes.len() as u64 > house.settings.limits.letter_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        // Fairness begins here, before any work on the signature.
        let place = house.room.admit(caller, OVERHEAD_BYTES + COPIES * bytes.len() as u64)?;
        let jws = FlattenedJws::parse(&bytes).map_err(signer::refusal)?;
        let now = house.clock.now();
        let mut signed = self.signed(caller, &jws, now).await?;
        let macs = self.macs(&signed.address, &jws.payload);
        // Judged only when the reference is new.
        let letter = Letter::parse(&jws.payload, &house.settings.limits);
        let known = house.lookups.ask(Question {
            caller: caller.clone(),
            sender: signed.address.sender.clone(),
            sender_mac: macs.sender,
            reference_mac: macs.reference,
            recipient: letter.as_ref().ok().map(|letter| letter.recipient.clone()),
        });
        let known = known.await?;
        if let Some(stored) = known.stored {
            return self.repeat(&stored, &signed.address.sender, &jws.payload).await.map(Checked::Repeat);
        }
        let letter = letter?;
        let Addressed { address_mac, found } = known.recipient?.ok_or(KeysError::Unavailable)?;
        if self.overtaken(signed.registry, found.version).await? {
            signed = self.signed(caller, &jws, now).await?;
        }
        signed.usable?;
        let visible_from = self.agrees(&letter, &signed, now)?;
        let letter_id = LetterId::new(now, &*house.random);
        let sought = Sought { identity: &letter.recipient, address_mac: &address_mac, found: &found };
        let filed = match self.route(&letter.sender, sought, now).await? {
            Route::Here => Filed {
                letter_id,
                recipient: Recipient::of(&found, &letter.recipient, address_mac, now)?,
                visible_from,
                leaving: None,
            },
            // Who brings it is where it would go.
            Route::Away(to) if to.number == *caller => {
                return Err(Refusal::new(Code::RecipientElsewhere).at("/recipient").into());
            }
            Route::Away(to) => {
                self.may_leave(&letter, Form::Jws, now)?;
                self.leaves(letter_id, address_mac, to, None, now)
            }
        };
        let source = Source { original: bytes, form: Form::Jws, payload: jws.payload };
        Ok(Checked::Draft(self.draft(caller, letter, source, signed, macs, filed, place)))
    }

    /// A letter that may be accepted.
    #[allow(clippy::too_many_arguments, reason = "each is a part of the draft")]
    pub(crate) fn draft(
        &self,
        caller: &OrgNumber,
        letter: Letter,
        source: Source,
        signed: Signed,
        macs: Macs,
        filed: Filed,
        place: Place,
    ) -> Draft {
        let Filed { letter_id, recipient, visible_from, leaving } = filed;
        let parts = if leaving.is_some() { 0 } else { letter.attachments.len() };
        let seal = LetterSeal::new(recipient.mailbox_id, letter_id, parts, &*self.0.random);
        let Source { original, form, payload } = source;
        Draft {
            intake: self.clone(),
            caller: caller.clone(),
            original,
            form,
            payload,
            letter,
            letter_id,
            signed,
            macs,
            visible_from,
            recipient,
            seal,
            parts: Vec::new(),
            wrapped_keys: Vec::new(),
            leaving,
            place,
        }
    }

    /// Verified by what we know of the registry; when that refuses, by what the registry says now.
    async fn signed(&self, caller: &OrgNumber, jws: &FlattenedJws, now: Time) -> Result<Signed, AcceptError> {
        let house = &*self.0;
        let snapshot = house.directory.current();
        match signer::verify(&house.store, &snapshot, caller, jws, now).await {
            Ok(signed) => return Ok(signed),
            Err(NotSigned::Store(error)) => return Err(error.into()),
            Err(NotSigned::Refused(refusal)) => {
                house.directory.refresh(&house.store).await?;
                if house.directory.current().version == snapshot.version {
                    return Err(refusal.into());
                }
            }
        }
        let snapshot = house.directory.current();
        Ok(signer::verify(&house.store, &snapshot, caller, jws, now).await?)
    }

    /// The same payload gets the same answer, byte for byte; another payload is a conflict.
    pub(crate) async fn repeat(
        &self,
        stored: &Submission,
        sender: &OrgNumber,
        payload: &[u8],
    ) -> Result<Answer, AcceptError> {
        let house = &*self.0;
        let parts: [&[u8]; 2] = [sender.as_str().as_bytes(), payload];
        if !house.gateway_keys.sender.verify("payload", &parts, &stored.payload_mac) {
            return Err(Code::ReferenceConflict.into());
        }
        self.stored_answer(stored).await
    }

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

    pub(crate) fn macs(&self, address: &Address, payload: &[u8]) -> Macs {
        let mac = &self.0.gateway_keys.sender;
        Macs {
            sender: submission::sender_mac(mac, &address.sender),
            reference: submission::reference_mac(mac, &address.sender, &address.reference),
            payload: mac.tag("payload", &[address.sender.as_str().as_bytes(), payload]),
        }
    }

    /// What needs more than the payload's own text. Answers from when the letter is seen.
    fn agrees(&self, letter: &Letter, signed: &Signed, now: Time) -> Result<Time, Refusal> {
        let settings = &self.0.settings;
        if letter.sender != signed.address.sender || letter.reference != signed.address.reference {
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
}

pub(crate) fn count_refusal(error: &AcceptError) {
    let code = error.refusal().code.as_str();
    metrics::counter!("kuvert_letters_total", "outcome" => "refused").increment(1);
    metrics::counter!("kuvert_letters_refused_total", "code" => code).increment(1);
    if let AcceptError::Internal(source) = error {
        tracing::error!(error = %source, "A letter could not be accepted");
    }
}

/// The JWS, its payload, and the sealed original.
const COPIES: u64 = 3;
pub(crate) const OVERHEAD_BYTES: u64 = 8 * 1024;
