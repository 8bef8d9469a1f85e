//! Signatures that hold for whoever reads them carelessly: each is really made by the sender, in a form or with an
//! algorithm that is not taken.

use super::{
    Attack, By,
    forge::{
        ENVELOPED, EXCLUSIVE, Forge, Party, RSA_SHA256, SEAL, SHA256_URI, Shape, TRANSFORM, envelope,
        signed_delivery,
    },
    keys,
};
use delivery::names::DSIG;

pub fn all(forge: &Forge) -> Vec<Attack> {
    let mut all = references(forge);
    all.extend(transforms(forge));
    all.extend(algorithms(forge));
    all.extend(values(forge));
    all.extend(missing(forge));
    all
}

fn shaped(forge: &Forge, group: &'static str, name: &'static str, shape: Shape) -> Attack {
    Attack::new(group, name, By::Reader, forge.shaped(&shape))
}

fn references(forge: &Forge) -> Vec<Attack> {
    let uri = |to: &str| forge.shape().root(" Id=\"x\"").with("URI=\"\"", &format!("URI=\"{to}\""));
    let reference = |more: &str| forge.shape().with("<Reference", &format!("{more}<Reference"));
    let another = |uri: &str| {
        format!(
            "<Reference URI=\"{uri}\"><DigestMethod Algorithm=\"{SHA256_URI}\"></DigestMethod>\
             <DigestValue>{{digest}}</DigestValue></Reference>"
        )
    };
    let list = [
        ("xpointer to the root", uri("#xpointer(/)")),
        ("xpointer by id", uri("#xpointer(id('x'))")),
        ("URI of another element", uri("#other")),
        ("URI of nothing", uri("#")),
        ("URI abroad", uri("http://example.se/a.xml")),
        ("URI of a file", uri("file:///etc/passwd")),
        ("URI of a MIME part", uri("cid:letter")),
        ("URI with a blank", uri(" ")),
        ("URI with the Id and a blank", uri("#x ")),
        ("no URI", forge.shape().with(" URI=\"\"", "")),
        (
            "a Type on the reference",
            forge.shape().with("URI=\"\"", &format!("Type=\"{DSIG}Manifest\" URI=\"\"")),
        ),
        ("an Id on the reference", forge.shape().with("URI=\"\"", "Id=\"r\" URI=\"\"")),
        ("another reference first", reference(&another("#other"))),
        ("the same reference twice", reference(&another(""))),
        ("an external reference more", reference(&another("http://example.se/"))),
        (
            "no reference",
            Shape { info: forge.shape().info.split("<Reference").next().unwrap().into(), ..forge.shape() },
        ),
        ("SignedInfo with an element more", reference("<w xmlns=\"urn:w\"></w>")),
    ];
    list.into_iter().map(|(name, shape)| shaped(forge, "reference", name, shape)).collect()
}

fn transforms(forge: &Forge) -> Vec<Attack> {
    let of = |to: &str| forge.shape().with(TRANSFORM, to);
    let one = |algorithm: &str| format!("<Transform Algorithm=\"{algorithm}\"></Transform>");
    let after = |more: &str| of(&format!("{TRANSFORM}{more}"));
    let list = [
        ("no transform", of("")),
        ("enveloped twice", after(TRANSFORM)),
        ("form before enveloped", of(&(one(EXCLUSIVE) + TRANSFORM))),
        ("form alone", of(&one(EXCLUSIVE))),
        ("three transforms", after(&(one(EXCLUSIVE) + &one(EXCLUSIVE)))),
        ("base64", after(&one("http://www.w3.org/2000/09/xmldsig#base64"))),
        (
            "XPath that signs the header alone",
            after(
                "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>ancestor-or-self::Header</XPath></Transform>",
            ),
        ),
        (
            "XPath filter 2",
            after(
                "<Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"><XPath xmlns=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"intersect\">/</XPath></Transform>",
            ),
        ),
        (
            "XSLT",
            after(
                "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><stylesheet xmlns=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"></stylesheet></Transform>",
            ),
        ),
        (
            "exclusive with a PrefixList",
            after(&format!(
                "<Transform Algorithm=\"{EXCLUSIVE}\"><InclusiveNamespaces xmlns=\"{EXCLUSIVE}\" PrefixList=\"xsd\"></InclusiveNamespaces></Transform>"
            )),
        ),
        ("with comments", after(&one("http://www.w3.org/2001/10/xml-exc-c14n#WithComments"))),
        ("decryption", after(&one("http://www.w3.org/2002/07/decrypt#XML"))),
        ("unknown transform", after(&one("urn:nothing"))),
        ("Transforms with an attribute", of(TRANSFORM).with("<Transforms>", "<Transforms w=\"1\">")),
    ];
    list.into_iter().map(|(name, shape)| shaped(forge, "transform", name, shape)).collect()
}

