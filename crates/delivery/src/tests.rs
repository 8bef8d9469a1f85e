use super::*;
use crate::{
    document::is,
    names::MESSAGE_V1,
    read::{Attachment, OfficialMatter, Support},
};
use domain::{CivilDate, Code, letter::Limits, words::ReplyWish};
use proptest::prelude::*;
use std::path::PathBuf;
use testing::{Authority, DISPATCHER, OWN, TOWN, pki::rsa_key};

pub(crate) fn vector(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name)).unwrap()
}

/// A message that another implementation signed; kept beside the repository, not in it.
pub(crate) fn signed_by_others(name: &str) -> Option<Vec<u8>> {
    let folder = "../../../shared/reference/mina-meddelanden/samples/signed";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(name);
    // Where they are not, the whole run names them among what it left out.
    std::fs::read(path).ok()
}

#[test]
fn good_deliveries_hold_whatever_their_prefixes() {
    for name in ["ok-plain", "ok-prefixed", "ok-html"] {
        let sealed = Sealed::from_envelope(&vector(&format!("deliverSecure-{name}.xml"))).unwrap();
        assert_eq!(sealed.delivery.sender_id, "162120002411");
        assert_eq!(sealed.delivery.recipient_id, "198101052382");
        assert_eq!(sealed.signature.certificate.organisation.as_ref().unwrap().as_str(), "162120002411");
        assert_eq!(sealed.seal.certificate.organisation.as_ref().unwrap().as_str(), "165560000001");
        assert_eq!((sealed.signature.hash, sealed.seal.hash), (Hash::Sha256, Hash::Sha256));
        assert_eq!(sealed.payloads.len(), 1);
    }
}

#[test]
fn the_same_letter_has_the_same_payload_in_every_form() {
    let payload = |name| Sealed::from_envelope(&vector(name)).unwrap().payloads;
    assert_eq!(payload("deliverSecure-ok-plain.xml"), payload("deliverSecure-ok-prefixed.xml"));
    assert_ne!(payload("deliverSecure-ok-plain.xml"), payload("deliverSecure-ok-html.xml"));
}

#[test]
fn each_bad_delivery_fails_where_it_is_bad() {
    let fault =
        |name: &str| Sealed::from_envelope(&vector(&format!("deliverSecure-BAD-{name}.xml"))).unwrap_err();
    use DeliveryError::{Seal, Signature};
    for name in ["body-changed-on-wire", "seal-date-changed"] {
        assert_eq!(fault(name), Seal(SignatureError::Digest("the sealed delivery")), "{name}");
    }
    assert_eq!(fault("seal-signature-value"), Seal(SignatureError::Value("the sealed delivery")));
    // Sealed anew after the change: only the sender's own signature tells.
    for name in ["attachment-changed-before-seal", "body-changed-before-seal"] {
        assert_eq!(fault(name), Signature(SignatureError::Digest("the signed delivery")), "{name}");
    }
}

#[test]
fn a_checksum_is_compared_although_it_was_signed() {
    let judge = |name: &str| {
        let sealed = Sealed::from_envelope(&vector(name)).unwrap();
        let to = letter::addressed(&sealed.delivery).unwrap();
        letter::letter(&sealed.delivery, &to, &sealed.delivery.messages[0], &Limits::default())
    };
    let refusal = judge("deliverSecure-BAD-checksum-signed.xml").unwrap_err();
    assert_eq!(refusal.code, Code::AttachmentChecksumMismatch);
    let letter = judge("deliverSecure-ok-plain.xml").unwrap();
    assert_eq!(letter.subject, "Beslut om bygglov");
    assert_eq!(letter.language, "sv-SE");
    assert_eq!(letter.attachments[0].name, "beslut.pdf");
    assert_eq!(letter.support.unwrap().email.unwrap(), "kontakt@example.se");
}

#[test]
fn signatures_hold_whose_certificates_nobody_trusts() {
    // What these two lack is seen by whoever knows the authorities and the registry.
    for name in ["sender-cert-unknown-ca", "sender-id-not-in-cert"] {
        assert!(Sealed::from_envelope(&vector(&format!("deliverSecure-BAD-{name}.xml"))).is_ok(), "{name}");
    }
}

