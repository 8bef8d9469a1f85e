use super::*;
use crate::chance::SystemRandom;
use proptest::prelude::*;

const ID: KeyId = KeyId::from_bytes(*b"key--id1");

fn key() -> Key {
    Key::from_bytes([1; 32])
}

fn place() -> Place {
    Place::new("object").id(&[1; 16])
}

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8)) as u8).collect()
}

/// Sealed in pieces of the given sizes, over and over.
fn sealed(plain: &[u8], pieces: &[usize]) -> Vec<u8> {
    let (mut sealer, mut out) = Sealer::new(ID, &key(), &place(), &SystemRandom);
    let mut rest = plain;
    for size in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, later) = rest.split_at((*size).min(rest.len()));
        sealer.update(piece, &mut out);
        assert!(sealer.held.len() < CHUNK_BYTES && sealer.held.capacity() == CHUNK_BYTES);
        rest = later;
    }
    sealer.finish(&mut out);
    out
}

fn opener(sealed: &[u8]) -> Opener {
    let mut opener = Opener::new(&key(), &place(), &sealed[..HEADER_BYTES], sealed.len() as u64).unwrap();
    opener.confirm_length(slice(sealed, opener.last_chunk())).unwrap();
    opener
}

fn slice(bytes: &[u8], range: Range<u64>) -> &[u8] {
    &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()]
}

#[test]
fn a_stream_is_the_same_format_as_a_buffer() {
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
        let sealed = sealed(&plain(length), &[1000, 1, CHUNK_BYTES, 3 * CHUNK_BYTES]);
        assert_eq!(sealed.len() as u64, sealed_bytes(length as u64));
        assert_eq!(*envelope::open(&key(), &place(), &sealed).unwrap(), plain(length), "{length}");
    }
}

#[test]
fn a_buffer_opens_as_a_stream() {
    let sealed = envelope::seal(ID, &key(), &place(), &plain(2 * CHUNK_BYTES + 3), &SystemRandom);
    let opener = opener(&sealed);
    assert_eq!((opener.plain_bytes(), opener.chunks()), (2 * CHUNK_BYTES as u64 + 3, 3));
    let chunk = opener.open_chunk(1, slice(&sealed, opener.chunk(1).unwrap())).unwrap();
    assert_eq!(chunk[..], plain(2 * CHUNK_BYTES)[CHUNK_BYTES..]);
}

#[test]
fn nothing_opens_before_the_length_is_confirmed() {
    let sealed = sealed(&plain(CHUNK_BYTES + 1), &[500]);
    let opener = Opener::new(&key(), &place(), &sealed[..HEADER_BYTES], sealed.len() as u64).unwrap();
    assert_eq!(opener.open_chunk(0, slice(&sealed, opener.chunk(0).unwrap())).err(), Some(Opaque));
    assert_eq!(opener.open_range(0, 1, slice(&sealed, opener.chunk(0).unwrap())).err(), Some(Opaque));
}

#[test]
fn an_object_cut_short_does_not_confirm() {
    let sealed = sealed(&plain(2 * CHUNK_BYTES + 40), &[500]);
    for length in HEADER_BYTES..sealed.len() {
        let at_edge = (length - HEADER_BYTES) % (CHUNK_BYTES + TAG_BYTES) < 60;
        if !at_edge {
            continue;
        }
        let cut = &sealed[..length];
        if let Ok(mut opener) = Opener::new(&key(), &place(), &cut[..HEADER_BYTES], cut.len() as u64) {
            assert!(opener.confirm_length(slice(cut, opener.last_chunk())).is_err(), "{length}");
        }
    }
}

#[test]
fn sizes_that_no_message_has_are_refused() {
    let sealed = sealed(&[], &[1]);
    let chunk = (CHUNK_BYTES + TAG_BYTES) as u64;
    for body in [0, 1, TAG_BYTES as u64 - 1, chunk, chunk + 15, 3 * chunk, chunk * (1 << 38) + 16] {
        let size = HEADER_BYTES as u64 + body;
        assert!(Opener::new(&key(), &place(), &sealed[..HEADER_BYTES], size).is_err(), "{body}");
    }
    assert!(Opener::new(&key(), &place(), &sealed[..HEADER_BYTES], 3).is_err());
    assert!(Opener::new(&key(), &place(), &sealed[..HEADER_BYTES - 1], sealed.len() as u64).is_err());
}

#[test]
fn positions_outside_are_refused() {
    let sealed = sealed(&plain(CHUNK_BYTES), &[500]);
    let opener = opener(&sealed);
    assert!(opener.chunk(2).is_err());
    assert!(opener.chunk_range(0, CHUNK_BYTES as u64 + 1).is_err());
    assert!(opener.chunk_range(u64::MAX, 2).is_err());
    assert!(opener.chunk_range(CHUNK_BYTES as u64, 0).unwrap().is_empty());
    assert!(opener.open_chunk(u64::MAX, &sealed).is_err());
    let first = slice(&sealed, opener.chunk(0).unwrap());
    assert!(opener.open_chunk(1, first).is_err());
    assert!(opener.open_chunk(0, &first[1..]).is_err());
    assert!(opener.open_chunk(0, first).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_range_is_what_it_is_of_the_plaintext(
        length in 1usize..60_000, from in any::<prop::sample::Index>(), many in any::<prop::sample::Index>(),
        piece in 1usize..20_000,
    ) {
        let plain = plain(length);
        let sealed = sealed(&plain, &[piece]);
        let opener = opener(&sealed);
        let from = from.index(length);
        let many = many.index(length - from + 1);
        let range = opener.chunk_range(from as u64, many as u64).unwrap();
        prop_assert_eq!(range.is_empty(), many == 0);
        let opened = opener.open_range(from as u64, many as u64, slice(&sealed, range)).unwrap();
        prop_assert_eq!(&opened[..], &plain[from..from + many]);
    }

    #[test]
    fn a_chunk_opens_only_at_its_own_number(length in 17_000usize..60_000, at in 0u64..4, other in 0u64..4) {
        let sealed = sealed(&plain(length), &[9000]);
        let opener = opener(&sealed);
        if let Ok(range) = opener.chunk(at) {
            prop_assert_eq!(opener.open_chunk(other, slice(&sealed, range)).is_ok(), at == other);
        }
    }
}
