//! Other envelopes, other versions, other elements and orders than the schema's.

use super::{
    Attack, By,
    forge::{Forge, SEAL, envelope, operation},
};
use delivery::names::{MESSAGE_V1, MESSAGE_V2, MESSAGE_V3, SERVICE, SERVICE_V3, SOAP};

pub fn all(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: String| {
        all.push(Attack::new("soap", name, By::Reader, message));
    };
    let sealed = || forge.seal(&forge.sign(&forge.shape(), &forge.good_letter()));
    let good = || envelope(&sealed());
    let in_namespace = |of: &str| good().replace(&format!("\"{SOAP}\""), &format!("\"{of}\""));
    add("SOAP 1.2", in_namespace("http://www.w3.org/2003/05/soap-envelope"));
    add("an envelope without a namespace", in_namespace("urn:w"));
    add("an envelope of a namespace nearly right", in_namespace(SOAP.trim_end_matches('/')));
    let header =
        |header: &str| good().replacen("<S:Body>", &format!("<S:Header>{header}</S:Header><S:Body>"), 1);
    add("a header that must be understood", header("<w xmlns=\"urn:w\" S:mustUnderstand=\"1\"/>"));
    add(
        "a header that must be understood, in words",
        header("<w xmlns=\"urn:w\" S:mustUnderstand=\" true \"/>"),
    );
    add(
        "the second header must be understood",
        header("<v xmlns=\"urn:w\"/><w xmlns=\"urn:w\" S:mustUnderstand=\"1\"/>"),
    );
    add("two headers", header("</S:Header><S:Header>"));
    add("text in the body", good().replacen("<S:Body>", "<S:Body>text", 1));
    add("no envelope", operation(&sealed()));
    add("no body", format!("<S:Envelope xmlns:S=\"{SOAP}\"></S:Envelope>"));
    add("an empty body", format!("<S:Envelope xmlns:S=\"{SOAP}\"><S:Body/></S:Envelope>"));
    add("an empty operation", envelope("").replace("<deliverSecure></deliverSecure>", ""));
    add("an empty delivery", envelope(""));
    add("an empty message", String::new());
    let service = |of: &str| good().replacen(&format!("\"{SERVICE_V3}\""), &format!("\"{of}\""), 1);
    add("operation of version 1", service(SERVICE));
    add("operation of version 2", service(&format!("{SERVICE}/v2")));
    add("operation of a namespace nearly right", service(&format!("{SERVICE_V3}/")));
    add("operation of a namespace over TLS", service(&SERVICE_V3.replace("http:", "https:")));
    add("operation of no namespace", service(""));
    add("operation of another case", good().replace("deliverSecure", "DeliverSecure"));
    add("unknown operation", good().replace("deliverSecure", "deliverInsecure"));
    // Signed and sealed in what is nearly the namespace.
    let signed_in = |of: &str, to: &str| {
        let letter = forge.good_letter().replace(&format!("\"{of}\""), &format!("\"{to}\""));
        envelope(&forge.seal(&forge.sign(&forge.shape(), &letter)))
    };
    add("a sender of version 1", signed_in(MESSAGE_V2, MESSAGE_V1));
    add("a body of version 3", signed_in(MESSAGE_V1, MESSAGE_V3));
    add(
        "a namespace of the sender in another case",
        signed_in(delivery::names::SENDER, &delivery::names::SENDER.to_uppercase()),
    );
    let version_two = good().replace(&format!("\"{MESSAGE_V3}\""), &format!("\"{MESSAGE_V2}\""));
    add("a delivery of version 2", version_two);

    let signed = |letter: String| envelope(&forge.seal(&forge.sign(&forge.shape(), &letter)));
    let changed = |from: &str, to: &str| {
        let letter = forge.good_letter();
        assert!(letter.contains(from), "{from}");
        signed(letter.replacen(from, to, 1))
    };
    add("an unknown element", changed("<Language>", "<Priority>high</Priority><Language>"));
    add("a foreign element", changed("<Language>", "<w xmlns=\"urn:w\"></w><Language>"));
    add(
        "elements in another order",
        changed("<Language>svSE</Language>", "").replacen(
            "<Subject>",
            "<Language>svSE</Language><Subject>",
            1,
        ),
    );
    add(
        "signed in another order",
        changed("<Subject>Beslut om bygglov</Subject>", "").replacen(
            "<Language>",
            "<Subject>x</Subject><Language>",
            1,
        ),
    );
    let order = forge.good_letter().replacen("<Language>svSE</Language>", "", 1);
    add(
        "a language before the subject",
        signed(order.replacen("<Subject>", "<Language>svSE</Language><Subject>", 1)),
    );
    add("no subject", changed("<Subject>Beslut om bygglov</Subject>", ""));
    add("two subjects", changed("<Subject>", "<Subject>x</Subject><Subject>"));
    add("an attribute", changed("<Subject>", "<Subject w=\"1\">"));
    add(
        "a type by attribute",
        changed("<Subject>", "<Subject xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:type=\"w\">"),
    );
    add(
        "nil",
        changed(
            "<Subject>",
            "<Subject xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:nil=\"true\">",
        ),
    );
    add("a base", changed("<Subject>", "<Subject xml:base=\"http://127.0.0.1:1/\">"));
    add("text between elements", changed("<Subject>", "text<Subject>"));
    add(
        "XInclude",
        changed(
            "<Language>",
            "<include xmlns=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"></include><Language>",
        ),
    );
    add(
        "a file by reference",
        changed(
            "QmV0YWxhIHRpbGwgMTIzNA==",
            "<Include xmlns=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:a\"></Include>",
        ),
    );
    add(
        "two recipients",
        changed(
            "<Recipient ",
            "<Recipient xmlns=\"http://minameddelanden.gov.se/schema/Message/v2\">199001012385</Recipient><Recipient ",
        ),
    );
    add(
        "two senders",
        changed(
            "<Sender ",
            "<Sender xmlns=\"http://minameddelanden.gov.se/schema/Message/v2\"></Sender><Sender ",
        ),
    );
    add("no message", {
        let letter = forge.good_letter();
        let from = letter.find("<Message>").unwrap();
        let to = letter.rfind("</Message>").unwrap() + 10;
        signed(format!("{}{}", &letter[..from], &letter[to..]))
    });
    let dispatcher = &forge.cast.dispatcher;
    let shape = Forge::shape_of(dispatcher);
    let more = forge.sign(&forge.shape(), &forge.good_letter()) + SEAL + "<w xmlns=\"urn:w\"></w>";
    add("an element more in the seal", envelope(&forge.seal_as(dispatcher, &shape, &more)));
    add("an attribute on the delivery", forge.shaped(&forge.shape().root(" w=\"1\"")));
    all
}
