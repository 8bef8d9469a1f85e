//! Changes of what decides. A role says what is to be done and by whose right; the key service checks that right, does
//! it, and vouches for what stands in the database afterwards. No role hands it rows.

use crate::{Applicant, SecretBytes, secret::GrantToken, wire};
use domain::{
    AddressMac, CertificateDigest, ContactId, ContactMac, JobId, Language, MailboxId, MandateId, OrgNumber,
    PersonId, Time, words::Channel,
};
use serde::{Deserialize, Serialize};

/// Whose right a change rests on; the key service checks it before it vouches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Somebody who is logged in, for what is their own or what they govern.
    Grant(GrantToken),
    /// The operator's command.
    Operator,
    /// The register of signatories, which the key service reads itself.
    Register,
    /// A signed agreement that the door has verified: it closes and opens again, and gives nobody anything.
    Agreement,
}

/// What is to be done.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Whoever is logged in gets a mailbox; see [`OpenMailbox`].
    OpenMailbox(OpenMailbox),
    /// The operator opens mailboxes for people.
    OpenForPeople(Vec<OpenFor>),
    /// The operator opens an organisation's mailbox.
    OpenForOrganisation {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
        #[serde(with = "wire::bytes")]
        profile: Vec<u8>,
        mailbox_id: MailboxId,
    },
    /// No letters come any more.
    CloseMailbox { mailbox_id: MailboxId },
    /// The same by the operator, for whoever has this number.
    CloseFor {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
    },
    /// A code that was sent to an address.
    ConfirmContact { contact_id: ContactId, code: SecretBytes },
    /// An address is forgotten.
    RemoveContact { contact_id: ContactId },
    /// Whether notices to an address name the sender.
    ShowSender { contact_id: ContactId, show: bool },
    /// The demo's people have addresses that no code can be sent to.
    ConfirmedContact {
        person_id: PersonId,
        contact_id: ContactId,
        channel: Channel,
        #[serde(with = "wire::bytes")]
        address: Vec<u8>,
        #[serde(with = "wire::bytes")]
        address_mac: ContactMac,
    },
    /// Somebody may read the mailbox until a day.
    GrantHelper {
        mailbox_id: MailboxId,
        mandate_id: MandateId,
        helper: PersonId,
        #[serde(with = "wire::bytes")]
        note: Vec<u8>,
        valid_to: Time,
    },
    /// Not any more.
    RevokeHelper { mailbox_id: MailboxId, mandate_id: MandateId },
    /// Letters of a sender are refused.
    TurnOff {
        mailbox_id: MailboxId,
        sender: OrgNumber,
        #[serde(with = "wire::bytes")]
        sealed: Vec<u8>,
    },
    /// And taken again.
    TurnOn { mailbox_id: MailboxId, sender: OrgNumber },
    /// The mandates of an organisation's mailbox become those of the register, which the key service reads itself.
    FollowRegister { mailbox_id: MailboxId },
    /// Senders, dispatchers and certificates.
    Sender(SenderChange),
    /// Mailbox operators and their certificates.
    Operator(OperatorChange),
    /// Somebody has died, or it was noted by mistake. Senders are told so, and nobody acts for the mailbox.
    Deceased {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
        /// `None`: it was a mistake.
        at: Option<Time>,
    },
    /// Where a mailbox is, by a signed agreement.
    Move {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
        /// The job by which the recipient is told.
        job: JobId,
        /// `None`: here.
        to: Option<OrgNumber>,
        /// As stored.
        account_type: String,
    },
    /// A registration at an operator, by a signed agreement.
    Register {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
        job: JobId,
        operator: OrgNumber,
        account_type: String,
    },
    /// Its end, or that of the mailbox here.
    Deregister {
        #[serde(with = "wire::bytes")]
        address_mac: AddressMac,
        job: JobId,
        /// `None`: here.
        from: Option<OrgNumber>,
    },
}

/// A first mailbox, or a closed one that opens again.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenMailbox {
    /// For one that is new.
    pub mailbox_id: MailboxId,
    pub language: Language,
    /// Given where it moves here from another operator: senders that were turned off there, sealed for this mailbox.
    pub moves: Option<Vec<TurnedOff>>,
}