fn algorithms(forge: &Forge) -> Vec<Attack> {
    let method = |to: &str| forge.shape().with(RSA_SHA256, to);
    let form = |to: &str| forge.shape().with(EXCLUSIVE, to);
    let sum = |to: &str| forge.shape().with(SHA256_URI, to);
    let more = |name: &str| format!("http://www.w3.org/2001/04/xmldsig-more#{name}");
    let mut list: Vec<_> = [
        ("hmac-sha1", method("http://www.w3.org/2000/09/xmldsig#hmac-sha1")),
        ("hmac-sha256", method(&more("hmac-sha256"))),
        ("dsa-sha1", method("http://www.w3.org/2000/09/xmldsig#dsa-sha1")),
        ("rsa-sha1 named, SHA-256 made", method("http://www.w3.org/2000/09/xmldsig#rsa-sha1")),
        ("rsa-md5", method(&more("rsa-md5"))),
        ("rsa-sha512", method(&more("rsa-sha512"))),
        ("rsa-pss", method("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")),
        ("ecdsa-sha256", method(&more("ecdsa-sha256"))),
        ("ecdsa-sha1", method(&more("ecdsa-sha1"))),
        ("no signature method", method("")),
        ("unknown signature method", method("urn:nothing")),
        ("a blank after the method", method(&format!("{RSA_SHA256} "))),
        ("form with comments", form("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")),
        (
            "inclusive form with comments",
            form("http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"),
        ),
        ("canonical XML 1.1", form("http://www.w3.org/2006/12/xml-c14n11")),
        ("unknown form", form("urn:nothing")),
        ("MD5 digest", sum(&more("md5"))),
        ("SHA-512 digest", sum("http://www.w3.org/2001/04/xmlenc#sha512")),
        ("unknown digest", sum("urn:nothing")),
        (
            "length of an HMAC",
            forge
                .shape()
                .with("</SignatureMethod>", "<HMACOutputLength>0</HMACOutputLength></SignatureMethod>"),
        ),
        ("SHA-1 named, SHA-256 made", sum("http://www.w3.org/2000/09/xmldsig#sha1")),
    ]
    .into_iter()
    .map(|(name, shape)| shaped(forge, "algorithm", name, shape))
    .collect();
    // Holds; whether this sender may is the registry's.
    let sha1 = Shape { sha1: true, ..sum("http://www.w3.org/2000/09/xmldsig#sha1") };
    list.push(Attack::new(
        "algorithm",
        "SHA-1 digest of a sender who may not",
        By::House,
        forge.shaped(&sha1),
    ));
    let rsa_sha1 = |shape: Shape| Shape { made: keys::rsa_sha1, ..shape.with(RSA_SHA256, RSA_SHA1) };
    let both = rsa_sha1(Shape { sha1: true, ..sum("http://www.w3.org/2000/09/xmldsig#sha1") });
    list.push(Attack::new("algorithm", "rsa-sha1 of a sender who may not", By::House, forge.shaped(&both)));
    list.push(Attack::new(
        "algorithm",
        "rsa-sha1 over a SHA-256 digest, of a sender who may not",
        By::House,
        forge.shaped(&rsa_sha1(forge.shape())),
    ));
    let dispatcher = &forge.cast.dispatcher;
    let signed = forge.sign(&forge.shape(), &forge.good_letter()) + SEAL;
    list.push(Attack::new(
        "algorithm",
        "seal by rsa-sha1 of a dispatcher who may not",
        By::House,
        envelope(&forge.seal_as(dispatcher, &rsa_sha1(Forge::shape_of(dispatcher)), &signed)),
    ));
    let hmac = more("hmac-sha256");
    for (name, method, made) in [
        (
            "hmac-sha256 keyed with the public key",
            hmac.as_str(),
            keys::hmac_of_key as fn(&Party, &[u8]) -> Vec<u8>,
        ),
        ("hmac-sha256 keyed with the certificate", &hmac, keys::hmac_of_certificate),
        ("hmac-sha1 keyed with the public key", HMAC_SHA1, keys::hmac_sha1_of_key),
        ("an HMAC keyed with the public key, called rsa-sha256", RSA_SHA256, keys::hmac_of_key),
    ] {
        list.push(shaped(forge, "algorithm", name, Shape { made, ..forge.shape().with(RSA_SHA256, method) }));
    }
    list
}

const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const HMAC_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";

