//! `POST /v1/letters`, `GET /v1/letters/{letter_id}`, `GET /v1/letters?reference=`.

use crate::{Gateway, answers, caller::Caller, upload::Upload};
use axum::{
    Json,
    body::Body,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Code, LetterId, Refusal, words::LetterState};
use edge::Problem;
use intake::{Answer, Checked, Draft, LetterName};
use serde::{Deserialize, Serialize};

/// What a 201, 202 or 200 says.
#[derive(Serialize)]
struct Accepted<'a> {
    letter_id: LetterId,
    receipt: &'a str,
    durability: &'a str,
    include_by: Option<String>,
    /// In a 202 alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// Accepts one letter. All that the letter part can decide is decided before attachments are read.
pub async fn accept(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut upload = Upload::new(&headers, body)?;
    Ok(accepted(&receive(&gateway, &caller, &mut upload).await?))
}

async fn receive(gateway: &Gateway, caller: &Caller, upload: &mut Upload) -> Result<Answer, Problem> {
    let mut room = gateway.intake.arriving(&caller.0);
    let letter = upload.letter(gateway.intake.settings().limits.letter_bytes, &mut room).await?;
    let checked = gateway.intake.check(&caller.0, letter).await.map_err(answers::intake)?;
    drop(room);
    match checked {
        Checked::Repeat(answer) => Ok(answer),
        Checked::Draft(mut draft) => {
            attachments(&mut draft, upload).await?;
            gateway.intake.accept(draft).await.map_err(answers::intake)
        }
    }
}

async fn attachments(draft: &mut Draft, upload: &mut Upload) -> Result<(), Problem> {
    for no in 0..draft.manifest().len() {
        let missing = || Refusal::new(Code::AttachmentMissing).at(format!("/attachments/{no}"));
        let mut part = upload.attachment().await?.ok_or_else(missing)?;
        let mut sink = draft.attachment(no).await.map_err(answers::intake)?;
        while let Some(bytes) = part.chunk().await? {
            sink.write(&bytes).await.map_err(answers::intake)?;
        }
        sink.finish().await.map_err(answers::intake)?;
    }
    match upload.attachment().await? {
        None => Ok(()),
        Some(_) => Err(Problem::from(Code::AttachmentExtra)),
    }
}

fn accepted(answer: &Answer) -> Response {
    let body = Json(Accepted {
        letter_id: answer.letter_id,
        receipt: &answer.receipt,
        durability: &answer.durability,
        include_by: answer.include_by.map(|at| at.to_string()),
        state: answer.forwarding.then_some(LetterState::Forwarding.as_str()),
    });
    let status = match (answer.forwarding, answer.repeated) {
        (true, _) => StatusCode::ACCEPTED,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::CREATED,
    };
    let mut response = (status, body).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/letters/{}", answer.letter_id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A letter's state and history.
pub async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    letter_id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(letter_id) = letter_id.map_err(|_| Code::LetterNotFound)?;
    let id = letter_id.parse::<LetterId>().map_err(|_| Code::LetterNotFound)?;
    answers::status(&gateway, &caller, LetterName::Id(id), None).await
}

/// Which letter of which sender.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Find {
    reference: String,
    sender: Option<String>,
}

/// Finds a letter by the sender's own reference.
pub async fn find(
    State(gateway): State<Gateway>,
    caller: Caller,
    query: Result<Query<Find>, QueryRejection>,
) -> Result<Response, Problem> {
    // axum's own words can quote the query.
    let Query(find) = query.map_err(|_| {
        Refusal::new(Code::MalformedRequest).because("reference, and sender if need be, each once")
    })?;
    let sender = find.sender.as_deref().map(answers::sender).transpose()?;
    answers::status(&gateway, &caller, LetterName::Reference(&find.reference), sender).await
}
