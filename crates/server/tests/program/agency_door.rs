//! Whom the agency door lets in: only certificates that are registered, and none that a revocation list names.

use crate::{
    cli::{Authority, IN_FORCE, certificate, issuer},
    process::{Demo, PATIENCE, Service, kuvert, run},
    sender::{OFFICE, Sender, TOWN, notice},
};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber, date_time_ymd};
use reqwest::{Method, Version};
use serde_json::{Value, json};
use store::DatabaseKind;
use testing::{LADAN as OPERATOR, NOBODY};
use tokio::task::JoinSet;

/// Status, version and text of an answer.
type Reply = (u16, Version, String);

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_registered_calls_nothing() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let sender = |number: &str| {
        let (pem, key) = certificate(&demo, Authority::OfTheDemo, number, IN_FORCE);
        Sender::new(&service.url(1), pem, key, &demo.pki("ca.pem"))
    };
    // Of the town, which is registered with another; of an organisation that nobody knows.
    for (number, why) in
        [(TOWN, "not registered for its organisation"), (NOBODY, "organisation is not registered")]
    {
        let sender = sender(number);
        for (method, path) in [
            (Method::GET, "/v1/events"),
            (Method::GET, "/v1/letters?reference=a"),
            (Method::GET, "/v1/letters/01a201a2-d340-7e4d-9b52-e249eff27a21"),
            (Method::POST, "/v1/letters"),
            (Method::POST, "/v1/reachability"),
            (Method::GET, "/v1/capabilities"),
            (Method::GET, "/v1/openapi.json"),
            (Method::DELETE, "/v1/events"),
            (Method::GET, "/v1/nothing"),
            (Method::GET, "/Service/v3?wsdl"),
            (Method::GET, "/Recipient/v3?wsdl"),
            (Method::GET, "/Authority?wsdl"),
            (Method::PUT, "/Service/v3"),
        ] {
            let request = sender.http.request(method.clone(), format!("{}{path}", sender.door));
            let answer = request.json(&json!({"sender": number, "recipients": []})).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{method} {path}");
            let problem: Value = answer.json().await.unwrap();
            assert_eq!(problem["code"], "certificate_unknown", "{method} {path}");
            assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
            assert!(problem["mend"].as_str().unwrap().contains("kuvert operator cert add"), "{problem}");
        }
        for path in ["/Service/v3", "/Recipient/v3", "/Authority"] {
            let request = sender.http.post(format!("{}{path}", sender.door));
            let request = request.header("content-type", "text/xml; charset=utf-8").body("<a/>");
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 500, "{path}");
            let fault = answer.text().await.unwrap();
            assert!(fault.contains(">5002<") && fault.contains("certificate_unknown"), "{fault}");
        }
        let told = sender.notifies(&notice("1", &[], "Vattnet", "Vattnet"), &mut Vec::new()).await;
        assert_eq!(told.unwrap_err(), "certificate_unknown");
    }
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_a_caller_by_its_own_command() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let (pem, key) = certificate(&demo, Authority::OfTheDemo, OPERATOR, IN_FORCE);
    let file = pem.display().to_string();
    let cert = |words: &[&str]| {
        let (verb, rest) = words.split_at(1);
        run(&[&["operator", "cert"], verb, &["--config", &config], rest].concat())
    };
    cert(&["add", &file]).bad(1, &[OPERATOR, "kuvert operator add"]);
    let address = "https://ladan.example/service/v3";
    let add = ["operator", "add", "--config", &config, OPERATOR, "ladan.example", "Lådan"];
    run(&[&add[..], &["--service-address", address]].concat()).good();
    let operator = Sender::new(&service.url(1), pem.clone(), key, &demo.pki("ca.pem"));
    let asks = || async {
        let answer = operator.http.get(format!("{}/Recipient/v3?wsdl", operator.door)).send().await;
        answer.map_or(0, |answer| answer.status().as_u16())
    };
    let becomes = |wanted: u16| async move {
        crate::process::until("the answer", || async { (asks().await == wanted).then_some(()) }).await;
    };
    becomes(403).await;
    let made = cert(&["add", "--json", &file]).good().json();
    assert_eq!((made["operator"].as_str(), made["state"].as_str()), (Some(OPERATOR), Some("in force")));
    becomes(200).await;
    let sha256 = made["sha256"].as_str().unwrap();
    assert!(cert(&["list"]).good().out.contains(sha256));
    assert_eq!(cert(&["list", "--json", OPERATOR]).good().json().as_array().unwrap().len(), 1);
    cert(&["list", TOWN]).bad(1, &["kuvert operator add"]);
    assert!(cert(&["revoke", sha256]).good().out.contains(sha256));
    cert(&["revoke", sha256]).bad(1, &["revoked before"]);
    cert(&["add", &file]).bad(1, &["stays so"]);
    assert_eq!(cert(&["list", "--json"]).good().json()[0]["state"], "revoked");
    // On the open connection the answer, on others the handshake.
    crate::process::until("the end of it", || async { ([0, 403].contains(&asks().await)).then_some(()) })
        .await;
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_revocation_list_names_does_not_connect() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let lists = demo.path().join("lists");
    std::fs::create_dir(&lists).unwrap();
    let office = std::fs::read(demo.pki(&format!("{OFFICE}.pem"))).unwrap();
    let office = vault::Certificate::from_pem(&office).unwrap();
    let serial = x509_parser::parse_x509_certificate(&office.der).unwrap().1.raw_serial().to_vec();
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from_slice(&serial),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 2),
        next_update: date_time_ymd(2100, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = params.signed_by(&issuer(&demo, Authority::OfTheDemo)).unwrap().pem().unwrap();
    std::fs::write(lists.join("demo.crl"), list).unwrap();
    let told = format!("queue_mib = 128\nrevocation_lists = {:?}", lists.display().to_string());
    let config = demo.with("lists.toml", "queue_mib = 128", &told);
    let serve = || {
        let mut command = kuvert();
        command.args(["serve", "--config", &config]);
        Service::start(command, demo.base)
    };
    let service = serve().unwrap_or_else(|said| panic!("{said:?}"));
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    let asks =
        |sender: &Sender| sender.http.get(format!("{}/v1/events", sender.door)).timeout(PATIENCE).send();
    assert_eq!(asks(&town).await.unwrap().status(), 200);
    assert!(asks(&office).await.is_err(), "the handshake fails");
    let metrics = reqwest::get(format!("{}/metrics", service.url(2))).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("kuvert_revocation_lists{state=\"in_force\"} 1"), "{metrics}");
    service.stop();
    // At start a list that cannot be used is a reason not to.
    std::fs::write(lists.join("demo.crl"), "half a fi").unwrap();
    serve().err().unwrap().bad(1, &["agency.revocation_lists", "demo.crl"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_looked_up_enough_waits_for_the_next_day() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let quota = |rest: &[&str]| run(&[&["agency", "quota", "--config", &config], rest].concat());
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    let people: Vec<String> = (0..1000).map(|no| format!("19400101{no:04}")).collect();
    let people: Vec<_> = people.iter().filter(|number| domain::Identity::parse(number).is_ok()).collect();
    assert!(people.len() > 50);
    let asks = |sender: &Sender, number: &str| {
        let question = json!({"sender": number, "recipients": people});
        sender.http.post(format!("{}/v1/reachability", sender.door)).json(&question).send()
    };
    assert_eq!(asks(&town, TOWN).await.unwrap().status(), 200);
    assert!(quota(&[TOWN, "1"]).good().out.contains("1 recipients a day (its own)"));
    assert_eq!(quota(&["--json", OFFICE]).good().json()["per_day"], 100_000);
    // What was taken ahead of its use is used up first.
    let mut answer = asks(&town, TOWN).await.unwrap();
    for _ in 0..100 {
        if answer.status() != 200 {
            break;
        }
        answer = asks(&town, TOWN).await.unwrap();
    }
    assert_eq!(answer.status(), 429);
    let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=90_000).contains(&wait), "{wait}");
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "lookups_used_up");
    // Letters are looked up by, too. The dispatcher and others have their own.
    let letter = crate::sender::letter(TOWN, crate::sender::ANNA, "quota-1", "Prov", "Prov");
    let sent = town.client.send(&town.sign(&letter)).await.unwrap();
    assert!(
        matches!(&sent, sender_tools::agency_client::Reply::Unknown { status: 429, code, .. } if code == "lookups_used_up"),
        "{sent:?}"
    );
    assert_eq!(asks(&office, OFFICE).await.unwrap().status(), 200);
    quota(&[TOWN, "large"]).good();
    crate::process::until("more of it", || async {
        (asks(&town, TOWN).await.unwrap().status() == 200).then_some(())
    })
    .await;
    quota(&[TOWN, "none"]).bad(2, &["small, medium, large"]);
    service.stop();
}

