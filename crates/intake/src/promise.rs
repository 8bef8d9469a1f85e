//! What is promised to whoever brings a letter, and what of it is stored: the receipt, under the letter's reference.

use crate::{
    AcceptError, Answer, Intake,
    sealing::{FirstEvent, Sealing},
    submission::Submission,
};
use domain::{PayloadMac, ReferenceMac, letter::Address, words::EventType};
use evidence::{EventRow, receipt::Receipt};

/// To whom a letter is promised, and by what it is known again.
pub(crate) struct Pledge {
    /// Of a forwarded letter that of the operator that hands it over; else the letter's own.
    pub(crate) address: Address,
    pub(crate) reference_mac: ReferenceMac,
    pub(crate) payload_mac: PayloadMac,
}

pub(crate) struct Promised {
    pub(crate) submission: Submission,
    pub(crate) event: EventRow,
    pub(crate) answer: Answer,
}

impl Intake {
    /// Signs the receipt of what `first` says, and seals both for the rows that keep them.
    pub(crate) fn promise(
        &self,
        sealing: &Sealing,
        pledge: Pledge,
        first: FirstEvent,
    ) -> Result<Promised, AcceptError> {
        let house = &*self.0;
        let random = &*house.random;
        let keys = &*house.gateway_keys;
        let Pledge { address, reference_mac, payload_mac } = pledge;
        let FirstEvent { event, nonce } = first;
        let filed = &sealing.filed;
        let letter_id = filed.letter_id;
        let mailbox_id = filed.recipient.mailbox_id;
        let accepted_at = event.at;
        let forwarding = event.kind == EventType::TakenInCharge;
        let row = evidence::first(&event, &nonce, mailbox_id, &keys.events, random);
        let reference = Submission::seal_reference(keys, letter_id, &address.reference, random);
        let receipt = Receipt {
            event,
            nonce,
            letter_id,
            sender: address.sender,
            reference: address.reference,
            accepted_at,
            durability: house.durability.word().unwrap_or("none").to_owned(),
            include_by: None,
        };
        let answer = Answer {
            letter_id,
            receipt: receipt.sign(&keys.receipt),
            durability: receipt.durability,
            include_by: None,
            forwarding,
            repeated: false,
        };
        let submission = Submission {
            sender_mac: filed.sender_mac,
            reference_mac,
            payload_mac,
            letter_id,
            mailbox_id,
            reference,
            receipt: Submission::seal_answer(keys, &answer, random)?,
            tells_opened: sealing.tells_opened(),
            visible_from: sealing.visible_from(accepted_at),
            accepted_at,
        };
        Ok(Promised { submission, event: row, answer })
    }
}
