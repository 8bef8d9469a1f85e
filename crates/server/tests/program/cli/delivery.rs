//! `kuvert doctor --delivery` and `kuvert doctor --sender`: each names the step that is broken.

use super::{Authority, issuer};
use crate::{
    process::{Demo, Said, run, run_with},
    sender::{ANNA, OFFICE, TOWN},
};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber, date_time_ymd};
use serde_json::Value;
use std::path::{Path, PathBuf};
use store::DatabaseKind;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The sender of the vectors, its dispatcher, and one that the sender signs for without being listed.
const SENDER: &str = "162120002411";
const SEALER: &str = "165560000001";
const OTHER: &str = "162021004748";

#[test]
fn each_bad_delivery_is_broken_at_its_own_step() {
    let signature = ("signature", "signature_invalid");
    for (name, broken, words) in [
        ("body-changed-on-wire", signature, "another than the one that was signed"),
        ("body-changed-before-seal", signature, "between the sender's signature and the seal"),
        ("attachment-changed-before-seal", signature, "between the sender's signature and the seal"),
        ("seal-date-changed", ("seal", "seal_invalid"), "it is the seal that was changed"),
        ("seal-signature-value", ("seal", "seal_invalid"), "did not make SignatureValue"),
        ("sender-cert-unknown-ca", ("issuer", "certificate_untrusted"), "of a trusted authority"),
        ("checksum-signed", ("attachments", "attachment_checksum_mismatch"), "/Attachment[1]/Checksum"),
    ] {
        let said = offline(&format!("deliverSecure-BAD-{name}.xml"));
        assert_eq!(first_broken(&said), broken, "{name}: {said:?}");
        assert!(finding(&said, broken.0)["says"].as_str().unwrap().contains(words), "{name}: {said:?}");
    }
    for name in ["ok-plain", "ok-prefixed", "ok-html"] {
        let said = offline(&format!("deliverSecure-{name}.xml")).good();
        for check in
            ["xml", "soap", "form", "signature", "signer", "hash", "issuer", "seal", "letter", "recipient"]
        {
            assert_eq!(finding(&said, check)["good"], true, "{name} {check}: {said:?}");
        }
        // What nobody told is not guessed.
        for check in ["sender", "dispatcher", "revocation"] {
            assert_eq!(finding(&said, check)["good"], Value::Null, "{name} {check}: {said:?}");
        }
    }
    // Signed for somebody else: right or wrong by a list that is not here.
    let said = offline("deliverSecure-BAD-sender-id-not-in-cert.xml").good();
    let signer = finding(&said, "signer");
    assert!(signer["good"].is_null() && signer["says"].as_str().unwrap().contains(OTHER), "{said:?}");
}