#[test]
fn what_other_implementations_signed_has_the_verdict_it_should() {
    if let Some(bytes) = signed_by_others("v3-deliverSecure-envelope-kivra-sha1.xml") {
        let sealed = Sealed::from_envelope(&bytes).unwrap();
        assert_eq!((sealed.signature.hash, sealed.seal.hash), (Hash::Sha1, Hash::Sha1));
        let delivery = &sealed.delivery;
        let limits = Limits::default();
        let to = letter::addressed(delivery).unwrap();
        let letter = letter::letter(delivery, &to, &delivery.messages[0], &limits).unwrap();
        assert_eq!(letter.notes.reference.as_deref(), Some("minimal_l"));
        assert_eq!(letter.support.unwrap().url.as_deref(), Some("http://dev.null/"));
    }
    if let Some(bytes) = signed_by_others("v3-SealedDelivery-dotnet-sha256.xml") {
        let document = parse(&bytes).unwrap();
        let sealed = Sealed::read(document.root_element()).unwrap();
        assert_eq!((sealed.signature.hash, sealed.seal.hash), (Hash::Sha256, Hash::Sha256));
    }
    if let Some(bytes) = signed_by_others("v3-SignedDelivery-dotnet-pretty-printed-BROKEN.xml") {
        let document = parse(&bytes).unwrap();
        let verdict = verify(document.root_element(), SIGNED_DELIVERY, "it");
        // Its SignedInfo was indented as well, and that is looked at first.
        assert_eq!(verdict.unwrap_err(), SignatureError::Value("it"));
    }
    if let Some(bytes) = signed_by_others("v1-deliverSecure-sunet-2013.xml") {
        let document = parse(&bytes).unwrap();
        let arg0 = document.descendants().find(|node| node.tag_name().name() == "arg0").unwrap();
        let inside = |name| arg0.descendants().find(|node| is(node, (MESSAGE_V1, name))).unwrap();
        assert_eq!(verify(arg0, (MESSAGE_V1, "SealedDelivery"), "it").unwrap().hash, Hash::Sha1);
        verify(inside("SignedDelivery"), (MESSAGE_V1, "SignedDelivery"), "it").unwrap();
    }
}

/// A delivery with everything in it that can be.
pub(crate) fn full() -> Delivery {
    let message = |n: u32| Message {
        id: format!("m-{n}"),
        subject: "Beslut <om> & \"åtgärd\"".into(),
        support: Support {
            text: "Fråga oss".into(),
            url: Some("https://example.se/?a=1&b=2".into()),
            phone: Some("010-123 45 67".into()),
            email: Some("fraga@example.se".into()),
        },
        matter: Some(OfficialMatter {
            date: Some("2026-11-25".into()),
            event_id: Some("e-1".into()),
            matter_id: Some("ä-1".into()),
            preceding_event_id: Some("e-0".into()),
            subject: Some("Bygglov".into()),
            event_type: Some("Beslut".into()),
            status: Some("closed".into()),
        }),
        metadata: vec![("tag".into(), "value".into()), ("tom".into(), String::new())],
        language: "svSE".into(),
        reply: Some("REQUESTED".into()),
        receipt_request: Some("SIMPLE".into()),
        body_type: "text/plain".into(),
        body: "Hej\r\npå dig".into(),
        attachments: vec![Attachment::new("a.txt", "text/plain", b"innehall".to_vec())],
    };
    Delivery {
        sender_id: "164020000016".into(),
        sender_name: "Exempelkommunen".into(),
        sender_attention: Some("Handläggaren".into()),
        recipient_id: "198101052382".into(),
        reference: Some("er ref".into()),
        correlation_id: Some("korr".into()),
        attention: Some("mottagaren".into()),
        messages: vec![message(1), message(2)],
    }
}

/// Of an authority that is thrown away.
pub(crate) fn signer(number: &str) -> XmlSigner {
    XmlSigner::from_pem(rsa_key(number).as_bytes(), &[certificate(number)]).unwrap()
}

