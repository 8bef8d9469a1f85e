use domain::{LetterId, Time};
use serde::{Deserialize, Serialize};

/// What the sender is given for an accepted letter, now and at every repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub letter_id: LetterId,
    /// Compact JWS, see [`evidence::receipt`].
    pub receipt: String,
    /// `single-fsync` or `sync-quorum`; `none` where the database promises less than either.
    pub durability: String,
    /// By when the entry is in the public log; none while there is no log.
    pub include_by: Option<Time>,
    /// Taken in charge for a mailbox at another operator: 202 instead of 201.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forwarding: bool,
    /// Whether the letter had been accepted before: 200 instead of 201. Not part of what is stored.
    #[serde(skip)]
    pub repeated: bool,
}
