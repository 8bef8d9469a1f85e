//! The job that hands a letter over to the operator where its recipient's mailbox is.
//!
//! It may run twice, and the other operator may have taken the letter when its answer was lost: sender and message id
//! are the same each time, and by them it knows the letter again.
//!
//! Whom a letter is sent to is written before it is sent, and taken back when the answer says that it was not taken. Until
//! then the letter is *in doubt* there. It is sent there again while its recipient is there, and *already exists* means
//! that it has arrived. When the recipient has moved it goes where the recipient is now: it can lie twice then, once in
//! the mailbox that was left, under the same sender and id. That operator is not asked once more, since there is no
//! question but the delivery itself: the letter could end where nobody looks for it. To be lost is worse than to be doubled.

mod operators;
mod said;

use crate::soap_client::SoapClient;
use domain::{
    Clock, OrgNumber, Random, chance,
    words::{EventType, ReturnReason},
};
use futures_util::future::join_all;
use intake::{AcceptError, Ending, HAND_OVER_JOB, Heading, Intake, OperatorAddress, Outbound};
use key_client::{Keys, KeysError};
use mailbox::Original;
use operators::Operators;
use said::{ALREADY_EXISTS, RESPONSE, Said, ends};
use std::{sync::Arc, time::Duration};
use store::jobs::{Handler, Job, Outcome};
use tracing::{info, warn};

/// Hands letters over. Several workers may share one.
pub struct HandOver {
    intake: Intake,
    keys: Keys,
    soap: SoapClient,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    operators: Operators,
}

/// What one try came to.
enum Tried {
    Ended,
    Not(Not),
}

/// Why it has not ended yet.
struct Not {
    code: &'static str,
    /// It was not sent, since this operator was silent.
    silent: Option<OrgNumber>,
}

