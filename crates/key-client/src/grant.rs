//! What a log-in gives.

use crate::{secret::GrantToken, wire};
use domain::{AddressMac, IdentityKind, LoginMac, PersonId, Time};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A number used once, to be put into the e-ID request as its `nonce`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Nonce {
    /// 256 random bits, base64url.
    pub nonce: String,
    /// When it is too late for the answer.
    pub ends_at: Time,
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce(until {})", self.ends_at)
    }
}

/// A log-in that the key service has verified.
#[derive(Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    /// Stands for the log-in from now on.
    pub grant: GrantToken,
    /// Who it is; `None` when they have never been here.
    pub person: Option<PersonId>,
    /// The name that the e-ID gave.
    pub name: String,
    /// The rest of what is needed to open a mailbox.
    #[serde(flatten)]
    pub applicant: Applicant,
}

/// What is needed to open a mailbox for somebody who has logged in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// Which kind of number the e-ID gave.
    pub kind: IdentityKind,
    /// For table `login`.
    #[serde(with = "wire::bytes")]
    pub login_mac: LoginMac,
    /// For table `identity`.
    #[serde(with = "wire::bytes")]
    pub address_mac: AddressMac,
    /// For `person.profile`: `{"name","number"}`, at [`crate::person_profile`].
    #[serde(with = "wire::bytes")]
    pub profile_sealed: Vec<u8>,
    /// Whether the person is 18 today, by the date of birth in the number.
    pub adult: bool,
}

/// A log-in as it is now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantView {
    /// Who it is; `None` until they have opened a mailbox or were given a right to one.
    pub person: Option<PersonId>,
    /// The name that the e-ID gave.
    pub name: String,
    /// Which e-ID provider, by our own short name.
    pub provider: String,
    /// The level of assurance (`acr`).
    pub loa: String,
    /// When the e-ID answer was verified.
    pub logged_in_at: Time,
    /// Until then the person need not identify again for what takes that.
    pub fresh_until: Time,
    /// When it ends unless it is used.
    pub idle_ends_at: Time,
    /// When it ends in any case.
    pub ends_at: Time,
}

/// One of a person's log-ins, for them to look over and end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIn {
    /// What it is called when it is to be ended; no right by itself.
    pub id: String,
    /// Which e-ID provider, by our own short name.
    pub provider: String,
    /// What kind of browser on what kind of device, in a word of the pages' own.
    pub device: String,
    pub logged_in_at: Time,
    /// When it was last used.
    pub used_at: Time,
    /// Whether it is the one that asks.
    pub is_own: bool,
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoggedIn({:?})", self.person)
    }
}

impl fmt::Debug for Applicant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Applicant")
    }
}

impl fmt::Debug for GrantView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantView({:?})", self.person)
    }
}
