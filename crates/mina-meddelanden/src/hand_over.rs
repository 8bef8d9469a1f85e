//! The job that hands a letter over to the operator where its recipient's mailbox is.
//!
//! It may run twice, and the other operator may have taken the letter when its answer was lost: sender and message id
//! are the same each time, and by them it knows the letter again.

use crate::soap_client::{CallError, SoapClient, text_below};
use delivery::names::SERVICE_V3;
use domain::{
    Clock, OrgNumber, Random, Time, chance,
    words::{EventType, ReturnReason},
};
use intake::{AcceptError, Ending, HAND_OVER_JOB, Heading, Intake, OperatorAddress, Outbound};
use key_client::{Keys, KeysError};
use mailbox::Original;
use roxmltree::Node;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use store::jobs::{Job, Outcome};
use tracing::{info, warn};

/// Hands letters over. Cheap to clone.
#[derive(Clone)]
pub struct HandOver {
    intake: Intake,
    keys: Keys,
    soap: SoapClient,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// When each operator's letters were last made due.
    hastened: Arc<Mutex<HashMap<OrgNumber, Time>>>,
}

/// What one try came to.
enum Tried {
    Ended,
    /// Why not yet, and where it was to go.
    Not(&'static str, Option<OperatorAddress>),
}

/// What the other operator said.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// `Delivered` is true; with its `TransId`.
    Delivered(Option<String>),
    /// `Delivered` is false: it has no such mailbox.
    NotDelivered,
    Fault(u32),
    /// Nothing that can be read; the word says what there was instead.
    Nothing(&'static str),
}

impl HandOver {
    /// The kind of jobs it does.
    pub const KIND: &'static str = HAND_OVER_JOB;

    /// `keys` are the handle of role outgoing; `soap` speaks for us to other operators.
    pub fn new(
        intake: Intake,
        keys: Keys,
        soap: SoapClient,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { intake, keys, soap, clock, random, hastened: Arc::default() }
    }

    /// One try.
    pub async fn run(&self, job: Job) -> Outcome {
        let code = match self.act(&job).await {
            Ok(None) => return Outcome::Done,
            Ok(Some(code)) => code,
            Err(error) => {
                warn!(letter.id = %job.letter_id, %error, "A letter for another operator could not be worked on");
                error.refusal().code.as_str()
            }
        };
        metrics::counter!("kuvert_forward_total", "outcome" => "retry").increment(1);
        // Never buried: the letter itself says when it is given up.
        Outcome::Later(self.wait(job.attempts), code)
    }

    /// Nothing when it has ended, or why not yet.
    async fn act(&self, job: &Job) -> Result<Option<&'static str>, AcceptError> {
        let Some(letter) = self.intake.outbound(job.letter_id).await? else { return Ok(None) };
        let (code, to) = match self.hand_over(&letter, job.attempts).await {
            Ok(Tried::Ended) => return Ok(None),
            Ok(Tried::Not(code, to)) => (code, to),
            Err(error) => {
                warn!(letter.id = %job.letter_id, %error, "A letter could not be handed over yet");
                (error.refusal().code.as_str(), None)
            }
        };
        if self.clock.now() >= letter.give_up_at {
            self.returned(&letter, ReturnReason::GivenUp).await?;
            return Ok(None);
        }
        self.intake.outbound_tried(letter.letter_id, to.as_ref(), code).await?;
        Ok(Some(code))
    }