impl Handler for HandOver {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let tried = join_all(jobs.into_iter().map(async |job| {
            let tried = self.one(&job).await;
            (job, tried)
        }));
        let outcome = |(job, tried)| {
            let outcome = self.outcome(&job, tried);
            (job, outcome)
        };
        tried.await.into_iter().map(outcome).collect()
    }
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
        Self { intake, keys, soap, clock, random, operators: Operators::new() }
    }

    /// One try.
    async fn one(&self, job: &Job) -> Tried {
        match self.act(job).await {
            Ok(tried) => tried,
            Err(error) => {
                warn!(letter.id = %job.letter_id, %error, "A letter for another operator could not be worked on");
                not_yet(error.refusal().code.as_str())
            }
        }
    }

    /// When it is tried again, once the others of its batch have been tried.
    fn outcome(&self, job: &Job, tried: Tried) -> Outcome {
        let Tried::Not(Not { code, silent }) = tried else { return Outcome::Done };
        metrics::counter!("kuvert_forward_total", "outcome" => "retry").increment(1);
        // One that was silent and has answered another letter meanwhile.
        let answers = silent.is_some_and(|operator| !self.operators.is_silent(&operator));
        let wait = if answers { Duration::ZERO } else { self.wait(job.attempts) };
        // Never buried: the letter itself says when it is given up.
        Outcome::Later(wait, code)
    }

    async fn act(&self, job: &Job) -> Result<Tried, AcceptError> {
        let Some(mut letter) = self.intake.outbound(job.letter_id).await? else { return Ok(Tried::Ended) };
        let _place = self.operators.place(&letter.operator).await;
        let not = match self.hand_over(&mut letter).await {
            Ok(Tried::Ended) => return Ok(Tried::Ended),
            Ok(Tried::Not(not)) => not,
            Err(error) => {
                warn!(letter.id = %job.letter_id, %error, "A letter could not be handed over yet");
                Not { code: error.refusal().code.as_str(), silent: None }
            }
        };
        if self.is_last(&letter) {
            return self.returned(&letter, ReturnReason::GivenUp).await;
        }
        self.intake.outbound_tried(&letter, not.code).await?;
        Ok(Tried::Not(not))
    }

    async fn hand_over(&self, letter: &mut Outbound) -> Result<Tried, AcceptError> {
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
                    tell_of_doubt(letter, None);
                    return Ok(self.ended(letter, "home"));
                }
                Heading::Home => continue,
                Heading::Nowhere(why) => return self.returned(letter, why).await,
            };
            if refused_by.as_ref() == Some(&to) {
                return self.returned(letter, ReturnReason::NotDelivered).await;
            }
            if letter.operator != to.number {
                (letter.operator, letter.refused_since) = (to.number.clone(), None);
            }
            // Where it may be already it is asked for once more before it is given up, silent or not.
            let in_doubt = letter.sent_to.as_ref() == Some(&to.number);
            let turn = self.operators.turn(&to.number, self.clock.now());
            if turn.is_none() && !(in_doubt && self.is_last(letter)) {
                return Ok(Tried::Not(Not { code: "silent", silent: Some(to.number) }));
            }
            if !self.intake.outbound_sends(letter.letter_id, &to.number).await? {
                return Ok(Tried::Ended);
            }
            tell_of_doubt(letter, Some(&to.number));
            let earlier = letter.sent_to.replace(to.number.clone());
            let said = self.deliver(&to, &original).await;
            drop(turn);
            self.learn(letter, &said, earlier.as_ref());
            let was_silent = self.operators.heard(&to.number, said.is_answer(), self.clock.now());
            let again = was_silent || in_doubt || letter.attempts > 0;
            if again && said.takes_letters() {
                self.hasten(&to.number).await;
            }
            match said {
                // The recipient may have moved at this moment.
                Said::NotDelivered => {
                    self.intake.misled(&original)?;
                    refused_by = Some(to);
                }
                said => return self.judge(letter, said, in_doubt).await,
            }
        }
        Ok(not_yet("moving"))
    }

    async fn deliver(&self, to: &OperatorAddress, original: &Original) -> Said {
        // It was read as XML before it was kept.
        let message = String::from_utf8_lossy(&original.signed).into_owned();
        Said::of(self.soap.send(&to.service_address, message, RESPONSE, Said::read).await)
    }

    /// What an answer says of where the letter may be, and of whether we are let dispatch. `earlier`: where it may have
    /// been before. A fault says nothing of an earlier try; that there is no such mailbox does.
    fn learn(&self, letter: &mut Outbound, said: &Said, earlier: Option<&OrgNumber>) {
        if said.not_taken() {
            let there = earlier.filter(|there| *said != Said::NotDelivered || **there != letter.operator);
            letter.sent_to = there.cloned();
        }
        if said.not_told_yet() {
            letter.refused_since.get_or_insert(self.clock.now());
        } else if said.is_answer() {
            letter.refused_since = None;
        }
    }

    async fn judge(&self, letter: &Outbound, said: Said, in_doubt: bool) -> Result<Tried, AcceptError> {
        match said {
            Said::Delivered(transaction) => self.handed_over(letter, transaction.as_deref()).await,
            // A try whose answer was lost has brought it there, and this is how it says so.
            Said::Fault(ALREADY_EXISTS) if in_doubt => self.handed_over(letter, None).await,
            Said::Fault(number) => match ends(number, letter.refused_since, self.clock.now()) {
                Some(why) => self.returned(letter, why).await,
                None => Ok(not_yet(said.code())),
            },
            said => Ok(not_yet(said.code())),
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

    /// An operator that answers again gets what has waited for it, a thousand letters at a time. What is to become of
    /// the letter in hand does not hang on it.
    async fn hasten(&self, operator: &OrgNumber) {
        let now = self.clock.now();
        if !self.operators.may_hasten(operator, now) {
            return;
        }
        match self.intake.outbound_hasten(operator).await {
            Ok(due) => {
                self.operators.hastened(operator, now);
                if due > 0 {
                    info!(%operator, due, "An operator answers again, and gets what has waited for it");
                }
            }
            Err(error) => warn!(%error, "What waits for an operator could not be made due"),
        }
    }

    fn ended(&self, letter: &Outbound, outcome: &'static str) -> Tried {
        metrics::counter!("kuvert_forward_total", "outcome" => outcome).increment(1);
        info!(letter.id = %letter.letter_id, outcome, "A letter for another operator has ended");
        Tried::Ended
    }

    fn is_last(&self, letter: &Outbound) -> bool {
        self.clock.now() >= letter.give_up_at
    }

    /// Give or take a tenth, so that those that failed together do not all come back together.
    fn wait(&self, attempts: u32) -> Duration {
        let step = (attempts.max(1) as usize - 1).min(WAIT_SECONDS.len() - 1);
        let millis = WAIT_SECONDS[step] * 1000;
        let chance = u64::from(u16::from_be_bytes(chance::bytes(&*self.random)));
        Duration::from_millis(millis - millis / 10 + millis / 5 * chance / u64::from(u16::MAX))
    }
}

fn not_yet(code: &'static str) -> Tried {
    Tried::Not(Not { code, silent: None })
}

/// It goes to another place than where it may be already.
fn tell_of_doubt(letter: &Outbound, to: Option<&OrgNumber>) {
    if let Some(there) = letter.sent_to.as_ref().filter(|there| Some(*there) != to) {
        warn!(letter.id = %letter.letter_id, operator = %there, "The recipient of a letter has moved; the operator before may have it too");
    }
}

/// How often a recipient may move while one try lasts.
const MOVES: usize = 3;
const WAIT_SECONDS: [u64; 6] = [5, 15, 60, 5 * 60, 15 * 60, 60 * 60];
