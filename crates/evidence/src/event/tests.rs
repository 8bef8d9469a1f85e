#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{commitment, vectors};
use domain::{AddressMac, CertificateDigest, MailboxId, SenderMac, chance};
use proptest::prelude::*;
use vault::SystemRandom;

#[test]
fn events_are_encoded_as_cbor2_encodes_them() {
    let file = vectors::file(vectors::EVENTS);
    let events = file["events"].as_array().unwrap().iter().chain(file["chain"].as_array().unwrap());
    let mut count = 0;
    for vector in events {
        let event = vectors::event(&vector["event"]);
        let cbor = vectors::bytes(&vector["cbor"]);
        assert_eq!(hex::encode(event.to_cbor()), hex::encode(&cbor), "{}", vector["name"]);
        assert_eq!(Event::from_cbor(&cbor), Ok(event), "{}", vector["name"]);
        let entry = commitment::entry(&vectors::array(&vector["nonce"]), &cbor);
        assert_eq!(hex::encode(entry), vector["entry"].as_str().unwrap());
        assert_eq!(hex::encode(commitment::leaf(&entry)), vector["leaf"].as_str().unwrap());
        count += 1;
    }
    assert_eq!(count, 15);
}

#[test]
fn commitments_are_made_as_the_vectors_make_them() {
    let file = vectors::file(vectors::EVENTS);
    let mut seen = 0;
    for vector in file["events"].as_array().unwrap() {
        let event = vectors::event(&vector["event"]);
        let made_of = &vector["made_of"];
        if made_of.is_null() {
            continue;
        }
        let nonce = vectors::array(&vector["nonce"]);
        if let Some(letter) = made_of.get("letter") {
            let belongings = Belongings {
                key: vectors::array(&letter["key"]),
                mailbox_id: letter["mailbox_id"].as_str().unwrap().parse().unwrap(),
                letter_id: letter["letter_id"].as_str().unwrap().parse().unwrap(),
                accepted_at: Time::from_millis(letter["accepted_at"].as_i64().unwrap()),
                visible_from: Time::from_millis(letter["visible_from"].as_i64().unwrap()),
                confidential: letter["confidential"].as_bool().unwrap(),
                tells_opened: letter["tells_opened"].as_bool().unwrap(),
                parts: letter["parts"].as_i64().unwrap(),
                sender_mac: SenderMac::from_bytes(vectors::array(&letter["sender_mac"])),
            };
            assert_eq!(event.letter, Some(belongings.commitment(&nonce)));
            let original = vectors::bytes(&made_of["original"]);
            assert_eq!(event.original, Some(commitment::original(&nonce, &original)));
            let address = vectors::array(&made_of["address"]);
            assert_eq!(event.address, Some(commitment::address(&nonce, &AddressMac::from_bytes(address))));
        } else {
            let by = &made_of["by"];
            let person = by["person"].as_str().unwrap().parse().unwrap();
            let because = Because::parse(by["because"].as_str().unwrap()).unwrap();
            assert_eq!(event.by, Some(commitment::actor(&vectors::array(&by["salt"]), person, because)));
        }
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn other_encodings_of_the_same_facts_are_refused() {
    let file = vectors::file(vectors::EVENTS);
    let refused = file["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 25);
    for vector in refused {
        assert_eq!(Event::from_cbor(&vectors::bytes(&vector["cbor"])), Err(NotAnEvent), "{}", vector["name"]);
    }
}

#[test]
fn a_first_event_hides_whom_and_what() {
    let recipient = Identity::parse("198101052382").unwrap();
    let letter_id = LetterId::new(Time::from_millis(7), &SystemRandom);
    let payload = b"{\"subject\":\"Beslut\"}";
    let sender = OrgNumber::parse("164020000016").unwrap();
    let mailbox_id = MailboxId::new(&SystemRandom);
    let belongings = Belongings {
        key: [1; 32],
        mailbox_id,
        letter_id,
        accepted_at: Time::from_millis(7),
        visible_from: Time::from_millis(8),
        confidential: false,
        tells_opened: true,
        parts: 2,
        sender_mac: SenderMac::from_bytes([9; 32]),
    };
    let accepted = Accepted {
        belongings: &belongings,
        address_mac: &AddressMac::from_bytes([4; 32]),
        original: Some(b"part 0"),
        letter_id,
        at: Time::from_millis(7),
        recipient: &recipient,
        payload,
        sender: &sender,
        certificate: CertificateDigest::from_bytes([5; 32]),
    };
    let event = |nonce| Event::accepted(accepted, &nonce, &SystemRandom);
    let one = event([1; 32]);
    let other = event([2; 32]);
    assert_ne!(one.recipient, other.recipient);
    assert_ne!(one.content, other.content);
    assert_eq!(one.recipient, Some(commitment::recipient(&[1; 32], &recipient)));
    assert_eq!(one.content, Some(commitment::content(&[1; 32], payload)));
    assert_eq!(one.original, Some(commitment::original(&[1; 32], b"part 0")));
    assert_eq!(one.address, Some(commitment::address(&[1; 32], &AddressMac::from_bytes([4; 32]))));
    assert_eq!(one.letter, Some(belongings.commitment(&[1; 32])));
    let later = Time::from_millis(9);
    for other in [
        Belongings { key: [2; 32], ..belongings.clone() },
        Belongings { mailbox_id: MailboxId::new(&SystemRandom), ..belongings.clone() },
        Belongings { letter_id: mailbox_id.own_chain(), ..belongings.clone() },
        Belongings { accepted_at: later, ..belongings.clone() },
        Belongings { visible_from: later, ..belongings.clone() },
        Belongings { confidential: true, ..belongings.clone() },
        Belongings { tells_opened: false, ..belongings.clone() },
        Belongings { parts: 3, ..belongings.clone() },
        Belongings { sender_mac: SenderMac::from_bytes([8; 32]), ..belongings.clone() },
    ] {
        assert_ne!(one.letter, Some(other.commitment(&[1; 32])), "{other:?}");
    }
    let cbor = one.to_cbor();
    assert!(!cbor.windows(12).any(|part| part == b"198101052382"));
    assert!(!cbor.windows(6).any(|part| part == b"Beslut"));
}

proptest! {
    #[test]
    fn every_event_comes_back_and_no_byte_of_it_can_change(
        seq in any::<u64>(),
        at in any::<i64>(),
        kind in proptest::sample::select(EventType::ALL),
        actor in proptest::sample::select(Actor::ALL),
        hashes in proptest::array::uniform8(proptest::option::of(any::<[u8; 32]>())),
        named in any::<bool>(),
        detail in proptest::option::of("[a-z][a-z0-9_]{0,63}"),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let chain = MailboxId::new(&SystemRandom).own_chain();
        let event = Event {
            id: EventId::from_slice(&chance::bytes::<16>(&SystemRandom)).unwrap(),
            chain,
            seq,
            at: Time::from_millis(at),
            kind,
            previous: hashes[0].unwrap_or_default(),
            actor,
            recipient: hashes[1],
            content: hashes[2],
            sender: named.then(|| OrgNumber::parse("164020000024").unwrap()),
            certificate: hashes[3].map(CertificateDigest::from_bytes),
            detail,
            by: hashes[4],
            letter: hashes[5],
            original: hashes[6],
            address: hashes[7],
        };
        let cbor = event.to_cbor();
        prop_assert_eq!(Event::from_cbor(&cbor), Ok(event.clone()));
        let mut changed = cbor.clone();
        changed[flip.0.index(cbor.len())] ^= flip.1.max(1);
        // What still reads is another event, and its entry is another.
        if let Ok(other) = Event::from_cbor(&changed) {
            prop_assert_ne!(other, event);
        }
        prop_assert_ne!(commitment::entry(&[0; 32], &cbor), commitment::entry(&[0; 32], &changed));
    }
}
