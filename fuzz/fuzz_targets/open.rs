//! Sealed objects: nothing made up opens, no input panics, and the two ways of opening agree.
#![no_main]

use domain::Random;
use libfuzzer_sys::fuzz_target;
use vault::{
    Key, KeyId, Place,
    stream::{HEADER_BYTES, Opener},
};

struct Zero;

impl Random for Zero {
    fn fill(&self, out: &mut [u8]) {
        out.fill(0);
    }
}

// First byte: where to begin; the next three: how to damage a good object; the rest: plaintext or noise.
fuzz_target!(|data: &[u8]| {
    let key = Key::from_bytes([7; 32]);
    let place = Place::new("fuzz");
    let opens = |sealed: &[u8]| {
        let whole = vault::open(&key, &place, sealed).ok();
        let pieces = by_pieces(&key, &place, sealed);
        assert_eq!(whole.as_ref().map(|plain| plain.to_vec()), pieces);
        whole.is_some()
    };
    let _ = vault::key_id(data);
    let _ = vault::unpad(data);
    assert!(!opens(data));
    let Some((&[how, at, high, by], plain)) = data.split_first_chunk::<4>() else { return };
    let mut sealed = vault::seal(KeyId::from_bytes([1; 8]), &key, &place, plain, &Zero);
    assert!(opens(&sealed));
    let at = usize::from(u16::from_be_bytes([high, at])) % sealed.len();
    let before = sealed.clone();
    match how % 4 {
        0 => sealed[at] ^= by,
        1 => sealed.truncate(at),
        2 => sealed.insert(at, by),
        _ => sealed.rotate_left(at),
    }
    assert_eq!(opens(&sealed), sealed == before);
});

fn by_pieces(key: &Key, place: &Place, sealed: &[u8]) -> Option<Vec<u8>> {
    let slice = |range: std::ops::Range<u64>| sealed.get(range.start as usize..range.end as usize);
    let mut opener = Opener::new(key, place, sealed.get(..HEADER_BYTES)?, sealed.len() as u64).ok()?;
    opener.confirm_length(slice(opener.last_chunk())?).ok()?;
    let mut plain = Vec::new();
    for index in 0..opener.chunks() {
        plain.extend_from_slice(&opener.open_chunk(index, slice(opener.chunk(index).ok()?)?).ok()?);
    }
    assert_eq!(plain.len() as u64, opener.plain_bytes());
    Some(plain)
}
