//! Messages to and from the key service, and the handle that sends them.
//!
//! Today the two ends are joined by a channel inside one process. Every message is serialisable, so that a
//! socket can take the channel's place; a round trip through bytes is tested for each of them. What comes
//! back opens letters: nothing in here prints a secret, and what holds one wipes it when dropped.

mod agreement;
mod announced;
mod change;
mod column;
mod error;
mod event_ring;
mod grant;
mod history;
mod keys;
mod letter;
mod material;
mod message;
mod ring;
mod secret;
mod status;
mod transport;
mod vouched;
mod wire;

pub use agreement::{AgreementSignature, AgreementUse};
pub use announced::AnnouncedTo;
pub use change::{
    By, Change, Changed, OpenFor, OpenMailbox, Opening, OperatorChange, OperatorDescription, SenderChange,
    TurnedOff,
};
pub use column::{
    Access, Column, NoticeFor, announcement_words, contact_address, contact_waiting, declined_sender,
    invitation_helper, invitation_label, invitation_owner, is_organisation_profile, mandate_note,
    organisation_profile, pending_request, person_profile,
};
pub use error::KeysError;
pub use event_ring::{Committed, EventRing, HandedOver};
pub use grant::{Applicant, GrantView, LogIn, LoggedIn, Nonce};
pub use history::{History, HistoryLine};
pub use keys::Keys;
pub use letter::{OUTBOUND_PARTS, letter_aad, seal_info};
pub use material::{GatewayKeys, GatewayMaterial, NotifierKeys, NotifierMaterial, WebKeys, WebMaterial};
pub use message::{
    AcceptedEvent, Answer, ColumnItem, LetterKey, LookupQuota, MailboxKey, Outcome, PersonMacs, Request,
};
pub use ring::{KeyRing, NamedKey, RingMaterial};
pub use secret::{GrantToken, SecretBytes, SecretKey};
pub use status::{PurposeStatus, Rotated, Status, VersionStatus};
pub use transport::{Connector, Envelope, Role, channel};
pub use vouched::{AddressStatement, MailboxStatement, Next, RegistryStatement, Vouched};
