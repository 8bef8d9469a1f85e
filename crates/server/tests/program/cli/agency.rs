//! `kuvert agency`, and what the running door makes of it.

use super::{Authority, DISPATCHER, IN_FORCE, NEW, SOON, certificate};
use crate::{
    process::{Demo, run},
    sender::{ANNA, Sender, TOWN, letter},
};
use sender_tools::agency_client::Reply;
use std::time::{Duration, Instant};
use store::{DatabaseKind, Settings, Store};

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_says_of_agencies_holds_at_the_running_door() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let agency = |arguments: &[&str]| {
        let (verb, rest) = arguments.split_at(if arguments[0] == "cert" { 2 } else { 1 });
        run(&[&["agency"], verb, &["--config", &config], rest].concat())
    };
    let (pem, key) = certificate(&demo, Authority::OfTheDemo, NEW, IN_FORCE);
    let file = pem.display().to_string();
    let new = Sender::new(&service.url(1), pem, key, &demo.pki("ca.pem"));
    let outcome = Outcome { sender: &new };
    outcome.becomes(NEW, "certificate_unknown").await;

    // A sender and its certificate.
    assert!(agency(&["add", NEW, "Ny myndighet"]).good().out.contains("registered"));
    assert!(agency(&["add", NEW, "Nya myndigheten"]).good().out.contains("changed"));
    outcome.becomes(NEW, "certificate_unknown").await;
    assert!(agency(&["cert", "add", &file]).good().out.contains(NEW));
    outcome.becomes(NEW, "accepted").await;
    let list = agency(&["list", "--json"]).good().json();
    let row = list.as_array().unwrap().iter().find(|one| one["number"] == NEW).unwrap();
    assert_eq!((row["name"].as_str(), row["state"].as_str()), (Some("Nya myndigheten"), Some("in force")));
    let show = agency(&["show", NEW, "--json"]).good().json();
    assert_eq!(show["certificates"][0]["state"], "in force");
    let sha256 = show["certificates"][0]["sha256"].as_str().unwrap().to_owned();
    let text = agency(&["show", NEW]).good().out;
    assert!(text.contains("Nya myndigheten") && text.contains(&sha256), "{text}");
    assert!(agency(&["list"]).good().out.contains("Exempelkommunen"));

    // Suspended, and back.
    assert!(agency(&["suspend", NEW]).good().out.contains("suspended"));
    assert!(agency(&["suspend", NEW]).good().out.contains("already"));
    outcome.becomes(NEW, "sender_suspended").await;
    assert!(agency(&["list"]).good().out.contains("(suspended)"));
    agency(&["suspend", NEW, "--resume"]).good();
    assert!(agency(&["sha1", NEW]).good().out.contains("may sign"));
    assert!(agency(&["list"]).good().out.contains("(SHA-1 let)"));
    assert!(agency(&["sha1", NEW, "--refuse"]).good().out.contains("may not sign"));
    assert!(!agency(&["list"]).good().out.contains("SHA-1"));
    outcome.becomes(NEW, "accepted").await;

    // A dispatcher, and no more.
    let dispatcher = Sender::of(&demo, DISPATCHER);
    let through = Outcome { sender: &dispatcher };
    through.becomes(NEW, "caller_not_allowed").await;
    agency(&["dispatch", NEW, DISPATCHER]).good();
    through.becomes(NEW, "accepted").await;
    let show = agency(&["show", NEW, "--json"]).good().json();
    assert_eq!(show["dispatchers"][0]["number"], DISPATCHER);
    agency(&["dispatch", NEW, DISPATCHER, "--remove"]).good();
    through.becomes(NEW, "caller_not_allowed").await;
    through.becomes(TOWN, "accepted").await;

    // Revoked: by its digest. Whoever has a connection is told so, others are refused by the handshake.
    agency(&["cert", "revoke", &sha256]).good();
    outcome.becomes(NEW, "certificate_unknown").await;
    let show = agency(&["show", NEW, "--json"]).good().json();
    assert_eq!(show["certificates"][0]["state"], "revoked");
    agency(&["cert", "revoke", &file]).bad(1, &["revoked before"]);

    // All of it is on record, and the record is no plain table.
    let history = agency(&["history", NEW, "--json"]).good().json();
    let kinds: Vec<_> = history.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap()).collect();
    let wanted = [
        "sender_added",
        "sender_renamed",
        "certificate_added",
        "sender_suspended",
        "sender_resumed",
        "sha1_allowed",
        "sha1_refused",
        "dispatcher_added",
        "dispatcher_removed",
        "certificate_revoked",
    ];
    assert_eq!(kinds, wanted);
    assert_eq!((history[1]["name"].as_str(), history[0]["seq"].as_u64()), (Some("Nya myndigheten"), Some(0)));
    assert_eq!(
        (history[2]["certificate"].as_str(), history[7]["dispatcher"].as_str()),
        (Some(&*sha256), Some(DISPATCHER))
    );
    let text = agency(&["history", NEW]).good().out;
    assert!(text.contains("sender_renamed  name Nya myndigheten") && text.contains(&sha256), "{text}");
    tamper(&demo, "DELETE FROM registry_event WHERE type = 'certificate_revoked'").await;
    agency(&["history", NEW]).bad(1, &["cannot be trusted"]);
    agency(&["suspend", NEW]).bad(1, &["not vouched for"]);

    // What is wrong is told.
    agency(&["show", "164020000065"]).bad(1, &["not registered"]);
    agency(&["suspend", "164020000065"]).bad(1, &["not registered"]);
    agency(&["dispatch", NEW, "164020000065"]).bad(1, &["164020000065", "agency add"]);
    agency(&["add", "164020000017", "Fel siffra"]).bad(2, &["164020000017"]);
    agency(&["cert", "add", "/no/such/file"]).bad(1, &["/no/such/file"]);
    agency(&["cert", "add", &config]).bad(1, &["kuvert.toml", "no certificate"]);
    agency(&["cert", "add", &demo.pki("server.pem").display().to_string()]).bad(1, &["serialNumber"]);
    agency(&["cert", "revoke", "abcd"]).bad(1, &["SHA-256"]);
    service.stop();
}

/// A change of the letters database by another hand.
async fn tamper(demo: &Demo, sql: &'static str) {
    let url = format!("sqlite:{}", demo.path().join("kuvert.db").display());
    let store = Store::open(&url, &Settings::letters()).await.unwrap();
    let mut tx = store.begin("tamper").await.unwrap();
    tx.execute(sql, &[]).await.unwrap().exactly(1).unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

/// What comes of letters, asked until it is what it should be.
struct Outcome<'a> {
    sender: &'a Sender,
}

impl Outcome<'_> {
    async fn becomes(&self, sender: &str, wanted: &str) {
        let began = Instant::now();
        loop {
            let found = self.of(sender).await;
            if found == wanted || wanted == "certificate_unknown" && found == "no connection" {
                return;
            }
            assert!(began.elapsed() < SOON, "{found}, not {wanted}, after {:?}", began.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn of(&self, sender: &str) -> String {
        let reference =
            format!("agency-{:032x}", u128::from_be_bytes(domain::chance::bytes(&vault::SystemRandom)));
        let signed = self.sender.sign(&letter(sender, ANNA, &reference, "Prov", "Prov"));
        match self.sender.client.send(&signed).await {
            Ok(Reply::Accepted { .. }) => "accepted".into(),
            Ok(Reply::Refused { code, .. }) => code,
            Ok(other) => panic!("{other:?}"),
            Err(_) => "no connection".into(),
        }
    }
}
