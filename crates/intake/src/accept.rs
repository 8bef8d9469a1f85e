//! From a checked letter to a promise: sealed, signed for, committed.

use crate::{
    AcceptError, Answer, Draft, Intake,
    check::count_refusal,
    committer::{Cargo, Prepared, Waiting},
    draft::Recipient,
    submission::Submission,
};
use domain::{
    Code, JobId, Time, chance,
    letter::Address,
    words::{EventType, ReceiptWish},
};
use evidence::{Accepted, Event, EventRow, receipt::Receipt};
use mailbox::{Header, Original, PreparedLetter, Says};
use std::time::Duration;
use tokio::sync::oneshot;

impl Intake {
    /// Accepts a letter. Once called it runs to its end, even when the caller hangs up.
    pub async fn accept(&self, draft: Draft) -> Result<Answer, AcceptError> {
        let answers = self.accept_all(vec![draft]).await?;
        answers.into_iter().next().ok_or(AcceptError::Unknown)
    }

    /// Accepts the letters of one delivery, all or none. At least one; the answers are in their order.
    pub(crate) async fn accept_all(&self, drafts: Vec<Draft>) -> Result<Vec<Answer>, AcceptError> {
        let intake = self.clone();
        let accepting = self.0.tasks.spawn(async move { intake.accept_now(drafts).await });
        let accepted = accepting.await.unwrap_or(Err(AcceptError::Unknown));
        match &accepted {
            Ok(answers) => {
                for answer in answers {
                    let outcome = match (answer.repeated, answer.forwarding) {
                        (true, _) => "repeated",
                        (false, true) => "taken_in_charge",
                        (false, false) => "accepted",
                    };
                    metrics::counter!("kuvert_letters_total", "outcome" => outcome).increment(1);
                }
            }
            Err(error) => count_refusal(error),
        }
        accepted
    }

    async fn accept_now(&self, drafts: Vec<Draft>) -> Result<Vec<Answer>, AcceptError> {
        let mut letters = Vec::with_capacity(drafts.len());
        let mut room = None;
        for mut draft in drafts {
            if draft.taken() < draft.letter.attachments.len() {
                return Err(Code::AttachmentMissing.into());
            }
            self.ask_again_if_old(&mut draft).await?;
            let caller = draft.caller.clone();
            let mut place = draft.place.take();
            letters.push(self.prepare(draft).await?);
            if let Some((_, held)) = &mut room {
                place.hand_over(held);
            } else {
                room = Some((caller, place));
            }
        }
        let (caller, place) = room.ok_or(AcceptError::Unknown)?;
        let (answer_to, outcome) = oneshot::channel();
        self.0.queue.push(Waiting { letters, answer_to, caller, place })?;
        outcome.await.unwrap_or(Err(AcceptError::Unknown))
    }

    /// Attachments may have taken long: the box may be closed by now, or have another key. The key service keeps
    /// an old key for much longer than lies between this question and the commit.
    async fn ask_again_if_old(&self, draft: &mut Draft) -> Result<(), AcceptError> {
        let now = self.0.clock.now();
        // Where a letter for another operator goes is asked before each try.
        if draft.leaving.is_some() || now.since(draft.recipient.asked_at) < ASK_AGAIN_AFTER {
            return Ok(());
        }
        let letter = &draft.letter;
        let address_mac = draft.recipient.address_mac;
        let found = self.look_up(&address_mac, &draft.signed.address.sender, now).await?;
        let recipient = Recipient::of(&found, &letter.recipient, address_mac, now)?;
        if recipient.mailbox_id != draft.recipient.mailbox_id {
            // What is sealed is bound to the other mailbox.
            return Err(AcceptError::Unavailable("the recipient's mailbox changed meanwhile"));
        }
        draft.recipient = recipient;
        Ok(())
    }

    async fn prepare(&self, mut draft: Draft) -> Result<Prepared, AcceptError> {
        match draft.leaving.take() {
            Some(leaving) => self.prepare_outbound(draft, leaving).await,
            None => Ok(self.prepare_letter(draft).await?.0),
        }
    }

