#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use serde_json::{Value, json};

fn sample() -> Value {
    json!({
        "reference": "2026-1482/1", "sender": "164020000016", "recipient": "198101052382",
        "subject": "Beslut om din ansökan", "language": "sv",
        "body": {"media_type": "text/plain", "content": "Hej,\n\nVi har fattat beslut."},
        "attachments": [{"name": "beslut.pdf", "media_type": "application/pdf", "bytes": 48213,
            "sha256": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}],
        "support": {"text": "Ring oss", "url": "https://example.com", "phone": "000-000 00 00", "email": "a@example.com"},
        "matter": {"id": "2026-1482", "shared_id": null, "subject": "Ansökan", "status": "avslutat"},
        "kind": "decision", "reply_by": "2027-01-31", "visible_from": null, "reply": "not_allowed",
        "receipt": "opened", "confidential": false, "audience": null
    })
}

fn parse(value: &Value) -> Result<Letter, Refusal> {
    Letter::parse(value.to_string().as_bytes(), &Limits::default())
}

fn with(pointer: &str, value: Value) -> Result<Letter, Refusal> {
    let mut letter = sample();
    match letter.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            letter.as_object_mut().unwrap().insert(pointer[1..].to_owned(), value);
        }
    }
    parse(&letter)
}

#[test]
fn the_whole_letter_is_read() {
    let letter = parse(&sample()).unwrap();
    assert_eq!(letter.subject, "Beslut om din ansökan");
    assert_eq!(letter.attachments[0].bytes, 48213);
    assert_eq!(letter.reply_by.unwrap().to_string(), "2027-01-31");
    assert_eq!(letter.receipt, ReceiptWish::Opened);
    assert_eq!(letter.matter.unwrap().shared_id, None);
    assert!(letter.visible_from.is_none());
}

#[test]
fn only_what_is_required_is_required() {
    let mut small = sample();
    small.as_object_mut().unwrap().retain(|name, _| {
        ["reference", "sender", "recipient", "subject", "language", "body"].contains(&name.as_str())
    });
    let letter = parse(&small).unwrap();
    assert_eq!((letter.receipt, letter.confidential, letter.kind), (ReceiptWish::Nothing, false, None));
    for required in ["reference", "sender", "recipient", "subject", "language", "body"] {
        let mut lacking = small.clone();
        lacking.as_object_mut().unwrap().remove(required);
        let refusal = parse(&lacking).unwrap_err();
        assert_eq!(refusal.code, Code::FieldMissing);
        assert!(refusal.detail.unwrap().contains(required));
    }
}

