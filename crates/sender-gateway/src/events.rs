//! `GET /v1/events`: the sender's feed, ordered, replayable and complete.

mod cursor;

use crate::{
    Gateway, answers,
    caller::Caller,
    openapi::{
        refusals::*,
        words::{self, EventType, OrganisationNumber},
    },
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use domain::{Code, OrgNumber, Refusal, words::ReturnReason};
use edge::Problem;
use intake::{FeedPosition, SenderEvent};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// How to read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Read {
    /// `next` from the last answer; absent: from the start
    #[param(nullable = false)]
    after: Option<String>,
    /// Events in one answer
    #[param(nullable = false, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Seconds to wait when there is nothing yet
    #[param(nullable = false, minimum = 0, maximum = 60, default = 0)]
    wait: Option<u64>,
    /// Only this sender's
    #[param(value_type = Option<OrganisationNumber>)]
    sender: Option<String>,
}

/// A page of the feed
#[derive(Serialize, ToSchema)]
pub struct Page {
    /// In order, at most `limit`
    events: Vec<Event>,
    /// Opaque cursor
    next: String,
}

/// One event. Consumers ignore types and members that they do not know
#[derive(Serialize, ToSchema)]
struct Event {
    /// The letter and the place in its history; the same at each reading
    id: String,
    /// When it happened
    #[schema(format = DateTime)]
    time: String,
    #[schema(value_type = EventType)]
    r#type: &'static str,
    /// As in the answer to POST
    #[schema(format = "uuid")]
    letter_id: String,
    /// The sender's own
    #[schema(required)]
    reference: Option<String>,
    #[schema(value_type = words::ReturnReason)]
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

#[utoipa::path(
    get,
    path = "/v1/events",
    tag = "events",
    operation_id = "readEvents",
    summary = "Read what happened",
    description = "Ordered, replayable and complete. Keep `next` and give it as `after` the next time. Events are kept 400 days.",
    params(Read),
    responses(
        (status = 200, description = "A page of the feed", body = inline(Page)),
        Malformed, NotAllowed, OtherMethod, Expired, Failed, Unavailable,
    ),
)]
/// Reads after a cursor; waits for something to come when asked to and there is nothing yet.
pub async fn read(
    State(gateway): State<Gateway>,
    caller: Caller,
    query: Result<Query<Read>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let malformed = |why| Problem::from(Refusal::new(Code::MalformedRequest).because(why));
    let Query(read) = query.map_err(|_| malformed("after, limit, wait and sender, each at most once"))?;
    let limit = read.limit.unwrap_or(100);
    let wait = read.wait.unwrap_or(0);
    if !(1..=1000).contains(&limit) || wait > 60 {
        return Err(malformed("limit is 1 to 1000, wait 0 to 60 seconds"));
    }
    let sender = read.sender.as_deref().map(answers::sender).transpose()?;
    let senders = caller.senders(&gateway, sender)?;
    let key = &gateway.gateway_keys.sender;
    let after = read.after.as_deref().map(|text| cursor::read(text, key).ok_or(Code::CursorInvalid));
    let after = after.transpose()?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait);
    let mut rounds = gateway.sequencer.subscribe();
    loop {
        rounds.mark_unchanged();
        let page = page(&gateway, &senders, after.as_ref(), limit).await?;
        if !page.events.is_empty() || wait == 0 {
            return Ok(Json(page));
        }
        tokio::select! {
            changed = rounds.changed() => if changed.is_err() { return Ok(Json(page)) },
            () = tokio::time::sleep_until(deadline) => return Ok(Json(page)),
            () = gateway.stopping.cancelled() => return Ok(Json(page)),
        }
    }
}

async fn page(
    gateway: &Gateway,
    senders: &[OrgNumber],
    after: Option<&FeedPosition>,
    limit: u32,
) -> Result<Page, Problem> {
    let page = gateway.intake.sender_events(senders, after, limit).await.map_err(answers::intake)?;
    let next = cursor::write(&page.next, &gateway.gateway_keys.sender);
    Ok(Page { events: page.events.into_iter().map(Event::from).collect(), next })
}

impl From<SenderEvent> for Event {
    fn from(of: SenderEvent) -> Self {
        Self {
            id: of.id,
            time: of.at.to_string(),
            r#type: of.kind.as_str(),
            letter_id: of.letter_id.to_string(),
            reference: of.reference,
            why: of.why.map(ReturnReason::as_str),
        }
    }
}
