//! `kuvert doctor`: what is wrong, and what to do.

use super::{Authority, EXPIRED, IN_FORCE, NEW, certificate, issuer, params};
use crate::{
    process::{Demo, Said, run},
    sender::{OFFICE, TOWN},
};
use rcgen::{
    CertificateRevocationListParams, DnType, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    SerialNumber,
};
use serde_json::Value;
use server::config;
use std::path::Path;
use store::DatabaseKind;
use toml::Table;

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_with_a_sender() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let door = service.url(1);
    let ca = demo.pki("ca.pem");
    let examine = |pem: &Path, key: &Path, ca: &Path| {
        let [pem, key, ca] = [pem, key, ca].map(|path| path.display().to_string());
        run(&["doctor", "--certificate", &pem, "--key", &key, "--door", &door, "--ca", &ca, "--json"])
    };
    let town = demo.pki(&format!("{TOWN}.pem"));
    let town_key = demo.pki(&format!("{TOWN}.key"));

    let good = examine(&town, &town_key, &ca).good();
    for check in ["certificate", "validity", "use", "key", "signature", "door"] {
        assert_eq!(finding(&good, check)["good"], true, "{check}: {good:?}");
    }
    let says = finding(&good, "door")["says"].as_str().unwrap().to_owned();
    assert!(says.contains(TOWN) && says.contains("clocks agree"), "{says}");

    let (pem, key) = certificate(&demo, Authority::OfTheDemo, NEW, EXPIRED);
    let expired = examine(&pem, &key, &ca);
    is_bad(&expired, "validity", &["expired 2021-01-01: renew it and register the new one"]);
    is_bad(&expired, "door", &["certificate has expired", "renew it"]);

    let other = demo.pki(&format!("{OFFICE}.key"));
    is_bad(&examine(&town, &other, &ca), "key", &["key"]);

    // An authority that the door does not know, and a door that the sender does not know.
    let (pem, key) = certificate(&demo, Authority::Unknown, NEW, IN_FORCE);
    is_bad(&examine(&pem, &key, &ca), "door", &["no connection", "issuer"]);
    is_bad(&examine(&town, &town_key, &pem), "door", &["no connection", "--ca"]);

    // Not registered: the door says so, with the mend.
    let (pem, key) = certificate(&demo, Authority::OfTheDemo, NEW, IN_FORCE);
    let unknown = ["403 certificate_unknown", "is not registered", "kuvert agency cert add"];
    is_bad(&examine(&pem, &key, &ca), "door", &unknown);
    // The commonest fault of the first day: the organisation is registered, and its certificate is not.
    run(&["agency", "add", "--config", &demo.config(), NEW, "Ny myndighet"]).good();
    let unknown =
        ["403 certificate_unknown", "not registered for its organisation", "kuvert agency cert add"];
    is_bad(&examine(&pem, &key, &ca), "door", &unknown);
    let path = |path: &Path| path.display().to_string();
    let own =
        ["doctor", "--certificate", &path(&pem), "--key", &path(&key), "--config", &demo.config(), "--json"];
    is_bad(&run(&own), "caller", &["not registered for its organisation"]);
    run(&["agency", "cert", "add", "--config", &demo.config(), &path(&pem)]).good();
    assert_eq!(finding(&run(&own), "caller")["good"], true);

    let revoked = demo.pki(&format!("{OFFICE}.pem"));
    run(&["agency", "cert", "revoke", "--config", &demo.config(), &revoked.display().to_string()]).good();
    crate::process::until("the revocation to hold", || async {
        let said = examine(&revoked, &other, &ca);
        (said.code == 1).then_some(())
    })
    .await;
    is_bad(&examine(&revoked, &other, &ca), "door", &["this certificate is revoked", "use another one"]);

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
        "authorities",
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

