//! Messages that want time or memory: each just within the limit of bytes, or far over another. "10 MiB" is as much as
//! the forge is told to make.

use super::{
    Attack, By,
    forge::{Forge, body, envelope},
};

pub fn all(forge: &Forge) -> Vec<Attack> {
    let most = forge.most;
    let mut all = Vec::new();
    let mut add = |name: &'static str, message: String| {
        all.push(Attack::new("bulk", name, By::Reader, message));
    };
    let fill = |piece: &str| piece.repeat(most / piece.len());
    let element = |inside: &str| body(&format!("<a>{inside}</a>"));
    add("nested 100 000 deep", body(&("<a>".repeat(100_000) + &"</a>".repeat(100_000))));
    add("nested and never closed", fill("<a>"));
    add(
        "100 000 attributes",
        body(&format!("<a{}/>", (0..100_000).map(|n| format!(" a{n}=\"\"")).collect::<String>())),
    );
    add(
        "100 000 attributes without values",
        body(&format!("<a{}/>", (0..100_000).map(|n| format!(" a{n}")).collect::<String>())),
    );
    add(
        "100 000 namespaces on one element",
        body(&format!("<a{}/>", (0..100_000).map(|n| format!(" xmlns:a{n}=\"u\"")).collect::<String>())),
    );
    let spread: String = (0..100_000).map(|n| format!("<a xmlns:a{n}=\"u\"/>")).collect();
    add("100 000 namespaces on as many elements", element(&spread));
    let spread: String = (0..100_000).map(|n| format!("<a xmlns=\"u{n}\"/>")).collect();
    add("100 000 default namespaces", element(&spread));
    let nested: String = (0..20_000).map(|n| format!("<a xmlns=\"u{n}\">")).collect();
    add("default namespaces one within the other", element(&nested));
    add("1 000 000 elements", element(&"<b/>".repeat(1_000_000)));
    add("10 000 elements of 47 attributes", {
        let attributes: String = (0..47).map(|n| format!(" a{n}=\"\"")).collect();
        element(&format!("<b{attributes}/>").repeat(9_900))
    });
    add("10 MiB of blanks in the text", element(&fill(" ")));
    let changed = || forge.good().replacen("<Subject>Beslut", "<Subject>beslut", 1);
    add(
        "10 MiB of blanks before the root, changed on the way",
        fill(" ")[16 * 1024..].to_owned() + &changed(),
    );
    add("10 MiB of blanks after the root, changed on the way", changed() + &fill(" ")[16 * 1024..]);
    add("10 MiB of blanks in a tag", body(&format!("<a{}/>", fill(" "))));
    add("10 MiB of line breaks", element(&fill("\r\n")));
    add("10 MiB of base64", element(&fill("QUJD")));
    add("10 MiB in one attribute", body(&format!("<a b=\"{}\"/>", fill("x"))));
    add("10 MiB in an attribute, escaped", body(&format!("<a b=\"{}\"/>", fill("&amp;"))));
    add("10 MiB of one name", body(&format!("<{}/>", fill("a"))));
    add("10 MiB of one namespace", body(&format!("<a xmlns=\"{}\"/>", fill("a"))));
    add("10 MiB of characters by number", element(&fill("&#65;")));
    add("10 MiB of one number", element(&format!("&#{};", fill("0"))));
    add("10 MiB of CDATA in pieces", element(&fill("<![CDATA[a]]>")));
    add("10 MiB of text and CDATA by turns", element(&fill("a<![CDATA[b]]>")));
    add("10 MiB of comments", element(&fill("<!---->")));
    add("10 MiB of one comment", element(&format!("<!--{}-->", fill("x"))));
    add("10 MiB of a comment without an end", fill("<!-- "));
    add("10 MiB of instructions", element(&fill("<?a?>")));
    add("10 MiB of opening brackets", fill("<"));
    add("10 MiB of closing brackets", element(&fill(">")));
    add("10 MiB of ends of CDATA", element(&fill("]]")));
    add("10 MiB of ampersands", element(&fill("&")));
    add("10 MiB of quotes in a tag", body(&format!("<a {}/>", fill("\""))));
    add("10 MiB of equal signs in a tag", body(&format!("<a {}/>", fill("="))));
    add("10 MiB of zeros", "\0".repeat(most));
    add(
        "10 MiB of a declaration",
        format!("<?xml version=\"{}\"?>{}", &fill("1")[16 * 1024..], forge.good()),
    );

    // What is signed, large: the work of verifying is done, and the verdict comes last.
    let room = most - 64 * 1024;
    let large = |of: &str, piece: &str| {
        let letter =
            forge.good_letter().replacen(of, &format!("{of}{}", piece.repeat(room / piece.len())), 1);
        envelope(&forge.seal(&forge.sign(&forge.shape(), &letter)))
    };
    let broken = |message: String| message.replacen("<Subject>Beslut", "<Subject>beslut", 1);
    add(
        "10 MiB letter, changed on the way",
        broken(large("<Body xmlns=\"http://minameddelanden.gov.se/schema/Message\">", "QUJD")),
    );
    add("10 MiB letter in lines, changed on the way", broken(forge.large("\n")));
    add("10 MiB letter with carriage returns, changed on the way", broken(forge.large("\r\n")));
    add("10 MiB letter with carriage returns by number, changed on the way", {
        // As much as may be, and the rest without them in another file.
        let letter = forge.large_letter("&#13;\n");
        let file = "JVBER";
        let plain = "QUJD".repeat(room.saturating_sub(letter.len()) / 4);
        let letter = letter.replacen(file, &format!("{plain}{file}"), 1);
        broken(envelope(&forge.seal(&forge.sign(&forge.shape(), &letter))))
    });
    add("3 MiB letter with carriage returns by number", {
        let lines = format!("{}&#13;\n", "QUJD".repeat(19)).repeat(3 * 1024 * 1024 / 82);
        let letter = forge.good_letter().replacen("QmV0YWxhIHRpbGwgMTIzNA==", &lines, 1);
        envelope(&forge.seal(&forge.sign(&forge.shape(), &letter)))
    });
    add("10 MiB letter, changed and sealed anew", {
        let letter = forge.sign(&forge.shape(), &forge.large_letter("\n"));
        envelope(&forge.seal(&broken(letter)))
    });
    add("10 MiB of escapes, changed on the way", broken(large("<Text>", "&gt;")));
    add("10 MiB subject, signed", large("<Subject>", "x"));
    add("10 MiB metadata, signed", {
        let pair = "<Metadata><Tag xmlns=\"http://minameddelanden.gov.se/schema/Message\">a</Tag>\
                    <Value xmlns=\"http://minameddelanden.gov.se/schema/Message\">b</Value></Metadata>";
        let letter =
            forge.good_letter().replacen("<Language>", &format!("{}<Language>", pair.repeat(40_000)), 1);
        envelope(&forge.seal(&forge.sign(&forge.shape(), &letter)))
    });
    add("base64 of the signature in 5 000 000 lines", {
        let good = forge.good();
        let at = good.find("<SignatureValue>").unwrap() + "<SignatureValue>".len();
        format!("{}{}{}", &good[..at], "\n".repeat(5_000_000), &good[at..]).replacen("Beslut", "beslut", 1)
    });
    all
}
