//! `GET /v1/capabilities`: what is in force here, so that a sender's system need not guess.

use crate::{
    Gateway,
    openapi::{letter::told, refusals::*},
};
use axum::{Json, extract::State};
use domain::{
    letter::{self, AttachmentType},
    words::{EventType, Kind, LetterState, ReceiptWish, ReturnReason, Unreachable, Way},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// What is in force here, so that a sender's system need not guess
#[derive(Serialize, ToSchema)]
pub struct Capabilities {
    /// This operator's id, for `audience`
    operator: String,
    /// Values of `typ` that are taken
    #[schema(value_type = Vec<String>)]
    letter_types: [&'static str; 1],
    /// Values of `alg` that are taken
    #[schema(value_type = Vec<String>)]
    algorithms: [&'static str; 6],
    /// Members of a Letter that have their effect
    #[schema(value_type = Vec<String>)]
    members: &'static [&'static str],
    /// Members that are reserved and refused
    #[schema(value_type = Vec<String>)]
    not_supported: &'static [&'static str],
    /// Values of an attachment's `media_type`
    attachment_types: Vec<&'static str>,
    /// Values of `kind`
    kinds: Vec<&'static str>,
    /// Values of `receipt`
    #[schema(required = false)]
    receipts: Vec<&'static str>,
    /// Values of `reply`
    #[schema(value_type = Vec<String>, required = false)]
    replies: [&'static str; 1],
    /// Types of events that are told
    event_types: Vec<&'static str>,
    /// States that a letter can have
    letter_states: Vec<&'static str>,
    /// Reasons that reachability can give
    #[schema(required = false)]
    unreachable_reasons: Vec<&'static str>,
    /// Ways that reachability can tell
    #[schema(required = false)]
    ways: Vec<&'static str>,
    #[schema(schema_with = forwarding_limits)]
    forwarding: Option<Forwarding>,
    #[schema(schema_with = limits)]
    limits: Limits,
    /// What a 201 promises here
    durability: &'static str,
}

/// Letters for mailboxes at other operators, where they are handed over.
#[derive(Serialize, ToSchema)]
struct Forwarding {
    /// The organisation that a sender lists as its dispatcher for it
    #[schema(required = false)]
    dispatcher: String,
    /// The whole message to the other operator, attachments in base64
    #[schema(required = false)]
    envelope_bytes: u64,
    /// Members of a Letter that have no place there
    #[schema(value_type = Vec<String>, required = false)]
    not_supported: &'static [&'static str],
    /// Values of `why`
    #[schema(required = false)]
    return_reasons: Vec<&'static str>,
}

/// What a letter may weigh here.
#[derive(Serialize, ToSchema)]
struct Limits {
    /// The letter part, as sent
    #[schema(required = false)]
    letter_bytes: u64,
    /// The body's content
    #[schema(required = false)]
    body_bytes: u64,
    /// How many in one letter
    #[schema(required = false)]
    attachments: usize,
    /// One attachment
    #[schema(required = false)]
    attachment_bytes: u64,
    /// All attachments of one letter
    #[schema(required = false)]
    total_bytes: u64,
}

fn forwarding_limits() -> RefOr<Schema> {
    let about = "Letters for mailboxes at other operators; null where they are refused";
    told::<Forwarding>(about, true)
}

fn limits() -> RefOr<Schema> {
    told::<Limits>("What a letter may weigh", false)
}

/// Members of a letter that have their effect.
pub const MEMBERS: &[&str] = &[
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
#[utoipa::path(
    get,
    path = "/v1/capabilities",
    tag = "about",
    operation_id = "showCapabilities",
    summary = "Members, words and limits in force",
    description = "The same for every caller. It changes with the operator's configuration and with new versions.",
    responses((status = 200, description = "What is in force", body = Capabilities), NotAllowed, OtherMethod, Failed),
)]
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
        limits: Limits::from(&gateway.intake.settings().limits),
        durability: gateway.intake.durability().word().unwrap_or("none"),
    })
}

impl From<&letter::Limits> for Limits {
    fn from(of: &letter::Limits) -> Self {
        Self {
            letter_bytes: of.letter_bytes,
            body_bytes: of.body_bytes,
            attachments: of.attachments,
            attachment_bytes: of.attachment_bytes,
            total_bytes: of.total_bytes,
        }
    }
}
