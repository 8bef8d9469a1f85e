//! A letter for a mailbox at another operator: signed where the sender has not signed in the interface's form, and
//! sealed, with our own certificate. Both need that the sender lists us as its dispatcher.

use crate::{
    AcceptError, Intake,
    committer::{Cargo, Prepared},
    draft::Draft,
    outbound::{PreparedOutbound, Proof},
    promise::Promised,
    sealing::{Filed, Recipient, Sealing},
    submission,
    whereabouts::OperatorAddress,
};
use delivery::{Sealed, XmlSigner, from_letter, write};
use domain::{AddressMac, Code, JobId, LetterId, OrgNumber, Refusal, Time, letter::Letter};
use mailbox::{Form, Original};
use std::{sync::Arc, time::Duration};
use vault::{Opaque, jws::SignerError, seal_to::PublicKey};

/// What letters for other operators are signed and sealed with, and how long they are tried.
pub struct Outgoing {
    /// Our own number, as the certificate names it.
    pub organisation: OrgNumber,
    pub signer: XmlSigner,
    /// Of a whole `deliverSecure` message: not all operators take more than 2 MiB.
    pub envelope_bytes: u64,
    pub give_up_after: Duration,
}

/// A draft that leaves: its attachments are held as they are, since they stand in the envelope.
pub(crate) struct Leaving {
    pub(crate) to: OperatorAddress,
    pub(crate) files: Vec<Vec<u8>>,
    /// As the sender signed it, when it came in the interface's own form.
    pub(crate) signed_delivery: Option<String>,
}

impl Intake {
    /// What letters for other operators leave with, where they do.
    pub fn hands_over(&self) -> Option<&Outgoing> {
        self.0.outgoing.as_deref()
    }

    /// Refuses what cannot be handed over, before any attachment comes.
    pub(crate) fn may_leave(&self, letter: &Letter, form: Form, now: Time) -> Result<(), AcceptError> {
        let outgoing = self.outgoing()?;
        // No operator takes what is sealed with it: a promise would only delay that the sender is told.
        if !outgoing.signer.certificate().valid_at(now) {
            tracing::error!(
                valid.until = %outgoing.signer.certificate().not_after,
                "Our certificate for letters to other operators is not valid: none is taken in charge"
            );
            return Err(AcceptError::Unavailable(
                "our certificate for letters to other operators is not valid",
            ));
        }
        if form == Form::Jws {
            from_letter::tellable(letter, now)?;
        }
        let files = letter.attachments.iter().map(|entry| entry.bytes);
        let bytes = files.fold(letter.body.content.len() as u64, u64::saturating_add);
        if bytes.saturating_mul(4) / 3 + OVERHEAD_BYTES > outgoing.envelope_bytes {
            return Err(too_large(outgoing).into());
        }
        Ok(())
    }

    /// Where a letter that leaves is filed: in no mailbox, sealed to the pair of those that wait.
    pub(crate) fn waiting_room(&self, letter_id: LetterId, address_mac: AddressMac, now: Time) -> Recipient {
        let pair = self.0.gateway_keys.outgoing();
        Recipient {
            mailbox_id: letter_id.own_box(),
            epoch: pair.epoch,
            public_key: PublicKey::from_bytes(pair.public_key),
            address_mac,
            asked_at: now,
        }
    }

    /// Builds, signs and seals the envelope, and seals it once more for the time until it is handed over.
    pub(crate) async fn prepare_outbound(&self, draft: Draft) -> Result<Prepared, AcceptError> {
        let house = &*self.0;
        let outgoing = self.outgoing()?;
        let internal = |error: Opaque| AcceptError::Internal(Box::new(error));
        let random = &*house.random;
        let at = house.clock.now();
        let Draft { caller, sealing, pledge, .. } = draft;
        let first = sealing.first_event(&pledge.address.sender, at, None, random);
        let Promised { submission, event, answer } = self.promise(&sealing, pledge, first)?;
        let Sealing { letter, source, provenance: signed, filed, seal, .. } = sealing;
        let Filed { letter_id, sender_mac, recipient, leaving, .. } = filed;
        let Leaving { to, files, signed_delivery } = leaving.ok_or(Code::RecipientElsewhere)?;
        let (certificate, proof) = match &signed_delivery {
            Some(theirs) => (signed.certificate.to_vec(), Proof::delivery(theirs)),
            None => {
                (outgoing.signer.certificate().der.clone(), Proof::jws(&source.original, &signed.certificate))
            }
        };
        let with = Arc::clone(outgoing);
        let sender_name = signed.sender_name.clone();
        // Two signatures and a look at the whole take milliseconds; others need not wait for it.
        let made = tokio::task::spawn_blocking(move || -> Result<String, AcceptError> {
            let signed = match signed_delivery {
                Some(theirs) => theirs,
                None => {
                    let told = from_letter::from_letter(&letter, &sender_name, files, at.date());
                    write::sign(&told, &with.signer).map_err(failed)?
                }
            };
            let envelope = write::seal(&signed, at.date(), &with.signer).map_err(failed)?;
            if envelope.len() as u64 > with.envelope_bytes {
                return Err(too_large(&with).into());
            }
            // What another operator would refuse as out of form is told now.
            Sealed::from_envelope(envelope.as_bytes())
                .map_err(|error| Refusal::new(Code::NotSupported).because(error.to_string()))?;
            Ok(envelope)
        });
        let envelope = made.await.map_err(|error| AcceptError::Internal(Box::new(error)))??;
        let stored = Original {
            signed: envelope.into_bytes(),
            form: Form::Delivery { message: 0 },
            certificate,
            sender_name: signed.sender_name,
            dispatcher: signed.dispatcher,
            accepted_at: at,
            wrapped_keys: Vec::new(),
            forwarded: None,
        };
        let part = seal.original(&stored, &house.objects, random).await?;
        let outbound = PreparedOutbound {
            letter_id,
            sender_mac,
            address_mac: recipient.address_mac,
            brought_by: submission::sender_mac(&house.gateway_keys.sender, &caller),
            operator: to.number,
            proof: proof.seal(&house.gateway_keys, letter_id, random)?,
            part,
            epoch: recipient.epoch,
            sealed_key: seal.key(recipient.epoch, &recipient.public_key).map_err(internal)?,
            accepted_at: at,
            give_up_at: at.plus(outgoing.give_up_after),
            event,
            job: JobId::new(at, random),
        };
        Ok(Prepared { submission, cargo: Cargo::Outbound(outbound), answer })
    }

    /// Only where it is configured do letters leave.
    fn outgoing(&self) -> Result<&Arc<Outgoing>, Refusal> {
        self.0.outgoing.as_ref().ok_or_else(|| Code::RecipientElsewhere.into())
    }
}

fn failed(error: SignerError) -> AcceptError {
    AcceptError::Internal(Box::new(error))
}

fn too_large(outgoing: &Outgoing) -> Refusal {
    let most = outgoing.envelope_bytes / 1024;
    Refusal::new(Code::AttachmentTooLarge)
        .because(format!(
            "the recipient's mailbox is at another operator, which takes {most} KiB with everything in base64"
        ))
        .at("/attachments")
}

/// Header, signatures and certificates.
const OVERHEAD_BYTES: u64 = 24 * 1024;