fn values(forge: &Forge) -> Vec<Attack> {
    let value = |value: Vec<u8>| Shape { value: Some(value), ..forge.shape() };
    let digest = |to: &str| forge.shape().with("{digest}", to);
    let list = [
        ("an empty value", value(Vec::new())),
        ("a value of zeros", value(vec![0; 256])),
        ("a value of ones", value([vec![0; 255], vec![1]].concat())),
        ("a value of 255 bytes", value(vec![1; 255])),
        ("a value of 1 MiB", value(vec![1; 1 << 20])),
        ("an empty digest", digest("")),
        ("a digest of one byte", digest("AA==")),
        ("another digest", digest("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        ("a digest that is no base64", digest("{digest}*")),
        ("a digest with an element", digest("{digest}<w xmlns=\"urn:w\"></w>")),
    ];
    list.into_iter().map(|(name, shape)| shaped(forge, "value", name, shape)).collect()
}

/// Seals and signatures that are not there, or stand over something else.
fn missing(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: String| {
        all.push(Attack::new("seal", name, By::Reader, message));
    };
    let shape = forge.shape();
    let dispatcher = &forge.cast.dispatcher;
    let seal_shape = || Forge::shape_of(dispatcher);
    let signed = || forge.sign(&shape, &forge.good_letter());
    let unsigned = || signed_delivery("", &forge.good_letter());
    add("the sender's signature removed, sealed anew", envelope(&forge.seal(&unsigned())));
    let sealed = forge.seal(&signed());
    let own = sealed.rfind("<Signature ").unwrap();
    add("the seal's signature removed", envelope(&sealed[..own]));
    let sealed = forge.seal(&unsigned());
    add("both signatures removed", envelope(&sealed[..sealed.rfind("<Signature ").unwrap()]));
    let sealed = forge.seal(&signed());
    let from = sealed.find("<Seal ").unwrap();
    let to = sealed.find("</Seal>").unwrap() + 7;
    add("the Seal removed", envelope(&format!("{}{}", &sealed[..from], &sealed[to..])));
    add("the Seal's date changed", envelope(&forge.seal(&signed()).replacen("2026-11-25", "2026-11-24", 1)));
    add("SignaturesOK changed", envelope(&forge.seal(&signed()).replacen(">true<", ">false<", 1)));
    let with_seal = |seal: &str| envelope(&forge.seal_as(dispatcher, &seal_shape(), &(signed() + seal)));
    let seal = super::forge::SEAL;
    add(
        "SignaturesOK twice",
        with_seal(&seal.replacen("</Seal>", "<SignaturesOK xmlns=\"{m1}\">true</SignaturesOK></Seal>", 1)),
    );
    add("SignaturesOK of another word", with_seal(&seal.replacen(">true<", ">yes<", 1)));
    add("a date that is none", with_seal(&seal.replacen("2026-11-25", "2026-13-25", 1)));
    add("two Seals", with_seal(&format!("{seal}{seal}")));
    add(
        "the Seal first",
        envelope(&forge.seal_as(dispatcher, &seal_shape(), &format!("{seal}{}", signed()))),
    );
    let changed = signed().replacen("<Subject>Beslut", "<Subject>beslut", 1);
    add("letter changed, sealed anew", envelope(&forge.seal(&changed)));
    let changed = signed().replacen("<Filename", "<Filename ", 1).replacen("a.pdf", "b.pdf", 1);
    add("file name changed, sealed anew", envelope(&forge.seal(&changed)));
    let recipient = &forge.cast.recipient;
    let changed = signed().replacen(recipient.as_str(), "199001012385", 1);
    add("recipient changed, sealed anew", envelope(&forge.seal(&changed)));
    let changed = signed().replacen(&forge.cast.sender.number, &forge.cast.other.number, 1);
    add("sender changed, sealed anew", envelope(&forge.seal(&changed)));
    // Signed over one part, put where the whole is meant.
    for (name, part) in
        [("signature over the Delivery", "Delivery"), ("signature over the Message", "Message")]
    {
        let letter = forge.good_letter();
        let end = format!("</{part}>");
        let from = letter.find(&format!("<{part}>")).unwrap();
        let to = letter.rfind(&end).unwrap() + end.len();
        let whole = letter[from..to].replacen(
            &format!("<{part}>"),
            &format!("<{part} xmlns=\"{}\">", delivery::names::MESSAGE_V3),
            1,
        );
        let signature = forge.signature(&forge.cast.sender, &shape, &whole);
        add(name, envelope(&forge.seal(&signed_delivery("", &(letter + &signature)))));
    }
    let letter = forge.good_letter();
    let travelling = signed_delivery("", &letter).replace("SignedDelivery", "deliverSecure");
    let signature = forge.signature(&forge.cast.sender, &shape, &travelling);
    add("signed under another root", envelope(&forge.seal(&signed_delivery("", &(letter + &signature)))));
    let mixed = forge.sign(&forge.shape().with(ENVELOPED, EXCLUSIVE), &forge.good_letter());
    add("signature that signs itself", envelope(&forge.seal(&mixed)));
    all
}
