//! The letter as its sender writes it: the payload of the JWS, parsed once and trusted after.

mod fields;
mod wire;

use crate::{
    CivilDate, Code, Identity, OrgNumber, Refusal, Time,
    words::{Kind, ReceiptWish, ReplyWish},
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A letter that has passed every check its own text can decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The sender's own id, unique for the sender. 1–128 scalar values.
    pub reference: String,
    /// Who the letter is from.
    pub sender: OrgNumber,
    /// Who it is to.
    pub recipient: Identity,
    /// 1–255 scalar values, one line.
    pub subject: String,
    /// BCP 47, such as `sv` or `en`.
    pub language: String,
    /// What the letter says.
    pub body: Body,
    /// The manifest, in the order in which the parts are sent.
    pub attachments: Vec<Attachment>,
    pub support: Option<Support>,
    /// The matter (*ärende*) that the letter belongs to.
    pub matter: Option<Matter>,
    /// What the letter is about.
    pub kind: Option<Kind>,
    /// The last day to answer, in Stockholm.
    pub reply_by: Option<CivilDate>,
    /// The recipient sees the letter from then.
    pub visible_from: Option<Time>,
    /// Whether the sender wants an answer. No door carries one yet: the reader is told where to turn.
    pub reply: ReplyWish,
    /// Whether the sender wants to know that it was opened.
    pub receipt: ReceiptWish,
    /// Not for helpers.
    pub confidential: bool,
    /// The operator that the letter is meant for.
    pub audience: Option<String>,
    /// What else the sender wrote beside the text.
    pub notes: Notes,
}

/// What a sender writes beside the text, shown as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// The recipient's own reference, such as an order number.
    pub reference: Option<String>,
    /// What the sender files several letters under.
    pub correlation_id: Option<String>,
    /// Whom it concerns at the recipient's.
    pub attention: Option<String>,
    /// Whom it comes from at the sender's.
    pub sender_attention: Option<String>,
    pub metadata: Vec<Metadata>,
}

/// A label and its value, in the sender's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub tag: String,
    pub value: String,
}

/// That somebody whom a letter was sent to sent it on to its reader, and with what words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Who did, as the operator of their mailbox says: nobody here has seen them.
    pub by: String,
    /// That operator, by its registered name.
    pub operator: String,
    pub subject: String,
    pub body: Body,
    /// What else was written beside the words.
    pub notes: Notes,
}

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// How `content` is to be read.
    pub media_type: BodyType,
    /// The text, or HTML as sent. HTML is sanitised when it is shown.
    pub content: String,
}

/// The two forms of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyType {
    #[serde(rename = "text/plain")]
    Plain,
    #[serde(rename = "text/html")]
    Html,
}

/// One entry of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// A bare file name.
    pub name: String,
    /// One of the allowed types.
    pub media_type: AttachmentType,
    pub bytes: u64,
    /// SHA-256 of the content.
    #[serde(with = "fields::base64url_32")]
    pub sha256: [u8; 32],
}

/// The types that may be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AttachmentType {
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "text/plain")]
    Text,
    #[serde(rename = "text/csv")]
    Csv,
    #[serde(rename = "application/xml")]
    Xml,
    #[serde(rename = "text/calendar")]
    Calendar,
}

impl AttachmentType {
    pub const ALL: [Self; 7] =
        [Self::Pdf, Self::Png, Self::Jpeg, Self::Text, Self::Csv, Self::Xml, Self::Calendar];

    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
            Self::Xml => "application/xml",
            Self::Calendar => "text/calendar",
        }
    }
}

impl FromStr for AttachmentType {
    type Err = Refusal;

    /// Takes `text/xml` for `application/xml` (RFC 7303 §9.2) and no parameters.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let text = if text == "text/xml" { "application/xml" } else { text };
        Self::ALL
            .into_iter()
            .find(|t| t.as_str() == text)
            .ok_or_else(|| Code::AttachmentTypeNotAllowed.into())
    }
}

/// Where to ask about the letter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    pub text: Option<String>,
    pub url: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// The matter that the letter belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// The sender's id of the matter.
    pub id: Option<String>,
    /// An id that several senders use for the same matter.
    pub shared_id: Option<String>,
    pub subject: Option<String>,
    pub status: Option<String>,
    /// What happened in the matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<MatterEvent>,
}

/// An event in a matter, in the words of the sender's system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatterEvent {
    /// Unique for the event.
    pub id: Option<String>,
    /// The event that this one follows.
    pub preceding_id: Option<String>,
    /// What kind of event.
    pub kind: Option<String>,
    pub date: Option<CivilDate>,
}

/// What an operator allows. Lengths of text are fixed by the API; these may be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The letter part, as sent, in bytes.
    pub letter_bytes: u64,
    /// The body's text or HTML, in bytes.
    pub body_bytes: u64,
    /// Attachments in one letter.
    pub attachments: usize,
    /// One attachment, in bytes.
    pub attachment_bytes: u64,
    /// All attachments of one letter, in bytes.
    pub total_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            letter_bytes: MIB,
            body_bytes: 256 * 1024,
            attachments: 25,
            attachment_bytes: 100 * MIB,
            total_bytes: 250 * MIB,
        }
    }
}

impl Letter {
    /// Parses the payload. Unknown and duplicate members are refused; members that are reserved are refused
    /// with `not_supported`, so that none is accepted and ignored. `null` is absent for optional members.
    pub fn parse(payload: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        wire::read(payload)?.check(limits)
    }

    /// The sender, reference and recipient alone, as far as they can be read: what must be known before
    /// the rest is judged, since a repeated reference is answered before any other check.
    pub fn address(payload: &[u8]) -> Result<Address, Refusal> {
        wire::address(payload)
    }
}

/// What identifies a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub sender: OrgNumber,
    pub reference: String,
}

#[cfg(test)]
mod tests;
