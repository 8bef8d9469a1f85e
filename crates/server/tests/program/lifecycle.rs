//! Starting, stopping, being killed, and starting again.

use crate::{
    browser::Browser,
    process::{Demo, PATIENCE, Service, free_ports, kuvert, run, until},
    sender::{ANNA, OFFICE, Sender, TOWN, letter, text_file, with},
};
use bytes::Bytes;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use std::{
    io::{BufRead, BufReader},
    net::{Ipv6Addr, TcpListener},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use store::DatabaseKind;
use tokio::sync::mpsc;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_starts_serves_both_loopbacks_and_goes_on_where_it_stopped() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    // Ten seconds are promised on a machine of its own; here tests run beside it.
    assert!(service.took < Duration::from_secs(30), "ready after {:?}", service.took);
    let said = service.out.text();
    assert!(said.contains(&service.url(0)) && said.ends_with("ready\n"), "{said}");
    assert!(said.contains("Inställningar, Avsändare"), "{said}");
    // The command that it prints can be pasted as it stands.
    let (_, command) = said.split_once("send one:").unwrap();
    let pasted = Command::new("sh").args(["-c", command.lines().next().unwrap()]).output().unwrap();
    let pasted = String::from_utf8(pasted.stdout).unwrap();
    assert!(pasted.contains("is accepted: letter "), "{command}: {pasted}");
    answers_on_both_loopbacks(&demo, &service).await;

    let town = Sender::of(&demo, TOWN);
    let letter_id = town.sends(&letter(TOWN, ANNA, "before", "Före omstart", "Finns kvar.")).await;
    let keys = jwks(&service).await;
    let root = std::fs::read(demo.path().join("root.key")).unwrap();
    assert!(demo.path().join("kuvert.pid").exists());
    service.stop();
    assert!(!demo.path().join("kuvert.pid").exists(), "the pid of a service that ended stays");

    // SIGINT, as Ctrl-C sends it, ends in order too.
    let mut service = demo.start();
    assert_eq!(jwks(&service).await, keys);
    assert_eq!(std::fs::read(demo.path().join("root.key")).unwrap(), root);
    let mut anna = Browser::logs_in(&service, ANNA).await;
    let address = anna.address_of("/", &letter_id).await;
    let page = anna.does(&format!("{address}/open"), &[]).await;
    assert!(page.text.contains("Finns kvar."), "{}", page.text);
    let once = until("the letter in the feed", || async {
        let list = list_of(&town).await;
        list.contains(&letter_id).then_some(list)
    })
    .await;
    service.signal("INT");
    assert_eq!(service.wait().code(), Some(0), "{}", service.err.text());
    let kept = format!("Stopped. Everything is kept in {}", demo.path().display());
    assert!(service.out.text().contains(&kept), "{}", service.out.text());

    // SIGKILL while letters come in; then a start, and every letter that was promised is there once.
    let mut service = demo.start();
    assert_eq!(list_of(&town).await, once, "a start made letters anew");
    let mut promised = Vec::new();
    for no in 0..20 {
        promised.push(town.sends(&letter(TOWN, ANNA, &format!("kill-{no}"), "Löfte", "Text")).await);
    }
    service.signal("KILL");
    assert_eq!(service.wait().code(), None);
    let service = demo.start();
    for (no, id) in promised.iter().enumerate() {
        let path = format!("/v1/letters?sender={TOWN}&reference=kill-{no}");
        let status = town.client.ask(Method::GET, &path, None).await.unwrap();
        assert_eq!(status["letter_id"], id.as_str());
    }
    service.stop();
}

/// Every origin, by IPv4 and IPv6.
async fn answers_on_both_loopbacks(demo: &Demo, service: &Service) {
    let town = Sender::of(demo, TOWN);
    let plain = Client::builder().no_proxy().build().unwrap();
    for host in ["127.0.0.1", "[::1]"] {
        for (offset, path, status) in [
            (0, "/about", StatusCode::OK),
            (2, "/health/ready", StatusCode::OK),
            (3, "/c/none/letter", StatusCode::NOT_FOUND),
            (4, "/.well-known/openid-configuration", StatusCode::OK),
        ] {
            let url = format!("http://{host}:{}{path}", service.base + offset);
            assert_eq!(plain.get(&url).send().await.unwrap().status(), status, "{url}");
        }
        let url = format!("https://{host}:{}/v1/capabilities", service.base + 1);
        assert_eq!(town.http.get(&url).send().await.unwrap().status(), StatusCode::OK, "{url}");
    }
    let stranger = plain.get(format!("https://127.0.0.1:{}/v1/capabilities", service.base + 1)).send().await;
    assert!(stranger.is_err(), "let in without a certificate");
}

