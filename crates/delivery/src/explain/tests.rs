use super::*;
use crate::{
    names::{MESSAGE_V1, MESSAGE_V3, SENDER, SERVICE_V3},
    parse,
    tests::{full, sealed, signer, vector},
    write,
};

type Verdict = (bool, bool, Option<Hint>);

/// Whether content and value hold, and the hint: of the sender's signature, and of the seal.
fn verdicts(message: &str) -> (Verdict, Verdict) {
    let document = parse(message.as_bytes()).unwrap();
    let parts = Parts::of(&document).unwrap();
    let verdict = |judged: Judged| (judged.content.is_ok(), judged.value.is_ok(), judged.hint);
    (verdict(parts.signature().unwrap().unwrap()), verdict(parts.seal().unwrap().unwrap()))
}

const HOLDS: Verdict = (true, true, None);

fn hint(change: Change, in_letter: bool) -> Option<Hint> {
    Some(Hint { change, in_letter })
}

/// As a tool for people writes it: every element on a line of its own, and nothing put into empty ones.
fn indented(xml: &str) -> String {
    let mut out = String::new();
    let mut opened = false;
    for tag in xml.split_inclusive('>') {
        let closes = tag.starts_with("</");
        if tag.starts_with('<') && !out.is_empty() && !(opened && closes) {
            out.push_str("\n  ");
        }
        out.push_str(tag);
        opened = !closes;
    }
    out
}

fn letter(message: &str) -> &str {
    let from = message.find("<SignedDelivery").unwrap();
    &message[from..message.find("</SignedDelivery>").unwrap() + "</SignedDelivery>".len()]
}

#[test]
fn what_holds_has_no_hint_and_every_form_is_found() {
    assert_eq!(verdicts(&sealed(&full())), (HOLDS, HOLDS));
    let message = String::from_utf8(vector("deliverSecure-ok-prefixed.xml")).unwrap();
    assert_eq!(verdicts(&message), (HOLDS, HOLDS));
    let message = sealed(&full());
    let document = parse(letter(&message).as_bytes()).unwrap();
    let parts = Parts::of(&document).unwrap();
    assert_eq!(parts.form, Form::Signed);
    assert!(parts.seal().is_none() && parts.delivery.is_ok());
    assert!(parts.signature().unwrap().unwrap().content.is_ok());
}

#[test]
fn a_message_indented_after_signing_is_told_as_that() {
    let message = sealed(&full());
    let (signature, seal) = verdicts(&indented(&message));
    assert_eq!(signature, (false, false, hint(Change::Indented, false)));
    assert_eq!(seal, (false, false, hint(Change::Indented, false)));
    // The seal is over the letter in another form than it travels in.
    let (signature, seal) = verdicts(&message.replace(letter(&message), &indented(letter(&message))));
    assert_eq!(signature, (false, false, hint(Change::Indented, false)));
    assert_eq!(seal, (false, true, hint(Change::Indented, true)));
}

#[test]
fn a_seal_over_a_letter_written_anew_leaves_the_letter_whole() {
    let written = write::sign(&full(), &signer("164020000016")).unwrap();
    let unsigned = written.split_once("<Signature ").unwrap().0.to_owned() + "</SignedDelivery>";
    let wrapped = unsigned.replace("<Body xmlns", "\n<Body xmlns");
    let signed = signer("164020000016").sign(&wrapped).unwrap();
    let today = domain::CivilDate::parse("2026-11-25").unwrap();
    let message = write::seal(&signed, today, &signer("164020000032")).unwrap();
    assert_eq!(verdicts(&message), (HOLDS, HOLDS));
    let compact = write::seal(&signed.replace('\n', ""), today, &signer("164020000032")).unwrap();
    let message = compact.replace(letter(&compact), &signed);
    assert_eq!(verdicts(&message), (HOLDS, (false, true, hint(Change::Indented, true))));
}

#[test]
fn line_breaks_put_into_base64_or_taken_out_of_it_are_told() {
    let message = sealed(&full());
    let at = message.find("</Body>").unwrap() - 4;
    let broken = format!("{}\n{}", &message[..at], &message[at..]);
    assert_eq!(verdicts(&broken).0, (false, true, hint(Change::Base64Broken, false)));
    assert_eq!(verdicts(&broken).1, (false, true, hint(Change::Base64Broken, true)));

    let mut long = full();
    long.messages[0].body = vec![b'a'; 300];
    let written = write::sign(&long, &signer("164020000016")).unwrap();
    let unsigned = written.split_once("<Signature ").unwrap().0.to_owned() + "</SignedDelivery>";
    let body = unsigned.split("</Body>").next().unwrap().rsplit('>').next().unwrap().to_owned();
    let lines: Vec<_> = body.as_bytes().chunks(76).map(|c| std::str::from_utf8(c).unwrap()).collect();
    let wrapped = unsigned.replace(&body, &lines.join("\n"));
    let signed = signer("164020000016").sign(&wrapped).unwrap().replace(&lines.join("\n"), &body);
    let today = domain::CivilDate::parse("2026-11-25").unwrap();
    let message = write::seal(&signed, today, &signer("164020000032")).unwrap();
    assert_eq!(verdicts(&message), ((false, true, hint(Change::Base64Joined, false)), HOLDS));
}

