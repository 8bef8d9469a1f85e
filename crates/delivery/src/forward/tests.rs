use super::*;
use crate::{
    names::SOAP,
    read_again,
    tests::{full, sealed, signed_by_others, vector},
};
use roxmltree::Node;

fn covering() -> Covering {
    Covering {
        forwarder_id: "199001012385".into(),
        forwarder_name: "Bo Bengtsson".into(),
        forwarder_attention: None,
        recipient_ids: vec!["198101052382".into(), "164020000040".into()],
        reference: Some("er ref".into()),
        correlation_id: None,
        attention: Some("Till er båda".into()),
        subject: "Titta på det här".into(),
        body_type: "text/plain".into(),
        body: "Hej!\r\nSå här skrev de.".into(),
    }
}

/// A delivery as it came, prefixes and all, in another message: all that its ancestors declared is declared anew.
fn moved(secure: &[u8]) -> String {
    let document = parse(secure).unwrap();
    let text = std::str::from_utf8(secure).unwrap();
    let sealed: Node<'_, '_> = soap::only(soap::body(&document).unwrap(), crate::DELIVER_SECURE).unwrap();
    let named: Vec<usize> = text.match_indices("deliverSecure").map(|(at, _)| at).collect();
    let [_, open, close, _] = named[..] else { panic!("{named:?}") };
    let inside = &text[open + text[open..].find('>').unwrap() + 1..text[..close].rfind('<').unwrap()];
    let declared: String = sealed
        .namespaces()
        .filter(|one| one.name() != Some("xml"))
        .map(|one| match one.name() {
            Some(prefix) => format!(" xmlns:{prefix}=\"{}\"", one.uri()),
            None => format!(" xmlns=\"{}\"", one.uri()),
        })
        .collect();
    let original =
        format!("<zz:OrginalDelivery xmlns:zz=\"{SERVICE_V3}\"{declared}>{inside}</zz:OrginalDelivery>");
    let around = covering().envelope(&vector("deliverSecure-ok-plain.xml"), None).unwrap();
    let before = around.find("<OrginalDelivery").unwrap();
    let after = around.find("</OrginalDelivery>").unwrap();
    // The parent has prefixes of its own, which say something else.
    let before =
        around[..before].replace("<forwardMessage>", "<forwardMessage xmlns:p1=\"u:1\" xmlns:ns2=\"u:2\">");
    [&before, original.as_str(), &around[after + "</OrginalDelivery>".len()..]].concat()
}

#[test]
fn what_is_forwarded_is_read_and_both_signatures_hold() {
    let message = covering().envelope(sealed(&full()).as_bytes(), Some("m-2")).unwrap();
    assert_eq!(soap::operation(message.as_bytes()), Some("deliverForward"));
    let read = Forward::from_envelope(message.as_bytes()).unwrap();
    assert_eq!(read.covering, covering());
    assert_eq!(read.original.delivery, full());
    assert_eq!(read.original.received.to_string(), "2026-11-25");
    assert_eq!(read.messages().unwrap(), [1]);
    let (forwarder, recipients) = read.covering.addressed().unwrap();
    assert_eq!((forwarder.expose(), recipients[1].expose()), ("199001012385", "164020000040"));
    let forwarded = read.covering.forwarded("Lådan", 1000).unwrap();
    assert_eq!((forwarded.by.as_str(), forwarded.operator.as_str()), ("Bo Bengtsson", "Lådan"));
    assert_eq!(forwarded.notes.attention.as_deref(), Some("Till er båda"));
    assert_eq!(read.covering.forwarded("Lådan", 10).unwrap_err().code, Code::BodyTooLarge);
    assert_eq!(read.payloads.len(), 2);
    assert!(read.payloads.iter().all(|payload| !read.original.payloads.contains(payload)));
}

#[test]
fn all_messages_are_forwarded_unless_one_is_named() {
    let secure = sealed(&full());
    let messages = |id| {
        let message = covering().envelope(secure.as_bytes(), id).unwrap();
        Forward::from_envelope(message.as_bytes()).unwrap().messages()
    };
    assert_eq!(messages(None).unwrap(), [0, 1]);
    assert_eq!(messages(Some("m-3")).unwrap_err().code, Code::FieldInvalid);
}

