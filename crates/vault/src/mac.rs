//! Keyed hashes: blind indexes of identities and addresses, comparison of idempotency payloads, CSRF tokens.

use crate::{key::Key, labels};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Makes and checks tags with one key. Each purpose has its own key *and* its own label.
pub struct Mac(Key);

impl Mac {
    /// Takes the key over.
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    /// HMAC-SHA-256 over the label and the parts, each after its 64-bit big-endian length.
    pub fn tag(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()));
        for part in [labels::MAC.as_bytes(), label.as_bytes()].iter().chain(parts) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// Whether `tag` is the tag, compared in constant time.
    pub fn verify(&self, label: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.tag(label, parts).ct_eq(tag).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_flow_into_each_other() {
        let mac = Mac::new(Key::from_bytes([3; 32]));
        let tag = mac.tag("index", &[b"ab", b"c"]);
        assert_ne!(tag, mac.tag("index", &[b"a", b"bc"]));
        assert_ne!(tag, mac.tag("index", &[b"abc"]));
        assert_ne!(tag, mac.tag("inde", &[b"xab", b"c"]));
        assert_ne!(tag, Mac::new(Key::from_bytes([4; 32])).tag("index", &[b"ab", b"c"]));
    }

    #[test]
    fn only_the_whole_tag_is_the_tag() {
        let mac = Mac::new(Key::from_bytes([3; 32]));
        let mut tag = mac.tag("index", &[b"198101052382"]);
        assert!(mac.verify("index", &[b"198101052382"], &tag));
        assert!(!mac.verify("index", &[b"198101052382"], &tag[..31]));
        assert!(!mac.verify("index", &[b"198101052382"], &[]));
        tag[31] ^= 1;
        assert!(!mac.verify("index", &[b"198101052382"], &tag));
    }
}
