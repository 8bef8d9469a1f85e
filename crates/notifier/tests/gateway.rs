//! Text messages through an HTTP gateway in the form of 46elks.

#![allow(clippy::unwrap_used, reason = "tests")]

use axum::{
    Form, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{Time, words::Channel};
use notifier::{
    Delivery, Failure, Sms,
    settings::{SmsGatewaySettings, SmsSettings},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;

/// The gateway: what it answers, and what it was asked.
#[derive(Clone)]
struct Gateway {
    answer: Arc<Mutex<(u16, &'static str)>>,
    asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
}

impl Gateway {
    fn answers(&self, status: u16, body: &'static str) {
        *self.answer.lock().unwrap() = (status, body);
    }
}

async fn take(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    Form(form): Form<BTreeMap<String, String>>,
) -> (StatusCode, [(header::HeaderName, &'static str); 1], &'static str) {
    let expected = format!("Basic {}", STANDARD.encode("u0123:canary-password"));
    let location = [(header::LOCATION, "/elsewhere")];
    if headers.get(header::AUTHORIZATION).unwrap().to_str().unwrap() != expected {
        return (StatusCode::UNAUTHORIZED, location, "API access requires Basic HTTP authentication");
    }
    assert_eq!(headers.get(header::CONTENT_TYPE).unwrap(), "application/x-www-form-urlencoded");
    gateway.asked.lock().unwrap().push(form);
    let (status, body) = *gateway.answer.lock().unwrap();
    if status == 0 {
        std::future::pending::<()>().await;
    }
    (StatusCode::from_u16(status).unwrap(), location, body)
}

async fn start() -> (Gateway, String) {
    let gateway = Gateway { answer: Arc::new(Mutex::new((200, CREATED))), asked: Arc::default() };
    let app = Router::new().route("/a1/sms", post(take)).with_state(gateway.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a1/sms", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (gateway, url)
}

fn open(folder: &TempDir, url: &str, password: &str) -> Sms {
    let password_file = folder.path().join("password");
    std::fs::write(&password_file, format!("{password}\n")).unwrap();
    let settings = SmsSettings::Http(SmsGatewaySettings {
        url: url.to_owned(),
        username: "u0123".to_owned(),
        password_file,
        sender: "Kuvert".to_owned(),
        timeout_seconds: 1,
    });
    assert!(!format!("{settings:?}").contains("canary"));
    Sms::open(&settings).unwrap()
}

fn delivery(number: &str) -> Delivery {
    Delivery {
        id: [1; 32],
        address: number.to_owned(),
        channel: Channel::Sms,
        subject: String::new(),
        text: "Du har ett nytt brev i Kuvert & på svenska: läs + lär.".to_owned(),
        at: Time::from_millis(1_795_000_000_000),
    }
}

#[tokio::test]
async fn the_form_has_from_to_and_message_and_the_name_and_password() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, url) = start().await;
    open(&folder, &url, "canary-password").send(&delivery("+46701740605")).await.unwrap();
    let asked = gateway.asked.lock().unwrap().clone();
    let fields: Vec<_> = asked[0].iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("from", "Kuvert"),
            ("message", "Du har ett nytt brev i Kuvert & på svenska: läs + lär."),
            ("to", "+46701740605")
        ]
    );
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn every_answer_has_its_meaning() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, url) = start().await;
    let sms = open(&folder, &url, "canary-password");
    for (status, body, expected) in [
        (200, CREATED, Ok(())),
        (201, "", Ok(())),
        (200, "not JSON", Ok(())),
        (200, r#"{"status":"failed","id":"s1"}"#, Err(Failure::Never("sms_failed"))),
        (400, "Invalid to number", Err(Failure::BadAddress("sms_no_such_number"))),
        (400, r#"{"error":"parameter 'to' is invalid"}"#, Err(Failure::BadAddress("sms_no_such_number"))),
        (400, "Unable to use this from", Err(Failure::Later("sms_refused"))),
        (403, "Not enough credits to send", Err(Failure::Later("sms_account"))),
        (404, "no such page", Err(Failure::Later("sms_account"))),
        (402, "pay first", Err(Failure::Later("sms_account"))),
        (429, "slow down", Err(Failure::Later("sms_not_now"))),
        (302, "", Err(Failure::Later("sms_gateway"))),
        (500, "", Err(Failure::Later("sms_gateway"))),
        (503, "to number", Err(Failure::Later("sms_gateway"))),
        (0, "", Err(Failure::Later("sms_no_answer"))),
    ] {
        gateway.answers(status, body);
        assert_eq!(sms.send(&delivery("+46701740605")).await, expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_wrong_password_blames_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, url) = start().await;
    let sms = open(&folder, &url, "wrong");
    assert_eq!(sms.send(&delivery("+46701740605")).await, Err(Failure::Later("sms_account")));
    assert!(gateway.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_number_without_its_country_is_not_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let (gateway, url) = start().await;
    let sms = open(&folder, &url, "canary-password");
    for number in ["0701740605", "+46 701740605", "46701740605", "anna@example.test", ""] {
        assert_eq!(sms.send(&delivery(number)).await, Err(Failure::BadAddress("number_invalid")), "{number}");
    }
    assert!(gateway.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_for_later() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/a1/sms", listener.local_addr().unwrap());
    drop(listener);
    let sms = open(&folder, &url, "canary-password");
    let sent = tokio::time::timeout(Duration::from_secs(5), sms.send(&delivery("+46701740605"))).await;
    assert_eq!(sent.unwrap(), Err(Failure::Later("sms_no_answer")));
}

#[tokio::test]
async fn a_folder_gets_one_file_for_each_notice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let sms = Sms::open(&SmsSettings::Folder { path: path.clone() }).unwrap();
    for _ in 0..2 {
        sms.send(&delivery("+46701740605")).await.unwrap();
    }
    let files: Vec<_> = std::fs::read_dir(&path).unwrap().flatten().map(|f| f.path()).collect();
    assert_eq!(files, [path.join(format!("{}.sms", "01".repeat(16)))]);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert_eq!(text, "To: +46701740605\n\nDu har ett nytt brev i Kuvert & på svenska: läs + lär.\n");
}

const CREATED: &str =
    r#"{"status":"created","direction":"outgoing","from":"Kuvert","to":"+46701740605","id":"s1"}"#;
