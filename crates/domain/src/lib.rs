//! The words of the house: ids, identities, letters, refusals and time. No I/O.
//!
//! What is parsed here once is trusted everywhere above: a [`letter::Letter`] has passed every check
//! that its own text can decide.

pub mod chance;
pub mod content;
mod expiring;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod language;
pub mod letter;
pub mod rate;
pub mod refusal;
pub mod tags;
pub mod text;
pub mod time;
pub mod words;

pub use chance::Random;
pub use expiring::Expiring;
pub use identity::{Identity, IdentityKind, OrgNumber};
pub use ids::{
    AnnouncementId, ContactId, EventId, JobId, LetterId, MailboxId, MandateId, OrganisationId, PersonId,
};
pub use language::Language;
pub use rate::RateLimiter;
pub use refusal::{Code, Refusal};
pub use tags::{
    AddressMac, AgreementDigest, AgreementMac, CertificateDigest, CodeMac, ContactMac, DeclinedMac, LoginMac,
    PayloadMac, PreferenceMac, ReferenceMac, RowsDigest, SenderMac,
};
pub use time::{CivilDate, Clock, ManualClock, SystemClock, Time};