#[test]
fn the_payload_is_the_words_and_the_message_and_nothing_else() {
    let payload = |covering: Covering, secure: &[u8]| {
        Forward::from_envelope(covering.envelope(secure, None).unwrap().as_bytes()).unwrap().payloads[0]
    };
    let plain = vector("deliverSecure-ok-plain.xml");
    let prefixed = vector("deliverSecure-ok-prefixed.xml");
    let first = payload(covering(), &plain);
    assert_eq!(payload(covering(), &prefixed), first);
    let fewer = Covering { recipient_ids: vec!["198101052382".into()], ..covering() };
    assert_eq!(payload(fewer, &plain), first);
    assert_ne!(payload(Covering { subject: "Annat".into(), ..covering() }, &plain), first);
    assert_ne!(payload(covering(), &vector("deliverSecure-ok-html.xml")), first);
}

/// What the seal is over does not change with where it stands: neither the parent's namespaces nor its own prefixes.
#[test]
fn an_original_with_prefixes_holds_in_another_parent_and_alone() {
    let mut originals: Vec<Vec<u8>> = ["ok-plain", "ok-prefixed", "ok-html"]
        .map(|name| vector(&format!("deliverSecure-{name}.xml")))
        .into();
    originals.extend(signed_by_others("v3-deliverSecure-envelope-kivra-sha1.xml"));
    for secure in originals {
        let expected = Sealed::from_envelope(&secure).unwrap();
        let message = moved(&secure);
        let read = Forward::from_envelope(message.as_bytes()).unwrap();
        assert_eq!(read.original, expected);
        assert!(!read.document.contains(SOAP) && !read.document.contains(SERVICE_V3));
        let (delivery, signer) = read_again(read.document.as_bytes()).unwrap();
        assert_eq!((delivery, signer), (expected.delivery, Some(expected.signature)));
    }
}

#[test]
fn an_original_that_was_changed_is_not_forwarded() {
    use DeliveryError::{Read, Seal, Signature};
    let digest = SignatureError::Digest;
    for (name, fault) in [
        ("body-changed-on-wire", Seal(digest(SEAL))),
        ("seal-date-changed", Seal(digest(SEAL))),
        ("seal-signature-value", Seal(SignatureError::Value(SEAL))),
        ("body-changed-before-seal", Signature(digest("the signed delivery"))),
    ] {
        let message = moved(&vector(&format!("deliverSecure-BAD-{name}.xml")));
        assert_eq!(Forward::from_envelope(message.as_bytes()).unwrap_err(), fault, "{name}");
    }
    let good = moved(&vector("deliverSecure-ok-plain.xml"));
    let fault = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        Forward::from_envelope(good.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(fault("deliverForward", "deliverBackward"), DeliveryError::Xml(crate::XmlError::Malformed));
    let other = good.replace("deliverForward", "notify");
    assert_eq!(Forward::from_envelope(other.as_bytes()), Err(DeliveryError::OtherOperation));
    let other = good.replace("forwardMessage", "deliverSecure");
    assert_eq!(Forward::from_envelope(other.as_bytes()), Err(DeliveryError::NoDelivery));
    for (from, to, path) in [
        ("<Header>", "<Header x=\"1\">", "forwardMessage/Header"),
        (
            "<zz:OrginalDelivery",
            "<MessageIdToForward>1</MessageIdToForward><zz:OrginalDelivery",
            "forwardMessage/OrginalDelivery",
        ),
        (
            "<Name xmlns=\"http://minameddelanden.gov.se/schema/Sender\">Bo Bengtsson<",
            "<Name xmlns=\"http://minameddelanden.gov.se/schema/Sender\">B<",
            "forwardMessage/Header/Sender/Name",
        ),
    ] {
        let Read(fault) = fault(from, to) else { panic!("{from}") };
        assert_eq!(fault.path, path);
    }
}

#[test]
fn there_is_a_recipient_and_there_are_no_more_than_a_thousand() {
    let read = |count: usize| {
        let covering = Covering { recipient_ids: vec!["198101052382".into(); count], ..covering() };
        let message = covering.envelope(&vector("deliverSecure-ok-plain.xml"), None).unwrap();
        Forward::from_envelope(message.as_bytes())
    };
    assert!(read(1).is_ok() && read(1000).is_ok());
    for count in [0, 1001] {
        assert!(matches!(read(count), Err(DeliveryError::Read(_))), "{count}");
    }
}
