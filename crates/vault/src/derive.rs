//! Keys from a letter's key, by purpose.

use crate::{key::Key, labels};
use ring::hkdf;
use zeroize::Zeroizing;

/// What a derived key is for. Whoever has the key for headers cannot read the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Subject, sender, file names: what a list shows.
    Headers,
    /// Body, attachments, the signed original; also wraps the keys of large objects.
    Content,
    /// What the letter's first event commits to: says which key it was, and opens nothing.
    Commitment,
}

/// The key for `purpose` under a letter's key: HKDF-Expand with SHA-512 over the purpose's label.
pub fn derive(letter_key: &Key, purpose: Purpose) -> Key {
    let label = match purpose {
        Purpose::Headers => labels::HEADERS,
        Purpose::Content => labels::CONTENT,
        Purpose::Commitment => labels::COMMITMENT,
    };
    let mut bytes = Zeroizing::new([0; 32]);
    expand_sha512(letter_key.expose(), &[label.as_bytes()], bytes.as_mut_slice());
    Key::from_bytes(*bytes)
}

/// HKDF-Expand (RFC 5869 §2.3) with SHA-512; `prk` is uniformly random.
pub(crate) fn expand_sha512(prk: &[u8; 32], info: &[&[u8]], out: &mut [u8]) {
    expand(&hkdf::Prk::new_less_safe(hkdf::HKDF_SHA512, prk), info, out);
}

pub(crate) fn expand(prk: &hkdf::Prk, info: &[&[u8]], out: &mut [u8]) {
    // Fails only for more than 255 hash lengths; our outputs are under 80 bytes.
    prk.expand(info, Bytes(out.len())).and_then(|okm| okm.fill(out)).expect("a short output");
}

struct Bytes(usize);

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_own_key() {
        let letter = Key::from_bytes([1; 32]);
        let headers = derive(&letter, Purpose::Headers);
        assert_ne!(headers.expose(), derive(&letter, Purpose::Content).expose());
        let commitment = derive(&letter, Purpose::Commitment);
        assert!(commitment.expose() != headers.expose() && commitment.expose() != letter.expose());
        assert_ne!(headers.expose(), letter.expose());
        assert_eq!(headers.expose(), derive(&letter, Purpose::Headers).expose());
        assert_ne!(headers.expose(), derive(&Key::from_bytes([2; 32]), Purpose::Headers).expose());
    }
}
