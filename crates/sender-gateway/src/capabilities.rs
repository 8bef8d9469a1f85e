//! `GET /v1/capabilities`: what is in force here, so that a sender's system need not guess.

use crate::Gateway;
use axum::{Json, extract::State};
use domain::{
    letter::{AttachmentType, Limits},
    words::{EventType, Kind, LetterState, ReceiptWish, ReturnReason, Unreachable, Way},
};
use serde::Serialize;

/// The answer.
#[derive(Serialize)]
pub struct Capabilities {
    operator: String,
    letter_types: [&'static str; 1],
    algorithms: [&'static str; 6],
    members: &'static [&'static str],
    not_supported: &'static [&'static str],
    attachment_types: Vec<&'static str>,
    kinds: Vec<&'static str>,
    receipts: Vec<&'static str>,
    replies: [&'static str; 1],
    event_types: Vec<&'static str>,
    letter_states: Vec<&'static str>,
    unreachable_reasons: Vec<&'static str>,
    ways: Vec<&'static str>,
    forwarding: Option<Forwarding>,
    limits: Limits,
    durability: &'static str,
}

/// Letters for mailboxes at other operators, where they are handed over.
#[derive(Serialize)]
struct Forwarding {
    /// The organisation that a sender lists as its dispatcher for it.
    dispatcher: String,
    /// Of the whole message, attachments in base64.
    envelope_bytes: u64,
    not_supported: &'static [&'static str],
    return_reasons: Vec<&'static str>,
}

/// Members of a letter that have their effect.
const MEMBERS: &[&str] = &[
    "reference",
    "sender",
    "recipient",
    "subject",
    "language",
    "body",
    "attachments",
    "support",
    "matter",
    "kind",
    "reply_by",
    "visible_from",
    "reply",
    "receipt",
    "confidential",
    "audience",
];
/// Members that are reserved and refused.
const NOT_SUPPORTED: &[&str] =
    &["facts", "reached_by", "in_reply_to", "metadata", "attention", "correlation_id", "alternatives"];

/// Every caller may read it.
pub async fn show(State(gateway): State<Gateway>) -> Json<Capabilities> {
    Json(Capabilities {
        operator: gateway.intake.settings().audience.clone(),
        letter_types: ["kuvert-letter"],
        algorithms: vault::jws::Algorithm::ALL.map(vault::jws::Algorithm::as_str),
        members: MEMBERS,
        not_supported: NOT_SUPPORTED,
        attachment_types: AttachmentType::ALL.iter().map(|t| t.as_str()).collect(),
        kinds: Kind::ALL.iter().map(|k| k.as_str()).collect(),
        receipts: ReceiptWish::ALL.iter().map(|r| r.as_str()).collect(),
        replies: ["not_allowed"],
        event_types: EventType::ALL.iter().filter(|t| t.reaches_sender()).map(|t| t.as_str()).collect(),
        letter_states: LetterState::ALL.iter().map(|s| s.as_str()).collect(),
        unreachable_reasons: Unreachable::ALL.iter().map(|u| u.as_str()).collect(),
        ways: Way::ALL.iter().map(|w| w.as_str()).collect(),
        forwarding: gateway.intake.hands_over().map(|outgoing| Forwarding {
            dispatcher: outgoing.organisation.as_str().to_owned(),
            envelope_bytes: outgoing.envelope_bytes,
            not_supported: intake::NOT_HANDED_OVER,
            return_reasons: ReturnReason::ALL.iter().map(|r| r.as_str()).collect(),
        }),
        limits: gateway.intake.settings().limits.clone(),
        durability: gateway.intake.durability().word().unwrap_or("none"),
    })
}
