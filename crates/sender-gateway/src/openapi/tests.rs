use super::{capabilities, describe, document, examples};
use axum::response::IntoResponse;
use domain::{
    Code, Refusal,
    letter::{Letter, Limits},
    words::{EventType, Kind, LetterState, ReturnReason, Unreachable, Way},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn described() -> Value {
    serde_json::from_str(document()).unwrap()
}

fn list(pointer: &str) -> Vec<String> {
    let document = described();
    let words = document.pointer(pointer).unwrap().as_array().unwrap();
    words.iter().filter_map(|w| w.as_str()).map(str::to_owned).collect()
}

#[test]
fn the_document_is_what_the_code_says() {
    assert!(describe().unwrap() == document(), "openapi.json is stale; run: cargo xtask openapi");
}

#[test]
fn the_description_has_every_word_that_the_code_has() {
    let codes: Vec<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
    assert_eq!(list("/components/schemas/Problem/properties/code/x-extensible-enum"), codes);
    let kinds: Vec<_> = Kind::ALL.iter().map(|k| k.as_str()).collect();
    assert_eq!(list("/components/schemas/Letter/properties/kind/enum"), kinds);
    let states: Vec<_> = LetterState::ALL.iter().map(|s| s.as_str()).collect();
    assert_eq!(list("/components/schemas/LetterStatus/properties/state/x-extensible-enum"), states);
    let types: Vec<_> = EventType::ALL.iter().filter(|t| t.reaches_sender()).map(|t| t.as_str()).collect();
    assert_eq!(list("/components/schemas/EventType/x-extensible-enum"), types);
    let reasons: Vec<_> = Unreachable::ALL.iter().map(|u| u.as_str()).collect();
    assert_eq!(list("/components/schemas/Reachability/properties/reason/x-extensible-enum"), reasons);
    let ways: Vec<_> = Way::ALL.iter().map(|w| w.as_str()).collect();
    assert_eq!(list("/components/schemas/Reachability/properties/how/x-extensible-enum"), ways);
    let returned: Vec<_> = ReturnReason::ALL.iter().map(|r| r.as_str()).collect();
    assert_eq!(list("/components/schemas/ReturnReason/x-extensible-enum"), returned);
}

#[test]
fn no_list_is_closed_but_in_what_a_client_sends() {
    let document = described();
    let mut closed = Vec::new();
    find(&document, "enum", "", &mut closed);
    assert_eq!(closed.len(), 5, "{closed:?}");
    for at in closed {
        assert!(
            at.starts_with("/components/schemas/Letter/"),
            "{at} is closed: a new word breaks made clients"
        );
    }
}

fn find(value: &Value, member: &str, at: &str, found: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        if name == member {
            found.push(at.clone());
        }
        find(inner, member, &at, found);
    }
}

#[test]
fn every_member_says_what_it_means() {
    let document = described();
    let mut members = 0;
    explained(&document, "", &mut members);
    assert!(members > 80, "only {members} members were found");
    assert!(document["servers"][0]["url"].is_string());
}

/// Every member under `properties`, at any depth, has a description or the name of a shape that has one.
fn explained(value: &Value, at: &str, members: &mut usize) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        if name == "properties" {
            for (name, member) in inner.as_object().unwrap() {
                *members += 1;
                let is_told = member["description"].is_string() || member["$ref"].is_string();
                assert!(is_told, "{at}/{name} has no description");
            }
        }
        explained(inner, &at, members);
    }
}

/// A letter with each member that the description has.
fn full() -> Value {
    let mut letter = examples::letter_with_attachment();
    let more = json!({"reply_by": "2026-12-24", "visible_from": "2026-12-01T06:00:00Z", "reply": "not_allowed",
        "confidential": true, "audience": "kuvert.example"});
    letter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    letter["support"] = json!({"text": "Ring oss", "url": "https://kuvert.example/", "phone": "08-1", "email": "a@b.example"});
    letter["matter"] = json!({"id": "1", "shared_id": "2", "subject": "Bygglov", "status": "Klart"});
    letter
}

fn parsed(letter: &Value) -> Result<Letter, Refusal> {
    Letter::parse(letter.to_string().as_bytes(), &Limits::default())
}

fn names(shape: &Value) -> BTreeSet<&str> {
    shape.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_letter_that_is_described_is_the_one_that_is_read() {
    let document = described();
    let shape = &document["components"]["schemas"]["Letter"];
    let required: Vec<_> = shape["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let letter = full();
    assert_eq!(names(&letter), names(&shape["properties"]));
    assert_eq!(names(&letter), BTreeSet::from_iter(capabilities::MEMBERS.iter().copied()));
    for member in ["body", "support", "matter"] {
        assert_eq!(names(&letter[member]), names(&shape["properties"][member]["properties"]), "{member}");
    }
    let entry = &shape["properties"]["attachments"]["items"]["properties"];
    assert_eq!(names(&letter["attachments"][0]), names(entry));
    parsed(&letter).unwrap();
    for member in names(&letter) {
        let mut without = letter.clone();
        without.as_object_mut().unwrap().remove(member);
        let read = parsed(&without).map_err(|refusal| refusal.code);
        assert_eq!(read.is_err(), required.contains(&member), "without {member}: {read:?}");
        let mut null = letter.clone();
        null[member] = Value::Null;
        let read = parsed(&null).is_ok();
        let nullable =
            shape["properties"][member]["type"].as_array().is_some_and(|k| k.contains(&json!("null")));
        assert_eq!(read, nullable, "{member}: null");
    }
}

#[test]
fn examples_are_letters_and_their_parts_fit() {
    let schemas = &described()["components"]["schemas"];
    for letter in schemas["Letter"]["examples"].as_array().unwrap() {
        parsed(letter).unwrap();
    }
    let jws = &schemas["FlattenedJws"]["examples"][0];
    let signed = vault::jws::FlattenedJws::parse(jws.to_string().as_bytes()).unwrap();
    let letter = Letter::parse(&signed.payload, &Limits::default()).unwrap();
    let operation = &described()["paths"]["/v1/letters"]["post"];
    let sent = &operation["requestBody"]["content"]["multipart/form-data"]["examples"]["A letter with a PDF"]
        ["value"];
    assert_eq!(serde_json::from_str::<Value>(sent["letter"].as_str().unwrap()).unwrap(), *jws);
    let file = sent["attachment"][0].as_str().unwrap().as_bytes();
    assert_eq!(letter.attachments[0].bytes, file.len() as u64);
    assert_eq!(letter.attachments[0].sha256, vault::sha256(file));
}

#[tokio::test]
async fn a_problem_has_the_members_that_are_described() {
    let document = described();
    let shape = &document["components"]["schemas"]["Problem"];
    for (refusal, whole) in [
        (Refusal::new(Code::FieldInvalid).at("/subject").because("too long"), true),
        (Refusal::new(Code::NotFound), false),
    ] {
        let answer = edge::Problem::from(refusal).into_response();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        let required = shape["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(names(&written), if whole { names(&shape["properties"]) } else { required });
    }
}