#[test]
fn line_ends_written_in_another_way_are_told() {
    let mut delivery = full();
    delivery.messages[0].support.text = "Rad ett\r\nrad två".into();
    let message = sealed(&delivery).replace("&#xD;", "");
    assert_eq!(verdicts(&message).0, (false, true, hint(Change::LineEnds, false)));
    delivery.messages[0].support.text = "Rad ett\nrad två".into();
    let message = sealed(&delivery).replace("Rad ett\n", "Rad ett&#xD;\n");
    assert_eq!(verdicts(&message).0, (false, true, hint(Change::LineEnds, false)));
}

#[test]
fn a_letter_signed_with_its_prefixes_is_told() {
    // Small enough to be written by hand.
    let body = |p: &str, s: &str| {
        format!(
            "<{p}:SignedDelivery xmlns:{p}=\"{MESSAGE_V3}\"><{p}:Delivery><{s}:Id xmlns:{s}=\"{SENDER}\">x</{s}:Id>\
             </{p}:Delivery></{p}:SignedDelivery>"
        )
    };
    for (signed, unused) in [(body("m", "s"), false), (body("ns2", "ns3"), true)] {
        let signed = signer("164020000016").sign(&signed).unwrap();
        let around = if unused { " xmlns:z=\"unused\"" } else { "" };
        let message = format!("<deliverSecure xmlns=\"{SERVICE_V3}\"{around}>{signed}</deliverSecure>");
        let document = parse(message.as_bytes()).unwrap();
        let found = document.root_element().first_element_child().unwrap();
        let judged = judge(found, Whose::Sender).unwrap();
        assert_eq!(judged.hint, hint(Change::Prefixes, false));
        assert!(judged.content.is_err() && judged.value.is_ok());
    }
}

#[test]
fn a_seal_under_the_travelling_name_or_over_the_whole_message_is_told() {
    let letter = write::sign(&full(), &signer("164020000016")).unwrap();
    let seal = format!(
        "<Seal xmlns=\"{MESSAGE_V3}\"><ReceivedTime xmlns=\"{MESSAGE_V1}\">2026-11-25</ReceivedTime>\
         <SignaturesOK xmlns=\"{MESSAGE_V1}\">true</SignaturesOK></Seal>"
    );
    let inner = format!("<deliverSecure xmlns=\"{SERVICE_V3}\">{letter}{seal}</deliverSecure>");
    let sealed = signer("164020000032").sign(&inner).unwrap();
    let around = |inside: &str| {
        write::envelope(&format!("<deliverSecure xmlns=\"{SERVICE_V3}\">{inside}</deliverSecure>"))
    };
    assert_eq!(verdicts(&around(&sealed)), (HOLDS, (false, true, hint(Change::Renamed, false))));

    let inherited = inner.replacen(&format!(" xmlns=\"{SERVICE_V3}\""), "", 1);
    let message = around(&inherited);
    let start = message.find("<S:Envelope").unwrap();
    let signed = signer("164020000032").sign(&message[start..]).unwrap();
    let from = signed.rfind("<Signature ").unwrap();
    let signature = &signed[from..signed.rfind("</S:Envelope>").unwrap()];
    let message = around(&inherited.replace("</Seal>", &format!("</Seal>{signature}")));
    assert_eq!(verdicts(&message), (HOLDS, (false, true, hint(Change::WholeMessage, false))));
}

#[test]
fn a_change_of_what_is_said_has_no_hint() {
    let vector = |name: &str| String::from_utf8(vector(&format!("deliverSecure-BAD-{name}.xml"))).unwrap();
    let changed = (false, true, None);
    for (name, expected) in [
        ("body-changed-on-wire", (changed, changed)),
        ("body-changed-before-seal", (changed, HOLDS)),
        ("attachment-changed-before-seal", (changed, HOLDS)),
        ("seal-date-changed", (HOLDS, changed)),
        ("seal-signature-value", (HOLDS, (true, false, None))),
    ] {
        assert_eq!(verdicts(&vector(name)), expected, "{name}");
    }
}

#[test]
fn an_algorithm_that_is_not_taken_is_named() {
    let other = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    let message = sealed(&full()).replacen("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", other, 1);
    let document = parse(message.as_bytes()).unwrap();
    let parts = Parts::of(&document).unwrap();
    assert_eq!(parts.foreign_algorithms(), [other]);
    assert!(parts.foreign_algorithms_of_seal().is_empty());
    let fault = parts.signature().unwrap().err().unwrap();
    assert_eq!(fault, SignatureError::Algorithm(DELIVERY));
}
