//! The rows of sets, in the one encoding that digests are made of.

use super::Table;
use crate::owner::Owner;
use domain::{CertificateDigest, ContactId, ContactMac, DeclinedMac, MandateId, OrgNumber, PersonId, Time};

/// What a row says that decides. Columns that are missing here decide nothing, or are vouched for elsewhere: epochs and
/// public keys stand in the key store, codes and failures of contact points give nobody anything, and what is sealed opens
/// in the place of its own row alone, and is sealed anew when keys are rotated.
#[derive(Clone, Debug)]
pub enum Facts {
    Mailbox(MailboxFacts),
    /// `declined.sender_mac`; the sealed number beside it opens only at its tag.
    Declined(DeclinedMac),
    Mandate(MandateFacts),
    Person {
        protected_at: Option<Time>,
        deceased_at: Option<Time>,
    },
    Contact(ContactFacts),
    Organisation {
        ended_at: Option<Time>,
    },
    Sender {
        name: String,
        may_send: bool,
        suspended_at: Option<Time>,
        sha1: bool,
    },
    Dispatch {
        dispatcher: OrgNumber,
        valid_from: Time,
        valid_to: Option<Time>,
    },
    Certificate(CertificateFacts),
    Operator {
        domain: String,
        name: String,
        service_address: String,
        ui_address: Option<String>,
        own: bool,
        ended_at: Option<Time>,
    },
    OperatorCertificate(CertificateFacts),
    Event(EventFacts),
    /// A row of this table that we never wrote like this: it fits nothing.
    Malformed(Table),
}

/// A mailbox: whose, and whether it takes letters.
#[derive(Clone, Copy, Debug)]
pub struct MailboxFacts {
    pub owner: Owner,
    pub opened_at: Time,
    pub closed_at: Option<Time>,
}

/// A right over a mailbox.
#[derive(Clone, Debug)]
pub struct MandateFacts {
    pub mandate_id: MandateId,
    pub person_id: PersonId,
    pub kind: String,
    pub valid_from: Time,
    pub valid_to: Option<Time>,
    pub revoked_at: Option<Time>,
}

/// A certificate; what else stands in its row is read from the certificate itself, or finds it alone.
#[derive(Clone, Copy, Debug)]
pub struct CertificateFacts {
    /// Of its DER.
    pub sha256: CertificateDigest,
    pub not_before: Time,
    pub not_after: Time,
    pub revoked_at: Option<Time>,
}

/// An event of a sender or an operator; what it says opens under its entry alone.
#[derive(Clone, Debug)]
pub struct EventFacts {
    pub seq: u64,
    pub at: Time,
    pub kind: String,
    pub entry: [u8; 32],
}

/// An address that was confirmed; until then it decides nothing.
#[derive(Clone, Debug)]
pub struct ContactFacts {
    pub contact_id: ContactId,
    pub channel: String,
    pub address_mac: ContactMac,
    pub show_sender: bool,
    pub confirmed_at: Option<Time>,
}

impl Facts {
    pub const fn table(&self) -> Table {
        match self {
            Self::Mailbox(_) => Table::Mailbox,
            Self::Declined(_) => Table::Declined,
            Self::Mandate(_) => Table::Mandate,
            Self::Person { .. } => Table::Person,
            Self::Contact(_) => Table::Contact,
            Self::Organisation { .. } => Table::Organisation,
            Self::Sender { .. } => Table::Sender,
            Self::Dispatch { .. } => Table::Dispatch,
            Self::Certificate(_) => Table::Certificate,
            Self::Operator { .. } => Table::Operator,
            Self::OperatorCertificate(_) => Table::OperatorCertificate,
            Self::Event(_) => Table::RegistryEvent,
            Self::Malformed(table) => *table,
        }
    }

    /// Which row of the set it is; empty where there is one.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::Declined(sender_mac) => sender_mac.as_bytes().to_vec(),
            Self::Mandate(mandate) => mandate.mandate_id.as_bytes().to_vec(),
            Self::Contact(contact) => contact.contact_id.as_bytes().to_vec(),
            Self::Dispatch { dispatcher, valid_from, .. } => {
                Encoded::default().bytes(dispatcher.as_str().as_bytes()).time(*valid_from).0
            }
            Self::Certificate(one) | Self::OperatorCertificate(one) => one.sha256.as_bytes().to_vec(),
            Self::Event(event) => event.seq.to_be_bytes().to_vec(),
            Self::Malformed(_) => b"malformed".to_vec(),
            Self::Mailbox(_)
            | Self::Person { .. }
            | Self::Organisation { .. }
            | Self::Sender { .. }
            | Self::Operator { .. } => vec![],
        }
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let out = Encoded::default();
        let out = match self {
            Self::Mailbox(MailboxFacts { owner, opened_at, closed_at }) => out
                .bytes(owner.kind().as_str().as_bytes())
                .bytes(&owner.id())
                .time(*opened_at)
                .instant(*closed_at),
            Self::Declined(_) => out,
            Self::Mandate(one) => out
                .bytes(one.person_id.as_bytes())
                .bytes(one.kind.as_bytes())
                .time(one.valid_from)
                .instant(one.valid_to)
                .instant(one.revoked_at),
            Self::Person { protected_at, deceased_at } => out.instant(*protected_at).instant(*deceased_at),
            Self::Contact(one) => out
                .bytes(one.channel.as_bytes())
                .bytes(one.address_mac.as_bytes())
                .flag(one.show_sender)
                .instant(one.confirmed_at),
            Self::Organisation { ended_at } => out.instant(*ended_at),
            Self::Sender { name, may_send, suspended_at, sha1 } => {
                out.bytes(name.as_bytes()).flag(*may_send).instant(*suspended_at).flag(*sha1)
            }
            Self::Dispatch { valid_to, .. } => out.instant(*valid_to),
            Self::Certificate(one) | Self::OperatorCertificate(one) => {
                out.time(one.not_before).time(one.not_after).instant(one.revoked_at)
            }
            Self::Operator { domain, name, service_address, ui_address, own, ended_at } => out
                .bytes(domain.as_bytes())
                .bytes(name.as_bytes())
                .bytes(service_address.as_bytes())
                .flag(ui_address.is_some())
                .bytes(ui_address.as_deref().unwrap_or_default().as_bytes())
                .flag(*own)
                .instant(*ended_at),
            Self::Event(event) => out.time(event.at).bytes(event.kind.as_bytes()).bytes(&event.entry),
            Self::Malformed(_) => out.bytes(b"malformed"),
        };
        out.0
    }
}

/// Each member with its length in front, so that no two rows are written alike.
#[derive(Default)]
struct Encoded(Vec<u8>);

impl Encoded {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    fn time(self, time: Time) -> Self {
        self.bytes(&time.millis().to_be_bytes())
    }

    fn instant(self, time: Option<Time>) -> Self {
        match time {
            Some(time) => self.time(time),
            None => self.bytes(&[]),
        }
    }

    fn flag(self, flag: bool) -> Self {
        self.bytes(&[u8::from(flag)])
    }
}