/// A sender that was turned off elsewhere.
#[derive(Clone, Serialize, Deserialize)]
pub struct TurnedOff {
    /// Which.
    pub sender: OrgNumber,
    /// Its number, sealed for the mailbox.
    #[serde(with = "wire::bytes")]
    pub sealed: Vec<u8>,
}

/// A person whom the operator opens a mailbox for.
#[derive(Clone, Serialize, Deserialize)]
pub struct OpenFor {
    /// Tags and sealed profile.
    pub applicant: Applicant,
    /// For one that is new.
    pub mailbox_id: MailboxId,
}

/// A change of a sender, a dispatcher or a certificate. Each by the operator.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderChange {
    /// Made known, or named anew.
    Put { number: OrgNumber, name: String, may_send: bool },
    /// Whether anything is accepted from it.
    Suspend { number: OrgNumber, suspended: bool },
    /// Whether its deliveries may be signed with SHA-1.
    Sha1 { number: OrgNumber, allowed: bool },
    /// Whether a dispatcher acts for it.
    Dispatcher { sender: OrgNumber, dispatcher: OrgNumber, listed: bool },
    /// A certificate that it signs and connects with.
    AddCertificate {
        number: OrgNumber,
        #[serde(with = "wire::bytes")]
        der: Vec<u8>,
    },
    /// For ever.
    RevokeCertificate {
        #[serde(with = "wire::bytes")]
        sha256: CertificateDigest,
    },
}

/// A change of a mailbox operator or of a certificate that one connects with. Each by the operator's command.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorChange {
    /// Made known, brought back, or described anew.
    Put(OperatorDescription),
    /// What the configuration says of us.
    Own(OperatorDescription),
    /// Another name.
    Rename { number: OrgNumber, name: String },
    /// No operator any more.
    End { number: OrgNumber },
    /// A certificate that the operator which it names connects with.
    AddCertificate {
        #[serde(with = "wire::bytes")]
        der: Vec<u8>,
    },
    /// For ever.
    RevokeCertificate {
        #[serde(with = "wire::bytes")]
        sha256: CertificateDigest,
    },
}

/// What is said of a mailbox operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OperatorDescription {
    pub number: OrgNumber,
    /// Its internet domain.
    pub domain: String,
    pub name: String,
    /// URL of its `Service/v3`.
    pub service_address: String,
    /// URL of its pages for recipients.
    pub ui_address: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changed {
    /// Done; `false` when it was so already, or there is none such.
    Done(bool),
    /// The mailboxes, in order.
    Opened(Vec<Opening>),
    /// A stable word for why it was not done; nothing was.
    Refused(String),
    /// A code was wrong, and may be tried this often still.
    Wrong { left: u32 },
    /// How many mandates were granted and taken back.
    Synced { granted: u32, revoked: u32 },
}

/// What became of a mailbox that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// It is open here, now or since before.
    Here(MailboxId),
    /// It is at this operator, and was not moved.
    Elsewhere(OrgNumber),
}

impl Change {
    /// The name of its transaction.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenMailbox(_) => "open mailbox",
            Self::OpenForPeople(_) => "open mailboxes",
            Self::OpenForOrganisation { .. } => "open organisation's mailbox",
            Self::CloseMailbox { .. } => "close mailbox",
            Self::CloseFor { .. } => "close mailbox for somebody",
            Self::ConfirmContact { .. } => "confirm contact",
            Self::RemoveContact { .. } => "remove contact",
            Self::ShowSender { .. } => "set show sender",
            Self::ConfirmedContact { .. } => "add confirmed contact",
            Self::GrantHelper { .. } => "grant helper",
            Self::RevokeHelper { .. } => "revoke helper",
            Self::TurnOff { .. } => "turn sender off",
            Self::TurnOn { .. } => "turn sender on",
            Self::FollowRegister { .. } => "follow register of signatories",
            Self::Sender(_) => "change sender",
            Self::Operator(_) => "change operator",
            Self::Deceased { .. } => "note death",
            Self::Move { .. } => "move mailbox",
            Self::Register { .. } => "register recipient",
            Self::Deregister { .. } => "deregister recipient",
        }
    }
}
