//! `POST /v1/reachability`: who can be reached, up to a thousand at once.

use crate::{
    Gateway, answers, body,
    caller::Caller,
    openapi::{
        refusals::*,
        words::{self, OrganisationNumber},
    },
};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use domain::{
    Code, Identity, Refusal,
    words::{Unreachable, Way},
};
use edge::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whom a sender would write to
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[schema(value_type = OrganisationNumber)]
    sender: String,
    /// Personnummer or samordningsnummer as YYYYMMDDNNNN, organisations as 16 and ten digits
    #[schema(max_items = 1000)]
    recipients: Vec<String>,
}

/// One answer each, in order
#[derive(Serialize, ToSchema)]
pub struct Results {
    /// One for each recipient, in order
    results: Vec<Reachability>,
}

/// Whether one recipient can be reached
#[derive(Serialize, ToSchema)]
struct Reachability {
    /// As asked
    recipient: String,
    /// Whether a letter from this sender would be taken now
    reachable: bool,
    #[schema(schema_with = words::unreachable)]
    reason: Option<&'static str>,
    #[schema(schema_with = words::way)]
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
}

const MOST: usize = 1000;
/// A thousand recipients are some 16 KiB.
const MOST_BYTES: usize = 64 * 1024;

/// A bad id gives a reason, not an error.
#[utoipa::path(
    post,
    path = "/v1/reachability",
    tag = "recipients",
    operation_id = "askReachability",
    summary = "Ask who can be reached",
    description = "One answer for each recipient, in order. An id that is none gets a reason, not an error. The body has at most \
        64 KiB. Each recipient counts against the caller's quota of the day, as each letter does; when it is used up the answer \
        is 429 `lookups_used_up`, with Retry-After.",
    request_body(
        content = inline(Question),
        examples(("Two people" = (
            summary = "Two people",
            value = json!({"sender": "164020000016", "recipients": ["198101052382", "199001012385"]})
        ))),
    ),
    responses(
        (status = 200, description = "One answer each, in order", body = inline(Results)),
        Malformed, NotAllowed, OtherMethod, Late, TooLarge, WrongType, TooMany, Failed, Unavailable,
    ),
)]
pub async fn ask(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Results>, Problem> {
    // Held until the answer is made, which is as large.
    let mut room = gateway.intake.arriving(&caller.0);
    let question: Question = body::json(&headers, body, MOST_BYTES, &mut room).await?;
    if question.recipients.len() > MOST {
        let why = "at most 1000 recipients at once";
        return Err(Refusal::new(Code::MalformedRequest).because(why).at("/recipients").into());
    }
    let sender = answers::sender(&question.sender)?;
    caller.acts_for(&gateway, &sender)?;

    let parse = |text: &String| Identity::parse(text).map_err(answers::identity);
    let parsed: Vec<_> = question.recipients.iter().map(parse).collect();
    let reached = gateway.intake.reachability(&caller.0, &sender, &parsed).await.map_err(answers::intake)?;
    let results = question.recipients.into_iter().zip(reached).map(|(recipient, way)| Reachability {
        recipient,
        reachable: way.is_ok(),
        reason: way.err().map(Unreachable::as_str),
        how: way.ok().flatten().map(Way::as_str),
    });
    Ok(Json(Results { results: results.collect() }))
}
