//! `kuvert doctor`: what is wrong, and what to do.

use super::{Authority, EXPIRED, IN_FORCE, NEW, certificate};
use crate::{
    process::{Demo, Said, run},
    sender::{OFFICE, TOWN},
};
use serde_json::Value;
use std::path::Path;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_with_a_sender() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let (door, ca) = (service.url(1), demo.pki("ca.pem"));
    let examine = |pem: &Path, key: &Path, ca: &Path| {
        let [pem, key, ca] = [pem, key, ca].map(|path| path.display().to_string());
        run(&["doctor", "--certificate", &pem, "--key", &key, "--door", &door, "--ca", &ca, "--json"])
    };
    let (town, town_key) = (demo.pki(&format!("{TOWN}.pem")), demo.pki(&format!("{TOWN}.key")));

    let good = examine(&town, &town_key, &ca).good();
    for check in ["certificate", "validity", "use", "key", "signature", "door"] {
        assert_eq!(finding(&good, check)["good"], true, "{check}: {good:?}");
    }
    let says = finding(&good, "door")["says"].as_str().unwrap().to_owned();
    assert!(says.contains(TOWN) && says.contains("clocks agree"), "{says}");

    let (pem, key) = certificate(&demo, Authority::OfTheDemo, NEW, EXPIRED);
    let expired = examine(&pem, &key, &ca);
    is_bad(&expired, "validity", &["expired 2021-01-01: renew it and register the new one"]);
    is_bad(&expired, "door", &["no connection", "expired"]);

    let other = demo.pki(&format!("{OFFICE}.key"));
    is_bad(&examine(&town, &other, &ca), "key", &["key"]);

    // An authority that the door does not know, and a door that the sender does not know.
    let (pem, key) = certificate(&demo, Authority::Unknown, NEW, IN_FORCE);
    is_bad(&examine(&pem, &key, &ca), "door", &["no connection", "issuer"]);
    is_bad(&examine(&town, &town_key, &pem), "door", &["no connection", "--ca"]);

    // Not registered: the door says so, with the mend.
    let (pem, key) = certificate(&demo, Authority::OfTheDemo, NEW, IN_FORCE);
    is_bad(&examine(&pem, &key, &ca), "door", &["403"]);

    let revoked = demo.pki(&format!("{OFFICE}.pem"));
    run(&["agency", "cert", "revoke", "--config", &demo.config(), &revoked.display().to_string()]).good();
    crate::process::until("the revocation to hold", || async {
        let said = examine(&revoked, &other, &ca);
        (said.code == 1).then_some(())
    })
    .await;
    is_bad(&examine(&revoked, &other, &ca), "door", &["revoked"]);

    is_bad(&examine(&demo.pki("server.pem"), &demo.pki("server.key"), &ca), "certificate", &["serialNumber"]);
    let nothing = examine(Path::new("/no/such.pem"), &town_key, &ca);
    is_bad(&nothing, "certificate", &["/no/such.pem"]);
    let text =
        run(&["doctor", "--certificate", &town.display().to_string(), "--key", &other.display().to_string()]);
    assert!(text.code == 1 && text.out.contains("BAD ") && text.out.contains("good"), "{text:?}");
    run(&["doctor"]).bad(2, &["--config", "--certificate"]);
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_with_an_instance() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let examine = |config: &str| run(&["doctor", "--config", config, "--json"]);
    let all = [
        "config",
        "databases",
        "durability",
        "keys",
        "mailboxes",
        "certificate",
        "door",
        "objects",
        "e-ID",
        "notices",
    ];
    // Beside the running service, and then without it.
    let good = examine(&config).good();
    for check in all {
        assert_eq!(finding(&good, check)["good"], true, "{check}: {good:?}");
    }
    assert_eq!(finding(&good, "durability")["says"], "single-fsync");
    service.stop();
    examine(&config).good();

    let text = std::fs::read_to_string(&config).unwrap();
    let with = |name: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let path = demo.path().join(name);
        std::fs::write(&path, text.replace(from, to)).unwrap();
        path.display().to_string()
    };
    is_bad(&examine(&with("typo.toml", "[objects]", "[object]")), "config", &["object"]);
    is_bad(&examine("/no/such.toml"), "config", &["/no/such.toml"]);
    is_bad(&examine(&with("empty.toml", "kuvert.db", "empty.db")), "databases", &["kuvert migrate"]);
    is_bad(&examine(&with("root.toml", "root.key", "no.key")), "keys", &["keys.root_file"]);
    let key = format!("{TOWN}.key");
    is_bad(&examine(&with("key.toml", "server.key", &key)), "door", &["agency"]);
    is_bad(&examine(&with("pem.toml", "server.pem", "nothing.pem")), "certificate", &["agency.certificate"]);
    let file = demo.path().join("a-file");
    std::fs::write(&file, "in the way").unwrap();
    is_bad(&examine(&with("objects.toml", "/objects\"", "/a-file\"")), "objects", &["objects.folder"]);

    let secret = "client_authentication = \"client_secret_basic\"\nclient_secret_file = \"no-secret\"";
    is_bad(
        &examine(&with("eid.toml", "client_authentication = \"none\"", secret)),
        "e-ID",
        &["demo", "no-secret"],
    );
    let folder =
        format!("kind = \"folder\"\npath = \"{}\"\n\n[notices.sms]", demo.path().join("outbox").display());
    let smtp = "kind = \"smtp\"\nhost = \"mail.example\"\nport = 587\nsecurity = \"starttls\"\nca_file = \"no-ca.pem\"\n\n[notices.sms]";
    is_bad(&examine(&with("mail.toml", &folder, smtp)), "notices", &["notices.email", "no-ca.pem"]);

    // A key store that is older than the letters: mailboxes whose keys are gone are counted.
    let other = Demo::on(DatabaseKind::Sqlite).await;
    other.start().stop();
    std::fs::copy(other.path().join("keys.db"), demo.path().join("keys.db")).unwrap();
    std::fs::copy(other.path().join("root.key"), demo.path().join("root.key")).unwrap();
    is_bad(&examine(&config), "mailboxes", &["4 of 4", "restore"]);
}

fn finding(said: &Said, check: &str) -> Value {
    let all = said.json();
    let found = all.as_array().unwrap().iter().find(|one| one["check"] == check);
    found.unwrap_or_else(|| panic!("{check} was not checked: {said:?}")).clone()
}

fn is_bad(said: &Said, check: &str, words: &[&str]) {
    assert_eq!(said.code, 1, "{said:?}");
    let found = finding(said, check);
    assert_eq!(found["good"], false, "{said:?}");
    for word in words {
        assert!(found["says"].as_str().unwrap().contains(word), "{check} does not say \"{word}\": {said:?}");
    }
}
