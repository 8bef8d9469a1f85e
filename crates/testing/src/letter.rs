//! Letters as agencies write them, before they are signed.

use crate::{ANNA, TOWN};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A small letter from the town to Anna.
pub fn letter(reference: &str) -> Value {
    json!({
        "reference": reference, "sender": TOWN, "recipient": ANNA, "subject": "Beslut om bygglov",
        "language": "sv", "body": {"media_type": "text/plain", "content": "Vi har beviljat ditt bygglov."},
    })
}

/// With another value for one member.
pub fn with(mut letter: Value, member: &str, value: Value) -> Value {
    letter[member] = value;
    letter
}

/// With a manifest for these attachments: name, type, content.
pub fn attaching(letter: Value, files: &[(&str, &str, &[u8])]) -> Value {
    let manifest: Vec<Value> =
        files.iter().map(|(name, media_type, bytes)| entry(name, media_type, bytes)).collect();
    with(letter, "attachments", manifest.into())
}

/// One line of a manifest.
pub fn entry(name: &str, media_type: &str, bytes: &[u8]) -> Value {
    let sha256 = URL_SAFE_NO_PAD.encode(vault::sha256(bytes));
    json!({"name": name, "media_type": media_type, "bytes": bytes.len(), "sha256": sha256})
}
