//! What whoever hands letters over asks and tells: where a letter goes now, what it is, how it ended.

use crate::{
    AcceptError, Intake,
    outbound::{self, Outbound},
    submission,
    whereabouts::{OperatorAddress, Route, Sought, Whereabouts},
};
use delivery::letter;
use domain::{
    Code, LetterId, OrgNumber, Refusal,
    words::{EventType, ReturnReason},
};
use evidence::{Broken, EvidenceError, NewEvent, feed};
use key_client::OUTBOUND_PARTS;
use mailbox::Original;
use vault::Key;

/// Where a letter goes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heading {
    /// The recipient has come here.
    Home,
    To(OperatorAddress),
    /// Nobody takes it.
    Nowhere(ReturnReason),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending<'a> {
    /// The other operator has it, under this id of its own.
    HandedOver { transaction: Option<&'a str> },
    /// Nobody has.
    Returned(ReturnReason),
}

impl Intake {
    /// A letter that waits to be handed over; none when it has ended.
    pub async fn outbound(&self, letter_id: LetterId) -> Result<Option<Outbound>, AcceptError> {
        let mut tx = self.0.store.read("find outbound").await?;
        Ok(outbound::find(&mut tx, letter_id).await?)
    }

    /// Its envelope, with the key that the key service released.
    pub async fn outbound_envelope(&self, letter: &Outbound, key: &Key) -> Result<Original, AcceptError> {
        let sealed = match &letter.object {
            Some(name) => self.0.objects.read(name, 0..letter.stored_bytes).await?.to_vec(),
            None => {
                let mut tx = self.0.store.read("read outbound").await?;
                let sealed = outbound::envelope(&mut tx, letter.letter_id).await?;
                sealed.ok_or(AcceptError::Unavailable("the envelope is gone"))?
            }
        };
        let id = letter.letter_id;
        Original::open(key, (id.own_box(), id), OUTBOUND_PARTS, &sealed)
            .map_err(|error| AcceptError::Internal(Box::new(error)))
    }

    /// Where it goes now: asked before each try, since a recipient may have moved.
    pub async fn heading(&self, outbound: &Outbound, original: &Original) -> Result<Heading, AcceptError> {
        let house = &*self.0;
        let internal = |error| AcceptError::Internal(Box::new(error));
        let (delivery, _) = delivery::read_again(&original.signed).map_err(internal)?;
        let to = letter::addressed(&delivery)?;
        let now = house.clock.now();
        let found = self.look_up(&outbound.address_mac, &to.sender, now).await?;
        house.directory.refresh_if(&house.store, found.version).await?;
        let sought = Sought { identity: &to.recipient, address_mac: &outbound.address_mac, found: &found };
        match self.route(&to.sender, sought, now).await {
            // It comes into a mailbox here as any other letter of the sender would.
            Ok(Route::Here) => match house.directory.current().may_send(&to.sender, &to.sender, now) {
                Err(Code::SenderSuspended) => Err(Refusal::from(Code::SenderSuspended).into()),
                _ => Ok(Heading::Home),
            },
            Ok(Route::Away(to)) => {
                // Two registers, or two moments, that do not agree: handed back, it could go to and fro for ever.
                let back = submission::sender_mac(&house.gateway_keys.sender, &to.number);
                if back == outbound.brought_by {
                    return Ok(Heading::Nowhere(ReturnReason::NotDelivered));
                }
                Ok(Heading::To(to))
            }
            Err(AcceptError::Refused(refusal)) => match ReturnReason::parse(refusal.code.as_str()) {
                // The sender may list us again, or be let send again, before the letter is given up.
                Some(why) if why != ReturnReason::SenderMustSign => Ok(Heading::Nowhere(why)),
                _ => Err(refusal.into()),
            },
            Err(error) => Err(error),
        }
    }

