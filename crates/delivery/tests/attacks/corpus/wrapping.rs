//! Signature wrapping (McIntosh and Austel 2005; Somorovsky and others 2012): what was signed is still there, and what
//! is to be read stands where a careless reader looks.

use super::{
    Attack, By,
    forge::{Forge, SEAL, body, envelope, operation, signed_delivery},
};
use delivery::names::{SERVICE_V3, SOAP};

pub fn all(forge: &Forge) -> Vec<Attack> {
    let mut all = by_the_dispatcher(forge);
    all.extend(between(forge));
    all
}

/// The seal is good, since the attacker may seal; the sender signed something else.
fn by_the_dispatcher(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, inside: String| {
        all.push(Attack::new("wrapping", name, By::Reader, envelope(&forge.seal(&inside))));
    };
    for (by_id, root) in [(false, ""), (true, " Id=\"x\"")] {
        let shape = if by_id { forge.shape().by_id("x") } else { forge.shape() };
        let original = || {
            let signed = forge.sign(&shape, &forge.good_letter());
            let (letter, signature) = apart(&signed);
            (signed, letter, signature)
        };
        let named = |plain: &'static str, with_id: &'static str| if by_id { with_id } else { plain };

        let (_, _, signature) = original();
        add(
            named("another letter", "another letter, by Id"),
            signed_delivery(root, &(forge.forged_letter() + &signature)),
        );
        let (signed, _, signature) = original();
        let object = signature.replace("</Signature>", &format!("<Object>{signed}</Object></Signature>"));
        add(
            named("original in an Object", "original in an Object, by Id"),
            signed_delivery("", &(forge.forged_letter() + &object)),
        );
        let (_, letter, signature) = original();
        add(
            named("original before", "original before, by Id"),
            signed_delivery(root, &(letter.clone() + &forge.forged_letter() + &signature)),
        );
        let (_, letter, signature) = original();
        add(
            named("original after", "original after, by Id"),
            signed_delivery(root, &(forge.forged_letter() + &letter + &signature)),
        );
        let (signed, _, signature) = original();
        add(
            named("original as sibling of unknown name", "original as sibling of unknown name, by Id"),
            signed_delivery(
                "",
                &format!("{}<w xmlns=\"urn:w\">{signed}</w>{signature}", forge.forged_letter()),
            ),
        );
        let (signed, _, signature) = original();
        let nested = forge.forged_letter().replacen(
            "<Language>",
            &format!("<OfficialMatter><w xmlns=\"urn:w\">{signed}</w></OfficialMatter><Language>"),
            1,
        );
        add(
            named("original as descendant", "original as descendant, by Id"),
            signed_delivery("", &(nested + &signature)),
        );
        let (signed, ..) = original();
        add(
            named("original nested, signature inside", "original nested, signature inside, by Id"),
            signed_delivery(root, &(forge.forged_letter() + &signed)),
        );
        let (signed, _, signature) = original();
        let forged = signed_delivery("", &(forge.forged_letter() + &signature));
        add(named("two deliveries, forged first", "two deliveries, forged first, by Id"), forged + &signed);
        let (signed, _, signature) = original();
        let forged = signed_delivery("", &(forge.forged_letter() + &signature));
        add(named("two deliveries, forged last", "two deliveries, forged last, by Id"), signed + &forged);
        let (signed, ..) = original();
        add(
            named(
                "forged without signature, then original",
                "forged without signature, then original, by Id",
            ),
            signed_delivery("", &forge.forged_letter()) + &signed,
        );
        let (_, letter, signature) = original();
        let more =
            letter.replacen("</Delivery>", &format!("{}</Delivery>", message(&forge.forged_letter())), 1);
        add(
            named("one message more", "one message more, by Id"),
            signed_delivery(root, &(more + &signature)),
        );
        let (_, letter, signature) = original();
        let inside = letter.replacen("</Delivery>", &format!("{signature}</Delivery>"), 1);
        add(
            named("signature one level down", "signature one level down, by Id"),
            signed_delivery(root, &inside),
        );
        let (_, letter, signature) = original();
        let twice = signature.clone() + &signature;
        add(
            named("the signature twice", "the signature twice, by Id"),
            signed_delivery(root, &(letter + &twice)),
        );
    }
    let forged = forge.forged_letter();
    let signed = forge.sign(&forge.shape(), &forge.good_letter());
    let own = forge.signature(
        &forge.cast.dispatcher,
        &Forge::shape_of(&forge.cast.dispatcher),
        &signed_delivery("", &forged),
    );
    let (_, signature) = apart(&signed);
    add("two signatures, the attacker's first", signed_delivery("", &format!("{forged}{own}{signature}")));
    add("two signatures, the attacker's last", signed_delivery("", &format!("{forged}{signature}{own}")));
    all.extend(ids(forge));
    let signed = forge.sign(&forge.shape(), &forge.good_letter());
    let in_seal = SEAL.replace("</Seal>", &format!("{signed}</Seal>"));
    let forged = signed_delivery("", &(forge.forged_letter() + &apart(&signed).1));
    let dispatcher = &forge.cast.dispatcher;
    let sealed = forge.seal_as(dispatcher, &Forge::shape_of(dispatcher), &(forged + &in_seal));
    all.push(Attack::new("wrapping", "original in the Seal", By::Reader, envelope(&sealed)));
    all
}

