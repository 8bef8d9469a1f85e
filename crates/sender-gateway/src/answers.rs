//! What the door tells of letters, and how inner errors become problems: decided here and nowhere else.

use crate::{Gateway, caller::Caller};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use domain::{
    Code, LetterId, OrgNumber, Refusal, Time,
    identity::IdentityError,
    words::{EventType, LetterState},
};
use edge::Problem;
use intake::{
    AcceptError, outbound,
    submission::{self, Submission},
};
use key_client::KeysError;
use serde::Serialize;
use std::{collections::HashMap, time::Duration};
use store::Tx;
use tracing::error;

/// How a letter is named in a question.
pub enum By {
    Id(LetterId),
    /// The sender's own reference; the sender where the caller acts for several.
    Reference(Option<OrgNumber>, String),
}

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

/// A letter's state and history, for those who may act for its sender; for others it is not there.
pub async fn status(gateway: &Gateway, caller: &Caller, by: By) -> Result<Response, Problem> {
    let now = gateway.clock.now();
    let senders = match &by {
        By::Reference(Some(sender), _) => {
            caller.acts_for(gateway, sender)?;
            vec![sender.clone()]
        }
        _ => gateway.directory.current().senders_of(&caller.0, now),
    };
    let mut tx = gateway.store.read("show letter").await.map_err(store)?;
    let found = match &by {
        By::Id(id) => submission::by_letter(&mut tx, *id).await.map_err(store)?,
        By::Reference(_, reference) => {
            by_reference(gateway, &mut tx, &senders, reference).await.map_err(store)?
        }
    };
    // Letters of others are not there.
    let theirs = found.filter(|found| senders.iter().any(|s| gateway.sender_mac(s) == found.sender_mac));
    let status =
        describe(gateway, &mut tx, &theirs.ok_or(Code::LetterNotFound)?, now).await.map_err(store)?;
    Ok(Json(status).into_response())
}

async fn by_reference(
    gateway: &Gateway,
    tx: &mut Tx,
    senders: &[OrgNumber],
    reference: &str,
) -> Result<Option<Submission>, store::Error> {
    for sender in senders {
        let reference_mac = submission::reference_mac(&gateway.gateway_keys.sender, sender, reference);
        let found = submission::by_reference(tx, &gateway.sender_mac(sender), &reference_mac).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn describe(
    gateway: &Gateway,
    tx: &mut Tx,
    submission: &Submission,
    now: Time,
) -> Result<Status, store::Error> {
    let events =
        evidence::feed::of_letter(tx, submission.mailbox_id, submission.letter_id, submission.tells_opened)
            .await?;
    let is = |wanted: EventType| events.iter().any(|(_, kind)| *kind == wanted);
    let state = match submission.visible_from > now {
        _ if is(EventType::Opened) => LetterState::Opened,
        // One that was to leave and whose recipient came here is accepted too.
        _ if is(EventType::TakenInCharge) && !is(EventType::Accepted) => match () {
            () if is(EventType::Forwarded) => LetterState::Forwarded,
            () if is(EventType::Returned) => LetterState::Returned,
            () => LetterState::Forwarding,
        },
        true => LetterState::Scheduled,
        false => LetterState::Available,
    };
    let returned = state == LetterState::Returned;
    let reasons =
        if returned { outbound::reasons(tx, &[submission.letter_id]).await? } else { HashMap::new() };
    let reason = reasons.get(&submission.letter_id);
    let history = events.into_iter().map(|(at, kind)| Line {
        time: at.to_string(),
        r#type: kind.as_str(),
        why: reason.filter(|_| kind == EventType::Returned).map(|why| why.as_str()),
    });
    Ok(Status {
        letter_id: submission.letter_id,
        reference: submission.reference(&gateway.gateway_keys).unwrap_or_default(),
        state: state.as_str(),
        history: history.collect(),
    })
}

/// Opens the sealed reference of a feed event with the gateway's own key.
pub fn reference(gateway: &Gateway, letter_id: LetterId, sealed: &[u8]) -> Option<String> {
    submission::open_reference(&gateway.gateway_keys.reference, letter_id, sealed).ok()
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

/// What went wrong in accepting. Faults of ours were logged where they happened.
pub fn intake(error: AcceptError) -> Problem {
    let problem = Problem::from(error.refusal());
    match error.retry_after() {
        Some(wait) => problem.retry_after(wait),
        None => problem,
    }
}

/// The database did not do it.
pub fn store(error: store::Error) -> Problem {
    failed(&error, error.is_transient())
}

/// The key service did not do it.
pub fn keys(error: KeysError) -> Problem {
    match error {
        KeysError::Budget => Problem::from(Code::RateLimited).retry_after(Duration::from_secs(60)),
        KeysError::Spent(seconds) => {
            Problem::from(Code::LookupsUsedUp).retry_after(Duration::from_secs(seconds.into()))
        }
        KeysError::Unavailable | KeysError::Unvouched(_) => Code::Unavailable.into(),
        other => failed(&other, false),
    }
}

/// Logged here, once. The caller learns only whether to try again.
fn failed(error: &(dyn std::error::Error + 'static), transient: bool) -> Problem {
    let source = error.source().map(tracing::field::display);
    error!(error = %error, source, "A request could not be served");
    Problem::from(if transient { Code::Unavailable } else { Code::Internal })
}
