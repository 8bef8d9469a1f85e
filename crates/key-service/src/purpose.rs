//! What key-encryption keys there are. Each purpose has random keys of its own, so that one can be rotated or
//! destroyed alone.

use evidence::Writer;
use key_client::Column;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wraps the private keys of mailboxes.
    Mailbox,
    /// Seals a column that only this service opens.
    Column(Column),
    /// `event.body` of before the roles had rings of their own, where there was such a time. Opens what was sealed until it was
    /// taken back, in here alone, and seals nothing.
    Events,
    /// `event.body`, a ring for each role that writes events; handed out to that role alone.
    EventsOf(Writer),
    /// `submission.reference` and `.receipt`; handed out.
    Reference,
    /// Log-in cookies; handed out.
    Session,
    /// Tags of log-in attempts.
    Nonce,
    /// Tokens in forms; handed out.
    Csrf,
    /// `identity.mac`.
    AddressIndex,
    /// `login.mac`.
    LoginIndex,
    /// `contact.address_mac` and `.code_mac`; handed out.
    ContactIndex,
    /// `sender_mac`, `reference_mac`, `payload_mac`; handed out.
    SenderIndex,
    /// `notice.notice_id`; handed out.
    Notice,
    /// What is added up in `evidence_head.sum`.
    Heads,
    /// The seed of the Ed25519 key that signs receipts; handed out.
    Receipt,
}

/// How a purpose's key is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// At once; what it wrapped is wrapped anew.
    Rewraps,
    /// At once; what it sealed stays readable.
    Here,
    /// After a while in which those who hold a ring learn of it.
    HandedOut,
    /// Not: it is an index, and the rows would have to be made anew from numbers that we do not keep in clear.
    Never,
}

impl Purpose {
    pub const ALL: [Self; 23] = [
        Self::Mailbox,
        Self::Column(Column::Profile),
        Self::Column(Column::Contact),
        Self::Column(Column::Note),
        Self::Column(Column::Declined),
        Self::Column(Column::Pending),
        Self::Column(Column::Announcement),
        Self::Events,
        Self::EventsOf(Writer::Gateway),
        Self::EventsOf(Writer::Notifier),
        Self::EventsOf(Writer::Web),
        Self::EventsOf(Writer::Keys),
        Self::Reference,
        Self::Session,
        Self::Nonce,
        Self::Csrf,
        Self::AddressIndex,
        Self::LoginIndex,
        Self::ContactIndex,
        Self::SenderIndex,
        Self::Notice,
        Self::Heads,
        Self::Receipt,
    ];

    /// As stored and as the operator writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Column(Column::Profile) => "column-profile",
            Self::Column(Column::Contact) => "column-contact",
            Self::Column(Column::Note) => "column-note",
            Self::Column(Column::Declined) => "column-declined",
            Self::Column(Column::Pending) => "column-pending",
            Self::Column(Column::Announcement) => "column-announcement",
            Self::Events | Self::EventsOf(Writer::Before) => "events",
            Self::EventsOf(Writer::Gateway) => "events-gateway",
            Self::EventsOf(Writer::Notifier) => "events-notifier",
            Self::EventsOf(Writer::Web) => "events-web",
            Self::EventsOf(Writer::Keys) => "events-keys",
            Self::Reference => "reference",
            Self::Session => "session",
            Self::Nonce => "login-nonce",
            Self::Csrf => "csrf",
            Self::AddressIndex => "index-address",
            Self::LoginIndex => "index-login",
            Self::ContactIndex => "index-contact",
            Self::SenderIndex => "index-sender",
            Self::Notice => "notice",
            Self::Heads => "heads",
            Self::Receipt => "receipt",
        }
    }

    /// From what the operator writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    pub(crate) const fn renewal(self) -> Renewal {
        match self {
            Self::Mailbox => Renewal::Rewraps,
            Self::Column(_) => Renewal::Here,
            // A second key service learns of a new one as those do to whom keys are handed out.
            Self::Nonce | Self::EventsOf(_) | Self::Reference | Self::Session | Self::Receipt => {
                Renewal::HandedOut
            }
            // The old ring of events seals nothing that a new key could.
            Self::Events
            | Self::Csrf
            | Self::AddressIndex
            | Self::LoginIndex
            | Self::ContactIndex
            | Self::SenderIndex
            | Self::Notice
            | Self::Heads => Renewal::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::parse("root"), None);
    }
}