/// The same id on another element, in every spelling.
fn ids(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let spellings = [
        ("same Id on another element", "Id"),
        ("same ID on another element", "ID"),
        ("same id on another element", "id"),
        ("same xml:id on another element", "xml:id"),
    ];
    for (name, spelling) in spellings {
        // Signed so by the sender: who looks elements up finds either.
        let other =
            format!("<OfficialMatter><w xmlns=\"urn:w\" {spelling}=\"x\"></w></OfficialMatter><Language>");
        let letter = forge.good_letter().replacen("<Language>", &other, 1);
        let signed = forge.sign(&forge.shape().by_id("x"), &letter);
        all.push(Attack::new("wrapping", name, By::Reader, envelope(&forge.seal(&signed))));
    }
    for (name, root) in [
        ("the root by ID", " ID=\"x\""),
        ("the root by id", " id=\"x\""),
        ("the root by xml:id", " xml:id=\"x\""),
    ] {
        let shape = forge.shape().root(root).with("URI=\"\"", "URI=\"#x\"");
        all.push(Attack::new("wrapping", name, By::Reader, forge.shaped(&shape)));
    }
    let signed = forge.sign(&forge.shape().by_id("x"), &forge.good_letter());
    let sealed = forge.seal(&signed);
    let header = format!(
        "<S:Envelope xmlns:S=\"{SOAP}\"><S:Header><w xmlns=\"urn:w\" Id=\"x\"/></S:Header><S:Body>{}</S:Body></S:Envelope>",
        operation(&sealed)
    );
    all.push(Attack::new("wrapping", "same Id in the SOAP header", By::Reader, header));
    all
}

/// The attacker has no key at all: a sealed delivery is caught, and another put in its place.
fn between(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: String| {
        all.push(Attack::new("wrapping the seal", name, By::Reader, message));
    };
    let caught = || forge.seal(&forge.sign(&forge.shape(), &forge.good_letter()));
    // As good as an attacker can make it: both signatures of another delivery.
    let forged = || {
        let sealed = caught();
        let letter = &sealed[sealed.find("<Delivery>").unwrap()..sealed.find("</Delivery>").unwrap() + 11];
        sealed.replacen(letter, &forge.forged_letter(), 1)
    };
    let inner = |sealed: &str| format!("<deliverSecure xmlns=\"{SERVICE_V3}\">{sealed}</deliverSecure>");
    let outer = |inside: &str| format!("<deliverSecure xmlns=\"{SERVICE_V3}\">{inside}</deliverSecure>");
    let soap = |inside: &str| format!("<S:Envelope xmlns:S=\"{SOAP}\">{inside}</S:Envelope>");
    let good = caught();
    let bad = forged();
    add("another letter under the seal", envelope(&bad));
    add("two deliveries in the operation, forged first", body(&outer(&(inner(&bad) + &inner(&good)))));
    add("two deliveries in the operation, forged last", body(&outer(&(inner(&good) + &inner(&bad)))));
    add("deliverSecure three deep", body(&outer(&outer(&inner(&good)))));
    add("two operations, forged first", body(&(operation(&bad) + &operation(&good))));
    add("two operations, forged last", body(&(operation(&good) + &operation(&bad))));
    let of = |sealed: &str| format!("<S:Body>{}</S:Body>", operation(sealed));
    add("two bodies, forged first", soap(&(of(&bad) + &of(&good))));
    add("two bodies, forged last", soap(&(of(&good) + &of(&bad))));
    add("original in the header", soap(&format!("<S:Header>{}</S:Header>{}", operation(&good), of(&bad))));
    add("original after the body", soap(&(of(&bad) + &operation(&good))));
    add(
        "original in an unknown element of the body",
        body(&format!("<w xmlns=\"urn:w\">{}</w>{}", operation(&good), operation(&bad))),
    );
    add("a body in the body", body(&of(&good)));
    add("an envelope in the body", body(&envelope(&good)));
    let (before, after) = bad.split_at(bad.rfind("</Signature>").unwrap());
    add(
        "original in an Object of the seal's signature",
        envelope(&format!("{before}<Object>{}</Object>{after}", inner(&good))),
    );
    add(
        "body signed, header read",
        soap(&format!("<S:Header>{}</S:Header><S:Body></S:Body>", operation(&good))),
    );
    add("original beside the delivery", envelope(&format!("{bad}<w xmlns=\"urn:w\">{}</w>", inner(&good))));
    add("the sender's signature alone", envelope(&forge.sign(&forge.shape(), &forge.good_letter())));
    let signature = &good[good.rfind("<Signature ").unwrap()..];
    add("the seal's signature first", envelope(&format!("{signature}{}", good.replacen(signature, "", 1))));
    let moved = good.replacen(signature, "", 1).replacen(
        "</SignedDelivery>",
        &format!("{signature}</SignedDelivery>"),
        1,
    );
    add("the seal's signature in the delivery", envelope(&moved));
    add("the sender's signature as the seal's", envelope(&good.replacen(signature, &apart(&good).1, 1)));
    add("a seal of another message", envelope(&caught().replacen("2026-11-25", "2026-11-26", 1)));
    all
}

/// The `Delivery` and the sender's signature, which says itself where it belongs.
fn apart(signed: &str) -> (String, String) {
    let end = signed.find("</Delivery>").unwrap() + "</Delivery>".len();
    let letter = signed[signed.find("<Delivery>").unwrap()..end].to_owned();
    let rest = &signed[end..];
    (letter, rest[..rest.find("</Signature>").unwrap() + "</Signature>".len()].to_owned())
}

fn message(letter: &str) -> &str {
    &letter[letter.find("<Message>").unwrap()..letter.rfind("</Delivery>").unwrap()]
}
