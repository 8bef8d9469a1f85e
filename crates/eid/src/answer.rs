//! What the provider gave for one code. The browser-facing side fetches it, the key service judges it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A provider's whole answer, not yet believed. It travels in a message to the key service. Its parts open
/// things and speak of a person: no `Debug` of them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The id of the provider in our configuration.
    pub provider: String,
    /// The ID token, a compact JWS.
    pub id_token: String,
    /// The signed userinfo answer, a compact JWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_jwt: Option<String>,
    /// For `at_hash`, and for fetching plain userinfo where the configuration wants that.
    pub access_token: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.provider)
    }
}
