//! Reads the vectors that `tests/vectors/check.py` checks with other people's code.

use crate::event::{Actor, Event};
use domain::{CertificateDigest, EventId, LetterId, OrgNumber, Time, words::EventType};
use serde_json::Value;

pub(crate) const EVENTS: &str = include_str!("../tests/vectors/events.json");
pub(crate) const RECEIPTS: &str = include_str!("../tests/vectors/receipts.json");

pub(crate) fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

pub(crate) fn array(value: &Value) -> [u8; 32] {
    bytes(value).try_into().unwrap()
}

pub(crate) fn event(value: &Value) -> Event {
    let text = |name: &str| value[name].as_str();
    let hash = |name: &str| text(name).map(|_| array(&value[name]));
    let actor = text("actor").unwrap();
    Event {
        id: text("id").unwrap().parse::<EventId>().unwrap(),
        chain: text("chain").unwrap().parse::<LetterId>().unwrap(),
        seq: value["seq"].as_u64().unwrap(),
        at: Time::from_millis(value["at"].as_i64().unwrap()),
        kind: EventType::parse(text("kind").unwrap()).unwrap(),
        previous: array(&value["previous"]),
        actor: *Actor::ALL.iter().find(|one| one.as_str() == actor).unwrap(),
        recipient: hash("recipient"),
        content: hash("content"),
        sender: text("sender").map(|number| OrgNumber::parse(number).unwrap()),
        certificate: hash("certificate").map(CertificateDigest::from_bytes),
        detail: text("detail").map(str::to_owned),
        by: hash("by"),
        letter: hash("letter"),
        original: hash("original"),
        address: hash("address"),
    }
}