#[test]
fn what_clients_do_wrong_most_is_named_in_plain_words() {
    let good = String::from_utf8(std::fs::read(vector("deliverSecure-ok-prefixed.xml")).unwrap()).unwrap();
    let tells = |message: &str, check: &str, words: &str| {
        let said = piped(message);
        assert_eq!(first_broken(&said).0, check, "{said:?}");
        let says = finding(&said, check)["says"].as_str().unwrap().to_owned();
        assert!(says.contains(words), "{check} does not say \"{words}\": {said:?}");
        // Elements are named, what they hold is not.
        assert!(!said.out.contains("198101052382") && !said.out.contains("bygglov"), "{said:?}");
    };
    tells(&good.replace("><", ">\n<"), "signature", "indented after it was signed");
    let at = good.find(":X509Certificate>").unwrap() + 40;
    let broken = format!("{}\n{}", &good[..at], &good[at..]);
    tells(&broken, "seal", "form of the letter than the one sent");
    tells("%PDF-1.7", "xml", "not well-formed");
    tells(&good[..good.len() / 2], "xml", "cut");
    tells(
        &format!("<!DOCTYPE a>{}", &good[good.find("<S").or(good.find("<soap")).unwrap_or(0)..]),
        "xml",
        "DOCTYPE",
    );
    tells(&good.replace("utf-8", "ISO-8859-1").replace("UTF-8", "ISO-8859-1"), "xml", "UTF-8");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    tells(&good.replace(soap, "http://www.w3.org/2003/05/soap-envelope"), "soap", "SOAP 1.2");
    tells("<Order/>", "soap", "the root is Order");
    tells(&good.replace("schema/Service/v3", "schema/Service/v2"), "soap", "versions 1 and 2");
    tells(
        &good.replace("schema/Sender\"", "schema/Sender/v2\""),
        "form",
        "SignedDelivery/Delivery/Header/Sender/Id",
    );
    let rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let other = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    tells(
        &good.replace(rsa, other),
        "signature",
        "It names http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    );
    tells(&good.replace("URI=\"\"", "URI=\"#elsewhere\""), "signature", "URI=\"\"");
    tells(&good.replace("X509Certificate>", "X509SubjectName>"), "signature", "X509Certificate");
    tells(&"x".repeat(11 << 20), "xml", "smaller");
    // Told beside the signature that no longer holds.
    for (number, words) in [("198101052383", "last digit"), ("8101052382", "twelve digits")] {
        let said = piped(&good.replace("198101052382", number));
        let recipient = finding(&said, "recipient");
        assert!(
            recipient["good"] == false && recipient["says"].as_str().unwrap().contains(words),
            "{said:?}"
        );
    }
}

#[test]
fn a_delivery_without_soap_and_what_others_signed_are_judged_too() {
    let good = String::from_utf8(std::fs::read(vector("deliverSecure-ok-plain.xml")).unwrap()).unwrap();
    let from = good.find("<SignedDelivery").unwrap();
    let signed = &good[from..good.find("</SignedDelivery>").unwrap() + "</SignedDelivery>".len()];
    let said = piped(signed).good();
    assert_eq!(finding(&said, "signature")["good"], true, "{said:?}");
    assert!(finding(&said, "soap")["says"].as_str().unwrap().contains("SignedDelivery alone"), "{said:?}");
    assert!(finding(&said, "seal")["good"].is_null(), "{said:?}");

    let others =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/mina-meddelanden/samples/signed");
    for (name, check, words) in [
        ("v3-SignedDelivery-dotnet-pretty-printed-BROKEN.xml", "signature", "indented after it was signed"),
        ("v3-deliverSecure-envelope-kivra-sha1.xml", "hash", "SHA-1 is broken"),
        ("v3-SealedDelivery-dotnet-sha256.xml", "issuer", "expired 2021-03-26"),
        ("v3-SealedDelivery-dotnet-sha256.xml", "attachments", "base64 twice over"),
        ("v1-deliverSecure-sunet-2013.xml", "soap", "versions 1 and 2"),
    ] {
        // Where they are not, the whole run names them among what it left out.
        let Ok(message) = std::fs::read_to_string(Path::new(others).join(name)) else { continue };
        let said = piped(&message);
        let found = finding(&said, check);
        assert!(
            found["good"] == false && found["says"].as_str().unwrap().contains(words),
            "{name}: {said:?}"
        );
    }
}

#[test]
fn lines_for_people_and_what_cannot_be_read() {
    let bad = vector("deliverSecure-BAD-seal-date-changed.xml").display().to_string();
    let said = run(&["doctor", "--delivery", &bad]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("good  signature       holds over the SignedDelivery"), "{said:?}");
    assert!(said.out.contains("BAD   seal ") && said.out.contains("[seal_invalid]\n"), "{said:?}");
    assert!(said.out.contains("?     issuer ") && said.out.contains("--authorities"), "{said:?}");
    run(&["doctor", "--delivery", "/no/such.xml"]).bad(1, &["/no/such.xml"]);
    run(&["doctor", "--delivery", &bad, "--authorities", "/no/ca.pem"])
        .bad(1, &["--authorities: cannot read /no/ca.pem"]);
    run(&["doctor", "--delivery", &bad, "--config", "/no/kuvert.toml"]).bad(1, &["/no/kuvert.toml"]);
    run(&["doctor", "--sender", TOWN]).bad(2, &["--config"]);
    run(&["doctor", "--authorities", "ca.pem"]).bad(2, &["--delivery"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_instance_the_registry_and_the_revocation_lists_are_asked() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let config = demo.config();
    let agency = |arguments: &[&str]| run(&[&["agency"], arguments, &["--config", &config]].concat()).good();
    let ca = vector("ca.pem").display().to_string();
    let examine = |name: &str| {
        let file = vector(name).display().to_string();
        run(&["doctor", "--delivery", &file, "--config", &config, "--authorities", &ca, "--json"])
    };
    let plain = "deliverSecure-ok-plain.xml";
    is_bad(&examine(plain), "sender", &["is not registered", SENDER]);
    agency(&["add", SENDER, "Staden"]);
    is_bad(&examine(plain), "dispatcher", &[SEALER, "is not registered"]);
    agency(&["add", SEALER, "Fåglarna", "--dispatcher-only"]);
    is_bad(&examine(plain), "dispatcher", &["does not list", "agency dispatch"]);
    agency(&["dispatch", SENDER, SEALER]);
    let said = examine(plain).good();
    assert_eq!(finding(&said, "dispatcher")["good"], true, "{said:?}");
    // The instance's own authorities are others.
    let file = vector(plain).display().to_string();
    let own = run(&["doctor", "--delivery", &file, "--config", &config, "--json"]);
    is_bad(&own, "issuer", &["trusted"]);

    let signed_for_other = "deliverSecure-BAD-sender-id-not-in-cert.xml";
    agency(&["add", OTHER, "Byn"]);
    agency(&["dispatch", OTHER, SEALER]);
    let said = examine(signed_for_other);
    assert_eq!(first_broken(&said), ("signer", "signer_not_allowed"), "{said:?}");
    agency(&["dispatch", OTHER, SENDER]);
    examine(signed_for_other).good();
    agency(&["suspend", SENDER]);
    is_bad(&examine(plain), "sender", &["suspended"]);

    // The sender's own readiness.
    let sender = |number: &str| run(&["doctor", "--sender", number, "--config", &config, "--json"]);
    is_bad(&sender("164020000057"), "registered", &["kuvert agency add"]);
    is_bad(&sender(SENDER), "registered", &["suspended", "--resume"]);
    is_bad(&sender(SEALER), "registered", &["only dispatches"]);
    let ready = sender(TOWN).good();
    for (check, words) in [
        ("registered", TOWN),
        ("authorities", "1 authorities"),
        ("certificate", "trusted authority"),
        ("dispatchers", super::DISPATCHER),
        ("hash", "SHA-256"),
    ] {
        let found = finding(&ready, check);
        assert!(
            found["good"] == true && found["says"].as_str().unwrap().contains(words),
            "{check}: {ready:?}"
        );
    }
    agency(&["sha1", TOWN]);
    assert!(finding(&sender(TOWN), "hash")["says"].as_str().unwrap().contains("--refuse"));

    // A message of the demo's own town, under a list that revokes its certificate.
    let message = demo.path().join("message.xml").display().to_string();
    let dir = demo.path().display().to_string();
    let letter = ["--to", ANNA, "--subject", "Hej", "--text", "Ett brev.", "--save", &message];
    run(&[&["send", "--data", &dir, "--soap"], &letter[..]].concat()).good();
    let examine = |more: &[&str]| {
        run(&[&["doctor", "--delivery", &message, "--config", &config, "--json"], more].concat())
    };
    let [pem, key] = ["pem", "key"].map(|end| demo.pki(&format!("{OFFICE}.{end}")).display().to_string());
    is_bad(&examine(&["--certificate", &pem, "--key", &key]), "sealer", &[TOWN, OFFICE]);
    let town = demo.pki(&format!("{TOWN}.pem"));
    let lists = demo.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    std::fs::write(lists.join("demo.crl"), revoking(&demo, &town)).unwrap();
    let ca = demo.pki("ca.pem").display().to_string();
    let lists = lists.display().to_string();
    let revoked = examine(&["--authorities", &ca, "--revocation-lists", &lists]);
    assert_eq!(first_broken(&revoked), ("revocation", "certificate_revoked"), "{revoked:?}");
    let with_lists =
        demo.with("lists.toml", "[agency]\n", &format!("[agency]\nrevocation_lists = \"{lists}\"\n"));
    let ready = run(&["doctor", "--sender", TOWN, "--config", &with_lists, "--json"]).good();
    let says = finding(&ready, "certificate");
    assert!(says["good"].is_null() && says["says"].as_str().unwrap().contains("revoked"), "{ready:?}");
    agency(&["cert", "revoke", &town.display().to_string()]);
    is_bad(&examine(&[]), "revocation", &["registry"]);
    assert!(finding(&sender(TOWN), "certificate")["says"].as_str().unwrap().contains("is revoked"));
}

pub fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../delivery/vectors").join(name)
}

fn offline(name: &str) -> Said {
    let file = vector(name).display().to_string();
    let ca = vector("ca.pem").display().to_string();
    run(&["doctor", "--delivery", &file, "--authorities", &ca, "--json"])
}

fn piped(message: &str) -> Said {
    let ca = vector("ca.pem").display().to_string();
    run_with(&["doctor", "--delivery", "-", "--authorities", &ca, "--json"], message)
}

pub fn finding(said: &Said, check: &str) -> Value {
    let all = said.json();
    let found = all.as_array().unwrap().iter().find(|one| one["check"] == check);
    found.unwrap_or_else(|| panic!("{check} was not checked: {said:?}")).clone()
}

/// The first step that is broken, and its code.
fn first_broken(said: &Said) -> (&'static str, &'static str) {
    assert_eq!(said.code, 1, "{said:?}");
    let all = said.json();
    let found = all.as_array().unwrap().iter().find(|one| one["good"] == false).unwrap();
    let word = |name: &str| -> &'static str { found[name].as_str().unwrap().to_owned().leak() };
    (word("check"), word("code"))
}

fn is_bad(said: &Said, check: &str, words: &[&str]) {
    assert_eq!(first_broken(said).0, check, "{said:?}");
    let found = finding(said, check);
    for word in words {
        assert!(found["says"].as_str().unwrap().contains(word), "{check} does not say \"{word}\": {said:?}");
    }
}

/// A list of the demo's authority with this certificate in it.
pub fn revoking(demo: &Demo, certificate: &Path) -> String {
    let pem = std::fs::read(certificate).unwrap();
    let der = vault::Certificate::from_pem(&pem).unwrap().der;
    let serial = X509Certificate::from_der(&der).unwrap().1.raw_serial().to_vec();
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from_slice(&serial),
        revocation_time: date_time_ymd(2025, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 1, 2),
        next_update: date_time_ymd(2099, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(&issuer(demo, Authority::OfTheDemo)).unwrap().pem().unwrap()
}
