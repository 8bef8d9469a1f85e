//! Every attack on the SOAP door, sent once to the real program over its real door. How long each takes is measured by
//! the example `attack`, and not here.

#[path = "../../../delivery/tests/attacks/corpus/mod.rs"]
mod corpus;
#[path = "../../examples/attack/door.rs"]
mod door;
#[path = "../../examples/attack/stage.rs"]
mod stage;
#[path = "../../examples/attack/wire.rs"]
mod wire;

use crate::process::Demo;
use corpus::Forge;
use door::{Door, Outcome, Request};
use server::config::Config;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn heavy_every_attack_is_refused_for_its_own_reason_and_stores_nothing() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let mut service = demo.start();
    // It began anew with the threshold that lets large buffers go, under the same process id.
    let pid = std::fs::read_to_string(demo.path().join("kuvert.pid")).unwrap();
    let environ = std::fs::read_to_string(format!("/proc/{}/environ", pid.trim())).unwrap();
    assert!(environ.split('\0').any(|one| one == "MALLOC_MMAP_THRESHOLD_=1048576"));
    let config = Config::read(&demo.path().join("kuvert.toml")).unwrap();
    let door = Door::new(demo.base + 1, demo.base + 2, &demo.path().join("pki"));
    let cast = stage::cast(&config, &demo.path().join("pki")).await.unwrap();
    let forge = Forge::new(cast, "test", MOST);
    let good = || door.send(Request::post(forge.good().into_bytes()));
    assert!(good().await.as_ref().is_ok_and(Outcome::accepted));
    let before = stage::rows(&config).await.unwrap();

    let mut told = Vec::new();
    for (name, request) in stage::attacks(&forge, &door).unwrap() {
        let outcome = door.send(request).await;
        let accepted = outcome.as_ref().is_ok_and(Outcome::accepted);
        let said = outcome.map_or_else(|_| "no answer".into(), |outcome| outcome.said());
        told.push(format!("{name} = {}", if accepted { "ACCEPTED" } else { said.as_str() }));
        assert!(service.is_running(), "it ended at: {name}");
    }
    assert_eq!(stage::rows(&config).await.unwrap(), before);
    assert!(good().await.as_ref().is_ok_and(Outcome::accepted));
    service.stop();

    let expected: Vec<&str> = include_str!("attacks.txt").lines().collect();
    let other = told.iter().filter(|line| !expected.contains(&line.as_str()));
    let other: Vec<_> = other.map(String::as_str).collect();
    let gone: Vec<_> = expected.iter().filter(|line| !told.iter().any(|one| one == *line)).copied().collect();
    assert!(
        other.is_empty() && gone.is_empty(),
        "not as in attacks.txt:\n{}\n\nexpected:\n{}",
        other.join("\n"),
        gone.join("\n")
    );
}

/// A third of what the door reads reaches the same limits.
const MOST: usize = 3 * 1024 * 1024;
