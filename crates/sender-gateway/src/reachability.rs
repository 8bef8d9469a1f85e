//! `POST /v1/reachability`: who can be reached, up to a thousand at once.

use crate::{Gateway, answers, body, caller::Caller};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use domain::{
    Code, Identity, Refusal,
    words::{Unreachable, Way},
};
use edge::Problem;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    sender: String,
    recipients: Vec<String>,
}

/// One answer each, in order.
#[derive(Serialize)]
pub struct Results {
    results: Vec<Reachability>,
}

#[derive(Serialize)]
struct Reachability {
    recipient: String,
    reachable: bool,
    reason: Option<&'static str>,
    /// Told only where it is not the plain way.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
}

const MOST: usize = 1000;
/// A thousand recipients are some 16 KiB.
const MOST_BYTES: usize = 64 * 1024;

/// A bad id gives a reason, not an error.
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