fn certificate(number: &str) -> vault::Certificate {
    Authority::new().certificate(number, 2100)
}

pub(crate) fn sealed(delivery: &Delivery) -> String {
    let signed = write::sign(delivery, &signer(TOWN)).unwrap();
    write::seal(&signed, CivilDate::parse("2026-11-25").unwrap(), &signer(DISPATCHER)).unwrap()
}

#[test]
fn what_is_written_is_read_back_and_both_signatures_hold() {
    let read = Sealed::from_envelope(sealed(&full()).as_bytes()).unwrap();
    assert_eq!(read.delivery, full());
    assert_eq!(read.signature.certificate.organisation.as_ref().unwrap().as_str(), "164020000016");
    assert_eq!(read.seal.certificate.organisation.as_ref().unwrap().as_str(), "164020000032");
    assert_eq!(read.payloads.len(), 2);
    assert_ne!(read.payloads[0], read.payloads[1]);
    let to = letter::addressed(&read.delivery).unwrap();
    let letter = letter::letter(&read.delivery, &to, &read.delivery.messages[0], &Limits::default()).unwrap();
    assert_eq!(letter.reply, ReplyWish::Requested);
    assert_eq!(letter.notes.metadata[0].value, "value");
    assert_eq!(letter.matter.unwrap().event.unwrap().preceding_id.as_deref(), Some("e-0"));
}

#[test]
fn a_signature_carries_its_whole_chain_and_no_more_than_is_read() {
    let key = rsa_key(TOWN);
    let others: Vec<_> = (0..6)
        .map(|no| {
            let mut parameters = rcgen::CertificateParams::default();
            parameters.serial_number = Some(rcgen::SerialNumber::from(no));
            let pair = rcgen::KeyPair::generate().unwrap();
            vault::Certificate::parse(parameters.self_signed(&pair).unwrap().der()).unwrap()
        })
        .collect();
    let mut chain = vec![certificate(TOWN)];
    chain.extend(others);
    let signer = XmlSigner::from_pem(key.as_bytes(), &chain[..6]).unwrap();
    let signed = write::sign(&full(), &signer).unwrap();
    let envelope = write::seal(&signed, CivilDate::parse("2026-11-25").unwrap(), &signer).unwrap();
    let read = Sealed::from_envelope(envelope.as_bytes()).unwrap();
    for signature in [read.signature, read.seal] {
        assert_eq!(signature.certificate, chain[0]);
        assert!(signature.others.iter().eq(chain[1..6].iter().map(|one| &one.der)));
    }
    for wrong in [&chain[..], &[]] {
        assert_eq!(XmlSigner::from_pem(key.as_bytes(), wrong).err(), Some(XmlSignerError::Chain));
    }
    // The signer's own comes first.
    assert!(matches!(XmlSigner::from_pem(key.as_bytes(), &chain[1..3]), Err(XmlSignerError::Key(_))));
}

#[test]
fn another_dispatcher_can_seal_what_came() {
    let first = sealed(&full());
    let signed = signed_delivery(first.as_bytes()).unwrap();
    let again = write::seal(&signed, CivilDate::parse("2027-01-01").unwrap(), &signer(OWN)).unwrap();
    let first = Sealed::from_envelope(first.as_bytes()).unwrap();
    let again = Sealed::from_envelope(again.as_bytes()).unwrap();
    assert_eq!(first.payloads, again.payloads);
    assert_eq!(first.signature, again.signature);
    assert_ne!(first.seal, again.seal);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever byte is changed: it fails, or the canonical form is the same and so is all that is read.
    #[test]
    fn a_changed_byte_changes_nothing_that_is_read(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let good = vector("deliverSecure-ok-prefixed.xml");
        let mut bytes = good.clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Sealed::from_envelope(&bytes) {
            let expected = Sealed::from_envelope(&good).unwrap();
            prop_assert_eq!(read.delivery, expected.delivery);
            prop_assert_eq!(read.payloads, expected.payloads);
        }
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = Sealed::from_envelope(&bytes);
    }
}
