//! A delivery that somebody with a mailbox at another operator forwards to mailboxes here.
//!
//! Each message that is forwarded becomes a letter in each recipient's mailbox: what its sender signed, as it was, and
//! beside it who forwarded it and with what words. It is known by the operator that hands it over, and by who
//! forwards which message to whom. All letters of one call are accepted, or none.

use crate::{
    AcceptError, Answer, Delivered, Draft, Intake,
    check::{OVERHEAD_BYTES, Source, count_refusal},
    deliver::{COPIES, attach, unreachable},
    draft::{Filed, Recipient},
    lookup::{Addressed, Question},
    room::Place,
    sealer,
    signer::Signed,
};
use bytes::Bytes;
use delivery::{Forward, letter};
use domain::{
    Code, Identity, LetterId, OrgNumber, Refusal,
    letter::{Address, Letter},
    words::ReceiptWish,
};
use futures_util::future::try_join_all;
use key_client::KeysError;
use mailbox::{Form, ROW_BYTES};
use std::sync::Arc;

/// A call whose signatures hold.
struct Asked {
    forward: Forward,
    /// The original alone: what is kept of the message, since the rest names who else it went to.
    document: Bytes,
    to: letter::Addressed,
    forwarder: Identity,
    recipients: Vec<Identity>,
    /// The messages that are forwarded, by their places in the original.
    messages: Vec<usize>,
}

/// One message on its way to one recipient.
enum Known {
    Repeat(Box<Answer>),
    New(Box<Draft>, usize),
    Unreachable(Refusal),
}

impl Intake {
    /// Takes a whole `deliverForward` message of the operator that calls. Tells for each recipient, in the order in
    /// which they are named, the answers for the messages or why it cannot be reached here.
    pub async fn forward(&self, caller: &OrgNumber, envelope: Bytes) -> Result<Vec<Delivered>, AcceptError> {
        let judged = self.judge_forward(caller, envelope).await;
        let (asked, known, mut place) = judged.inspect_err(count_refusal)?;
        let mut drafts = Vec::new();
        let mut outcomes = Vec::with_capacity(asked.recipients.len());
        let mut known = known.into_iter();
        for recipient in asked.recipients {
            let of_one = known.by_ref().take(asked.messages.len()).collect();
            let letters = apart(of_one, &mut drafts);
            if let Err(refusal) = &letters {
                count_refusal(&refusal.clone().into());
            }
            outcomes.push((recipient, letters));
        }
        if let Some((first, _)) = drafts.first_mut() {
            place.hand_over(&mut first.place);
        }
        for (draft, message) in &mut drafts {
            attach(draft, &asked.forward.original.delivery.messages[*message]).await?;
        }
        let drafts: Vec<Draft> = drafts.into_iter().map(|(draft, _)| *draft).collect();
        let accepted = if drafts.is_empty() { Vec::new() } else { self.accept_all(drafts).await? };
        let mut accepted = accepted.into_iter();
        let mut delivered = Vec::with_capacity(outcomes.len());
        for (recipient, letters) in outcomes {
            let letters = letters.map(|answers| -> Option<Vec<Answer>> {
                answers.into_iter().map(|answer| answer.or_else(|| accepted.next())).collect()
            });
            let letters = match letters {
                Ok(answers) => Ok(answers.ok_or(AcceptError::Unknown)?),
                Err(refusal) => Err(refusal),
            };
            delivered.push(Delivered { recipient, letters });
        }
        Ok(delivered)
    }

