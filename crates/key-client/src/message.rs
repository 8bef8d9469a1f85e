//! Every question to the key service and every answer.

use crate::{
    Access, AddressStatement, AgreementUse, Applicant, By, Change, Changed, Column, GatewayMaterial,
    GrantToken, GrantView, HandedOver, History, KeysError, LogIn, LoggedIn, Nonce, NotifierMaterial,
    RegistryStatement, Rotated, SecretBytes, SecretKey, Status, WebMaterial, wire,
};
use domain::{AddressMac, Identity, LetterId, LoginMac, MailboxId, OrgNumber, words::Because};
use serde::{Deserialize, Serialize};
use std::fmt;

pub type Outcome = Result<Answer, KeysError>;

/// A question. The method of the same name on [`crate::Keys`] says what it does.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    GatewayKeys,
    WebKeys,
    NotifierKeys,
    PublicKeys,
    AddressMacs {
        caller: String,
        #[serde(with = "wire::identities")]
        identities: Vec<Identity>,
    },
    PersonMacs {
        #[serde(with = "wire::identities")]
        identities: Vec<Identity>,
    },
    Statements {
        #[serde(with = "wire::byte_lists")]
        address_macs: Vec<AddressMac>,
    },
    RegistryStatements,
    Change {
        by: By,
        change: Change,
    },
    MakeMailboxKeys {
        mailboxes: Vec<MailboxId>,
    },
    SealColumns {
        items: Vec<ColumnItem>,
    },
    OpenColumns {
        access: Access,
        items: Vec<ColumnItem>,
    },
    BeginLogin {
        provider: String,
    },
    FinishLogin {
        provider: String,
        answer: serde_json::Value,
        nonce: String,
        #[serde(default)]
        device: String,
        #[serde(default)]
        instead_of: Option<GrantToken>,
    },
    Grant {
        grant: GrantToken,
    },
    Applicant {
        grant: GrantToken,
    },
    RefreshPerson {
        grant: GrantToken,
    },
    EndGrant {
        grant: GrantToken,
    },
    RequireFresh {
        grant: GrantToken,
    },
    LogIns {
        grant: GrantToken,
    },
    EndLogIn {
        grant: GrantToken,
        id: String,
    },
    EndOtherLogIns {
        grant: GrantToken,
    },
    Rights {
        grant: GrantToken,
    },
    Headers {
        grant: GrantToken,
        mailbox: MailboxId,
        letters: Vec<LetterId>,
    },
    Content {
        grant: GrantToken,
        mailbox: MailboxId,
        letter: LetterId,
    },
    History {
        grant: GrantToken,
        mailbox: MailboxId,
        letter: Option<LetterId>,
    },
    Committed {
        batch: HandedOver,
    },
    OutboundKey {
        letter: LetterId,
    },
    EventsBefore {
        letter: LetterId,
    },
    UseAgreement {
        agreement: Box<AgreementUse>,
    },
    EndAgreements {
        recipient: String,
        act: String,
    },
    LookupQuota {
        caller: OrgNumber,
    },
    SetLookupQuota {
        caller: OrgNumber,
        daily: Option<u64>,
    },
    Status,
    Rotate {
        purpose: String,
    },
}

/// An answer; each question has one kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Done,
    GatewayKeys(Box<GatewayMaterial>),
    WebKeys(Box<WebMaterial>),
    NotifierKeys(Box<NotifierMaterial>),
    PublicKeys(serde_json::Value),
    AddressMacs(#[serde(with = "wire::byte_lists")] Vec<AddressMac>),
    PersonMacs(Vec<PersonMacs>),
    Statements(Vec<Option<AddressStatement>>),
    RegistryStatements(Vec<RegistryStatement>),
    Changed(Changed),
    MailboxKeys(Vec<MailboxKey>),
    Sealed(#[serde(with = "wire::byte_lists")] Vec<Vec<u8>>),
    Opened(Vec<Option<SecretBytes>>),
    Nonce(Nonce),
    LoggedIn(Box<LoggedIn>),
    Grant(Option<Box<GrantView>>),
    Applicant(Box<Applicant>),
    LogIns(Vec<LogIn>),
    Rights(Vec<(MailboxId, Because)>),
    Headers(Vec<(LetterId, Option<SecretKey>)>),
    Content(SecretKey),
    Letter(Box<LetterKey>),
    History(History),
    LookupQuota(LookupQuota),
    Status(Status),
    Rotated(Rotated),
}

/// A column with its place; the text is plain on the way to sealing, sealed on the way to opening.
#[derive(Debug, Serialize, Deserialize)]
pub struct ColumnItem {
    pub column: Column,
    /// The bytes of its `vault::Place`.
    #[serde(with = "wire::bytes")]
    pub place: Vec<u8>,
    pub text: SecretBytes,
}

/// The public half of a mailbox's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxKey {
    pub epoch: i64,
    /// X25519.
    #[serde(with = "wire::bytes")]
    pub public_key: [u8; 32],
}

