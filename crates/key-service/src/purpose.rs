//! What key-encryption keys there are. Each purpose has random keys of its own, so that one can be rotated or
//! destroyed alone.

use key_client::Column;

/// A purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Wraps the private keys of mailboxes.
    Mailbox,
    /// Seals a column that only this service opens.
    Column(Column),
    /// `event.body`; handed out.
    Events,
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
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Mailbox,
        Self::Column(Column::Profile),
        Self::Column(Column::Contact),
        Self::Column(Column::Note),
        Self::Column(Column::Declined),
        Self::Column(Column::Pending),
        Self::Column(Column::Announcement),
        Self::Events,
        Self::Reference,
        Self::Session,
        Self::Nonce,
        Self::Csrf,
        Self::AddressIndex,
        Self::LoginIndex,
        Self::ContactIndex,
        Self::SenderIndex,
        Self::Notice,
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
            Self::Events => "events",
            Self::Reference => "reference",
            Self::Session => "session",
            Self::Nonce => "login-nonce",
            Self::Csrf => "csrf",
            Self::AddressIndex => "index-address",
            Self::LoginIndex => "index-login",
            Self::ContactIndex => "index-contact",
            Self::SenderIndex => "index-sender",
            Self::Notice => "notice",
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
            Self::Nonce | Self::Events | Self::Reference | Self::Session | Self::Receipt => {
                Renewal::HandedOut
            }
            Self::Csrf
            | Self::AddressIndex
            | Self::LoginIndex
            | Self::ContactIndex
            | Self::SenderIndex
            | Self::Notice => Renewal::Never,
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
