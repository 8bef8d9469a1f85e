//! XML that two readers could read in two ways, and what XML lets a writer ask of a reader.

use super::{
    Attack, By,
    forge::{Forge, envelope},
};

pub fn all(forge: &Forge) -> Vec<Attack> {
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: Vec<u8>| {
        all.push(Attack::new("xml", name, By::Reader, message));
    };
    let good = || forge.good();
    let typed = |doctype: &str| format!("<?xml version=\"1.0\"?>{doctype}{}", good()).into_bytes();
    let entity = |doctype: &str, name: &str| {
        let message = typed(doctype);
        String::from_utf8(message).unwrap().replacen("Beslut om", &format!("&{name};"), 1).into_bytes()
    };
    let laughs: String =
        (1..30).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    add("billion laughs", entity(&format!("<!DOCTYPE e [<!ENTITY l0 \"ha\">{laughs}]>"), "l29"));
    add("quadratic blow-up", {
        let letter = good().replacen("Beslut om", &"&b;".repeat(50_000), 1);
        format!("<!DOCTYPE e [<!ENTITY b \"{}\">]>{letter}", "b".repeat(50_000)).into_bytes()
    });
    add("external entity of a file", entity("<!DOCTYPE e [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>", "f"));
    add("external entity abroad", entity("<!DOCTYPE e [<!ENTITY f SYSTEM \"http://127.0.0.1:1/\">]>", "f"));
    add("parameter entity", typed("<!DOCTYPE e [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/p.dtd\"> %p;]>"));
    add("entity that names itself", entity("<!DOCTYPE e [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>", "a"));
    add("external document type", typed("<!DOCTYPE e SYSTEM \"http://127.0.0.1:1/e.dtd\">"));
    add(
        "public document type",
        typed("<!DOCTYPE e PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"http://127.0.0.1:1/e.dtd\">"),
    );
    add("document type alone", typed("<!DOCTYPE e>"));
    add("an Id by document type", typed("<!DOCTYPE e [<!ATTLIST Subject Id ID #FIXED \"x\">]>"));
    add("unknown entity", good().replacen("Beslut om", "&unknown;", 1).into_bytes());
    add("entity of HTML", good().replacen("Beslut om", "&nbsp;", 1).into_bytes());

    let declared = |declaration: &str| format!("{declaration}{}", good());
    add("declared as ISO-8859-1", declared("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>").into_bytes());
    add("declared as UTF-7", declared("<?xml version=\"1.0\" encoding=\"UTF-7\"?>").into_bytes());
    add("declared as UTF-16", declared("<?xml version=\"1.0\" encoding='utf-16'?>").into_bytes());
    add("declared as XML 1.1", declared("<?xml version=\"1.1\" encoding=\"UTF-8\"?>").into_bytes());
    let sixteen = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    add("UTF-16 with its mark", [vec![0xFE, 0xFF], sixteen(&good())].concat());
    add("UTF-16 without a mark", sixteen(&good()));
    add("UTF-32", good().chars().flat_map(|c| u32::from(c).to_be_bytes()).collect());
    add("UTF-7", good().replace('<', "+ADw-").replace('>', "+AD4-").into_bytes());
    add("ISO-8859-1", replaced(&good(), b"Beslut", b"Besl\xE5t"));
    add("overlong UTF-8", replaced(&good(), b"Beslut", b"Bes\xC1\xACut"));
    add("a surrogate in UTF-8", replaced(&good(), b"Beslut", b"Bes\xED\xA0\x80lut"));
    add("two byte order marks", [b"\xEF\xBB\xBF\xEF\xBB\xBF".to_vec(), good().into_bytes()].concat());
    add("a blank before the declaration", declared(" <?xml version=\"1.0\"?>").into_bytes());
    add(
        "a second declaration inside",
        good().replacen("<Delivery>", "<?xml version=\"1.0\"?><Delivery>", 1).into_bytes(),
    );
    add(
        "a processing instruction",
        good().replacen("<Delivery>", "<?php echo 1 ?><Delivery>", 1).into_bytes(),
    );
    add("a style sheet", declared("<?xml-stylesheet href=\"http://127.0.0.1:1/\"?>").into_bytes());
    add("NUL in a text", replaced(&good(), b"Beslut", b"Bes\0ut"));
    add("NUL after the end", [good().into_bytes(), vec![0]].concat());
    add("NUL by number", good().replacen("Beslut", "&#0;", 1).into_bytes());
    add("a control character", replaced(&good(), b"Beslut", b"Bes\x08ut"));
    add("a character beyond Unicode", good().replacen("Beslut", "&#x110000;", 1).into_bytes());
    add("a surrogate by number", good().replacen("Beslut", "&#xD800;", 1).into_bytes());
    add("text after the end", (good() + "more").into_bytes());
    add("a second document", (good() + &good()).into_bytes());
    add("an attribute twice", good().replacen("URI=\"\"", "URI=\"\" URI=\"#x\"", 1).into_bytes());
    add(
        "an attribute twice by two prefixes",
        good()
            .replacen("<Delivery>", "<Delivery xmlns:a=\"u\" xmlns:b=\"u\" a:c=\"1\" b:c=\"2\">", 1)
            .into_bytes(),
    );
    add("an unknown prefix", good().replacen("<Delivery>", "<x:Delivery>", 1).into_bytes());
    add(
        "the xml prefix declared anew",
        good().replacen("<Delivery>", "<Delivery xmlns:xml=\"urn:w\">", 1).into_bytes(),
    );
    add(
        "tags that cross",
        good().replacen("</S:Body></S:Envelope>", "</S:Envelope></S:Body>", 1).into_bytes(),
    );

    // Signed so: only the reader's reading decides whose letter it is.
    let signed = |letter: String| envelope(&forge.seal(&forge.sign(&forge.shape(), &letter))).into_bytes();
    let sender = &forge.cast.sender.number;
    let recipient = &forge.cast.recipient;
    let instead = |of: &str, to: String| signed(forge.good_letter().replacen(of, &to, 1));
    add("a comment ends the sender early", instead(sender, format!("{sender}<!-- -->99")));
    add("a comment ends the recipient early", instead(recipient, format!("{recipient}<!-- -->1")));
    add("CDATA ends the recipient early", instead(recipient, format!("{recipient}<![CDATA[1]]>")));
    add("an element in the recipient", instead(recipient, format!("{recipient}<w xmlns=\"urn:w\"></w>")));
    add("two recipients in one", instead(recipient, format!("{recipient} 199001012385")));
    add("a line break by number in the sender", instead(sender, format!("{sender}&#xA;")));
    add("digits of another script", instead(recipient, recipient.replace('1', "\u{0661}")));
    add("a zero width space in the sender", instead(sender, format!("{sender}\u{200B}")));
    add("an organisation number with a wrong check digit", instead(sender, "164020000017".into()));
    add("MD5 of another file", signed(checksum(&forge.good_letter())));
    add("a direction mark in the file name", instead("a.pdf", "a\u{202E}fdp.exe".into()));
    add("a path as file name", instead("a.pdf", "../../a.pdf".into()));
    add("a body that is not UTF-8", instead("QmV0YWxhIHRpbGwgMTIzNA==", "/w==".into()));
    add("a body with a control character", instead("QmV0YWxhIHRpbGwgMTIzNA==", "AAAA".into()));
    add("a body with URL-safe base64", instead("QmV0YWxhIHRpbGwgMTIzNA==", "__--".into()));
    add("a body with base64 after its end", instead("QmV0YWxhIHRpbGwgMTIzNA==", "AA==AA==".into()));
    all
}

/// The same message in other clothes.
pub fn harmless(forge: &Forge) -> Vec<(&'static str, Vec<u8>)> {
    let good = || forge.good();
    let sender = &forge.cast.sender.number;
    vec![
        ("as it was made", good().into_bytes()),
        (
            "a declaration",
            format!("<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>\n{}", good()).into_bytes(),
        ),
        ("a byte order mark", [b"\xEF\xBB\xBF".to_vec(), good().into_bytes()].concat()),
        (
            "comments",
            good()
                .replacen(sender.as_str(), &format!("{}<!-- -->{}", &sender[..5], &sender[5..]), 1)
                .into_bytes(),
        ),
        ("CDATA", good().replacen(sender.as_str(), &format!("<![CDATA[{sender}]]>"), 1).into_bytes()),
        (
            "characters by number",
            good().replacen(sender.as_str(), &format!("&#49;{}", &sender[1..]), 1).into_bytes(),
        ),
        ("unused namespaces", good().replacen("<Delivery>", "<Delivery xmlns:w=\"urn:w\">", 1).into_bytes()),
        (
            "blanks in tags",
            good()
                .replacen("<Delivery>", "<Delivery\n>", 1)
                .replacen("</Delivery>", "</Delivery >", 1)
                .into_bytes(),
        ),
    ]
}

fn replaced(message: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let bytes = message.as_bytes();
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// Another MD5, in the same form.
fn checksum(letter: &str) -> String {
    let at = letter.find("Checksum").unwrap();
    let from = at + letter[at..].find('>').unwrap() + 1;
    format!("{}{}{}", &letter[..from], "0".repeat(32), &letter[from + 32..])
}