/// The content key of a letter, with what the key service knows of how it came.
#[derive(Debug, Serialize, Deserialize)]
pub struct LetterKey {
    /// Opens body and attachments.
    pub content: SecretKey,
    /// The event that accepted it, which opened under the door's own key.
    pub accepted: AcceptedEvent,
    /// Whether the recipient that it was accepted for is one that the mailbox's owner has or had. `None`: it was accepted
    /// before events said so.
    pub owners: Option<bool>,
}

/// An event with what its commitments are made again with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedEvent {
    #[serde(with = "wire::bytes")]
    pub nonce: [u8; 32],
    /// Deterministic CBOR, see `docs/evidence.md`.
    #[serde(with = "wire::bytes")]
    pub event: Vec<u8>,
    /// Whether it had to commit to all that belongs to the letter: what was accepted before doors did so does not.
    pub commits: bool,
}

/// How many recipients a caller may look up in a day, and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupQuota {
    pub daily: u64,
    /// The operator has set it for this caller.
    pub own: bool,
    /// In blocks that are taken ahead.
    pub used_today: u64,
}

/// Both tags of a person's number, for bringing people in by the operator.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMacs {
    /// For table `identity`.
    #[serde(with = "wire::bytes")]
    pub address_mac: AddressMac,
    /// For table `login`.
    #[serde(with = "wire::bytes")]
    pub login_mac: LoginMac,
}

impl Request {
    /// For logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::GatewayKeys => "gateway_keys",
            Self::WebKeys => "web_keys",
            Self::NotifierKeys => "notifier_keys",
            Self::PublicKeys => "public_keys",
            Self::AddressMacs { .. } => "address_macs",
            Self::PersonMacs { .. } => "person_macs",
            Self::Statements { .. } => "statements",
            Self::RegistryStatements => "registry_statements",
            Self::Change { .. } => "change",
            Self::MakeMailboxKeys { .. } => "make_mailbox_keys",
            Self::SealColumns { .. } => "seal_columns",
            Self::OpenColumns { .. } => "open_columns",
            Self::BeginLogin { .. } => "begin_login",
            Self::FinishLogin { .. } => "finish_login",
            Self::Grant { .. } => "grant",
            Self::Applicant { .. } => "applicant",
            Self::RefreshPerson { .. } => "refresh_person",
            Self::EndGrant { .. } => "end_grant",
            Self::RequireFresh { .. } => "require_fresh",
            Self::LogIns { .. } => "log_ins",
            Self::EndLogIn { .. } => "end_log_in",
            Self::EndOtherLogIns { .. } => "end_other_log_ins",
            Self::Rights { .. } => "rights",
            Self::Headers { .. } => "headers",
            Self::Content { .. } => "content",
            Self::History { .. } => "history",
            Self::Committed { .. } => "committed",
            Self::EventsBefore { .. } => "events_before",
            Self::OutboundKey { .. } => "outbound_key",
            Self::UseAgreement { .. } => "use_agreement",
            Self::EndAgreements { .. } => "end_agreements",
            Self::LookupQuota { .. } => "lookup_quota",
            Self::SetLookupQuota { .. } => "set_lookup_quota",
            Self::Status => "status",
            Self::Rotate { .. } => "rotate",
        }
    }
}

/// Its name alone: requests carry personal numbers and tokens.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for PersonMacs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonMacs")
    }
}

#[cfg(test)]
mod tests;
