//! Examples in the description: a letter, the same with a file, and the parts that it is sent in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const FILE: &str =
    "%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer\n<</Root 1 0 R>>\nstartxref\n43\n%%EOF\n";

/// A small letter.
pub fn letter() -> Value {
    json!({
        "reference": "2026-1482/1",
        "sender": "164020000016",
        "recipient": "198101052382",
        "subject": "Beslut om din ansökan",
        "language": "sv",
        "body": {"media_type": "text/plain", "content": "Hej,\n\nVi har fattat beslut."},
    })
}

/// The same with a file, and with what a letter may say beside.
pub fn letter_with_attachment() -> Value {
    let mut letter = letter();
    letter["attachments"] = json!([{
        "name": "beslut.pdf",
        "media_type": "application/pdf",
        "bytes": FILE.len(),
        "sha256": URL_SAFE_NO_PAD.encode(vault::sha256(FILE.as_bytes())),
    }]);
    letter["kind"] = json!("decision");
    letter["matter"] = json!({"id": "2026-1482", "subject": "Bygglov"});
    letter["support"] = json!({"phone": "08-123 456 78", "email": "bygglov@exempelkommunen.example"});
    letter["receipt"] = json!("opened");
    letter
}

/// It signed. The key is that of RFC 7638 §3.1, whose owner did not sign this: the signature shows its form alone.
pub fn jws() -> Value {
    let protected =
        json!({"alg": "PS256", "typ": "kuvert-letter", "kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"});
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    json!({
        "protected": encoded(&protected),
        "payload": encoded(&letter_with_attachment()),
        "signature": URL_SAFE_NO_PAD.encode([0x5a; 256]),
    })
}

/// The parts, in their order.
pub fn submission() -> Value {
    json!({"letter": jws().to_string(), "attachment": [FILE]})
}