/// A door with room for little: half a mebibyte is one caller's, which is eight bodies of 60 KiB and no more.
async fn little_room() -> (Demo, Service) {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let config = demo.with("little.toml", "queue_mib = 128", "queue_mib = 1");
    let mut command = kuvert();
    command.args(["serve", "--config", &config]);
    let service = Service::start(command, demo.base).unwrap_or_else(|said| panic!("{said:?}"));
    (demo, service)
}

/// Begins twenty calls whose bodies do not end, and answers what twelve of them are told; the others are held.
async fn twenty_begin(http: &reqwest::Client, url: &str, media_type: &str) -> (JoinSet<Reply>, Vec<Reply>) {
    let mut held = JoinSet::new();
    for _ in 0..20 {
        let begun = futures_util::stream::once(async { Ok::<_, std::io::Error>(vec![b' '; 60 * 1024]) });
        let body = reqwest::Body::wrap_stream(futures_util::StreamExt::chain(
            begun,
            futures_util::stream::pending(),
        ));
        let call = http.post(url).header("content-type", media_type).body(body).send();
        held.spawn(async move {
            let answer = call.await.unwrap();
            (answer.status().as_u16(), answer.version(), answer.text().await.unwrap())
        });
    }
    let mut told = vec![];
    for _ in 0..12 {
        let answer = tokio::time::timeout(PATIENCE, held.join_next()).await;
        told.push(answer.expect("it is counted").unwrap().unwrap());
    }
    (held, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_are_counted_whatever_they_are_for() {
    let (demo, service) = little_room().await;
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    let xml = "text/xml; charset=utf-8";
    for (path, media_type, status) in [
        ("/v1/reachability", "application/json", 503),
        ("/Service/v3", xml, 500),
        ("/Recipient/v3", xml, 500),
        ("/Authority", xml, 500),
    ] {
        let (held, told) = twenty_begin(&town.http, &format!("{}{path}", town.door), media_type).await;
        for (told, _, text) in &told {
            assert_eq!(*told, status, "{path}: {text}");
            assert!(text.contains("overloaded"), "{path}: {text}");
        }
        let question = json!({"sender": OFFICE, "recipients": []});
        let asked = office.http.post(format!("{}/v1/reachability", office.door)).json(&question).send().await;
        assert_eq!(asked.unwrap().status(), 200, "{path}: there is room for others");
        drop(held);
        // What was held is given back when its callers have gone.
        crate::process::until("room again", || async {
            let body = " ".repeat(60 * 1024);
            let request = town.http.post(format!("{}/v1/reachability", town.door));
            let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
            (answer.status() != 503).then_some(())
        })
        .await;
    }
    let large = "x".repeat(65 * 1024);
    let request = office.http.post(format!("{}/v1/reachability", office.door));
    let answer = request.header("content-type", "application/json").body(large).send().await.unwrap();
    assert_eq!(answer.status(), 413);
    service.stop();
}

/// One connection is one place among the connections; what its streams hold is counted all the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_streams_of_one_connection_are_counted_each() {
    let (demo, service) = little_room().await;
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    let http = town.over_http2(&demo.pki("ca.pem"));
    // Connected before, so that none of them opens a second one.
    let wsdl = http.get(format!("{}/Service/v3?wsdl", town.door)).send().await.unwrap();
    assert_eq!(wsdl.version(), Version::HTTP_2);
    for (path, media_type) in [("/Service/v3", "text/xml"), ("/v1/reachability", "application/json")] {
        let (held, told) = twenty_begin(&http, &format!("{}{path}", town.door), media_type).await;
        for (_, version, text) in &told {
            assert_eq!(*version, Version::HTTP_2);
            assert!(text.contains("overloaded"), "{path}: {text}");
        }
        let question = json!({"sender": OFFICE, "recipients": []});
        let asked = office.http.post(format!("{}/v1/reachability", office.door)).json(&question).send().await;
        assert_eq!(asked.unwrap().status(), 200, "{path}: there is room for others");
        drop(held);
    }
    service.stop();
}