    /// All that can be decided before attachments are judged.
    async fn judge_forward(
        &self,
        caller: &OrgNumber,
        envelope: Bytes,
    ) -> Result<(Asked, Vec<Known>, Place), AcceptError> {
        self.open()?;
        let house = &*self.0;
        let length = envelope.len() as u64;
        if length > house.settings.envelope_bytes {
            return Err(Code::LetterTooLarge.into());
        }
        let operator = self.operator(caller).await?;
        // Fairness begins here, before any work on the signatures.
        let place = house.room.admit(caller, OVERHEAD_BYTES + COPIES * length)?;
        let asked = self.aside(envelope.len(), move || read(&envelope)).await?;
        let forwarded = asked.forward.covering.forwarded(&operator, house.settings.limits.body_bytes)?;
        let mut signed = self.forwarded_by(&asked).await?;
        signed.forwarded = Some(Arc::new(forwarded));
        let limits = self.delivery_limits();
        let delivery = &asked.forward.original.delivery;
        // Judged only when the reference is new.
        let letters: Vec<Result<Letter, Refusal>> = asked
            .messages
            .iter()
            .map(|at| letter::letter(delivery, &asked.to, &delivery.messages[*at], &limits))
            .collect();
        let each = asked.recipients.iter().flat_map(|recipient| {
            let messages = asked.messages.iter().zip(&letters);
            messages.map(move |(at, letter)| (recipient, *at, letter))
        });
        let known = each.map(|(recipient, at, letter)| {
            let letter = letter.clone().map(|letter| Letter {
                recipient: recipient.clone(),
                // Its sender asked to be told when another opens it.
                receipt: ReceiptWish::Nothing,
                ..letter
            });
            self.known_forward(caller, &asked, recipient, at, letter, &signed)
        });
        let known = try_join_all(known).await?;
        if known.iter().any(|one| matches!(one, Known::New(..))) {
            self.has_its_mailbox_there(caller, &asked.forwarder).await?;
        }
        Ok((asked, known, place))
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

    async fn forwarded_by(&self, asked: &Asked) -> Result<Signed, AcceptError> {
        let authorities = self.0.trust.current();
        let now = self.0.clock.now();
        let sealed = &asked.forward.original;
        self.by_registry(|snapshot| sealer::verify_forwarded(snapshot, &authorities, sealed, &asked.to, now))
            .await
    }

    /// Whether the message was forwarded before, by the same person to the same; if not, its draft.
    async fn known_forward(
        &self,
        caller: &OrgNumber,
        asked: &Asked,
        recipient: &Identity,
        at: usize,
        letter: Result<Letter, Refusal>,
        signed: &Signed,
    ) -> Result<Known, AcceptError> {
        let house = &*self.0;
        let mut signed = signed.clone();
        let id = letter::reference(&asked.forward.original.delivery.messages[at])?;
        let parts = [asked.forwarder.expose(), recipient.expose(), asked.to.sender.as_str(), id.as_str()];
        // Keyed: a reference is shown in receipts, and numbers of people could be guessed.
        let tag = house.gateway_keys.sender.tag("forward", &parts.map(str::as_bytes));
        let address = Address { sender: caller.clone(), reference: format!("forward:{}", hex::encode(tag)) };
        signed.address = address.clone();
        let payload = &asked.forward.payloads[at];
        let macs = self.macs(&address, payload);
        let known = house.lookups.ask(Question {
            caller: caller.clone(),
            // Not whom the letter is from: what somebody has turned off is not told to whoever forwards.
            sender: caller.clone(),
            sender_mac: macs.sender,
            reference_mac: macs.reference,
            recipient: letter.is_ok().then(|| recipient.clone()),
        });
        let known = known.await?;
        if let Some(stored) = known.stored {
            return Ok(Known::Repeat(Box::new(self.repeat(&stored, caller, payload).await?)));
        }
        let letter = letter?;
        let Addressed { address_mac, found } = known.recipient?.ok_or(KeysError::Unavailable)?;
        if self.overtaken(signed.registry, found.version).await? {
            let Signed { forwarded, .. } = signed;
            signed = Signed { address, forwarded, ..self.forwarded_by(asked).await? };
        }
        signed.usable?;
        let now = house.clock.now();
        let to = match Recipient::of(&found, recipient, address_mac, now) {
            Ok(to) => to,
            Err(refusal) if unreachable(refusal.code) => {
                return Ok(Known::Unreachable(refusal));
            }
            Err(refusal) => return Err(refusal.into()),
        };
        let message = u32::try_from(at).map_err(|_| Code::LetterTooLarge)?;
        let form = Form::Delivery { message };
        let payload = payload.to_vec();
        let source = Source { original: asked.document.clone(), form, payload };
        let in_memory = (asked.document.len() as u64).min(ROW_BYTES);
        let room = house.room.admit(caller, OVERHEAD_BYTES + in_memory)?;
        let letter_id = LetterId::new(now, &*house.random);
        let filed = Filed { letter_id, recipient: to, visible_from: now, leaving: None };
        let draft = self.draft(caller, letter, source, signed, macs, filed, room);
        Ok(Known::New(Box::new(draft), at))
    }
}

/// Takes the drafts of one recipient out, an answer missing for each; unless it cannot be reached.
fn apart(known: Vec<Known>, drafts: &mut Vec<(Box<Draft>, usize)>) -> Result<Vec<Option<Answer>>, Refusal> {
    let mut new = Vec::new();
    let mut answers = Vec::with_capacity(known.len());
    for one in known {
        match one {
            Known::Repeat(answer) => answers.push(Some(*answer)),
            Known::New(draft, message) => {
                new.push((draft, message));
                answers.push(None);
            }
            Known::Unreachable(refusal) => return Err(refusal),
        }
    }
    drafts.extend(new);
    Ok(answers)
}

fn read(envelope: &Bytes) -> Result<Asked, Refusal> {
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
    Ok(Asked { forward, document, to, forwarder, recipients, messages })
}

/// One message can become a thousand letters: what they may take together.
const ALL_BYTES: u64 = 64 * 1024 * 1024;
