//! The one style sheet, served under a name that changes with its content.

pub const CSS: &str = concat!(
    include_str!("../style/tokens.css"),
    include_str!("../style/frame.css"),
    include_str!("../style/controls.css"),
    include_str!("../style/list.css"),
    include_str!("../style/letter.css"),
    include_str!("../style/pages.css"),
);

/// The sign of the house, as the browser's icon.
pub const ICON: &str = include_str!("../style/icon.svg");

/// What a letter in HTML is shown with, inside its frame.
pub const LETTER_CSS: &str = include_str!("../style/frame-letter.css");

/// The last part of the style sheet's address; another content has another name, so it may be kept for ever.
pub fn file_name() -> String {
    format!("kuvert-{:016x}.css", fnv(CSS.as_bytes()))
}

/// FNV-1a: a name, not a safeguard.
const fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
