//! How the door writes what it is told of letters, and how inner errors become problems: decided here and nowhere else.

use crate::{Gateway, caller::Caller};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{Code, LetterId, OrgNumber, Refusal, identity::IdentityError, words::ReturnReason};
use edge::Problem;
use intake::{AcceptError, LetterName, LetterStatus, StatusEvent};
use serde::Serialize;

#[derive(Serialize)]
struct Status {
    letter_id: LetterId,
    reference: String,
    state: &'static str,
    history: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    time: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// A letter's state and history, for those who may act for its sender; for others it is not there. `sender` where the caller
/// acts for several.
pub async fn status(
    gateway: &Gateway,
    caller: &Caller,
    name: LetterName<'_>,
    sender: Option<OrgNumber>,
) -> Result<Response, Problem> {
    let senders = caller.senders(gateway, sender)?;
    let status = gateway.intake.letter_status(name, &senders).await.map_err(intake)?;
    Ok(Json(Status::from(status.ok_or(Code::LetterNotFound)?)).into_response())
}

impl From<LetterStatus> for Status {
    fn from(of: LetterStatus) -> Self {
        let LetterStatus { letter_id, reference, state, history } = of;
        Self {
            letter_id,
            reference,
            state: state.as_str(),
            history: history.into_iter().map(Line::from).collect(),
        }
    }
}

impl From<StatusEvent> for Line {
    fn from(of: StatusEvent) -> Self {
        Self { time: of.at.to_string(), r#type: of.kind.as_str(), why: of.why.map(ReturnReason::as_str) }
    }
}

/// The sender that a query or question names.
pub fn sender(text: &str) -> Result<OrgNumber, Problem> {
    OrgNumber::parse(text).map_err(|error| Refusal::new(identity(error)).at("/sender").into())
}

/// What is wrong with a number.
pub fn identity(error: IdentityError) -> Code {
    match error {
        IdentityError::Form => Code::IdentityInvalid,
        IdentityError::CheckDigit => Code::CheckDigitInvalid,
    }
}

/// What went wrong. Faults of ours were logged where they happened.
pub fn intake(error: AcceptError) -> Problem {
    let problem = Problem::from(error.refusal());
    match error.retry_after() {
        Some(wait) => problem.retry_after(wait),
        None => problem,
    }
}
