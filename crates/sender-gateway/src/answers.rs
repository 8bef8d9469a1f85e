//! How the door writes what it is told of letters, and how inner errors become problems: decided here and nowhere else.

use crate::{
    Gateway,
    caller::Caller,
    openapi::words::{self, EventType},
};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{Code, LetterId, OrgNumber, Refusal, identity::IdentityError, words::ReturnReason};
use edge::Problem;
use intake::{AcceptError, LetterName, StatusEvent};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a letter is, and how it came there
#[derive(Serialize, ToSchema)]
pub struct LetterStatus {
    /// As in the answer to POST
    #[schema(value_type = String, format = "uuid")]
    letter_id: LetterId,
    /// The sender's own
    reference: String,
    #[schema(schema_with = words::letter_state)]
    state: &'static str,
    /// What has happened, oldest first
    #[schema(inline)]
    history: Vec<Line>,
}

/// One line of a letter's history
#[derive(Serialize, ToSchema)]
struct Line {
    /// When
    #[schema(format = DateTime)]
    time: String,
    #[schema(value_type = EventType)]
    r#type: &'static str,
    #[schema(value_type = words::ReturnReason)]
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
    Ok(Json(LetterStatus::from(status.ok_or(Code::LetterNotFound)?)).into_response())
}

impl From<intake::LetterStatus> for LetterStatus {
    fn from(of: intake::LetterStatus) -> Self {
        let intake::LetterStatus { letter_id, reference, state, history } = of;
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
