//! Hashes that hide: without the nonce nothing can be guessed from them, not even the type of the event.

use domain::Identity;

/// The public side of an event, a leaf of the log: `SHA-256("kuvert-event/1" ‖ nonce ‖ event)`.
pub fn entry(nonce: &[u8; 32], event: &[u8]) -> [u8; 32] {
    salted(ENTRY, nonce, event)
}

/// The leaf hash of an entry, RFC 6962 §2.1: `SHA-256(0x00 ‖ entry)`.
pub fn leaf(entry: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [0; 33];
    bytes[1..].copy_from_slice(entry);
    vault::sha256(&bytes)
}

/// To whom: `SHA-256("kuvert-recipient/1" ‖ nonce ‖ the twelve digits)`. The sender, who knows the digits and has
/// the nonce in its receipt, makes it again.
pub fn recipient(nonce: &[u8; 32], recipient: &Identity) -> [u8; 32] {
    salted(RECIPIENT, nonce, recipient.expose().as_bytes())
}

/// What: `SHA-256("kuvert-content/1" ‖ nonce ‖ the decoded JWS payload)`. Attachments are bound through the
/// hashes in the payload's manifest.
pub fn content(nonce: &[u8; 32], payload: &[u8]) -> [u8; 32] {
    salted(CONTENT, nonce, payload)
}

// Labels have fixed lengths that differ from each other in their first bytes, and the nonce has 32, so no two
// uses can have the same bytes.
fn salted(label: &str, nonce: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    let mut whole = Vec::with_capacity(label.len() + nonce.len() + bytes.len());
    whole.extend_from_slice(label.as_bytes());
    whole.extend_from_slice(nonce);
    whole.extend_from_slice(bytes);
    vault::sha256(&whole)
}

const ENTRY: &str = "kuvert-event/1";
const RECIPIENT: &str = "kuvert-recipient/1";
const CONTENT: &str = "kuvert-content/1";