    async fn hand_over(&self, letter: &Outbound, attempts: u32) -> Result<Tried, AcceptError> {
        let key = match self.keys.outbound_key(letter.letter_id).await {
            Ok(key) => key,
            // Ended by another worker since.
            Err(KeysError::Gone) => return Ok(Tried::Ended),
            Err(error) => return Err(error.into()),
        };
        let original = self.intake.outbound_envelope(letter, &key).await?;
        drop(key);
        let mut refused_by = None;
        for _ in 0..MOVES {
            let to = match self.intake.heading(letter, &original).await? {
                Heading::To(to) => to,
                Heading::Home if self.intake.come_home(letter, &original).await? => {
                    return Ok(self.ended(letter, "home"));
                }
                Heading::Home => continue,
                Heading::Nowhere(why) => return self.returned(letter, why).await,
            };
            if refused_by.as_ref() == Some(&to) {
                return self.returned(letter, ReturnReason::NotDelivered).await;
            }
            match self.deliver(&to, &original).await {
                // The recipient may have moved at this moment.
                Said::NotDelivered => {
                    self.intake.misled(&original)?;
                    refused_by = Some(to);
                }
                said => return self.judge(letter, to, said, attempts).await,
            }
        }
        Ok(Tried::Not("moving", refused_by))
    }

    async fn deliver(&self, to: &OperatorAddress, original: &Original) -> Said {
        let Ok(message) = String::from_utf8(original.signed.clone()) else { return Said::Nothing("no_text") };
        match self.soap.send(&to.service_address, message, RESPONSE, read).await {
            Ok(said) => said,
            Err(CallError::NoAnswer(_)) => Said::Nothing("no_answer"),
            Err(CallError::Fault { code, .. }) => Said::Fault(code),
            Err(CallError::Answer(_)) => Said::Nothing("answer_unreadable"),
        }
    }

    async fn judge(
        &self,
        letter: &Outbound,
        to: OperatorAddress,
        said: Said,
        attempts: u32,
    ) -> Result<Tried, AcceptError> {
        match said {
            Said::Delivered(transaction) => {
                let ended = self.handed_over(letter, transaction.as_deref()).await?;
                // The letter has ended, whatever becomes of the others.
                if attempts > 1
                    && let Err(error) = self.hasten(&to.number).await
                {
                    warn!(%error, "What waits for an operator could not be made due");
                }
                Ok(ended)
            }
            // After a try whose answer was lost, this may be how it says that it has the letter.
            Said::Fault(ALREADY_EXISTS) if attempts > 1 => self.handed_over(letter, None).await,
            Said::NotDelivered => self.returned(letter, ReturnReason::NotDelivered).await,
            Said::Fault(number) => match ends(number, attempts) {
                Some(why) => self.returned(letter, why).await,
                None => Ok(Tried::Not("fault", Some(to))),
            },
            Said::Nothing(what) => Ok(Tried::Not(what, Some(to))),
        }
    }

    async fn handed_over(&self, letter: &Outbound, transaction: Option<&str>) -> Result<Tried, AcceptError> {
        self.intake.outbound_ended(letter, Ending::HandedOver { transaction }).await?;
        Ok(self.ended(letter, EventType::Forwarded.as_str()))
    }

    async fn returned(&self, letter: &Outbound, why: ReturnReason) -> Result<Tried, AcceptError> {
        self.intake.outbound_ended(letter, Ending::Returned(why)).await?;
        Ok(self.ended(letter, EventType::Returned.as_str()))
    }

    /// An operator that answers again gets what has waited for it, a thousand letters at a time.
    async fn hasten(&self, operator: &OrgNumber) -> Result<(), AcceptError> {
        let now = self.clock.now();
        {
            let mut hastened = self.hastened.lock().unwrap_or_else(PoisonError::into_inner);
            if hastened.get(operator).is_some_and(|last| now < last.plus(HASTEN_AGAIN)) {
                return Ok(());
            }
            hastened.insert(operator.clone(), now);
        }
        let due = self.intake.outbound_hasten(operator).await?;
        if due > 0 {
            info!(%operator, due, "An operator answers again, and gets what has waited for it");
        }
        Ok(())
    }

    fn ended(&self, letter: &Outbound, outcome: &'static str) -> Tried {
        metrics::counter!("kuvert_forward_total", "outcome" => outcome).increment(1);
        info!(letter.id = %letter.letter_id, outcome, "A letter for another operator has ended");
        Tried::Ended
    }

