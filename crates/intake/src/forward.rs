//! A delivery that somebody with a mailbox at another operator forwards to mailboxes here.
//!
//! Each message that is forwarded becomes a letter in each recipient's mailbox: what its sender signed, as it was, and
//! beside it who forwarded it and with what words. It is known by the operator that hands it over, and by who
//! forwards which message to whom. All letters of one call are accepted, or none.

use crate::{
    AcceptError, Delivered, Intake,
    admit::{Admitted, Candidate, unreachable},
    check::OVERHEAD_BYTES,
    draft::{attach_all, count_refusal},
    sealer,
    sealing::Source,
    signature::{Signature, SignedBy},
};
use bytes::Bytes;
use delivery::{Forward, letter};
use domain::{
    Code, Identity, OrgNumber, Refusal,
    letter::{Address, Forwarded, Letter},
    words::ReceiptWish,
};
use futures_util::future::try_join_all;
use key_client::KeysError;
use mailbox::{Form, ROW_BYTES};
use std::sync::Arc;

struct Asked {
    caller: OrgNumber,
    forward: Forward,
    /// The original alone: what is kept of the message, since the rest names who else it went to.
    document: Bytes,
    to: letter::Addressed,
    forwarder: Identity,
    recipients: Vec<Identity>,
    /// The messages that are forwarded, by their places in the original.
    messages: Vec<usize>,
}

/// What holds for each of the letters: who signed the original, and what its forwarder wrote beside it.
struct Held {
    signed_by: SignedBy,
    forwarded: Arc<Forwarded>,
    /// The messages that are forwarded, as letters; judged only when the reference is new.
    letters: Vec<Result<Letter, Refusal>>,
}

