use super::*;
use crate::rings::Rings;
use domain::CertificateDigest;
use vault::SystemRandom;

fn event() -> Registered {
    Registered {
        party: Party::Sender,
        number: OrgNumber::parse("164020000016").unwrap(),
        seq: 1,
        at: Time::from_millis(1_780_000_000_000),
        kind: RegistryEventType::SenderRenamed,
        previous: [7; 32],
        particulars: Particulars { name: Some("Exempelkommunen".into()), ..Particulars::default() },
    }
}

fn full() -> Registered {
    Registered {
        party: Party::Operator,
        particulars: Particulars {
            name: Some("Lådan".into()),
            may_send: Some(true),
            certificate: Some(CertificateDigest::from_bytes([8; 32])),
            dispatcher: Some(OrgNumber::parse("164020000032").unwrap()),
            domain: Some("ladan.example".into()),
            service_address: Some("https://ladan.example/service/v3".into()),
            ui_address: Some("https://ladan.example".into()),
        },
        ..event()
    }
}

#[test]
fn an_event_reads_back_and_its_bytes_are_fixed() {
    for event in [event(), full()] {
        assert_eq!(Registered::from_cbor(&event.to_cbor()), Some(event));
    }
    let wanted = "a7\
        016673656e646572\
        026c313634303230303030303136\
        0301\
        041b0000019e6fae1c00\
        056e73656e6465725f72656e616d6564\
        0658200707070707070707070707070707070707070707070707070707070707070707\
        076f4578656d70656c6b6f6d6d756e656e";
    let at = format!("{:016x}", 1_780_000_000_000_u64);
    let wanted = wanted.replace("0000019e6fae1c00", &at);
    assert_eq!(hex::encode(event().to_cbor()), wanted);
}

#[test]
fn no_other_encoding_of_the_same_facts_is_read() {
    let bytes = full().to_cbor();
    for cut in 0..bytes.len() {
        assert!(Registered::from_cbor(&bytes[..cut]).is_none(), "cut at {cut}");
    }
    assert!(Registered::from_cbor(&[&bytes[..], &[0]].concat()).is_none());
    // seq in a longer head; a member twice; a member that nobody knows.
    let plain = event().to_cbor();
    let seq = plain.windows(2).position(|two| two == [SEQ, 1]).unwrap();
    let longer = [&plain[..=seq], &[0x18, 1], &plain[seq + 2..]].concat();
    assert!(Registered::from_cbor(&longer).is_none());
    let more = |tail: &[u8]| [&[plain[0] + 1], &plain[1..], tail].concat();
    assert!(Registered::from_cbor(&more(&[NAME, 0x61, b'x'])).is_none());
    assert!(Registered::from_cbor(&more(&[99, 0x61, b'x'])).is_none());
    assert!(Registered::from_cbor(&more(&[DOMAIN, 0x61, b'x'])).is_some());
}

#[test]
fn a_sealed_event_opens_in_its_place_alone_and_only_from_the_key_service() {
    let keys = KeyRing::random(&SystemRandom);
    let web = KeyRing::random(&SystemRandom);
    let number = event().number;
    let event = event();
    let own = event.seal(&keys, &SystemRandom);
    let other = event.seal(&web, &SystemRandom);
    let rings = Rings { rings: vec![(Writer::Keys, keys), (Writer::Web, web)], before_until: None };
    let at = (Party::Sender, &number, 1);
    assert_eq!(Registered::open(&rings, at, &own), Ok(event));
    assert_eq!(Registered::open(&rings, at, &other), Err(Flaw::Writer));
    let elsewhere = OrgNumber::parse("164020000024").unwrap();
    for moved in [(Party::Operator, &number, 1), (Party::Sender, &elsewhere, 1), (Party::Sender, &number, 2)]
    {
        assert_eq!(Registered::open(&rings, moved, &own), Err(Flaw::Unopenable));
    }
    let flipped = Sealed { entry: [0; 32], ..own.clone() };
    assert_eq!(Registered::open(&rings, at, &flipped), Err(Flaw::WrongEntry));
    let mut body = own.body.clone();
    body[40] ^= 1;
    assert_eq!(Registered::open(&rings, at, &Sealed { body, ..own }), Err(Flaw::Unopenable));
}