/// With what others are met is looked at before a letter is refused for it.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_with_certificates_for_others() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let text = std::fs::read_to_string(demo.config()).unwrap();
    let number = config::Config::read(Path::new(&demo.config())).unwrap().instance.number;
    let examine = |more: &str| {
        let path = demo.path().join("other.toml");
        let mut table: Table = toml::from_str(&text).unwrap();
        table.extend(toml::from_str::<Table>(more).unwrap());
        std::fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
        run(&["doctor", "--config", &path.display().to_string(), "--json"])
    };
    let ca = demo.pki("ca.pem");
    let server = demo.pki("server.pem");
    let key = demo.pki("164020000040.key");
    let section = |name: &str, pem: &Path, key: &Path, authorities: &Path| {
        format!(
            "[{name}]\ncertificate = \"{}\"\nkey_file = \"{}\"\nauthorities = \"{}\"",
            pem.display(),
            key.display(),
            authorities.display()
        )
    };
    let register = "mode = \"external\"\nauthority_address = \"https://far.example/Authority\"\n\
        recipient_address = \"https://far.example/Recipient/v3\"";
    let external = |pem: &Path, key: &Path, authorities: &Path| {
        format!("{}\n{register}", section("far", pem, key, authorities))
    };
    let chain = |name: &str, own: [i32; 2], above: [i32; 2]| {
        let path = demo.path().join(name);
        let own = rsa(&demo, &number, own);
        let above = rsa(&demo, "164020000065", above);
        std::fs::write(&path, own + &above).unwrap();
        path
    };
    let ours = chain("ours.pem", IN_FORCE, IN_FORCE);
    let good = [section("outgoing", &ours, &key, &ca), external(&ours, &key, &ca)].join("\n");
    let said = examine(&good).good();
    for (check, word) in
        [("outgoing", number.as_str()), ("register", "2100-01-01"), ("authorities", "1 authorities")]
    {
        let found = finding(&said, check);
        assert!(found["good"] == true && found["says"].as_str().unwrap().contains(word), "{said:?}");
    }
    let without = examine("");
    for check in ["outgoing", "register"] {
        assert!(!without.out.contains(&format!("\"{check}\"")), "{without:?}");
    }

    let expired = chain("expired.pem", EXPIRED, IN_FORCE);
    let above = chain("above.pem", IN_FORCE, EXPIRED);
    let foreign = demo.path().join("foreign.pem");
    std::fs::write(&foreign, rsa(&demo, TOWN, IN_FORCE)).unwrap();
    let other = demo.pki(&format!("{TOWN}.key"));
    for (pem, key, authorities, words) in [
        (&expired, &key, &ca, ["certificate", "expired 2021-01-01"]),
        (&above, &key, &ca, ["an authority in it", "expired 2021-01-01"]),
        (&ours, &other, &ca, ["key_file", ""]),
        (&ours, &key, &key, ["authorities", "164020000040.key"]),
        (&ours, &key, &demo.path().join("nothing.pem"), ["authorities", "nothing.pem"]),
        (&demo.path().join("nothing.pem"), &key, &ca, ["certificate", "nothing.pem"]),
    ] {
        is_bad(&examine(&section("outgoing", pem, key, authorities)), "outgoing", &words);
        is_bad(&examine(&external(pem, key, authorities)), "register", &words);
    }
    is_bad(&examine(&section("outgoing", &foreign, &key, &ca)), "outgoing", &["instance.number"]);
    is_bad(&examine(&section("outgoing", &server, &demo.pki("server.key"), &ca)), "outgoing", &["RSA"]);

    // Revocation lists: one in date, one that is not, one that is none.
    let lists = demo.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    let with_lists = || {
        let begin = format!("[agency]\nrevocation_lists = \"{}\"\n", lists.display());
        let path = demo.path().join("lists.toml");
        std::fs::write(&path, text.replacen("[agency]\n", &begin, 1)).unwrap();
        run(&["doctor", "--config", &path.display().to_string(), "--json"])
    };
    let list = |name: &str, next: i32| std::fs::write(lists.join(name), revocations(&demo, next)).unwrap();
    list("good.crl", 2100);
    assert!(finding(&with_lists().good(), "authorities")["says"].as_str().unwrap().contains("1 revocation"));
    list("old.pem", 2026);
    is_bad(&with_lists(), "authorities", &["agency.revocation_lists", "old.pem since 2026-01-01"]);
    assert!(!with_lists().out.contains("good.crl"));
    std::fs::write(lists.join("old.pem"), "nothing").unwrap();
    is_bad(&with_lists(), "authorities", &["agency.revocation_lists", "old.pem"]);
}

/// A certificate, PEM, with the demo's published RSA key.
fn rsa(demo: &Demo, number: &str, years: [i32; 2]) -> String {
    let key = std::fs::read_to_string(demo.pki("164020000040.key")).unwrap();
    let key = KeyPair::from_pkcs8_pem_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
    let mut own = params("Exempelposten");
    own.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    (own.not_before, own.not_after) =
        (rcgen::date_time_ymd(years[0], 1, 1), rcgen::date_time_ymd(years[1], 1, 1));
    own.signed_by(&key, &issuer(demo, Authority::OfTheDemo)).unwrap().pem()
}

/// A revocation list of the demo's authority that is in date until that year.
fn revocations(demo: &Demo, next: i32) -> String {
    let params = CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2025, 1, 2),
        next_update: rcgen::date_time_ymd(next, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&issuer(demo, Authority::OfTheDemo)).unwrap().pem().unwrap()
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
