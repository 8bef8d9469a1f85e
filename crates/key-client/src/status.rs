//! What the operator sees of keys: names and counts.

use crate::wire;
use domain::Time;
use serde::{Deserialize, Serialize};
use vault::KeyId;

/// The state of all keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Every purpose, by name.
    pub purposes: Vec<PurposeStatus>,
    /// Private keys of mailboxes, all epochs, and of letters that wait for other operators.
    pub mailbox_keys: i64,
    /// Mailboxes where letters were erased and the epoch has not rolled yet.
    pub waiting_to_roll: i64,
    /// The oldest of those erasures.
    pub waiting_since: Option<Time>,
}

/// The versions of one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeStatus {
    /// As given to `rotate`.
    pub purpose: String,
    /// Whether `rotate` takes it.
    pub rotates: bool,
    /// Oldest first.
    pub versions: Vec<VersionStatus>,
}

/// One version of a purpose's key-encryption key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionStatus {
    /// 1, 2, 3 …
    pub version: i64,
    /// As in front of every ciphertext.
    #[serde(with = "wire::key_id")]
    pub key_id: KeyId,
    /// When it was made.
    pub created_at: Time,
    /// Since when it seals nothing new.
    pub retired_at: Option<Time>,
    /// Whether it seals now.
    pub current: bool,
    /// How many private keys of mailboxes it wraps; only for the purpose `mailbox`.
    pub wraps: Option<i64>,
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotated {
    pub purpose: String,
    pub version: i64,
    /// When it begins to seal.
    pub seals_from: Time,
    /// Private keys of mailboxes, or columns, that were sealed with the new version.
    pub rewrapped: i64,
}