impl Intake {
    /// Takes a whole `deliverForward` message of the operator that calls. Tells for each recipient, in the order in
    /// which they are named, the answers for the messages or why it cannot be reached here.
    pub async fn forward(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Vec<Delivered>, AcceptError> {
        self.take_forward(caller, envelope).await.inspect_err(count_refusal)
    }

    async fn take_forward(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Vec<Delivered>, AcceptError> {
        self.takes_envelope(&envelope)?;
        let operator = self.operator(caller).await?;
        let place = self.envelope_place(caller, &envelope)?;
        let by = caller.clone();
        let asked = self.aside(envelope.len(), move || read(by, &envelope)).await?;
        let forwarded = asked.forward.covering.forwarded(&operator, self.0.settings.limits.body_bytes)?;
        let held = self.held(&asked, forwarded).await?;
        let each = asked.recipients.iter().flat_map(|recipient| {
            (0..asked.messages.len()).map(|at| self.admit_forwarded(&asked, &held, recipient, at))
        });
        // What is no matter of one recipient ends the whole call, whoever else cannot be reached.
        let mut admitted = try_join_all(each).await?.into_iter();
        let mut letters = Vec::new();
        let mut reached = Vec::with_capacity(asked.recipients.len());
        for _ in &asked.recipients {
            // All of them are taken out, also behind the first that is not admitted.
            let of_one: Vec<_> = admitted.by_ref().take(asked.messages.len()).collect();
            let of_one: Result<Vec<Admitted>, Refusal> = of_one.into_iter().collect();
            reached.push(of_one.map(|of_one| letters.extend(of_one)));
        }
        if letters.iter().any(Admitted::is_new) {
            self.has_its_mailbox_there(caller, &asked.forwarder).await?;
        }
        attach_all(&mut letters, &asked.forward.original.delivery).await?;
        let mut answers = self.accept_all(letters, place).await?.into_iter();
        let delivered = asked.recipients.iter().zip(reached).map(|(recipient, reached)| {
            let letters = reached.map(|()| answers.by_ref().take(asked.messages.len()).collect());
            if let Err(refusal) = &letters {
                count_refusal(&refusal.clone().into());
            }
            Delivered { recipient: recipient.clone(), letters }
        });
        Ok(delivered.collect())
    }

    async fn held(&self, asked: &Asked, forwarded: Forwarded) -> Result<Held, AcceptError> {
        let signed_by = self.verified(&asked.caller, asked.signature(), self.0.clock.now()).await?;
        let limits = self.delivery_limits();
        let delivery = &asked.forward.original.delivery;
        let letter = |at: &usize| letter::letter(delivery, &asked.to, &delivery.messages[*at], &limits);
        let letters = asked.messages.iter().map(letter).collect();
        Ok(Held { signed_by, forwarded: Arc::new(forwarded), letters })
    }

    /// The name of the mailbox operator that calls. Nobody else hands over what was sent to somebody.
    async fn operator(&self, caller: &OrgNumber) -> Result<String, AcceptError> {
        let house = &*self.0;
        if house.directory.current().operator(caller).is_none() {
            house.directory.refresh(&house.store).await?;
        }
        let snapshot = house.directory.current();
        let operator = snapshot.operator(caller).map(|operator| operator.name.clone());
        let refusal = Refusal::new(Code::CallerNotAllowed).because("only mailbox operators forward letters");
        operator.ok_or_else(|| refusal.into())
    }

    /// What is known here of the forwarder must not gainsay the operator. Where nothing is known, its word is taken.
    async fn has_its_mailbox_there(
        &self,
        caller: &OrgNumber,
        forwarder: &Identity,
    ) -> Result<(), AcceptError> {
        let house = &*self.0;
        let macs = house.keys.address_macs(caller.as_str(), std::slice::from_ref(forwarder)).await?;
        let address_mac = macs.first().ok_or(KeysError::Unavailable)?;
        let found = self.look_up(address_mac, caller, house.clock.now()).await?;
        let gainsaid = match found.elsewhere() {
            Some(operator) => operator != caller,
            None => {
                let ourselves = house.directory.current().operator(caller).is_some_and(|one| one.own);
                !ourselves && found.recipient.is_some_and(|recipient| !recipient.closed)
            }
        };
        if gainsaid {
            let why = "who forwards has no mailbox at the operator that calls";
            return Err(Refusal::new(Code::CallerNotAllowed).because(why).at("/Header/Sender/Id").into());
        }
        Ok(())
    }

    /// The message `at` of those that are forwarded, to one recipient; or why that one is not reached here. It is known by who
    /// forwards what to whom.
    async fn admit_forwarded(
        &self,
        asked: &Asked,
        held: &Held,
        recipient: &Identity,
        at: usize,
    ) -> Result<Result<Admitted, Refusal>, AcceptError> {
        let message = asked.messages[at];
        let id = letter::reference(&asked.forward.original.delivery.messages[message])?;
        let parts = [asked.forwarder.expose(), recipient.expose(), asked.to.sender.as_str(), id.as_str()];
        // Keyed: a reference is shown in receipts, and numbers of people could be guessed.
        let tag = self.0.gateway_keys.sender.tag("forward", &parts.map(str::as_bytes));
        let letter = held.letters[at].clone().map(|letter| Letter {
            recipient: recipient.clone(),
            // Its sender asked to be told when another opens it.
            receipt: ReceiptWish::Nothing,
            ..letter
        });
        let number = u32::try_from(message).map_err(|_| Code::LetterTooLarge)?;
        let candidate = Candidate {
            caller: &asked.caller,
            address: Address {
                sender: asked.caller.clone(),
                reference: format!("forward:{}", hex::encode(tag)),
            },
            signature: asked.signature(),
            signed_by: held.signed_by.clone(),
            letter,
            source: Source {
                original: asked.document.clone(),
                form: Form::Delivery { message: number },
                payload: asked.forward.payloads[message].to_vec(),
            },
            forwarded: Some(Arc::clone(&held.forwarded)),
            place: self.0.room.admit(&asked.caller, 0)?,
            grows: OVERHEAD_BYTES + (asked.document.len() as u64).min(ROW_BYTES),
        };
        match self.admit(candidate).await {
            Ok(admitted) => Ok(Ok(admitted)),
            Err(AcceptError::Refused(refusal)) if unreachable(refusal.code) => Ok(Err(refusal)),
            Err(error) => Err(error),
        }
    }
}

impl Asked {
    fn signature(&self) -> Signature<'_> {
        Signature::Forwarded { sealed: &self.forward.original, to: &self.to }
    }
}

fn read(caller: OrgNumber, envelope: &Bytes) -> Result<Asked, Refusal> {
    let mut forward = Forward::from_envelope(envelope).map_err(|error| sealer::refusal(&error))?;
    let document = Bytes::from(std::mem::take(&mut forward.document));
    let to = letter::addressed(&forward.original.delivery)
        .map_err(|refusal| refusal.because("in the original delivery"))?;
    let (forwarder, recipients) = forward.covering.addressed()?;
    let messages = forward.messages()?;
    let letters = recipients.len() as u64 * messages.len() as u64;
    if letters > 1 && letters.saturating_mul(document.len() as u64) > ALL_BYTES {
        let why = "all letters together; forward it to fewer at a time";
        return Err(Refusal::new(Code::LetterTooLarge).because(why));
    }
    Ok(Asked { caller, forward, document, to, forwarder, recipients, messages })
}

/// One message can become a thousand letters: what they may take together.
const ALL_BYTES: u64 = 64 * 1024 * 1024;