async fn jwks(service: &Service) -> String {
    reqwest::get(format!("{}/log/keys", service.url(0))).await.unwrap().text().await.unwrap()
}

/// Letter ids in the sender's feed.
async fn list_of(town: &Sender) -> Vec<String> {
    let feed = town.client.ask(Method::GET, "/v1/events?limit=1000", None).await.unwrap();
    let accepted = feed["events"].as_array().unwrap().iter().filter(|e| e["type"] == "accepted");
    accepted.map(|e| e["letter_id"].as_str().unwrap().to_owned()).collect()
}

/// A letter whose attachment is half in when the service is told to stop is still accepted; nobody new is let in, and
/// the health page says why.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_stop_is_finished() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let mut service = demo.start();
    let town = Sender::of(&demo, TOWN);
    let files = vec![text_file("lång.txt", "långsam\n".repeat(60_000))];
    let draft = with(letter(TOWN, ANNA, "slow", "Långsamt", "Text"), json!({}), files);
    let body = town.sign(&draft).multipart();
    let (send, receive) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let request = town
        .http
        .post(format!("{}/v1/letters", town.door))
        .header("content-type", format!("multipart/form-data; boundary={}", sender_tools::compose::BOUNDARY))
        .body(reqwest::Body::wrap_stream(futures_util::stream::unfold(receive, async |mut receive| {
            receive.recv().await.map(|piece| (piece, receive))
        })));
    let answer = tokio::spawn(request.send());
    // A waiting reader of the feed is answered at once, not after its 60 seconds.
    let client = town.client.clone();
    let began = Instant::now();
    let tail = client.ask(Method::GET, "/v1/events?limit=1000", None).await.unwrap()["next"].clone();
    let path = format!("/v1/events?after={}&wait=60", tail.as_str().unwrap());
    let waiting = tokio::spawn(async move { client.ask(Method::GET, &path, None).await });
    let half = body.len() / 2;
    for piece in [body.slice(..1000), body.slice(1000..half)] {
        send.send(Ok(piece)).await.unwrap();
    }
    // An object has begun: the door is reading.
    until("the attachment to be under way", || async {
        let objects = walk(&demo.path().join("objects"));
        (objects > 0).then_some(())
    })
    .await;

    service.signal("TERM");
    let health = Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/health/ready", service.url(2));
    until("health to say that it stops", || async {
        let status = health.get(&url).send().await.ok()?.status();
        (status == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    until("the door to be closed", || async {
        std::net::TcpStream::connect(("127.0.0.1", service.base + 1)).is_err().then_some(())
    })
    .await;
    assert!(service.is_running(), "it did not wait for the letter");
    waiting.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(50), "the feed's reader was kept waiting");
    send.send(Ok(body.slice(half..))).await.unwrap();
    drop(send);
    let answer = answer.await.unwrap().unwrap();
    let status = answer.status();
    assert_eq!(status, StatusCode::CREATED, "{}", answer.text().await.unwrap());
    assert_eq!(service.wait().code(), Some(0), "{}", service.err.text());
}

/// Files under a folder.
fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| if e.path().is_dir() { walk(&e.path()) } else { 1 }).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hinders_a_start_is_named_with_the_mend() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let start = || Service::start(demo.command(), demo.base).err().unwrap_or_else(|| panic!("it started"));
    for offset in [0, 1, 2, 3, 4] {
        let taken = TcpListener::bind(("127.0.0.1", demo.base + offset)).unwrap();
        let port = format!("port {}", demo.base + offset);
        let said = start().bad(1, &[&port, "taken", "--port-base"]);
        assert!(said.err.starts_with(&format!("error: {port} is taken")), "{said:?}");
        assert!(!said.out.contains("ready"), "{said:?}");
        drop(taken);
    }
    let taken = TcpListener::bind((Ipv6Addr::LOCALHOST, demo.base)).unwrap();
    start().bad(1, &["port", "[::1]"]);
    drop(taken);
    assert!(!demo.path().join("kuvert.db").exists(), "something was made although nothing could be served");

    let dir = demo.path().display().to_string();
    for base in ["65533", "1023", "0", "port"] {
        run(&["demo", "--data", &dir, "--port-base", base]).bad(2, &["--port-base", base]);
    }
    run(&["demo", "--data", &dir, "--database", "mysql://here"]).bad(1, &["database", "postgres://"]);
    let nowhere = format!("postgres://kuvert:hemligt@127.0.0.1:{}/kuvert", demo.base);
    let base = demo.base.to_string();
    let said = run(&["demo", "--data", &dir, "--port-base", &base, "--database", &nowhere]);
    assert!(!said.err.contains("hemligt"), "{said:?}");
    said.bad(1, &["store.database"]);
    run(&["demo", "--data", &dir, "--log", "loud"]).bad(1, &["log.level", "loud"]);

    demo.start().stop();
    let root = demo.path().join("root.key");
    let kept = std::fs::read(&root).unwrap();
    std::fs::write(&root, [7; 32]).unwrap();
    start().bad(1, &["root key", "not the one that this key store was made with"]);
    std::fs::remove_file(&root).unwrap();
    start().bad(1, &["root"]);
    std::fs::write(&root, &kept[..31]).unwrap();
    start().bad(1, &["root.key"]);
    std::fs::write(&root, &kept).unwrap();

    // A folder where another demo runs, with the same ports or others; what runs is left alone.
    let service = demo.start();
    let config = std::fs::read(demo.config()).unwrap();
    start().bad(1, &["another demo", &dir, "--data", "--port-base"]);
    let other = free_ports(5);
    let mut second = kuvert();
    second.args(["demo", "--data", &dir, "--port-base", &other.to_string()]);
    let said = Service::start(second, other).err().unwrap().bad(1, &["another demo", &dir, "--data"]);
    assert!(said.err.lines().count() < 5, "{said:?}");
    assert_eq!(std::fs::read(demo.config()).unwrap(), config);
    service.stop();
}

