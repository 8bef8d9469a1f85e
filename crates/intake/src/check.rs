//! The letter part of the agency API: a flattened JWS, of which everything but the attachments is judged here.

use crate::{
    AcceptError, Answer, Draft, Intake,
    admit::{Admitted, Candidate},
    draft::{count_answer, count_refusal},
    sealing::Source,
    signature::Signature,
    signer,
};
use bytes::Bytes;
use domain::{Code, OrgNumber, letter::Letter};
use mailbox::Form;
use vault::jws::FlattenedJws;

/// What becomes of a letter part.
#[allow(clippy::large_enum_variant, reason = "almost every one is a draft")]
pub enum Checked {
    /// The same letter was accepted before: the same answer.
    Repeat(Answer),
    /// A new letter; its attachments can come.
    Draft(Draft),
}

impl Intake {
    /// Judges the letter part (the JWS, byte for byte as it came) for the organisation that calls.
    pub async fn check(&self, caller: &OrgNumber, jws: Bytes) -> Result<Checked, AcceptError> {
        match self.judge(caller, jws).await {
            Ok(Admitted::New(draft)) => Ok(Checked::Draft(*draft)),
            Ok(Admitted::Repeat(answer)) => {
                count_answer(&answer);
                Ok(Checked::Repeat(*answer))
            }
            Err(error) => {
                count_refusal(&error);
                Err(error)
            }
        }
    }

    async fn judge(&self, caller: &OrgNumber, bytes: Bytes) -> Result<Admitted, AcceptError> {
        let house = &*self.0;
        self.open()?;
        if bytes.len() as u64 > house.settings.limits.letter_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        // Fairness begins here, before any work on the signature.
        let place = house.room.admit(caller, OVERHEAD_BYTES + COPIES * bytes.len() as u64)?;
        let jws = FlattenedJws::parse(&bytes).map_err(signer::refusal)?;
        let address = Letter::address(&jws.payload);
        let signature = Signature::Jws { jws: &jws, address: &address };
        let signed_by = self.verified(caller, signature, house.clock.now()).await?;
        let candidate = Candidate {
            caller,
            address: address.clone()?,
            signature,
            signed_by,
            letter: Letter::parse(&jws.payload, &house.settings.limits),
            source: Source { original: bytes, form: Form::Jws, payload: jws.payload.clone() },
            forwarded: None,
            place,
            grows: 0,
        };
        self.admit(candidate).await
    }
}

/// The JWS, its payload, and the sealed original.
const COPIES: u64 = 3;
pub(crate) const OVERHEAD_BYTES: u64 = 8 * 1024;
