//! `kuvert operator`, and what the running service makes of it.

use super::NEW;
use crate::{
    process::{Demo, run, run_with},
    sender::{ANNA, CLEO, Sender, TOWN, letter},
};
use domain::{Identity, OrgNumber};
use key_client::{By, Change, Changed};
use mina_meddelanden::{Said, Signed};
use registry::registrations::AccountType;
use server::{config::Config, house::Operator};
use std::path::Path;
use store::DatabaseKind;
use testing::{BREVEN, COMPANY, LADAN};
use vault::SystemRandom;

#[tokio::test(flavor = "multi_thread")]
async fn operators_are_added_changed_and_ended_and_we_are_one_of_them() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let operator = |arguments: &[&str]| {
        run(&[&["operator", arguments[0], "--config", &config], &arguments[1..]].concat())
    };
    // We ourselves, from the configuration.
    let own = operator(&["show", NEW, "--json"]).good().json();
    assert_eq!((own["domain"].as_str(), own["own"].as_bool()), (Some("kuvert.example"), Some(true)));
    assert_eq!(own["service_address"], format!("{}/Service/v3", service.url(1)));
    assert_eq!(own["ui_address"], service.url(0));
    assert!(operator(&["list"]).good().out.contains("(this one)"));
    operator(&["rename", NEW, "Någon annan"]).bad(1, &["configuration"]);
    operator(&["end", NEW]).bad(1, &["configuration"]);

    let address = "https://ladan.example/service/v3";
    let add = ["add", LADAN, "ladan.example", "Lådan", "--service-address", address];
    assert!(operator(&add).good().out.contains("registered"));
    let pages = [&add[..], &["--ui-address", "https://ladan.example"]].concat();
    assert!(operator(&pages).good().out.contains("changed"));
    let shown = operator(&["show", LADAN, "--json"]).good().json();
    assert_eq!((shown["name"].as_str(), shown["state"].as_str()), (Some("Lådan"), Some("in force")));
    let text = operator(&["show", LADAN]).good().out;
    assert!(text.contains("Lådan") && text.contains(address) && text.contains("pages"), "{text}");
    assert!(operator(&["rename", LADAN, "Nya lådan"]).good().out.contains("Nya lådan"));
    assert!(operator(&["end", LADAN]).good().out.contains("has ended"));
    assert!(operator(&["end", LADAN]).good().out.contains("already"));
    operator(&["rename", LADAN, "Lådan"]).bad(1, &["operator add"]);
    let list = operator(&["list", "--json"]).good().json();
    let row = list.as_array().unwrap().iter().find(|one| one["number"] == LADAN).unwrap();
    assert_eq!((row["name"].as_str(), row["state"].as_str()), (Some("Nya lådan"), Some("ended")));
    assert!(operator(&["list"]).good().out.contains("(ended"));
    assert!(operator(&add).good().out.contains("registered"), "it comes back");
    let history = operator(&["history", LADAN, "--json"]).good().json();
    let kinds: Vec<_> = history.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    let wanted =
        ["operator_added", "operator_changed", "operator_changed", "operator_ended", "operator_added"];
    assert_eq!(kinds, wanted);
    assert_eq!(history[2]["name"], "Nya lådan");

    // What is wrong is told.
    operator(&["show", BREVEN]).bad(1, &[BREVEN, "operator add"]);
    operator(&["end", BREVEN]).bad(1, &[BREVEN, "operator add"]);
    let taken = ["add", BREVEN, "ladan.example", "Breven", "--service-address", address];
    operator(&taken).bad(1, &["domain", LADAN]);
    operator(&["add", BREVEN, "breven", "Breven", "--service-address", address]).bad(1, &["domain"]);
    let plain = ["add", BREVEN, "breven.example", "Breven", "--service-address", "http://breven.example"];
    operator(&plain).bad(1, &["https"]);
    operator(&["add", BREVEN, "breven.example", "Breven"]).bad(2, &["--service-address"]);
    operator(&["show", "164020000066"]).bad(2, &["164020000066"]);
    // Started again we are the same.
    service.stop();
    let service = demo.start();
    assert_eq!(operator(&["show", NEW, "--json"]).good().json(), own);
    service.stop();
}

/// A certificate with this `serialNumber`, and its key.
fn signer(folder: &Path, number: &str) -> [String; 2] {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    let key = include_str!("../../../src/demo/keys/164020000016.pem");
    let certificate = params.self_signed(&rcgen::KeyPair::from_pem(key).unwrap()).unwrap().pem();
    [("pem", certificate.as_str()), ("key", key)].map(|(kind, content)| {
        let path = folder.join(format!("{number}.{kind}"));
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    })
}

