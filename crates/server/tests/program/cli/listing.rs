//! What the doctor and `kuvert agency` say of who may send: by whose register it is, and which certificates are judged.

use super::{DISPATCHER, IN_FORCE, NEW};
use crate::{
    process::{Demo, Said, run},
    sender::TOWN,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use serde_json::Value;
use std::path::Path;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn what_another_register_says_is_not_mended_by_commands_here() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let file = |name: &str| demo.pki(name).display().to_string();
    let far = format!(
        "mode = \"external\"\nauthority_address = \"https://127.0.0.1:1/Authority\"\n\
         recipient_address = \"https://127.0.0.1:1/Recipient/v3\"\n\
         certificate = \"{}\"\nkey_file = \"{}\"\nauthorities = \"{}\"",
        file(&format!("{TOWN}.pem")),
        file(&format!("{TOWN}.key")),
        file("ca.pem"),
    );
    let own = demo.config();
    let external = demo.with("external.toml", "mode = \"own\"", &far);
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../delivery/vectors");
    let letter = vectors.join("deliverSecure-ok-plain.xml");
    let ca = vectors.join("ca.pem");
    let [letter, ca] = [letter, ca].map(|path| path.display().to_string());
    let sender = "162120002411";
    let sealer = "165560000001";
    let doctor = |what: &[&str], config: &str| {
        let told = run(&[&["doctor", "--config", config, "--json"], what].concat());
        move |check: &str| says(&told, check)
    };
    let delivery = ["--delivery", &letter, "--authorities", &ca];
    let agency =
        |words: &[&str], config: &str| run(&[&["agency"], words, &["--config", config]].concat()).good().err;
    let other = |said: &str| said.contains("register (FaR)") && !said.contains("kuvert agency");
    let ours = |said: &str| said.contains("kuvert agency") && !said.contains("FaR");

    for (who, check) in [(NEW, "registered"), (DISPATCHER, "registered")] {
        assert!(other(&doctor(&["--sender", who], &external)(check)), "{who}");
        assert!(ours(&doctor(&["--sender", who], &own)(check)), "{who}");
    }
    assert!(other(&doctor(&delivery, &external)("sender")));
    assert!(ours(&doctor(&delivery, &own)("sender")));

    // What is done here is undone; that is said on stderr where it is so, and nowhere else.
    assert_eq!(agency(&["add", sender, "Staden"], &own), "");
    assert!(agency(&["add", sender, "Staden"], &external).contains("only if the register (FaR) lists it"));
    assert!(other(&doctor(&["--sender", sender], &external)("dispatchers")));
    assert!(ours(&doctor(&["--sender", sender], &own)("dispatchers")));
    assert!(other(&doctor(&delivery, &external)("dispatcher")));
    assert!(ours(&doctor(&delivery, &own)("dispatcher")));
    let connects = agency(&["add", sealer, "F\u{e5}glarna", "--dispatcher-only"], &external);
    assert!(connects.contains("whom it may act for, the register (FaR) says"), "{connects}");
    assert!(other(&doctor(&delivery, &external)("dispatcher")));
    assert!(ours(&doctor(&delivery, &own)("dispatcher")));
    assert_eq!(agency(&["dispatch", sender, sealer], &own), "");
    for more in [&[][..], &["--remove"]] {
        let told = agency(&[&["dispatch", sender, sealer], more].concat(), &external);
        assert!(told.contains("again as the register (FaR) lists it"), "{told}");
    }
    let letter = vectors.join("deliverSecure-BAD-sender-id-not-in-cert.xml").display().to_string();
    let delivery = ["--delivery", &letter, "--authorities", &ca];
    agency(&["add", "162021004748", "Byn"], &own);
    assert!(other(&doctor(&delivery, &external)("signer")));
    assert!(ours(&doctor(&delivery, &own)("signer")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_whose_chain_is_not_registered_is_not_judged() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let pem = demo.path().join("under.pem");
    std::fs::write(&pem, under_an_intermediate(&demo)).unwrap();
    let config = demo.config();
    run(&["agency", "cert", "add", "--config", &config, &pem.display().to_string()]).good();
    let said = run(&["doctor", "--sender", TOWN, "--config", &config, "--json"]).good();
    let all = said.json();
    let of: Vec<_> = all.as_array().unwrap().iter().filter(|one| one["check"] == "certificate").collect();
    assert_eq!(of.len(), 2, "{said:?}");
    let unknown = of.iter().find(|one| one["good"].is_null());
    let says = unknown.unwrap_or_else(|| panic!("{said:?}"))["says"].as_str().unwrap();
    assert!(says.contains("X509Data") && says.contains("--delivery"), "{said:?}");
}

fn says(said: &Said, check: &str) -> String {
    let all = said.json();
    let found = all.as_array().unwrap().iter().find(|one| one["check"] == check);
    let found = found.unwrap_or_else(|| panic!("{check} was not checked: {said:?}"));
    assert!(found["good"] != Value::Null, "{check} was not judged: {said:?}");
    found["says"].as_str().unwrap().to_owned()
}

/// A certificate of the town's RSA key, by an authority in between that is not there.
fn under_an_intermediate(demo: &Demo) -> String {
    let mut between = CertificateParams::default();
    between.distinguished_name.push(DnType::CommonName, "Mellan CA");
    between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    between.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let between = Issuer::new(between, KeyPair::generate().unwrap());
    let key = std::fs::read_to_string(demo.pki(&format!("{TOWN}.key"))).unwrap();
    let mut own = CertificateParams::default();
    own.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), TOWN);
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.use_authority_key_identifier_extension = true;
    own.not_before = date_time_ymd(IN_FORCE[0], 1, 1);
    own.not_after = date_time_ymd(IN_FORCE[1], 1, 1);
    own.signed_by(&KeyPair::from_pem(&key).unwrap(), &between).unwrap().pem()
}
