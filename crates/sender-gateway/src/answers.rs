//! What the door tells of letters, and how inner errors become problems: decided here and nowhere else.

use crate::{Gateway, caller::Caller};
use axum::{
    Json,
    extract::rejection::JsonRejection,
    response::{IntoResponse, Response},
};
use domain::{Code, LetterId, MailboxId, OrgNumber, Refusal, Time, words::{EventType, LetterState}};
use edge::Problem;
use intake::{IntakeError, places};
use key_client::KeysError;
use serde::Serialize;
use std::time::Duration;
use store::{Row, Tx, args};
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
    let mut found = None;
    for sender in &senders {
        let mac = gateway.sender_mac(sender);
        let row = match &by {
            By::Id(id) => tx.one(BY_ID, args![&mac, *id]).await,
            By::Reference(_, reference) => {
                let parts = [sender.as_str().as_bytes(), reference.as_bytes()];
                let reference_mac = gateway.gateway_keys.sender.tag("reference", &parts);
                tx.one(BY_REFERENCE, args![&mac, &reference_mac]).await
            }
        };
        found = row.map_err(store)?;
        if found.is_some() {
            break;
        }
    }
    let row = found.ok_or(Code::LetterNotFound)?;
    let status = describe(gateway, &mut tx, &row, now).await.map_err(store)?;
    Ok(Json(status).into_response())
}

async fn describe(gateway: &Gateway, tx: &mut Tx, row: &Row, now: Time) -> Result<Status, store::Error> {
    let (letter_id, mailbox_id): (LetterId, MailboxId) = (row.id(0)?, row.id(1)?);
    let visible_from = row.time(3)?;
    let events = evidence::feed::of_letter(tx, mailbox_id, letter_id).await?;
    let opened = events.iter().any(|(_, kind)| *kind == EventType::Opened);
    let state = match (opened, visible_from > now) {
        (true, _) => LetterState::Opened,
        (false, true) => LetterState::Scheduled,
        (false, false) => LetterState::Available,
    };
    let history = events.into_iter().map(|(at, kind)| Line { time: at.to_string(), r#type: kind.as_str() });
    Ok(Status {
        letter_id,
        reference: reference(gateway, letter_id, row.bytes(2)?).unwrap_or_default(),
        state: state.as_str(),
        history: history.collect(),
    })
}

/// Opens a sealed reference with the gateway's own key.
pub fn reference(gateway: &Gateway, letter_id: LetterId, sealed: &[u8]) -> Option<String> {
    let opened = gateway.gateway_keys.reference.open(&places::reference(letter_id), sealed).ok()?;
    String::from_utf8(opened.to_vec()).ok()
}

/// A body that is not the JSON asked for.
pub fn json(rejection: JsonRejection) -> Problem {
    let code = match rejection {
        JsonRejection::MissingJsonContentType(_) => Code::UnsupportedMediaType,
        JsonRejection::BytesRejection(_) => Code::LetterTooLarge,
        _ => Code::MalformedRequest,
    };
    // axum's own words can quote the body.
    Refusal::new(code).because("the body is JSON as the API description says").into()
}

/// What went wrong in accepting.
pub fn intake(error: IntakeError) -> Problem {
    match error {
        IntakeError::Refused(refusal) => refusal.into(),
        IntakeError::Busy(wait) => Problem::from(Code::Overloaded).retry_after(wait),
        other => failed(&other, other.is_transient()),
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
        KeysError::Unavailable => Code::Unavailable.into(),
        other => failed(&other, false),
    }
}

/// Logged here, once. The caller learns only whether to try again.
fn failed(error: &(dyn std::error::Error + 'static), transient: bool) -> Problem {
    let source = error.source().map(tracing::field::display);
    error!(error = %error, source, "A request could not be served");
    Problem::from(if transient { Code::Unavailable } else { Code::Internal })
}

const BY_ID: &str = "SELECT letter_id, mailbox_id, reference, visible_from FROM submission \
    WHERE sender_mac = $1 AND letter_id = $2";
const BY_REFERENCE: &str = "SELECT letter_id, mailbox_id, reference, visible_from FROM submission \
    WHERE sender_mac = $1 AND reference_mac = $2";
