//! Pure cryptography over bytes: sealing, chunked encryption, keyed hashes, signatures. Cannot open what is
//! sealed to a mailbox.
//!
//! The formats and their test vectors are in `docs/vectors.md`. Everything rests on `ring`; its own copies of
//! keys inside prepared ciphers cannot be wiped, ours are.

mod chance;
mod chunks;
mod derive;
mod envelope;
mod key;
mod labels;
mod padding;
mod pem;
mod place;
mod strict;

pub mod authorities;
pub mod certificate;
pub mod jws;
pub mod mac;
pub mod revocation_list;
pub mod seal_to;
pub mod sign;
pub mod stream;
pub mod verifying_key;

pub use authorities::{Authorities, Untrusted};
pub use certificate::Certificate;
pub use chance::SystemRandom;
pub use derive::{Purpose, derive};
pub use envelope::{key_id, open, seal};
pub use key::{Key, KeyId, Opaque};
pub use padding::{pad, padme, unpad};
pub use place::Place;
pub use revocation_list::RevocationList;
pub use verifying_key::VerifyingKey;

use ring::digest;

/// SHA-256. For public bytes, or salted ones: never for the bare content of a letter, which can be guessed.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
