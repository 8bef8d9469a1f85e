#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::vectors;
use proptest::prelude::*;
use serde_json::Value;
use vault::Key;

fn vector(at: usize) -> Value {
    vectors::file(vectors::RECEIPTS)["receipts"][at].clone()
}

fn signing_key(vector: &Value) -> SigningKey {
    let seed = URL_SAFE_NO_PAD.decode(vector["seed"].as_str().unwrap()).unwrap();
    SigningKey::from_seed(&Key::from_slice(&seed).unwrap())
}

fn receipt(vector: &Value) -> Receipt {
    let event = vectors::event(&vector["event"]);
    Receipt {
        nonce: vectors::array(&vector["nonce"]),
        letter_id: event.chain,
        sender: event.sender.clone().unwrap(),
        reference: vector["reference"].as_str().unwrap().to_owned(),
        accepted_at: event.at,
        durability: vector["durability"].as_str().unwrap().to_owned(),
        include_by: vector["include_by"].as_str().map(|text| Time::parse(text).unwrap()),
        event,
    }
}

fn keys(vector: &Value) -> ReceiptKeys {
    ReceiptKeys::parse(vector["jwks"].to_string().as_bytes()).unwrap()
}

#[test]
fn receipts_are_byte_for_byte_those_of_the_vectors() {
    for at in 0..3 {
        let vector = vector(at);
        let text = receipt(&vector).sign(&signing_key(&vector));
        assert_eq!(text, vector["receipt"].as_str().unwrap());
        let verified = verify(&text, &keys(&vector)).unwrap();
        assert_eq!(verified.receipt, receipt(&vector));
        assert_eq!(hex::encode(verified.entry), vector["entry"].as_str().unwrap());
    }
}

#[test]
fn the_sender_can_show_to_whom_and_what() {
    let vector = vector(0);
    let verified = verify(vector["receipt"].as_str().unwrap(), &keys(&vector)).unwrap();
    assert!(verified.is_to(&Identity::parse("198101052382").unwrap()));
    assert!(!verified.is_to(&Identity::parse("199001012385").unwrap()));
    assert!(verified.is_of(vector["payload"].as_str().unwrap().as_bytes()));
    assert!(!verified.is_of(b"{\"subject\":\"Beslut\" }"));
    assert_eq!(verified.leaf(), crate::leaf(&verified.entry));
}

#[test]
fn a_receipt_says_nothing_of_recipient_or_content() {
    let vector = vector(0);
    let text = vector["receipt"].as_str().unwrap();
    let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
    for hidden in ["198101052382", "8101052382", "Beslut"] {
        assert!(!payload.windows(hidden.len()).any(|part| part == hidden.as_bytes()));
    }
}

#[test]
fn another_key_or_type_is_not_believed() {
    let vector = vector(0);
    let receipt = receipt(&vector);
    let key = signing_key(&vector);
    let text = receipt.sign(&key);
    let other = SigningKey::from_seed(&Key::from_bytes([7; 32]));
    assert_eq!(verify(&text, &other.public().into()), Err(NotVerified::UnknownKey));
    assert_eq!(verify(&receipt.sign(&other), &keys(&vector)), Err(NotVerified::UnknownKey));
    let payload = CompactJws::parse(&text).unwrap().payload;
    assert_eq!(verify(&sign_compact(&key, "JWT", &payload), &keys(&vector)), Err(NotVerified::Type));
    assert_eq!(verify("", &keys(&vector)), Err(NotVerified::Form));
    // The other's signature under our key's name.
    let (_, forged) =
        receipt.sign(&other).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (body, _) = text.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{body}.{forged}"), &keys(&vector)), Err(NotVerified::Signature));
}

#[test]
fn a_receipt_whose_parts_disagree_is_not_believed_though_it_is_signed() {
    let vector = vector(0);
    let key = signing_key(&vector);
    let changed = |change: fn(&mut Receipt)| {
        let mut receipt = receipt(&vector);
        change(&mut receipt);
        verify(&receipt.sign(&key), &keys(&vector))
    };
    assert!(changed(|_| {}).is_ok());
    let disagreeing: [fn(&mut Receipt); 9] = [
        |r| r.letter_id = "019ab5d2-7c00-7a11-8b22-0123456789ff".parse().unwrap(),
        |r| r.sender = OrgNumber::parse("164020000024").unwrap(),
        |r| r.accepted_at = Time::from_millis(r.accepted_at.millis() + 1),
        |r| r.event.seq = 1,
        |r| r.event.kind = EventType::Opened,
        |r| r.event.actor = Actor::Owner,
        |r| r.event.previous = [1; 32],
        |r| r.event.recipient = None,
        |r| r.event.content = None,
    ];
    for change in disagreeing {
        assert_eq!(changed(change), Err(NotVerified::Disagrees));
    }
}

#[test]
fn a_payload_with_a_member_twice_or_missing_is_refused() {
    let vector = vector(0);
    let key = signing_key(&vector);
    let payload = CompactJws::parse(vector["receipt"].as_str().unwrap()).unwrap().payload;
    let payload = String::from_utf8(payload).unwrap();
    let signed = |payload: &str| verify(&sign_compact(&key, TYP, payload.as_bytes()), &keys(&vector));
    assert!(signed(&payload).is_ok());
    assert!(signed(&payload.replacen('{', "{\"added_later\":1,", 1)).is_ok());
    assert_eq!(signed(&payload.replacen('{', "{\"sender\":\"164020000016\",", 1)), Err(NotVerified::Payload));
    assert_eq!(signed(&payload.replacen("\"nonce\"", "\"nonse\"", 1)), Err(NotVerified::Payload));
    assert_eq!(signed(&payload.replacen("\"event\":\"", "\"event\":\"oAAA", 1)), Err(NotVerified::Event));
}

#[test]
fn a_set_without_usable_keys_is_no_set() {
    for text in ["", "{}", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "[]"] {
        assert!(ReceiptKeys::parse(text.as_bytes()).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_character_of_a_receipt_can_change(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_.=-]") {
        let vector = vector(1);
        let text = vector["receipt"].as_str().unwrap();
        let at = at.index(text.len());
        let mut changed = text.to_owned();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(verify(&changed, &keys(&vector)).is_ok(), changed == text);
    }
}
