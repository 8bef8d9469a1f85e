//! From a checked letter to a promise: sealed, signed for, committed.

use crate::{
    AcceptError, Answer, Draft, Intake,
    admit::Admitted,
    committer::{Cargo, Prepared, Waiting},
    draft::{count_answer, count_refusal},
    promise::Promised,
    room::Place,
};
use domain::Code;
use tokio::sync::oneshot;

impl Intake {
    /// Accepts a letter. Once called it runs to its end, even when the caller hangs up.
    pub async fn accept(&self, mut draft: Draft) -> Result<Answer, AcceptError> {
        let place = draft.place.take();
        let accepted = self.accept_all(vec![Admitted::New(Box::new(draft))], place).await;
        let answer = accepted.and_then(|answers| answers.into_iter().next().ok_or(AcceptError::Unknown));
        answer.inspect_err(count_refusal)
    }

    /// Accepts the letters of one call that are new, all or none, and answers each in order. `place` is held for all of
    /// them until they are committed. What is refused is for the caller to count.
    pub(crate) async fn accept_all(
        &self,
        letters: Vec<Admitted>,
        place: Place,
    ) -> Result<Vec<Answer>, AcceptError> {
        let intake = self.clone();
        let accepting = self.0.tasks.spawn(async move {
            let answers = intake.accept_now(letters, place).await;
            // In here: a caller that has hung up meanwhile has had its letters accepted all the same.
            answers.iter().flatten().for_each(count_answer);
            answers
        });
        accepting.await.unwrap_or(Err(AcceptError::Unknown))
    }

    async fn accept_now(&self, letters: Vec<Admitted>, mut place: Place) -> Result<Vec<Answer>, AcceptError> {
        let mut answers = Vec::with_capacity(letters.len());
        let mut new = Vec::new();
        for letter in letters {
            match letter {
                Admitted::Repeat(answer) => answers.push(Some(*answer)),
                Admitted::New(mut draft) => {
                    draft.place.hand_over(&mut place);
                    new.push(self.prepare(*draft).await?);
                    answers.push(None);
                }
            }
        }
        let mut accepted = self.commit_whole(new, place).await?.into_iter();
        let answered = answers.into_iter().map(|answer| answer.or_else(|| accepted.next()));
        answered.collect::<Option<_>>().ok_or(AcceptError::Unknown)
    }

    async fn commit_whole(&self, letters: Vec<Prepared>, place: Place) -> Result<Vec<Answer>, AcceptError> {
        if letters.is_empty() {
            return Ok(Vec::new());
        }
        let (answer_to, outcome) = oneshot::channel();
        self.0.queue.push(Waiting { letters, answer_to, place })?;
        outcome.await.unwrap_or(Err(AcceptError::Unknown))
    }

    async fn prepare(&self, mut draft: Draft) -> Result<Prepared, AcceptError> {
        if draft.sealing.taken() < draft.manifest().len() {
            return Err(Code::AttachmentMissing.into());
        }
        draft.ask_again_if_old().await?;
        match draft.sealing.filed.leaving {
            Some(_) => self.prepare_outbound(draft).await,
            None => self.prepare_letter(draft).await,
        }
    }

    /// A letter for a mailbox here.
    async fn prepare_letter(&self, draft: Draft) -> Result<Prepared, AcceptError> {
        let Draft { sealing, pledge, .. } = draft;
        let original = sealing.original(self.0.clock.now());
        let first = sealing.first_event(
            &pledge.address.sender,
            original.accepted_at,
            Some(&original),
            &*self.0.random,
        );
        let Promised { submission, event, answer } = self.promise(&sealing, pledge, first)?;
        let letter = sealing.finish(self, &original).await?.begun_by(event);
        Ok(Prepared { submission, cargo: Cargo::Letter(letter), answer })
    }
}