#[test]
fn an_agreement_is_signed_with_a_persons_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = signer(folder.path(), ANNA);
    let agreement = |certificate: &str, rest: &[&str], input: &str| {
        let with = ["operator", "agreement", "--person-certificate", certificate, "--key", &key];
        run_with(
            &[&with[..], &["--text", "Jag <&> vill.", "--date", "2026-11-22", "--act"], rest].concat(),
            input,
        )
    };
    let made = agreement(&certificate, &["register", "--to", "ladan.example"], "").good().out;
    let said = Said {
        act: "register".to_owned(),
        recipient: Identity::parse(ANNA).unwrap(),
        supplier: "ladan.example".to_owned(),
        date: Signed::parse("2026-11-22").unwrap(),
        accepted: Vec::new(),
        text: "Jag <&> vill.".to_owned(),
    };
    assert_eq!(mina_meddelanden::said(made.as_bytes()), Some(said.clone()));
    let document = delivery::parse(made.as_bytes()).unwrap();
    delivery::verify(document.root_element(), mina_meddelanden::AGREEMENT_ROOT, "the agreement").unwrap();
    // For a company, whose number is not on the command line.
    let senders = ["preferences", "--number-from", "-", "--accept", TOWN, "--accept", LADAN];
    let made = agreement(&certificate, &senders, COMPANY).good().out;
    let choice = Said {
        act: "preferences".to_owned(),
        recipient: Identity::parse(COMPANY).unwrap(),
        supplier: String::new(),
        accepted: vec![TOWN.to_owned(), LADAN.to_owned()],
        ..said
    };
    assert_eq!(mina_meddelanden::said(made.as_bytes()), Some(choice));
    agreement(&certificate, &["ownership", "--number-from", "-"], COMPANY).good();
    // What no register would take is not made.
    let to = ["--to", "ladan.example"];
    agreement(&certificate, &["register"], "").bad(1, &["--to"]);
    agreement(&certificate, &[&["preferences"], &to[..]].concat(), "").bad(1, &["--to"]);
    agreement(&certificate, &["ownership"], "").bad(1, &["companies"]);
    agreement(&certificate, &[&["move", "--accept", TOWN], &to[..]].concat(), "").bad(1, &["--accept"]);
    let other = [&["move", "--number-from", "-"], &to[..]].concat();
    agreement(&certificate, &other, CLEO).bad(1, &["themselves"]);
    agreement(&certificate, &other, "").bad(1, &["--number-from"]);
    agreement(&certificate, &["leave"], "").bad(2, &["deregister"]);
    let [organisation, _] = signer(folder.path(), TOWN);
    agreement(&organisation, &[&["move"], &to[..]].concat(), "").bad(1, &["serialNumber"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_here_whose_mailbox_is_elsewhere() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let town = Sender::of(&demo, TOWN);
    let address = "https://ladan.example/service/v3";
    run(&[
        "operator",
        "add",
        "--config",
        &config,
        LADAN,
        "ladan.example",
        "Lådan",
        "--service-address",
        address,
    ])
    .good();
    // As the address register is told by that operator.
    let handle = Operator::open(&Config::read(Path::new(&config)).unwrap()).await.unwrap();
    let cleo = Identity::parse(CLEO).unwrap();
    let macs = handle.keys.address_macs("operator", std::slice::from_ref(&cleo)).await.unwrap();
    town.sends(&letter(TOWN, CLEO, "a", "Prov", "Prov")).await;
    let address_mac = macs[0];
    let to = Some(OrgNumber::parse(LADAN).unwrap());
    let job = domain::JobId::new(handle.now(), &SystemRandom);
    let moved = Change::Move { address_mac, job, to, account_type: AccountType::Secure.as_str().into() };
    assert_eq!(handle.keys.change(By::Operator, moved).await.unwrap(), Changed::Done(true));
    handle.close().await;

    assert_eq!(town.is_refused(&letter(TOWN, CLEO, "b", "Prov", "Prov")).await, "recipient_elsewhere");
    // The retry of an old letter still gets its receipt.
    town.sends(&letter(TOWN, CLEO, "a", "Prov", "Prov")).await;
    let again = run_with(&["mailbox", "open", "--config", &config, "--name", "Cleo Exempel"], CLEO);
    again.bad(1, &["operator", LADAN]);
    let csv = demo.path().join("people.csv");
    std::fs::write(&csv, format!("number,name\n{CLEO},Cleo Exempel\n189001019802,Nils Prov\n")).unwrap();
    let import = ["mailbox", "import", "--config", &config, "--json", &csv.display().to_string()];
    let opened = run(&import).good().json();
    assert_eq!((opened["mailboxes"].as_u64(), opened["elsewhere"].as_u64()), (Some(1), Some(1)));
    service.stop();
}
