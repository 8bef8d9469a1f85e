//! What a reader of the feed goes on from, as it travels.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use evidence::feed;
use intake::FeedPosition;
use vault::mac::Mac;

/// Hidden, since the position counts the events of all senders; and with a tag, so that a made-up cursor is told from one of
/// ours.
pub(super) fn write(at: &FeedPosition, key: &Mac) -> String {
    let mut plain = [0; 24];
    plain[..8].copy_from_slice(&at.position.to_be_bytes());
    plain[8..16].copy_from_slice(&at.epoch.to_be_bytes());
    plain[16..].copy_from_slice(&at.mark.unwrap_or_default());
    let tag: [u8; 8] = short(key, TAG, &plain);
    URL_SAFE_NO_PAD.encode([&hidden(key, PLACE, plain, &tag)[..], &tag].concat())
}

/// `None`: not one of ours.
pub(super) fn read(text: &str, key: &Mac) -> Option<FeedPosition> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let Some((place, tag)) = bytes.split_at_checked(24) else { return of_first_epoch(&bytes, key) };
    let plain: [u8; 24] = hidden(key, PLACE, place.try_into().ok()?, tag);
    if short::<8>(key, TAG, &plain) != tag {
        return None;
    }
    let number = |at: usize| Some(i64::from_be_bytes(plain[at..at + 8].try_into().ok()?));
    let mark: [u8; 8] = plain[16..].try_into().ok()?;
    let position = number(0).filter(|position| *position >= 0)?;
    let epoch = number(8)?;
    Some(FeedPosition { position, epoch, mark: (mark != [0; 8]).then_some(mark) })
}

/// As they were before feeds had epochs: a position alone.
fn of_first_epoch(bytes: &[u8], key: &Mac) -> Option<FeedPosition> {
    let (place, tag) = bytes.split_at_checked(8)?;
    let place: [u8; 8] = hidden(key, "cursor place", place.try_into().ok()?, tag);
    let position = i64::from_be_bytes(place);
    let ours = short::<8>(key, "cursor", &place) == tag && position >= 0;
    ours.then_some(FeedPosition { position, epoch: feed::FIRST_EPOCH, mark: None })
}

/// Hides a place, or shows it again: the tag of the place is what it is hidden by (as in RFC 5297).
fn hidden<const N: usize>(key: &Mac, label: &str, mut place: [u8; N], tag: &[u8]) -> [u8; N] {
    let mask = short::<N>(key, label, tag);
    place.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    place
}

fn short<const N: usize>(key: &Mac, label: &str, of: &[u8]) -> [u8; N] {
    let tag = key.tag(label, &[of]);
    std::array::from_fn(|at| tag[at])
}

const TAG: &str = "cursor in epoch";
const PLACE: &str = "cursor place in epoch";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::Key;

    fn key() -> Mac {
        Mac::new(Key::from_bytes([7; 32]))
    }

    #[test]
    fn a_cursor_comes_back_whole_and_no_byte_of_it_can_be_changed() {
        for mark in [None, Some([3; 8])] {
            let cursor = FeedPosition { position: 4_711, epoch: 3, mark };
            let text = write(&cursor, &key());
            assert_eq!(read(&text, &key()), Some(cursor));
            let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
            for at in 0..bytes.len() {
                let mut changed = bytes.clone();
                changed[at] ^= 1;
                assert_eq!(read(&URL_SAFE_NO_PAD.encode(changed), &key()), None, "{at}");
            }
            for length in 0..bytes.len() {
                assert_eq!(read(&URL_SAFE_NO_PAD.encode(&bytes[..length]), &key()), None, "{length}");
            }
        }
    }

    #[test]
    fn cursors_that_were_given_before_epochs_are_of_the_first() {
        let place = 12_i64.to_be_bytes();
        let tag: [u8; 8] = short(&key(), "cursor", &place);
        let old = URL_SAFE_NO_PAD.encode([hidden(&key(), "cursor place", place, &tag), tag].concat());
        let first = FeedPosition { position: 12, epoch: feed::FIRST_EPOCH, mark: None };
        assert_eq!(read(&old, &key()), Some(first));
    }
}
