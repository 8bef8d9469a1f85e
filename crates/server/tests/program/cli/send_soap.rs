//! `kuvert send --soap`: what is checked before it sends, what it tells of the answer, and that the doctor says the same.

use super::{
    Authority, IN_FORCE,
    delivery::{finding, revoking, vector},
    issuer,
};
use crate::{
    process::{Demo, run},
    sender::{ANNA, TOWN},
};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use std::path::Path;
use store::DatabaseKind;

const TO: [&str; 6] = ["--to", ANNA, "--subject", "Hej", "--text", "Ett brev."];

#[tokio::test(flavor = "multi_thread")]
async fn a_soap_letter_that_would_be_refused_is_not_sent() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let dir = demo.path().display().to_string();
    let letter = |subject: &str| {
        run(&[
            "send",
            "--data",
            &dir,
            "--soap",
            "--to",
            ANNA,
            "--subject",
            subject,
            "--text",
            "Ett brev.",
            "--json",
        ])
    };
    letter("Hej").good();
    let members = demo.path().join("members.json");
    let with = |json: &str| {
        std::fs::write(&members, json).unwrap();
        let members = members.display().to_string();
        let to = ["--to", ANNA, "--subject", "S", "--text", "T"];
        run(&[&["send", "--data", &dir, "--soap", "--members", &members], &to[..]].concat())
    };
    with(r#"{"matter": {"id": "1", "status": "closed"}, "reply": "accepted"}"#).good();
    let status = with(r#"{"matter": {"id": "1", "status": "avslutat"}}"#);
    assert!(status.code == 1 && status.out.contains("MatterStatus"), "{status:?}");
    with(r#"{"kind": "decision"}"#).bad(1, &["kind: the interface"]);
    with("[1]").bad(1, &["members.json: not an object"]);
    let long = letter(&"x".repeat(256));
    assert_eq!((long.code, &long.json()["broken"]["check"]), (1, &"form".into()), "{long:?}");
    assert!(long.json()["broken"]["says"].as_str().unwrap().contains("Subject"), "{long:?}");

    // An expired certificate is named as that, and not met as a handshake that fails.
    let pem = demo.path().join("old.pem");
    let key = demo.pki(&format!("{TOWN}.key")).display().to_string();
    std::fs::write(&pem, expired(&demo, Path::new(&key))).unwrap();
    let pem = pem.display().to_string();
    let ca = demo.pki("ca.pem").display().to_string();
    let door = service.url(1);
    let old = ["send", "--soap", "--door", &door, "--certificate", &pem, "--key", &key, "--ca", &ca];
    let said = run(&[&old[..], &TO].concat());
    assert!(
        said.code == 1 && said.out.contains("is not sent") && said.out.contains("expired 2021"),
        "{said:?}"
    );
    // Not a certificate that is registered, for this interface.
    assert!(!said.out.contains("register"), "{said:?}");
    let save = demo.path().join("saved.xml").display().to_string();
    run(&[&old[..], &TO, &["--save", &save]].concat()).bad(1, &["would be refused", "issuer"]);
    assert!(!Path::new(&save).exists());
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_and_the_connection_are_told() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let dir = demo.path().display().to_string();
    let door = service.url(1);
    let [pem, key, ca] = [format!("{TOWN}.pem"), format!("{TOWN}.key"), "ca.pem".to_owned()]
        .map(|name| demo.pki(&name).display().to_string());
    let save = demo.path().join("saved.xml").display().to_string();

    // What the operator finds in its log; and what is no door at all is asked once.
    let nobody = ["--to", "199001022392", "--subject", "Hej", "--text", "Ett brev.", "--json"];
    let refused = run(&[&["send", "--data", &dir, "--soap"], &nobody[..]].concat());
    assert_eq!((refused.code, &refused.json()["code"]), (1, &"not_delivered".into()), "{refused:?}");
    let call = refused.json()["call_id"].as_str().unwrap().to_owned();
    assert!(call.len() > 20 && service.err.text().contains(&call), "{refused:?}");
    let elsewhere = format!("{door}/elsewhere");
    let held = ["--certificate", &pem, "--key", &key, "--ca", &ca];
    let lost = run(&[&["send", "--soap", "--door", &elsewhere][..], &held, &TO].concat());
    assert!(lost.code == 1 && lost.out.contains("(404) there is no Service/v3 at this address"), "{lost:?}");

    // With what the connection is made, beside what signed: each step has its own name.
    run(&[&["send", "--data", &dir, "--soap", "--save", &save][..], &TO].concat()).good();
    let config = demo.config();
    let connected = |door: &str| {
        let doctor = ["doctor", "--delivery", &save, "--config", &config, "--door", door, "--json"];
        run(&[&doctor[..], &held].concat())
    };
    let said = connected(&door).good();
    let all = said.json();
    let mut checks: Vec<_> =
        all.as_array().unwrap().iter().map(|one| one["check"].as_str().unwrap()).collect();
    let count = checks.len();
    checks.sort_unstable();
    checks.dedup();
    assert_eq!(checks.len(), count, "{said:?}");
    for check in ["certificate", "validity", "use", "key", "door"] {
        assert_eq!(finding(&said, &format!("connection {check}"))["good"], true, "{said:?}");
    }
    let lost = connected(&elsewhere);
    let found = finding(&lost, "connection door");
    assert!(lost.code == 1 && found["says"].as_str().unwrap().contains("no Service/v3"), "{lost:?}");
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_checked_before_a_letter_is_sent() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let dir = demo.path().display().to_string();
    let door = service.url(1);
    let town = demo.pki(&format!("{TOWN}.pem"));
    let ca = demo.pki("ca.pem").display().to_string();
    let save = demo.path().join("saved.xml").display().to_string();
    let sends = |more: &[&str]| run(&[&["send", "--soap", "--json"][..], &TO, more].concat());
    let breaks = |more: &[&str], step: &str| {
        let said = sends(&[&["--data", &dir], more].concat());
        assert_eq!((said.code, &said.json()["broken"]["check"]), (1, &step.into()), "{said:?}");
    };

    breaks(&["--authorities", &vector("ca.pem").display().to_string()], "issuer");
    let lists = demo.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    std::fs::write(lists.join("demo.crl"), revoking(&demo, &town)).unwrap();
    breaks(&["--authorities", &ca, "--revocation-lists", &lists.display().to_string()], "revocation");

    let (pem, key) = certificate_of_nobody(&demo);
    let mine = ["--door", &door, "--certificate", &pem, "--key", &key, "--ca", &ca, "--save", &save];
    sends(&[&mine[..], &["--authorities", &ca]].concat()).bad(1, &["would be refused", "issuer"]);
    // Without authorities it cannot be seen; a demo's own are known.
    sends(&mine).good();
    std::fs::copy(&pem, town).unwrap();
    breaks(&[], "issuer");

    let by_rest = [&["send", "--data", &dir][..], &TO, &["--authorities", &ca]].concat();
    run(&by_rest).bad(2, &["--soap"]);
    service.stop();
}

/// A certificate of the town's own key that it has issued itself.
fn certificate_of_nobody(demo: &Demo) -> (String, String) {
    let key = demo.pki(&format!("{TOWN}.key"));
    let pair = KeyPair::from_pem(&std::fs::read_to_string(&key).unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), TOWN);
    let pem = demo.path().join("nobody.pem");
    std::fs::write(&pem, params.self_signed(&pair).unwrap().pem()).unwrap();
    (pem.display().to_string(), key.display().to_string())
}

/// A certificate of the town's key that the demo's authority issued, of another time.
fn expired(demo: &Demo, key: &Path) -> String {
    let key = KeyPair::from_pem(&std::fs::read_to_string(key).unwrap()).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), TOWN);
    params.not_before = date_time_ymd(IN_FORCE[0], 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    params.signed_by(&key, &issuer(demo, Authority::OfTheDemo)).unwrap().pem()
}
