//! RFC 7636, and the other words that only one log-in attempt knows.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Random;
use ring::digest;

/// A word of 256 bits that nobody can guess: for `state`, for the code verifier, for a nonce.
pub fn word(random: &dyn Random) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(domain::chance::bytes::<32>(random))
}

/// The S256 challenge of a code verifier.
pub fn code_challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
