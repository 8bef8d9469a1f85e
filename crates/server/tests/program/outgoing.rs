//! Two operators: letters that are taken in charge here and delivered there, over mutual TLS, by the real program.

use crate::{
    cli::NEW,
    process::{Demo, Service, kuvert, run, until},
    sender::{ANNA, BO, CLEO, OFFICE, Sender, TOWN, letter, text_file, with},
};
use domain::{Identity, OrgNumber};
use key_client::{By, Change, Changed};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};
use registry::registrations::{AccountType, Place};
use reqwest::Method;
use sender_tools::agency_client::Reply;
use serde_json::{Value, json};
use server::{config::Config, house::Operator};
use std::{fs, path::Path};
use store::DatabaseKind;
use testing::LADAN;
use vault::SystemRandom;

/// Without a mailbox anywhere.
const NILS: &str = "189001019802";

/// We, and another operator that is not told anything by us but letters.
struct Two {
    us: Demo,
    other: Demo,
    config: String,
}

impl Two {
    async fn new() -> Self {
        let us = Demo::on(DatabaseKind::Sqlite).await;
        let other = Demo::on(DatabaseKind::Sqlite).await;
        us.start().stop();
        other.start().stop();
        let config = us.path().join("us.toml").display().to_string();
        let (certificate, key) = certificate(&other, 2100);
        let outgoing = format!(
            "\n[outgoing]\ncertificate = \"{certificate}\"\nkey_file = \"{key}\"\nauthorities = \"{}\"\n",
            other.pki("ca.pem").display()
        );
        fs::write(&config, fs::read_to_string(us.config()).unwrap() + &outgoing).unwrap();
        run(&["config", "check", "--config", &config]).good();
        let two = Self { us, other, config };
        for config in [&two.config, &two.other.config()] {
            run(&["agency", "add", "--config", config, NEW, "Exempelposten", "--dispatcher-only"]).good();
            run(&["agency", "dispatch", "--config", config, TOWN, NEW]).good();
        }
        // Only registered certificates call there.
        run(&["agency", "cert", "add", "--config", &two.other.config(), &certificate]).good();
        let address = format!("https://127.0.0.1:{}/Service/v3", two.other.base + 1);
        let add = ["operator", "add", "--config", &two.config, LADAN, "ladan.example", "L\u{e5}dan"];
        run(&[&add[..], &["--service-address", &address]].concat()).good();
        for number in [ANNA, BO, CLEO, NILS] {
            two.moves(number, Place::At(OrgNumber::parse(LADAN).unwrap())).await;
        }
        two
    }

    fn start(&self) -> Service {
        let mut command = kuvert();
        command.args(["serve", "--config", &self.config, "--log", "info"]);
        Service::start(command, self.us.base).unwrap_or_else(|said| panic!("it does not start: {said:?}"))
    }

    /// As our register is told.
    async fn moves(&self, number: &str, to: Place) {
        let handle = Operator::open(&Config::read(Path::new(&self.config)).unwrap()).await.unwrap();
        let identity = Identity::parse(number).unwrap();
        let macs = handle.keys.address_macs("operator", std::slice::from_ref(&identity)).await.unwrap();
        let to = match to {
            Place::Here => None,
            Place::At(operator) => Some(operator),
        };
        let job = domain::JobId::new(handle.now(), &SystemRandom);
        let account_type = AccountType::Secure.as_str().to_owned();
        let moved = Change::Move { address_mac: macs[0], job, to, account_type };
        assert_eq!(handle.keys.change(By::Operator, moved).await.unwrap(), Changed::Done(true));
        handle.close().await;
    }
}

/// Our chain, with an RSA key as real ones have. The other trusts its root, and learns of the authority in between from
/// us alone.
fn certificate(other: &Demo, until_year: i32) -> (String, String) {
    let mut named = CertificateParams::default();
    named.distinguished_name = DistinguishedName::new();
    let authority = |name: &str| {
        let mut params = named.clone();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    };
    let root = authority("Root");
    let root_key = KeyPair::generate().unwrap();
    let trusted = fs::read_to_string(other.pki("ca.pem")).unwrap();
    fs::write(other.pki("ca.pem"), trusted + &root.self_signed(&root_key).unwrap().pem()).unwrap();
    let between = authority("In between");
    let between_key = KeyPair::generate().unwrap();
    let between_pem = between.signed_by(&between_key, &Issuer::new(root, root_key)).unwrap().pem();
    let issuer = Issuer::new(between, between_key);
    let key = fs::read_to_string(other.pki("164020000040.key")).unwrap();
    let mut own = named;
    own.distinguished_name.push(DnType::CommonName, "Exempelposten");
    own.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), NEW);
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.use_authority_key_identifier_extension = true;
    own.not_before = rcgen::date_time_ymd(2020, 1, 1);
    own.not_after = rcgen::date_time_ymd(until_year, 1, 1);
    let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
    let made = own.signed_by(&pair, &issuer).unwrap();
    let [certificate, key_file] = ["us.pem", "us.key"].map(|name| other.path().join(name));
    fs::write(&certificate, made.pem() + &between_pem).unwrap();
    fs::write(&key_file, key).unwrap();
    (certificate.display().to_string(), key_file.display().to_string())
}

impl Sender {
    async fn takes_in_charge(&self, recipient: &str, reference: &str) -> (String, String) {
        let draft = with(
            letter(TOWN, recipient, reference, "Beslut", "Hemligt"),
            json!({}),
            vec![text_file("bilaga.txt", "Bilagan")],
        );
        match self.client.send(&self.sign(&draft)).await.unwrap() {
            Reply::Accepted { letter_id, receipt, forwarding: true, .. } => (letter_id, receipt),
            other => panic!("{other:?}"),
        }
    }

