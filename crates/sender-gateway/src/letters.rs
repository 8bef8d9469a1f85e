//! `POST /v1/letters`, `GET /v1/letters/{letter_id}`, `GET /v1/letters?reference=`.

use crate::{
    Gateway,
    answers::{self, LetterStatus},
    caller::Caller,
    openapi::{
        examples,
        letter::Submission,
        refusals::*,
        words::{self, OrganisationNumber},
    },
    upload::Upload,
};
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
use utoipa::{IntoParams, ToSchema};

/// A letter that its recipient has, or will have at its time
#[derive(Serialize, ToSchema)]
struct Accepted {
    /// The letter's id, in addresses and in events
    #[schema(value_type = String, format = "uuid")]
    letter_id: LetterId,
    /// Compact JWS, Ed25519, typ kuvert-receipt; keys at /log/keys on the web origin
    receipt: String,
    #[schema(schema_with = words::durability)]
    durability: String,
    /// When the public log has it; null while the instance runs no log
    #[schema(format = DateTime, required)]
    include_by: Option<String>,
}

/// A letter that we hand over to another operator
#[derive(Serialize, ToSchema)]
struct TakenInCharge {
    /// The letter's id, in addresses and in events
    #[schema(value_type = String, format = "uuid")]
    letter_id: LetterId,
    /// Compact JWS, Ed25519, typ kuvert-receipt; keys at /log/keys on the web origin
    receipt: String,
    #[schema(schema_with = words::durability)]
    durability: String,
    /// When the public log has it; null while the instance runs no log
    #[schema(format = DateTime, required)]
    include_by: Option<String>,
    #[schema(schema_with = words::forwarding)]
    state: &'static str,
}

/// Accepts one letter. All that the letter part can decide is decided before attachments are read.
#[utoipa::path(
    post,
    path = "/v1/letters",
    tag = "letters",
    operation_id = "sendLetter",
    summary = "Send a letter",
    description = SEND,
    request_body(content((
        inline(Submission) = "multipart/form-data",
        examples(("A letter with a PDF" = (summary = "A letter with a PDF", value = json!(examples::submission())))),
        encoding(
            ("letter" = (content_type = "application/jose+json")),
            ("attachment" = (content_type = "application/octet-stream"))
        )
    ))),
    responses(
        (status = 201, description = "Accepted", body = Accepted, headers(("Location" = String, description = "The letter's address"))),
        (
            status = 202,
            description = "Taken in charge for a mailbox at another operator; the outcome comes as an event, `forwarded` or \
                `returned`. A repeat gets this very answer again",
            body = TakenInCharge,
            headers(("Location" = String, description = "The letter's address"))
        ),
        (
            status = 200,
            description = "This very letter was accepted before: the same receipt, byte for byte",
            body = Accepted,
            headers(("Location" = String, description = "The letter's address"))
        ),
        Malformed, NotAllowed, OtherMethod, Late, Conflict, TooLarge, WrongType, Undeliverable, TooMany, Failed, Unavailable,
    ),
)]
pub async fn accept(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut upload = Upload::new(&headers, body)?;
    Ok(accepted(receive(&gateway, &caller, &mut upload).await?))
}

const SEND: &str = "multipart/form-data: the part `letter` first, then one part `attachment` for each entry of the manifest, in \
    its order. Name, type and size come from the manifest; headers of the parts are not read, but for the type of `letter`.\n\n\
    What 201 promises: The letter, its evidence event and its notice job are committed in one transaction. The recipient can see \
    it now, or from `visible_from`. With `single-fsync` it survives a crash of the process and the operating system; with \
    `sync-quorum` also the loss of one machine or database node. If you got no answer, 5xx or a time-out, the outcome is unknown: \
    repeat the same request until 2xx or a 4xx other than 408, 425, 429; you get the same receipt and the recipient gets one \
    letter.\n\n\
    What 202 promises: the recipient's mailbox is at another operator, and we have taken the letter in charge, as durably. We sign \
    and seal it as the sender's dispatcher and hand it over until that operator has delivered it (`forwarded`), or refuses it or \
    cannot be reached for long (`returned`, with why). Should the recipient move here meanwhile, the letter is `accepted` here, \
    under the same id. What the interface between operators has no place for is refused with `not_supported`: \
    `GET /v1/capabilities` lists it under `forwarding`.";

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

fn accepted(answer: Answer) -> Response {
    let Answer { letter_id, receipt, durability, include_by, forwarding, repeated } = answer;
    let include_by = include_by.map(|at| at.to_string());
    let mut response = if forwarding {
        let state = LetterState::Forwarding.as_str();
        let body = TakenInCharge { letter_id, receipt, durability, include_by, state };
        (StatusCode::ACCEPTED, Json(body)).into_response()
    } else {
        let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
        (status, Json(Accepted { letter_id, receipt, durability, include_by })).into_response()
    };
    if let Ok(location) = HeaderValue::from_str(&format!("/v1/letters/{}", letter_id)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// A letter's state and history.
#[utoipa::path(
    get,
    path = "/v1/letters/{letter_id}",
    tag = "letters",
    operation_id = "showLetter",
    summary = "Where a letter is",
    description = "Its state and its history.",
    params(("letter_id" = String, Path, description = "From the answer to POST", format = "uuid")),
    responses(
        (status = 200, description = "Where the letter is", body = LetterStatus),
        NotAllowed, NoSuchLetter, OtherMethod, Failed, Unavailable,
    ),
)]
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
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Find {
    /// The reference that the letter was sent with
    #[param(min_length = 1, max_length = 128)]
    reference: String,
    /// The sender, when the caller acts for several
    #[param(value_type = Option<OrganisationNumber>)]
    sender: Option<String>,
}

/// Finds a letter by the sender's own reference.
#[utoipa::path(
    get,
    path = "/v1/letters",
    tag = "letters",
    operation_id = "findLetter",
    summary = "Find a letter by the sender's own reference",
    description = "For a sender that has no answer to its POST, and so no id.",
    params(Find),
    responses(
        (status = 200, description = "Where the letter is", body = LetterStatus),
        Malformed, NotAllowed, NoSuchLetter, OtherMethod, Failed, Unavailable,
    ),
)]
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
