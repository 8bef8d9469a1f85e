//! A new letter while its attachments stream in.

use crate::{
    AcceptError, Answer, AttachmentSink, Intake,
    admit::Admitted,
    promise::Pledge,
    room::Place,
    sealing::{Recipient, Sealing},
};
use delivery::{Delivery, Message};
use domain::{Code, LetterId, OrgNumber, letter::Attachment};
use mailbox::Form;
use std::time::Duration;

/// A letter that was checked and is not accepted yet. Dropped, nothing of it is left.
pub struct Draft {
    pub(crate) intake: Intake,
    pub(crate) caller: OrgNumber,
    pub(crate) sealing: Sealing,
    pub(crate) pledge: Pledge,
    pub(crate) place: Place,
}

impl Draft {
    /// The id that the letter will have.
    pub fn letter_id(&self) -> LetterId {
        self.sealing.filed.letter_id
    }

    /// What is to be sent, in order.
    pub fn manifest(&self) -> &[Attachment] {
        &self.sealing.letter.attachments
    }

    /// Takes the attachment `at` (0, 1 … in manifest order, each after the one before it is finished).
    pub async fn attachment(&mut self, at: usize) -> Result<AttachmentSink<'_>, AcceptError> {
        counted(self.sealing.attachment(&self.intake, &mut self.place, at).await)
    }

    /// Attachments may have taken long: the box may be closed by now, or have another key. The key service keeps
    /// an old key for much longer than lies between this question and the commit.
    pub(crate) async fn ask_again_if_old(&mut self) -> Result<(), AcceptError> {
        let now = self.intake.0.clock.now();
        let filed = &mut self.sealing.filed;
        // Where a letter for another operator goes is asked before each try.
        if filed.leaving.is_some() || now.since(filed.recipient.asked_at) < ASK_AGAIN_AFTER {
            return Ok(());
        }
        let address_mac = filed.recipient.address_mac;
        let found = self.intake.look_up(&address_mac, &self.pledge.address.sender, now).await?;
        let recipient = Recipient::of(&found, &self.sealing.letter.recipient, address_mac, now)?;
        if recipient.mailbox_id != filed.recipient.mailbox_id {
            // What is sealed is bound to the other mailbox.
            return Err(AcceptError::Unavailable("the recipient's mailbox changed meanwhile"));
        }
        filed.recipient = recipient;
        Ok(())
    }
}

/// Gives each new letter of a delivery the files of its message.
pub(crate) async fn attach_all(letters: &mut [Admitted], delivery: &Delivery) -> Result<(), AcceptError> {
    for letter in letters {
        let Admitted::New(draft) = letter else { continue };
        let Form::Delivery { message } = draft.sealing.source.form else { continue };
        let message = delivery.messages.get(message as usize).ok_or(Code::DeliveryMalformed)?;
        attach(&draft.intake, &mut draft.sealing, &mut draft.place, message).await?;
    }
    Ok(())
}

/// Gives a letter the files of its message.
pub(crate) async fn attach(
    intake: &Intake,
    sealing: &mut Sealing,
    place: &mut Place,
    message: &Message,
) -> Result<(), AcceptError> {
    for (at, file) in message.attachments.iter().enumerate() {
        let mut sink = sealing.attachment(intake, place, at).await?;
        for piece in file.content.chunks(PIECE_BYTES) {
            sink.take(piece).await?;
        }
        sink.close().await?;
    }
    Ok(())
}

/// Counts what is refused. Each letter is refused once.
pub(crate) fn counted<T>(outcome: Result<T, AcceptError>) -> Result<T, AcceptError> {
    outcome.inspect_err(count_refusal)
}

pub(crate) fn count_refusal(error: &AcceptError) {
    let code = error.refusal().code.as_str();
    metrics::counter!("kuvert_letters_total", "outcome" => "refused").increment(1);
    metrics::counter!("kuvert_letters_refused_total", "code" => code).increment(1);
    if let AcceptError::Internal(source) = error {
        tracing::error!(error = %source, "A letter could not be accepted");
    }
}

pub(crate) fn count_answer(answer: &Answer) {
    let outcome = match (answer.repeated, answer.forwarding) {
        (true, _) => "repeated",
        (false, true) => "taken_in_charge",
        (false, false) => "accepted",
    };
    metrics::counter!("kuvert_letters_total", "outcome" => outcome).increment(1);
}

const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);
const PIECE_BYTES: usize = 64 * 1024;
