//! A delivery of Mina Meddelanden: the same use case as a letter of the agency API, in another envelope.
//!
//! Each message becomes a letter, known by sender and message id. All letters of a delivery are accepted, or none.

use crate::{
    AcceptError, Answer, Intake,
    admit::{Admitted, Candidate, unreachable},
    check::OVERHEAD_BYTES,
    draft::{attach_all, count_refusal},
    room::Place,
    sealer,
    sealing::Source,
    signature::{Signature, SignedBy},
};
use bytes::Bytes;
use delivery::{Sealed, letter};
use domain::{
    Code, Identity, OrgNumber, Refusal,
    letter::{Address, Limits},
};
use futures_util::future::try_join_all;
use mailbox::Form;

/// What became of a delivery whose signatures hold.
#[derive(Debug)]
pub struct Delivered {
    pub recipient: Identity,
    /// An answer for each message in order; or why the recipient cannot be reached here, which is no fault of the
    /// sender.
    pub letters: Result<Vec<Answer>, Refusal>,
}

/// A delivery as it came, read.
struct Read<'a> {
    caller: &'a OrgNumber,
    envelope: Bytes,
    sealed: &'a Sealed,
    to: &'a letter::Addressed,
}

impl Intake {
    /// Takes a whole `deliverSecure` message, byte for byte as it came, of the organisation that calls. A message that
    /// asks for another operation is told by [`Code::OperationUnknown`].
    pub async fn deliver(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Delivered, AcceptError> {
        self.takes_envelope(&envelope)?;
        let place = self.envelope_place(caller, &envelope)?;
        let message = envelope.clone();
        let read = self.aside(envelope.len(), move || {
            let sealed = Sealed::from_envelope(&message).map_err(|error| sealer::refusal(&error))?;
            let to = letter::addressed(&sealed.delivery)?;
            Ok((sealed, to))
        });
        let other = |error: &AcceptError| error.refusal().code == Code::OperationUnknown;
        let (sealed, to) = read.await.inspect_err(|error| {
            if !other(error) {
                count_refusal(error)
            }
        })?;
        let read = Read { caller, envelope, sealed: &sealed, to: &to };
        let letters = match self.take(&read, place).await {
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

    /// Whether messages are taken now, and this one is not too large.
    pub(crate) fn takes_envelope(&self, envelope: &Bytes) -> Result<(), AcceptError> {
        self.open()?;
        if envelope.len() as u64 > self.0.settings.envelope_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        Ok(())
    }

    /// Memory for a whole message and what is made of it. Fairness begins here, before any work on the signatures.
    pub(crate) fn envelope_place(&self, caller: &OrgNumber, envelope: &Bytes) -> Result<Place, AcceptError> {
        Ok(self.0.room.admit(caller, OVERHEAD_BYTES + COPIES * envelope.len() as u64)?)
    }

    async fn take(&self, read: &Read<'_>, place: Place) -> Result<Vec<Answer>, AcceptError> {
        let signature = Signature::Delivery { sealed: read.sealed, to: read.to };
        let signed_by = self.verified(read.caller, signature, self.0.clock.now()).await?;
        let each =
            (0..read.sealed.delivery.messages.len()).map(|at| self.admit_message(read, &signed_by, at));
        let mut letters: Vec<Admitted> = try_join_all(each).await?;
        attach_all(&mut letters, &read.sealed.delivery).await?;
        self.accept_all(letters, place).await
    }

    async fn admit_message(
        &self,
        read: &Read<'_>,
        signed_by: &SignedBy,
        at: usize,
    ) -> Result<Admitted, AcceptError> {
        let Read { caller, envelope, sealed, to } = read;
        let message = &sealed.delivery.messages[at];
        let number = u32::try_from(at).map_err(|_| Code::LetterTooLarge)?;
        let candidate = Candidate {
            caller,
            address: Address { sender: to.sender.clone(), reference: letter::reference(message)? },
            signature: Signature::Delivery { sealed, to },
            signed_by: signed_by.clone(),
            letter: letter::letter(&sealed.delivery, to, message, &self.delivery_limits()),
            source: Source {
                original: envelope.clone(),
                form: Form::Delivery { message: number },
                payload: sealed.payloads[at].to_vec(),
            },
            forwarded: None,
            // The place of the whole holds it.
            place: self.0.room.admit(caller, 0)?,
            grows: 0,
        };
        self.admit(candidate).await
    }

    /// Attachments lie in the envelope and are as large as it lets them be.
    pub(crate) fn delivery_limits(&self) -> Limits {
        let settings = &self.0.settings;
        Limits { body_bytes: settings.envelope_bytes, ..settings.limits.clone() }
    }
}

/// The envelope, its attachments decoded, the original as it is sealed, and what is on its way to the database.
const COPIES: u64 = 4;
