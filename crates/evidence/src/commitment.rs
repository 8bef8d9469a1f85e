//! Hashes that hide: without the nonce nothing can be guessed from them, not even the type of the event.

use domain::{AddressMac, Identity, LetterId, MailboxId, PersonId, SenderMac, Time, words::Because};

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

/// Who acted, and by what right: `SHA-256("kuvert-actor/1" ‖ salt ‖ person id ‖ right)`.
pub fn actor(salt: &[u8; 32], person: PersonId, because: Because) -> [u8; 32] {
    salted(ACTOR, salt, &[person.as_bytes(), because.as_str().as_bytes()].concat())
}

/// Part 0 as it was sealed: `SHA-256("kuvert-original/1" ‖ nonce ‖ its plain bytes)`. Covers the names shown beside the
/// letter, the keys of the attachments, and the words of whoever forwarded it.
pub fn original(nonce: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    salted(ORIGINAL, nonce, bytes)
}

/// Under which tag the recipient was found: `SHA-256("kuvert-address/1" ‖ nonce ‖ tag)`.
pub fn address(nonce: &[u8; 32], address_mac: &AddressMac) -> [u8; 32] {
    salted(ADDRESS, nonce, address_mac.as_bytes())
}

/// What belongs to a letter and decides what is done with it. The rows repeat it; the event that accepts the letter
/// commits to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belongings {
    /// Derived from the letter's key ([`vault::Purpose::Commitment`]). Header and parts are sealed with keys derived from
    /// the same, so whoever does not know it can exchange none of them.
    pub key: [u8; 32],
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
    pub accepted_at: Time,
    pub visible_from: Time,
    pub confidential: bool,
    pub tells_opened: bool,
    /// The signed original and the attachments.
    pub parts: i64,
    pub sender_mac: SenderMac,
}

impl Belongings {
    /// `SHA-256("kuvert-letter/1" ‖ nonce ‖ key ‖ mailbox ‖ letter ‖ accepted_at ‖ visible_from ‖ confidential ‖
    /// tells_opened ‖ parts ‖ sender tag)`; numbers in eight bytes, big-endian, flags in one.
    pub fn commitment(&self, nonce: &[u8; 32]) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(self.mailbox_id.as_bytes());
        bytes.extend_from_slice(self.letter_id.as_bytes());
        bytes.extend_from_slice(&self.accepted_at.millis().to_be_bytes());
        bytes.extend_from_slice(&self.visible_from.millis().to_be_bytes());
        bytes.extend_from_slice(&[u8::from(self.confidential), u8::from(self.tells_opened)]);
        bytes.extend_from_slice(&self.parts.to_be_bytes());
        bytes.extend_from_slice(self.sender_mac.as_bytes());
        salted(LETTER, nonce, &bytes)
    }
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
const ACTOR: &str = "kuvert-actor/1";
const LETTER: &str = "kuvert-letter/1";
const ORIGINAL: &str = "kuvert-original/1";
const ADDRESS: &str = "kuvert-address/1";
