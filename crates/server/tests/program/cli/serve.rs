//! `kuvert migrate` and `kuvert serve`, from the configuration for developers.

use crate::process::{Demo, Service, free_ports, kuvert, run};
use reqwest::Client;
use std::process::Command;
use store::DatabaseKind;
use toml::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_migrated_and_served_from_its_configuration() {
    // The certificates that the file asks for are those of a demo.
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.start().stop();
    let base = free_ports(5);
    let file = demo.path().join("dev.toml");
    let path = file.display().to_string();
    std::fs::write(&file, toml::to_string(&dev(&demo, base)).unwrap()).unwrap();
    let serve = |more: &[&str]| -> Command {
        let mut command = kuvert();
        command.arg("serve").arg("--config").arg(&file).args(more);
        command
    };

    assert!(run(&["config", "check", "--config", &path]).good().out.contains("good (development"));
    let said = Service::start(serve(&[]), base).err().unwrap();
    said.bad(1, &["kuvert migrate", "--migrate"]);
    run(&["migrate", "--config", &path]).good();
    run(&["migrate", "--config", &path]).good();
    let service = Service::start(serve(&[]), base).unwrap_or_else(|said| panic!("{said:?}"));
    let said = service.out.text();
    for offset in 0..4 {
        assert!(said.contains(&format!("127.0.0.1:{}", base + offset)), "{said}");
    }
    let taken = Service::start(serve(&[]), base).err().unwrap();
    let taken = taken.bad(1, &["stop what listens there", "change agency.listen in the configuration"]);
    assert!(taken.err.contains(&format!("error: port {} is taken", base + 1)), "{taken:?}");
    let http = Client::builder().no_proxy().build().unwrap();
    for path in ["live", "ready"] {
        let answer = http.get(format!("{}/health/{path}", service.url(2))).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
    }
    let log = service.stop();
    for line in ["Starting", "The service is ready", "Stopping", "Stopped"] {
        assert!(log.contains(line), "\"{line}\" was not logged: {log}");
    }
    let root = std::fs::read(demo.path().join("dev/root.key")).unwrap();
    assert!(!log.as_bytes().windows(16).any(|w| root.windows(16).any(|r| r == w)), "the root key is logged");

    // Files that do not belong together are found before anybody is told that the service is ready.
    let text = std::fs::read_to_string(&file).unwrap();
    let wrong = demo.path().join("wrong.toml");
    std::fs::write(&wrong, text.replace("server.key", "164020000016.key")).unwrap();
    let mut command = kuvert();
    command.arg("serve").arg("--config").arg(&wrong);
    Service::start(command, base).err().unwrap().bad(1, &["the agency door's TLS", "key"]);

    // As a variable of the environment, and quieter by a flag.
    let mut command = kuvert();
    command.args(["serve", "--migrate", "--log", "error"]).env("KUVERT_CONFIG", &file);
    let service = Service::start(command, base).unwrap_or_else(|said| panic!("{said:?}"));
    assert_eq!(service.stop(), "");
    run(&["serve", "--config", "/no/such.toml"]).bad(1, &["/no/such.toml"]);
    run(&["migrate", "--config", "/no/such.toml"]).bad(1, &["/no/such.toml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_keep_its_promise_does_not_start() {
    // One PostgreSQL without a standby.
    let demo = Demo::on(DatabaseKind::Postgres).await;
    demo.start().stop();
    let file = demo.path().join("promise.toml");
    let text = std::fs::read_to_string(demo.config()).unwrap();
    std::fs::write(&file, text.replace("promise = \"single-fsync\"", "promise = \"sync-quorum\"")).unwrap();
    let path = file.display().to_string();
    let mut command = kuvert();
    command.args(["serve", "--config", &path]);
    let said = Service::start(command, demo.base).err().unwrap();
    said.bad(1, &["store.promise", "promises sync-quorum", "gives single-fsync"]);
    let doctor = run(&["doctor", "--config", &path]);
    assert!(doctor.code == 1 && doctor.out.contains("BAD   durability"), "{doctor:?}");
    demo.end().await;
}

/// config/dev.toml with other ports, and with its folders inside the demo's.
fn dev(demo: &Demo, base: u16) -> Value {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config/dev.toml")).unwrap();
    let mut text = text.replace("../kuvert-demo/pki", &demo.path().join("pki").display().to_string());
    text = text.replace("../kuvert-dev", &demo.path().join("dev").display().to_string());
    for (no, port) in ["8080", "8081", "8082", "8083", "8084"].iter().enumerate() {
        text = text.replace(&format!(":{port}"), &format!(":{}", base + u16::try_from(no).unwrap()));
    }
    toml::from_str(&text).unwrap()
}
