//! PEM (RFC 7468), as much of it as keys and certificates need.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// The DER of each block with this label, in order. `None` when a block is open or not base64.
pub(crate) fn blocks(text: &[u8], label: &str) -> Option<Vec<Zeroizing<Vec<u8>>>> {
    let text = std::str::from_utf8(text).ok()?;
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(&begin) {
        let (body, after) = after.split_once(&end)?;
        let body: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
        found.push(Zeroizing::new(STANDARD.decode(body.as_bytes()).ok()?));
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_by_label_and_order() {
        let text = b"note\n-----BEGIN A-----\nAQ==\n-----END A-----\n-----BEGIN B-----\r\nAg==\r\n-----END B-----\n-----BEGIN A-----\nAw\n==\n-----END A-----";
        let found = blocks(text, "A").unwrap();
        assert_eq!(found.iter().map(|b| b.to_vec()).collect::<Vec<_>>(), [vec![1], vec![3]]);
        assert!(blocks(text, "C").unwrap().is_empty());
        assert!(blocks(b"-----BEGIN A-----\nAQ==\n", "A").is_none());
        assert!(blocks(b"-----BEGIN A-----\nA*==\n-----END A-----", "A").is_none());
    }
}
