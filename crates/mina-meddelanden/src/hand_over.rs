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
    Clock, LetterId, OrgNumber, Random, Time, chance,
    jobs::{HandOverJob, JobSubject},
    words::{EventType, ReturnReason},
};
use futures_util::FutureExt;
use intake::{AcceptError, Ending, Heading, Intake, OperatorAddress, Outbound};
use key_client::{Keys, KeysError};
use mailbox::Original;
use operators::{NoTurn, Operators, Turn};
use said::{ALREADY_EXISTS, RESPONSE, Said, ends};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};
use store::jobs::{Handler, Job, Outcome, WorkerSettings};
use tracing::{error, info, warn};

/// Hands letters over. The workers share one.
pub struct HandOver {
    intake: Intake,
    keys: Keys,
    soap: SoapClient,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    operators: Operators,
    started_at: Time,
}

/// What one try came to.
enum Tried {
    Ended,
    /// It was sent, and this is not the end of it.
    Sent(&'static str),
    /// There was no connection to send it over.
    Unreached(&'static str),
    /// It was not sent, for what stands in the way here.
    Not(&'static str),
    /// It was not sent to this operator.
    Skipped(NoTurn, OrgNumber),
    /// The operator has it, and that could not be written.
    Unwritten(&'static str),
}

impl Handler for HandOver {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let Some(HandOverJob(letter_id)) = job.subject() else {
                outcomes.push((job, Outcome::UNREADABLE));
                continue;
            };
            // One that panics comes back as any other and is never buried: the letter itself says when it is given up.
            let outcome = match AssertUnwindSafe(self.act(&job, letter_id)).catch_unwind().await {
                Ok(Ok(tried)) => self.outcome(&job, tried),
                Ok(Err(error)) => {
                    warn!(letter.id = %letter_id, %error, "A letter for another operator could not be worked on");
                    self.later(&job, "retry", error.refusal().code.as_str())
                }
                Err(_) => {
                    error!(letter.id = %letter_id, "Working on a letter for another operator panicked");
                    self.later(&job, "retry", INTERNAL)
                }
            };
            outcomes.push((job, outcome));
        }
        outcomes
    }
}

impl HandOver {
    /// Workers to run. Each does one letter at a time, so that none waits for what another does.
    pub const WORKERS: usize = AT_ONCE;

    /// `keys` are the handle of role outgoing; `soap` speaks for us to other operators.
    pub fn new(
        intake: Intake,
        keys: Keys,
        soap: SoapClient,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let started_at = clock.now();
        Self { intake, keys, soap, clock, random, operators: Operators::default(), started_at }
    }

    pub fn settings() -> WorkerSettings {
        WorkerSettings { batch: 1, ..WorkerSettings::new(&[HandOverJob::KIND]) }
    }

    async fn act(&self, job: &Job, letter_id: LetterId) -> Result<Tried, AcceptError> {
        let Some(mut letter) = self.intake.outbound(letter_id).await? else { return Ok(Tried::Ended) };
        let turn = match self.turn(&letter.operator) {
            Ok(turn) => Some(turn),
            // Now and then it is asked all the same where the recipient is by now.
            Err(NoTurn::Silent) if job.attempts.is_multiple_of(FOLLOW) => None,
            Err(why) => {
                let skipped = Tried::Skipped(why, letter.operator.clone());
                return self.written(&letter, skipped).await;
            }
        };
        let tried =
            AssertUnwindSafe(self.hand_over(&mut letter, turn, job.attempts > 1)).catch_unwind().await;
        let tried = match tried {
            Ok(Ok(tried)) => tried,
            Ok(Err(error)) => {
                warn!(letter.id = %letter_id, %error, "A letter could not be handed over yet");
                Tried::Not(error.refusal().code.as_str())
            }
            Err(_) => {
                error!(letter.id = %letter_id, "Handing a letter over panicked");
                Tried::Not(INTERNAL)
            }
        };
        self.written(&letter, tried).await
    }

    /// Writes what a try came to. When its time is over, a letter is given up after it was sent once more; or a day later,
    /// whatever stood in the way, but not soon after a start and not for want of a place.
    async fn written(&self, letter: &Outbound, tried: Tried) -> Result<Tried, AcceptError> {
        let now = self.clock.now();
        // Two ends. A try that reached the operator at the end of the letter's time was the last one it is
        // owed. One that did not says nothing of the operator: our own network may be down, so a day more is
        // given, and after a start the time for everything else to come up.
        let is_over = now >= letter.give_up_at;
        let at_last = now >= letter.give_up_at.plus(GRACE).max(self.started_at.plus(AFTER_START));
        match &tried {
            Tried::Ended => {}
            Tried::Sent(_) if is_over => return self.returned(letter, ReturnReason::GivenUp).await,
            // Not for want of a turn (`NoTurn` of another kind): that is our own doing, and no reason to give
            // a letter up.
            Tried::Unreached(_) | Tried::Skipped(NoTurn::Silent, _) if at_last => {
                return self.returned(letter, ReturnReason::GivenUp).await;
            }
            Tried::Not(code) if at_last => {
                // What stood in the way can be a reason that the sender is told; most of what can, such as a
                // database that does not answer, is none.
                let why = ReturnReason::parse(code).unwrap_or(ReturnReason::GivenUp);
                return self.returned(letter, why).await;
            }
            Tried::Sent(code) | Tried::Unreached(code) | Tried::Unwritten(code) => {
                self.intake.outbound_tried(letter, code).await?;
            }
            // No try at the operator, so it must not look like one to whoever asks how often it was sent.
            Tried::Not(code) => self.intake.outbound_skipped(letter, code).await?,
            Tried::Skipped(why, _) => self.intake.outbound_skipped(letter, why.code()).await?,
        }
        Ok(tried)
    }

    /// `again`: it is not the letter's first time.
    async fn hand_over(
        &self,
        letter: &mut Outbound,
        mut turn: Option<Turn>,
        again: bool,
    ) -> Result<Tried, AcceptError> {
        let key = match self.keys.outbound_key(letter.letter_id).await {
            Ok(key) => key,
            // Ended by another worker since.
            Err(KeysError::Gone) => return Ok(Tried::Ended),
            Err(error) => return Err(error.into()),
        };
        let original = self.intake.outbound_envelope(letter, &key).await?;
        // Wiped as soon as the envelope is open: the calls below can take minutes.
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
            // The register was asked anew after the operator said *not here* and still names it: to go round
            // once more would change nothing.
            if refused_by.as_ref() == Some(&to) {
                return self.returned(letter, ReturnReason::NotDelivered).await;
            }
            if letter.operator != to.number {
                (letter.operator, letter.refused_since) = (to.number.clone(), None);
            }
            // A turn at another operator is given back before one is waited for.
            let held = turn.take().filter(|turn| turn.is_at(&to.number));
            let turn = match held {
                Some(turn) => turn,
                None => match self.turn(&to.number) {
                    Ok(turn) => turn,
                    Err(why) => return Ok(Tried::Skipped(why, to.number)),
                },
            };
            // Written before it is sent, or a crash in between would leave a letter at an operator of which
            // nothing here knows.
            if !self.intake.outbound_sends(letter.letter_id, &to.number).await? {
                return Ok(Tried::Ended);
            }
            tell_of_doubt(letter, Some(&to.number));
            let earlier = letter.sent_to.replace(to.number.clone());
            let in_doubt = earlier.as_ref() == Some(&to.number);
            let said = self.deliver(&to, &original).await;
            self.learn(letter, &said, earlier.as_ref());
            let was_silent = self.operators.heard(&to.number, said.is_answer(), self.clock.now());
            // Before anything is written: the operator is free for the next letter while the database works.
            drop(turn);
            if (was_silent || again) && said.takes_letters() {
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
        Ok(Tried::Sent("moving"))
    }

    fn turn(&self, operator: &OrgNumber) -> Result<Turn, NoTurn> {
        self.operators.turn(operator, self.clock.now())
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
            Said::Delivered(transaction) => Ok(self.handed_over(letter, transaction.as_deref()).await),
            // A try whose answer was lost has brought it there, and this is how it says so.
            Said::Fault(ALREADY_EXISTS) if in_doubt => Ok(self.handed_over(letter, None).await),
            Said::Fault(number) => match ends(number, letter.refused_since, self.clock.now()) {
                Some(why) => self.returned(letter, why).await,
                None => Ok(Tried::Sent(said.code())),
            },
            Said::NotSent => Ok(Tried::Unreached(said.code())),
            said => Ok(Tried::Sent(said.code())),
        }
    }

    /// What is known to have arrived is never told as given up: where it cannot be written now, it is sent once more.
    async fn handed_over(&self, letter: &Outbound, transaction: Option<&str>) -> Tried {
        match self.intake.outbound_ended(letter, Ending::HandedOver { transaction }).await {
            Ok(()) => self.ended(letter, EventType::Forwarded.as_str()),
            Err(error) => {
                warn!(letter.id = %letter.letter_id, %error, "A letter was handed over, and that could not be written");
                Tried::Unwritten(error.refusal().code.as_str())
            }
        }
    }

    async fn returned(&self, letter: &Outbound, why: ReturnReason) -> Result<Tried, AcceptError> {
        self.intake.outbound_ended(letter, Ending::Returned(why)).await?;
        Ok(self.ended(letter, EventType::Returned.as_str()))
    }

    /// An operator that answers again gets what has waited for it, a thousand letters at a time. What is to become of
    /// the letter in hand does not hang on it.
    async fn hasten(&self, operator: &OrgNumber) {
        if !self.operators.hastens(operator, self.clock.now()) {
            return;
        }
        match self.intake.outbound_hasten(operator).await {
            Ok(0) => {}
            Ok(due) => info!(%operator, due, "An operator answers again, and gets what has waited for it"),
            Err(error) => {
                self.operators.not_hastened(operator);
                warn!(%error, "What waits for an operator could not be made due");
            }
        }
    }

    fn outcome(&self, job: &Job, tried: Tried) -> Outcome {
        match tried {
            Tried::Ended => Outcome::Done,
            Tried::Sent(code) | Tried::Unreached(code) | Tried::Not(code) | Tried::Unwritten(code) => {
                self.later(job, "retry", code)
            }
            // It may have answered another letter meanwhile.
            Tried::Skipped(NoTurn::Silent, operator) if !self.operators.is_silent(&operator) => {
                Outcome::Later(Duration::ZERO, NoTurn::Silent.code())
            }
            Tried::Skipped(why, _) => self.later(job, "skipped", why.code()),
        }
    }

    fn later(&self, job: &Job, outcome: &'static str, code: &'static str) -> Outcome {
        metrics::counter!("kuvert_forward_total", "outcome" => outcome).increment(1);
        Outcome::Later(self.wait(job.attempts), code)
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

/// It goes to another place than where it may be already.
fn tell_of_doubt(letter: &Outbound, to: Option<&OrgNumber>) {
    if let Some(there) = letter.sent_to.as_ref().filter(|there| Some(*there) != to) {
        warn!(letter.id = %letter.letter_id, operator = %there, "The recipient of a letter has moved; the operator before may have it too");
    }
}

/// Letters that are worked on at the same time.
const AT_ONCE: usize = 16;
/// Every so many times the register is asked, whether or not the operator takes letters.
const FOLLOW: u32 = 4;
/// How often a recipient may move while one try lasts.
const MOVES: usize = 3;
/// For what could not be sent when its time was over.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// After a start, for what else is needed to come up.
const AFTER_START: Duration = Duration::from_secs(60 * 60);
/// What panicked is told as.
const INTERNAL: &str = "internal";
const WAIT_SECONDS: [u64; 6] = [5, 15, 60, 5 * 60, 15 * 60, 60 * 60];