#[test]
fn each_slip_has_its_code() {
    for (pointer, value, code) in [
        ("/surprise", json!(1), Code::UnknownMember),
        ("/facts", json!({}), Code::NotSupported),
        ("/alternatives", json!([]), Code::NotSupported),
        ("/reply", json!("requested"), Code::NotSupported),
        ("/reply", json!("maybe"), Code::FieldInvalid),
        ("/sender", json!("198101052382"), Code::IdentityInvalid),
        ("/recipient", json!("198101052383"), Code::CheckDigitInvalid),
        ("/recipient", json!("8101052382"), Code::IdentityInvalid),
        ("/subject", json!(""), Code::FieldInvalid),
        ("/subject", json!("a\u{202E}b"), Code::CharactersNotAllowed),
        ("/subject", json!("å".repeat(256)), Code::FieldInvalid),
        ("/reference", json!("x".repeat(129)), Code::FieldInvalid),
        ("/language", json!("svenska!"), Code::FieldInvalid),
        ("/body/media_type", json!("text/markdown"), Code::FieldInvalid),
        ("/body/content", json!("a\u{0}b"), Code::CharactersNotAllowed),
        ("/body/content", json!("x".repeat(256 * 1024 + 1)), Code::BodyTooLarge),
        ("/attachments/0/name", json!("../x.pdf"), Code::FileNameNotAllowed),
        ("/attachments/0/name", json!(".x.pdf"), Code::FileNameNotAllowed),
        ("/attachments/0/media_type", json!("application/zip"), Code::AttachmentTypeNotAllowed),
        ("/attachments/0/sha256", json!("abc"), Code::FieldInvalid),
        ("/attachments/0/bytes", json!(100 * 1024 * 1024 + 1), Code::AttachmentTooLarge),
        ("/attachments/0/bytes", json!(-1), Code::PayloadMalformed),
        ("/support/url", json!("http://example.com"), Code::FieldInvalid),
        ("/support/email", json!("nobody"), Code::FieldInvalid),
        ("/support/text", json!("å".repeat(1025)), Code::FieldInvalid),
        ("/support/text", json!("a\u{0}b"), Code::CharactersNotAllowed),
        ("/support/phone", json!("0".repeat(65)), Code::FieldInvalid),
        ("/matter/status", json!("a\nb"), Code::CharactersNotAllowed),
        ("/kind", json!("poem"), Code::FieldInvalid),
        ("/reply_by", json!("2027-02-30"), Code::FieldInvalid),
        ("/visible_from", json!("tomorrow"), Code::FieldInvalid),
        ("/receipt", json!("signed"), Code::FieldInvalid),
        ("/confidential", json!("no"), Code::PayloadMalformed),
    ] {
        assert_eq!(with(pointer, value).map_err(|r| r.code), Err(code), "{pointer}");
    }
    let told = with("/kind", json!("poem")).unwrap_err().detail.unwrap_or_default();
    assert!(
        told.starts_with("one of decision, "),
        "who writes another word is told those that there are: {told}"
    );
    let many = vec![sample()["attachments"][0].clone(); 26];
    assert_eq!(with("/attachments", json!(many)).map_err(|r| r.code), Err(Code::TooManyAttachments));
    let heavy: Vec<_> = (0..3)
        .map(|_| {
            json!({"name": "a.pdf", "media_type": "application/pdf", "bytes": 99 * 1024 * 1024,
        "sha256": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"})
        })
        .collect();
    assert_eq!(with("/attachments", json!(heavy)).map_err(|r| r.code), Err(Code::AttachmentTooLarge));
}

#[test]
fn a_member_written_twice_is_refused_at_any_depth() {
    let text = sample().to_string();
    for (from, to) in [
        (r#""language":"sv""#, r#""language":"sv","language":"sv""#),
        (r#""name":"#, r#""name":"a.pdf","name":"#),
    ] {
        let twice = text.replacen(from, to, 1);
        assert_ne!(twice, text);
        let refusal = Letter::parse(twice.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(refusal.code, Code::DuplicateMember);
    }
}

#[test]
fn a_list_does_not_pass_for_an_object() {
    for (pointer, list) in [
        ("/body", json!(["text/plain", "Hej"])),
        ("/support", json!(["a", null, null, null])),
        ("/matter", json!([null, null, "a", null])),
        (
            "/attachments/0",
            json!(["a.pdf", "application/pdf", 0, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"]),
        ),
    ] {
        assert_eq!(with(pointer, list).map_err(|r| r.code), Err(Code::PayloadMalformed), "{pointer}");
    }
    let list = br#"["b-1","164020000016"]"#;
    assert_eq!(Letter::address(list).map_err(|r| r.code), Err(Code::PayloadMalformed));
}

#[test]
fn a_refusal_does_not_repeat_what_the_letter_says() {
    let refusal = with("/confidential", json!("hemligt 198101052382")).unwrap_err();
    assert!(!format!("{refusal:?}").contains("hemligt"));
}

#[test]
fn the_address_is_read_even_when_the_rest_is_wrong() {
    let mut wrong = sample();
    wrong["subject"] = json!("");
    wrong["surprise"] = json!(true);
    let address = Letter::address(wrong.to_string().as_bytes()).unwrap();
    assert_eq!((address.reference.as_str(), address.sender.as_str()), ("2026-1482/1", "164020000016"));
}