    async fn get(&self, path: &str) -> Value {
        self.client.ask(Method::GET, path, None).await.unwrap()
    }

    /// Waits until the letter is there, and answers its history.
    async fn becomes(&self, letter_id: &str, state: &str) -> Value {
        let path = format!("/v1/letters/{letter_id}");
        until(&format!("{letter_id} {state}"), async || {
            let shown = self.client.ask(Method::GET, &path, None).await.ok()?;
            (shown["state"] == state).then(|| shown["history"].clone())
        })
        .await
    }
}

fn types(history: &Value) -> Vec<&str> {
    history.as_array().unwrap().iter().map(|line| line["type"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_for_another_operator_get_there_come_back_or_come_home() {
    let two = Two::new().await;
    let service = two.start();
    let town = Sender::of(&two.us, TOWN);
    let office = Sender::of(&two.us, OFFICE);

    // Asked before sending.
    let asks = async |sender: &Sender, number: &str| {
        let question = json!({"sender": number, "recipients": [ANNA, "198101052380"]});
        sender.client.ask(Method::POST, "/v1/reachability", Some(&question)).await.unwrap()
    };
    let answer = asks(&town, TOWN).await;
    let first = &answer["results"][0];
    assert_eq!((first["reachable"].as_bool(), first["how"].as_str()), (Some(true), Some("forwarded")));
    assert_eq!(answer["results"][1]["reason"], "check_digit_invalid");
    assert_eq!(asks(&office, OFFICE).await["results"][0]["reason"], "sender_must_sign");
    assert_eq!(office.is_refused(&letter(OFFICE, ANNA, "a", "Prov", "Prov")).await, "sender_must_sign");
    let forwarding = &town.get("/v1/capabilities").await["forwarding"];
    assert_eq!(forwarding["dispatcher"], NEW);

    // The other operator is down: taken in charge all the same.
    let (anna, receipt) = town.takes_in_charge(ANNA, "a").await;
    assert_eq!(
        town.takes_in_charge(ANNA, "a").await,
        (anna.clone(), receipt),
        "a repeat gets the same answer"
    );
    let (cleo, _) = town.takes_in_charge(CLEO, "c").await;
    let (nils, _) = town.takes_in_charge(NILS, "n").await;
    assert_eq!(types(&town.becomes(&anna, "forwarding").await), ["taken_in_charge"]);
    // One of them comes here before it is up again.
    two.moves(CLEO, Place::Here).await;
    let history = town.becomes(&cleo, "available").await;
    assert_eq!(types(&history)[..2], ["taken_in_charge", "accepted"]);

    let other = two.other.start();
    assert_eq!(types(&town.becomes(&anna, "forwarded").await), ["taken_in_charge", "forwarded"]);
    let returned = town.becomes(&nils, "returned").await;
    assert_eq!(types(&returned), ["taken_in_charge", "returned"]);
    assert_eq!(returned[1]["why"], "not_delivered");
    let there = Sender::of(&two.other, TOWN);
    assert_eq!(there.get("/v1/letters?reference=a").await["state"], "available");
    assert!(there.client.ask(Method::GET, "/v1/letters?reference=c", None).await.is_err(), "it came home");

    // The feed tells the same, with why.
    let told = until("returned in the feed", async || {
        let events = town.get("/v1/events?limit=1000").await;
        events["events"].as_array().unwrap().iter().find(|event| event["type"] == "returned").cloned()
    })
    .await;
    assert_eq!((told["why"].as_str(), told["reference"].as_str()), (Some("not_delivered"), Some("n")));
    let log = service.stop() + &other.stop();
    assert!(!log.contains(ANNA) && !log.contains(NILS) && !log.contains("Hemligt"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_told_at_start_and_nothing_is_taken_in_charge() {
    let two = Two::new().await;
    certificate(&two.other, 2021);
    let service = two.start();
    let town = Sender::of(&two.us, TOWN);
    let draft = letter(TOWN, ANNA, "a", "Beslut", "Hemligt");
    // Told as something to send again later.
    let reply = town.client.send(&town.sign(&draft)).await.unwrap();
    assert!(matches!(&reply, Reply::Unknown { status: 503, code, .. } if code == "unavailable"), "{reply:?}");
    assert!(town.client.ask(Method::GET, "/v1/letters?reference=a", None).await.is_err());
    let log = service.stop();
    assert!(log.contains("outgoing.certificate is not valid now"), "{log}");
    assert!(log.contains("Our certificate for letters to other operators is not valid"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_hands_over_nothing_is_lost_and_nothing_doubled() {
    const LETTERS: usize = 12;
    let two = Two::new().await;
    let service = two.start();
    let town = Sender::of(&two.us, TOWN);
    let mut letters = Vec::new();
    for no in 0..LETTERS {
        letters.push(town.takes_in_charge([ANNA, BO][no % 2], &format!("k-{no}")).await.0);
    }
    let other = two.other.start();
    let there = Sender::of(&two.other, TOWN);
    let arrived = async || {
        let events = there.get("/v1/events?limit=1000").await;
        let ours = events["events"].as_array().unwrap().iter().filter(|event| {
            event["type"] == "accepted" && event["reference"].as_str().is_some_and(|r| r.starts_with("k-"))
        });
        ours.count()
    };
    // Some have arrived; whether it knows of the last of them, nobody can say.
    until("the first to arrive", async || (arrived().await > 0).then_some(())).await;
    service.signal("KILL");
    drop(service);
    let service = two.start();
    for letter_id in &letters {
        assert_eq!(types(&town.becomes(letter_id, "forwarded").await), ["taken_in_charge", "forwarded"]);
    }
    until("all of them", async || (arrived().await == LETTERS).then_some(())).await;
    service.stop();
    other.stop();
}