/// Stopped or killed while the demo makes its past, it is made to its end at the next start, and nothing twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_cut_short_is_made_good() {
    let letters = Demo::on(DatabaseKind::Sqlite).await.start().stop().matches("Accepted letter").count();
    assert!(letters >= 12, "the demo has only {letters} letters");
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    for (signal, code) in [("INT", Some(0)), ("KILL", None)] {
        let mut child = demo.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let accepted = lines.by_ref().filter(|line| line.contains("Accepted letter")).nth(2);
        accepted.unwrap_or_else(|| panic!("it made no letters"));
        let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        lines.for_each(drop);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), code, "{said}");
        assert!(!said.contains("ready") && said.contains("Stopped.") == code.is_some(), "{said}");
    }
    let service = demo.start();
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    until("all letters of the demo in the feeds", || async {
        let ours = list_of(&town).await;
        let theirs = list_of(&office).await;
        assert!(ours.len() + theirs.len() <= letters, "a letter was made twice");
        (ours.len() + theirs.len() == letters).then_some(())
    })
    .await;
    service.stop();
    demo.start().stop();
}

/// The main job, on both databases, and again on what the first run left.
#[tokio::test(flavor = "multi_thread")]
async fn once_holds_on_both_databases_and_twice() {
    for kind in [DatabaseKind::Sqlite, DatabaseKind::Postgres] {
        let demo = Demo::on(kind).await;
        for _ in 0..2 {
            let began = Instant::now();
            let output = demo.command().arg("--once").output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
            assert!(said.ends_with("every step held\n"), "{said}");
            for no in 1..=7 {
                assert!(said.contains(&format!("{no}. ")), "step {no}: {said}");
            }
            assert!(began.elapsed() < PATIENCE);
        }
        demo.end().await;
    }
}