    /// A letter for a mailbox here, with the event that accepts it and the nonce of its commitments.
    pub(crate) async fn prepare_letter(
        &self,
        draft: Draft,
    ) -> Result<(Prepared, Event, [u8; 32]), AcceptError> {
        let house = &*self.0;
        let random = &*house.random;
        let accepted_at = house.clock.now();
        let visible_from = draft.visible_from.max(accepted_at);
        let signed = &draft.signed;
        let header = Header::of(&draft.letter, &signed.sender_name, signed.dispatcher.as_deref())
            .forwarded_by(signed.forwarded.as_ref().map(|one| one.by.as_str()));
        let original = Original {
            signed: draft.original.to_vec(),
            form: draft.form,
            certificate: signed.certificate.to_vec(),
            sender_name: signed.sender_name.clone(),
            dispatcher: signed.dispatcher.clone(),
            forwarded: signed.forwarded.as_deref().cloned(),
            accepted_at,
            wrapped_keys: draft.wrapped_keys.clone(),
        };
        let Promised { submission, event, answer, accepted, nonce } =
            self.promise(EventType::Accepted, &draft, (accepted_at, visible_from), Some(&original))?;
        let Draft { letter, letter_id, macs, recipient, seal, parts: attachments, .. } = draft;
        let mut parts = vec![seal.original(&original, &house.objects, random).await?];
        parts.extend(attachments);
        let sealed_key = seal.key(recipient.epoch, &recipient.public_key);
        let sealed_key = sealed_key.map_err(|error| AcceptError::Internal(Box::new(error)))?;
        let letter = PreparedLetter {
            mailbox_id: recipient.mailbox_id,
            letter_id,
            accepted_at,
            visible_from,
            header: seal.header(&header, random),
            sender_mac: macs.sender,
            confidential: letter.confidential,
            tells_opened: submission.tells_opened,
            epoch: recipient.epoch,
            sealed_key,
            parts,
            event,
            notice_job: JobId::new(accepted_at, random),
        };
        Ok((Prepared { submission, cargo: Cargo::Letter(letter), answer }, accepted, nonce))
    }

    /// What is promised for a letter, and what of it is stored: the first event of its chain, and the receipt.
    pub(crate) fn promise(
        &self,
        kind: EventType,
        draft: &Draft,
        (accepted_at, visible_from): (Time, Time),
        original: Option<&Original>,
    ) -> Result<Promised, AcceptError> {
        let house = &*self.0;
        let random = &*house.random;
        let keys = &*house.gateway_keys;
        let Draft { letter, letter_id, macs, recipient, signed, .. } = draft;
        // Of a forwarded letter that is the operator that hands it over; else the letter's own.
        let Address { sender, reference } = &signed.address;
        let letter_id = *letter_id;
        let mailbox_id = recipient.mailbox_id;
        let nonce = chance::bytes(random);
        let here = kind == EventType::Accepted;
        let belongings = draft.seal.belongings(&Says {
            accepted_at,
            visible_from,
            confidential: here && letter.confidential,
            tells_opened: here && letter.receipt == ReceiptWish::Opened,
            sender_mac: macs.sender,
        });
        let original = original.map(Original::to_cbor);
        let accepted = Accepted {
            letter_id,
            at: accepted_at,
            recipient: &letter.recipient,
            payload: &draft.payload,
            sender,
            certificate: signed.certificate_sha256,
            belongings: &belongings,
            address_mac: &recipient.address_mac,
            original: original.as_deref().map(Vec::as_slice),
        };
        let detail = signed.forwarded.as_ref().map(|_| evidence::FORWARDED.to_owned());
        let event = Event { kind, detail, ..Event::accepted(accepted, &nonce, random) };
        let row = evidence::first(&event, &nonce, mailbox_id, &keys.events, random);
        let receipt = Receipt {
            event,
            nonce,
            letter_id,
            sender: sender.clone(),
            reference: reference.clone(),
            accepted_at,
            durability: house.durability.word().unwrap_or("none").to_owned(),
            include_by: None,
        };
        let answer = Answer {
            letter_id,
            receipt: receipt.sign(&keys.receipt),
            durability: receipt.durability.clone(),
            include_by: None,
            forwarding: kind == EventType::TakenInCharge,
            repeated: false,
        };
        let submission = Submission {
            sender_mac: macs.sender,
            reference_mac: macs.reference,
            payload_mac: macs.payload,
            letter_id,
            mailbox_id,
            reference: Submission::seal_reference(keys, letter_id, reference, random),
            receipt: Submission::seal_answer(keys, &answer, random)?,
            tells_opened: letter.receipt == ReceiptWish::Opened,
            visible_from,
            accepted_at,
        };
        Ok(Promised { submission, event: row, answer, accepted: receipt.event, nonce })
    }
}

/// See [`Intake::promise`].
pub(crate) struct Promised {
    pub(crate) submission: Submission,
    pub(crate) event: EventRow,
    pub(crate) answer: Answer,
    /// What `event` holds.
    pub(crate) accepted: Event,
    pub(crate) nonce: [u8; 32],
}

const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);
