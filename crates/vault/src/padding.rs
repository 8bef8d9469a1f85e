//! Padding, so that the size of a ciphertext says little of what is in it.

use crate::key::Opaque;
use zeroize::Zeroizing;

/// The padded size of `length` bytes: at most 12 % more, leaving O(log log) bits of the length visible
/// (PADMÉ, Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019).
pub fn padme(length: u64) -> u64 {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    let mask = (1u64 << (exponent - kept)) - 1;
    // Past 2^63 there is no room to round up in; nothing of that size exists.
    length.checked_add(mask).map_or(length, |sum| sum & !mask)
}

/// For small sealed things: 64-bit big-endian length, the bytes, zeros up to [`padme`].
pub fn pad(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = plain.len() + LENGTH_BYTES;
    let padded = usize::try_from(padme(length as u64)).unwrap_or(length);
    let mut out = Zeroizing::new(Vec::with_capacity(padded));
    out.extend_from_slice(&(plain.len() as u64).to_be_bytes());
    out.extend_from_slice(plain);
    out.resize(padded, 0);
    out
}

/// Takes [`pad`] off. Anything that `pad` would not have written is refused.
pub fn unpad(padded: &[u8]) -> Result<&[u8], Opaque> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>().ok_or(Opaque)?;
    let length = u64::from_be_bytes(*length);
    let whole = length.checked_add(LENGTH_BYTES as u64).ok_or(Opaque)?;
    if padme(whole) != padded.len() as u64 {
        return Err(Opaque);
    }
    let (plain, zeros) =
        usize::try_from(length).ok().and_then(|at| rest.split_at_checked(at)).ok_or(Opaque)?;
    if zeros.iter().any(|byte| *byte != 0) {
        return Err(Opaque);
    }
    Ok(plain)
}

const LENGTH_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_are_those_of_the_paper() {
        for (length, padded) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (8, 8),
            (9, 10),
            (100, 104),
            (1000, 1024),
            (1025, 1088),
            (10_000, 10_240),
        ] {
            assert_eq!(padme(length), padded, "{length}");
        }
        assert_eq!(padme(u64::MAX), u64::MAX);
    }

    #[test]
    fn what_pad_would_not_write_is_refused() {
        let good = pad(b"kuvert");
        assert_eq!(unpad(&good), Ok(&b"kuvert"[..]));
        let mut dirty = pad(&[7; 93]).to_vec();
        assert!(dirty.len() > 101);
        *dirty.last_mut().expect("not empty") = 1;
        assert_eq!(unpad(&dirty), Err(Opaque));
        assert_eq!(unpad(&[0; 7]), Err(Opaque));
        assert_eq!(unpad(&[0xff; 16]), Err(Opaque));
        assert_eq!(unpad(&[&good[..], &[0]].concat()), Err(Opaque));
        assert_eq!(unpad(&good[..good.len() - 1]), Err(Opaque));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn padding_comes_off_again(plain in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let padded = pad(&plain);
            prop_assert_eq!(unpad(&padded), Ok(&plain[..]));
        }

        #[test]
        fn padding_costs_at_most_twelve_percent_and_never_shrinks(length in 0u64..1 << 40, more in 0u64..1 << 20) {
            prop_assert!(padme(length) >= length);
            prop_assert!(padme(length) - length <= length * 12 / 100 + 1);
            prop_assert!(padme(length + more) >= padme(length));
            prop_assert_eq!(padme(padme(length)), padme(length));
        }
    }
}
