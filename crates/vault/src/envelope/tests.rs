use super::*;
use crate::{chance::SystemRandom, stream::sealed_bytes};
use proptest::prelude::*;

const ID: KeyId = KeyId::from_bytes(*b"key--id1");

fn key(byte: u8) -> Key {
    Key::from_bytes([byte; 32])
}

fn place(mailbox: u8) -> Place {
    Place::new("letter/part").id(&[1; 16]).id(&[mailbox; 16]).number(0).number(2)
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    seal(ID, &key(1), &place(1), plain, &SystemRandom)
}

fn opens(bytes: &[u8]) -> bool {
    open(&key(1), &place(1), bytes).is_ok()
}

#[test]
fn lengths_around_a_chunk_come_back_whole() {
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5]
    {
        let plain: Vec<u8> = (0..length).map(|at| ((at * 31) >> 3) as u8).collect();
        let bytes = sealed(&plain);
        assert_eq!(bytes.len() as u64, sealed_bytes(length as u64), "{length}");
        assert_eq!(*open(&key(1), &place(1), &bytes).unwrap(), plain, "{length}");
        assert_eq!(key_id(&bytes), Ok(ID));
    }
}

#[test]
fn the_same_bytes_never_seal_alike() {
    assert_ne!(sealed(b"beslut"), sealed(b"beslut"));
}

#[test]
fn another_key_or_place_does_not_open() {
    let bytes = sealed(b"beslut");
    assert!(opens(&bytes));
    assert_eq!(open(&key(2), &place(1), &bytes).err(), Some(Opaque));
    assert_eq!(open(&key(1), &place(2), &bytes).err(), Some(Opaque));
    assert_eq!(open(&key(1), &place(1).number(0), &bytes).err(), Some(Opaque));
    assert_eq!(open(&key(1), &Place::new("letter/part"), &bytes).err(), Some(Opaque));
}

/// Every bit of a short object, header and ciphertext alike, tag included.
#[test]
fn bit_flipped() {
    let bytes = sealed(b"beviljat");
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(!opens(&changed), "byte {at} bit {bit}");
        }
    }
}

#[test]
fn truncated() {
    let bytes = sealed(&[7; 40]);
    for length in 0..bytes.len() {
        assert!(!opens(&bytes[..length]), "{length}");
    }
}

#[test]
fn truncated_at_every_edge_of_a_chunk() {
    let bytes = sealed(&vec![7; 3 * CHUNK_BYTES]);
    for chunks in 0..=3 {
        for more in [0, 1, TAG_BYTES - 1, TAG_BYTES, TAG_BYTES + 1] {
            let length = HEADER_BYTES + chunks * (CHUNK_BYTES + TAG_BYTES) + more;
            if length < bytes.len() {
                assert!(!opens(&bytes[..length]), "{chunks} chunks and {more}");
            }
        }
    }
}

#[test]
fn extended() {
    for length in [0, 5, CHUNK_BYTES - 1, CHUNK_BYTES] {
        let bytes = sealed(&vec![7; length]);
        for more in [1, TAG_BYTES, CHUNK_BYTES, CHUNK_BYTES + TAG_BYTES] {
            assert!(!opens(&[bytes.clone(), vec![0; more]].concat()), "{length} and {more}");
        }
        let last = bytes[HEADER_BYTES + length / CHUNK_BYTES * (CHUNK_BYTES + TAG_BYTES)..].to_vec();
        assert!(!opens(&[bytes, last].concat()), "{length} and its last chunk again");
    }
}

#[test]
fn chunks_swapped_left_out_or_doubled() {
    let bytes = sealed(&(0..4 * CHUNK_BYTES + 9).map(|at| (at / CHUNK_BYTES) as u8).collect::<Vec<_>>());
    let (header, body) = bytes.split_at(HEADER_BYTES);
    let chunks: Vec<&[u8]> = body.chunks(CHUNK_BYTES + TAG_BYTES).collect();
    let with =
        |order: &[usize]| [header, &order.iter().map(|at| chunks[*at]).collect::<Vec<_>>().concat()].concat();
    assert!(opens(&with(&[0, 1, 2, 3, 4])));
    for order in [
        &[1, 0, 2, 3, 4][..],
        &[0, 2, 1, 3, 4],
        &[0, 1, 2, 4],
        &[1, 2, 3, 4],
        &[0, 0, 1, 2, 3, 4],
        &[0, 0, 2, 3, 4],
    ] {
        assert!(!opens(&with(order)), "{order:?}");
    }
}

#[test]
fn a_chunk_of_another_object_does_not_fit() {
    let one = sealed(&vec![7; CHUNK_BYTES + 1]);
    let other = sealed(&vec![7; CHUNK_BYTES + 1]);
    let edge = HEADER_BYTES + CHUNK_BYTES + TAG_BYTES;
    assert!(!opens(&[&one[..edge], &other[edge..]].concat()));
    assert!(!opens(&[&one[..HEADER_BYTES], &other[HEADER_BYTES..]].concat()));
}

#[test]
fn another_format_has_no_key_id() {
    for bytes in [&b""[..], b"KV1", b"KV2\x01--------", b"KV1\x02--------", b"KV1\x01-------"] {
        assert_eq!(key_id(bytes), Err(Opaque));
    }
    assert!(key_id(b"KV1\x01--------").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_bytes_come_back(plain in proptest::collection::vec(any::<u8>(), 0..40_000)) {
        prop_assert_eq!(&*open(&key(1), &place(1), &sealed(&plain)).unwrap(), &plain);
    }

    #[test]
    fn any_change_of_a_long_object_is_noticed(
        length in 0usize..40_000, at in any::<prop::sample::Index>(), by in 1u8..,
    ) {
        let mut bytes = sealed(&vec![7; length]);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        prop_assert!(!opens(&bytes));
    }

    #[test]
    fn any_cut_of_a_long_object_is_noticed(length in 0usize..40_000, at in any::<prop::sample::Index>()) {
        let bytes = sealed(&vec![7; length]);
        prop_assert!(!opens(&bytes[..at.index(bytes.len())]));
    }

    #[test]
    fn noise_does_not_open(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!opens(&noise));
        prop_assert!(!opens(&[&prefix(ID)[..], &noise].concat()));
    }
}