    /// The operator that a letter was to go to has no such mailbox: where it goes is asked anew.
    pub fn misled(&self, original: &Original) -> Result<(), AcceptError> {
        let Whereabouts::Register(register) = &self.0.whereabouts else { return Ok(()) };
        let read = delivery::read_again(&original.signed);
        let (delivery, _) = read.map_err(|error| AcceptError::Internal(Box::new(error)))?;
        let to = letter::addressed(&delivery)?;
        register.forget(&to.sender, &[to.recipient]);
        Ok(())
    }

    /// Written before it is sent: whatever happens then, it is known who may have it. False when it has ended.
    pub async fn outbound_sends(&self, letter_id: LetterId, to: &OrgNumber) -> Result<bool, AcceptError> {
        let mut tx = self.0.store.begin_background("note outbound send").await?;
        let waits = outbound::sends(&mut tx, letter_id, to).await?;
        tx.commit().await?;
        Ok(waits)
    }

    /// It was not sent this time, for this reason, with what is known of the letter now.
    pub async fn outbound_skipped(&self, letter: &Outbound, code: &str) -> Result<(), AcceptError> {
        let mut tx = self.0.store.begin_background("note outbound skip").await?;
        outbound::skipped(&mut tx, letter, code).await?;
        Ok(tx.commit().await?)
    }

    /// A try in which it was sent and that is not the last, with what is known of the letter now.
    pub async fn outbound_tried(&self, letter: &Outbound, code: &str) -> Result<(), AcceptError> {
        let mut tx = self.0.store.begin_background("note outbound try").await?;
        outbound::tried(&mut tx, letter, code, self.0.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The operator answers again: what waits for it need not wait longer.
    pub async fn outbound_hasten(&self, operator: &OrgNumber) -> Result<u64, AcceptError> {
        let mut tx = self.0.store.begin_background("hasten outbound").await?;
        let due = outbound::hasten(&mut tx, operator, self.0.clock.now()).await?;
        tx.commit().await?;
        Ok(due)
    }

    /// Writes how it ended: the event, what the sender is told, and that key and envelope are gone. Nothing when it
    /// had ended before.
    pub async fn outbound_ended(&self, letter: &Outbound, ending: Ending<'_>) -> Result<(), AcceptError> {
        let house = &*self.0;
        let now = self.0.clock.now();
        let keys = &*house.gateway_keys;
        let random = &*house.random;
        let (kind, code, transaction) = match ending {
            Ending::HandedOver { transaction } => (EventType::Forwarded, "delivered", transaction),
            Ending::Returned(why) => (EventType::Returned, why.as_str(), None),
        };
        let answer = transaction.map(|id| outbound::seal_answer(keys, letter.letter_id, id, random));
        let mut tx = house.store.begin("end outbound").await?;
        if !outbound::end(&mut tx, letter, code, answer.as_deref(), now).await? {
            return Ok(());
        }
        let mailbox = letter.letter_id.own_box();
        let event = NewEvent::by_service(kind, now).with(code);
        let placed =
            evidence::append(&mut tx, &keys.events, mailbox, letter.letter_id, event, random).await?;
        let Outbound { letter_id, sender_mac, .. } = *letter;
        let row = feed::FeedRow { letter_id, seq: placed.seq, sender_mac, at: placed.at, kind };
        feed::waiting(&mut tx, &[row]).await?;
        tx.commit().await?;
        self.forget_object(letter).await;
        Ok(())
    }

    /// No row names it any more; what is not removed now the collector removes.
    pub(crate) async fn forget_object(&self, letter: &Outbound) {
        if let Some(name) = &letter.object
            && let Err(error) = self.0.objects.remove(name).await
        {
            tracing::warn!(%error, "An object is left for the collector");
        }
    }
}

impl From<EvidenceError> for AcceptError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Store(error) => error.into(),
            other => Self::Internal(Box::new(other)),
        }
    }
}
impl From<Broken> for AcceptError {
    fn from(error: Broken) -> Self {
        match error {
            Broken::Store(error) => error.into(),
            other => Self::Internal(Box::new(other)),
        }
    }
}
