//! Every label that separates one use of a key from another, in one place so that no two are alike.

/// First field of every [`Place`](crate::Place); changed when the formats change.
pub const PLACE: &str = "kuvert/1";
/// From a letter's key: subject, sender, file names.
pub const HEADERS: &str = "kuvert/1 letter headers";
/// From a letter's key: body, attachments, the signed original.
pub const CONTENT: &str = "kuvert/1 letter content";
/// From a letter's key: what its first event commits to instead of the key itself.
pub const COMMITMENT: &str = "kuvert/1 letter commitment";
/// First part under every keyed hash.
pub const MAC: &str = "kuvert/1 mac";
/// `typ` of a signed letter.
pub const LETTER_TYP: &str = "kuvert-letter";
