//! What a letter key's seal is bound to. Whoever seals and whoever opens must say the same.

use domain::{LetterId, MailboxId};
use vault::Place;

/// HPKE `info` of every sealed letter key.
pub const fn seal_info() -> &'static [u8] {
    b"kuvert/1 letter key"
}

/// HPKE `aad`: a sealed key moved to another mailbox, letter or epoch, or beside more or fewer parts, does
/// not open. `part_count` is what stands in `letter.parts`: the signed original and the attachments.
pub fn letter_aad(mailbox_id: MailboxId, letter_id: LetterId, epoch: i64, part_count: i64) -> Vec<u8> {
    let epoch = epoch.cast_unsigned();
    let part_count = part_count.cast_unsigned();
    let place = Place::new("letter/key").id(mailbox_id.as_bytes()).id(letter_id.as_bytes());
    place.number(epoch).number(part_count).as_bytes().to_vec()
}

/// Parts of a letter that waits to be handed over to another operator: the envelope alone.
pub const OUTBOUND_PARTS: i64 = 1;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_place_counts() {
        let mailbox = MailboxId::from_slice(&[1; 16]).unwrap();
        let letter = LetterId::from_slice(&[2; 16]).unwrap();
        let other = MailboxId::from_slice(&[3; 16]).unwrap();
        let another = LetterId::from_slice(&[4; 16]).unwrap();
        let here = letter_aad(mailbox, letter, 1, 2);
        assert_eq!(here, letter_aad(mailbox, letter, 1, 2));
        for there in [
            letter_aad(other, letter, 1, 2),
            letter_aad(mailbox, another, 1, 2),
            letter_aad(mailbox, letter, 2, 2),
            letter_aad(mailbox, letter, 1, 3),
            letter_aad(mailbox, letter, 2, 1),
        ] {
            assert_ne!(here, there);
        }
    }
}
