//! What each sealed thing of a letter is bound to. Whoever seals and whoever opens say it here.

use domain::{LetterId, MailboxId};
use vault::{KeyId, Place};

/// `letter.header`, under the letter's headers key.
pub fn header(mailbox_id: MailboxId, letter_id: LetterId) -> Place {
    letter("letter/header", mailbox_id, letter_id)
}

/// Part 0, the signed original, under the letter's content key. `parts` as in `letter.parts`.
pub fn original(mailbox_id: MailboxId, letter_id: LetterId, parts: i64) -> Place {
    numbered(letter("letter/part", mailbox_id, letter_id), 0, parts)
}

/// The random key of attachment `part_no` (1, 2 …), wrapped under the letter's content key.
pub fn attachment_key(mailbox_id: MailboxId, letter_id: LetterId, part_no: i64, parts: i64) -> Place {
    numbered(letter("letter/attachment-key", mailbox_id, letter_id), part_no, parts)
}

/// Attachment `part_no` under its own key.
pub fn attachment(mailbox_id: MailboxId, letter_id: LetterId, part_no: i64, parts: i64) -> Place {
    numbered(letter("letter/attachment", mailbox_id, letter_id), part_no, parts)
}

/// The name of a letter's derived keys: the random half of the letter's id.
pub fn key_id(letter_id: LetterId) -> KeyId {
    let mut name = [0; 8];
    name.copy_from_slice(&letter_id.as_bytes()[8..]);
    KeyId::from_bytes(name)
}

fn letter(purpose: &str, mailbox_id: MailboxId, letter_id: LetterId) -> Place {
    Place::new(purpose).id(mailbox_id.as_bytes()).id(letter_id.as_bytes())
}

fn numbered(place: Place, part_no: i64, parts: i64) -> Place {
    place.number(part_no.cast_unsigned()).number(parts.cast_unsigned())
}