    /// Give or take a tenth, so that those that failed together do not all come back together.
    fn wait(&self, attempts: u32) -> Duration {
        let step = (attempts.max(1) as usize - 1).min(WAIT_SECONDS.len() - 1);
        let millis = WAIT_SECONDS[step] * 1000;
        let chance = u64::from(u16::from_be_bytes(chance::bytes(&*self.random)));
        Duration::from_millis(millis - millis / 10 + millis / 5 * chance / u64::from(u16::MAX))
    }
}

/// Why a fault ends a letter at this try; none when it is tried again.
fn ends(number: u32, attempts: u32) -> Option<ReturnReason> {
    if NOT_TOLD_YET.contains(&number) && (attempts as usize) < WAIT_SECONDS.len() {
        return None;
    }
    PERMANENT.iter().find(|(permanent, _)| *permanent == number).map(|(_, why)| *why)
}

/// A `DeliveryResult`.
fn read(body: Node<'_, '_>) -> Option<Said> {
    match text_below(body, "Delivered")?.as_str() {
        "true" | "1" => Some(Said::Delivered(text_below(body, "TransId"))),
        "false" | "0" => Some(Said::NotDelivered),
        _ => None,
    }
}

/// What answers `deliverSecure`.
const RESPONSE: (&str, &str) = (SERVICE_V3, "deliverSecureResponse");
/// How often a recipient may move while one try lasts.
const MOVES: usize = 3;
const WAIT_SECONDS: [u64; 6] = [5, 15, 60, 5 * 60, 15 * 60, 60 * 60];
const ALREADY_EXISTS: u32 = 5007;
/// Faults that no repetition mends.
const PERMANENT: [(u32, ReturnReason); 8] = [
    (5001, ReturnReason::InvalidInput),
    (5002, ReturnReason::AccessDenied),
    (5005, ReturnReason::TooLarge),
    (ALREADY_EXISTS, ReturnReason::AlreadyExists),
    (5012, ReturnReason::SignatureError),
    (5014, ReturnReason::SenderNotRegistered),
    (5019, ReturnReason::UnsupportedType),
    (6005, ReturnReason::DispatcherNotApproved),
];

/// Of those, what an operator may say that does not know yet that we dispatch for the sender: registers are followed
/// every few minutes. Final when the short waits are over, after some twenty minutes.
const NOT_TOLD_YET: [u32; 3] = [5002, 5014, 6005];
const HASTEN_AGAIN: Duration = Duration::from_secs(5);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::service::result;
    use std::collections::HashSet;

    #[test]
    fn our_own_answers_are_understood() {
        let said = |delivered| {
            let answer = result("deliverSecureResponse", "T-1", "198101052382", delivered);
            read(delivery::parse(answer.as_bytes()).unwrap().root_element())
        };
        assert_eq!(said(true), Some(Said::Delivered(Some("T-1".into()))));
        assert_eq!(said(false), Some(Said::NotDelivered));
        let other = delivery::parse(b"<deliverSecureResponse/>").unwrap();
        assert_eq!(read(other.root_element()), None);
    }

    #[test]
    fn each_permanent_fault_has_a_reason_of_its_own() {
        let reasons: HashSet<_> = PERMANENT.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(reasons.len(), PERMANENT.len());
        // Not now, and what an operator may mend: tried again.
        assert!(PERMANENT.iter().all(|(number, _)| ![1, 2, 3, 5, 5000].contains(number)));
    }

    #[test]
    fn whoever_may_not_have_been_told_yet_is_asked_until_the_short_waits_are_over() {
        assert_eq!((ends(5001, 1), ends(5000, 99)), (Some(ReturnReason::InvalidInput), None));
        for (number, why) in PERMANENT.into_iter().filter(|(number, _)| NOT_TOLD_YET.contains(number)) {
            assert_eq!((ends(number, 1), ends(number, 5), ends(number, 6)), (None, None, Some(why)));
        }
    }
}
