//! `kuvert keys`, while the service runs.

use crate::{
    browser::Browser,
    process::{Demo, run},
    sender::{ANNA, Sender, TOWN, letter},
};
use serde_json::Value;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_under_a_running_service_and_letters_still_open() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let status = || run(&["keys", "status", "--config", &config, "--json"]).good().json();
    let versions = |status: &Value, purpose: &str| {
        let all = status["purposes"].as_array().unwrap();
        all.iter().find(|one| one["purpose"] == purpose).unwrap()["versions"].as_array().unwrap().len()
    };
    let town = Sender::of(&demo, TOWN);
    let before = town.sends(&letter(TOWN, ANNA, "before", "Före bytet", "Text före bytet")).await;
    let mut anna = Browser::logs_in(&service, ANNA).await;
    let first = status();
    // Four mailboxes, and what waits for other operators.
    assert_eq!(first["mailbox_keys"], 5);
    assert_eq!(versions(&first, "mailbox"), 1);

    let rotated = run(&["keys", "rotate", "--config", &config, "--json", "mailbox"]).good().json();
    assert_eq!((&rotated["purpose"], &rotated["version"]), (&"mailbox".into(), &2.into()), "{rotated}");
    assert_eq!(rotated["rewrapped"], 5, "{rotated}");
    assert_eq!(versions(&status(), "mailbox"), 2);
    let after = town.sends(&letter(TOWN, ANNA, "after", "Efter bytet", "Text efter bytet")).await;
    for (id, text) in [(&before, "Text före bytet"), (&after, "Text efter bytet")] {
        let address = anna.address_of("/", id).await;
        let page = anna.does(&format!("{address}/open"), &[]).await;
        assert!(page.text.contains(text), "{}", page.text);
    }

    // Everything that can be rotated, and the service goes on with it, also after a restart.
    for purpose in first["purposes"].as_array().unwrap() {
        let name = purpose["purpose"].as_str().unwrap();
        let said = run(&["keys", "rotate", "--config", &config, name]);
        match (name, purpose["rotates"].as_bool().unwrap()) {
            ("mailbox", _) => {} // twice in a row: may have to wait for the first
            (_, true) => assert!(said.code == 0 && said.out.contains("version 2"), "{name}: {said:?}"),
            (_, false) => assert!(said.code == 1 && said.err.contains("rotate"), "{name}: {said:?}"),
        }
    }
    let text = run(&["keys", "status", "--config", &config]).good().out;
    assert!(text.contains("version 2") && text.contains("5 private keys of mailboxes"), "{text}");
    run(&["keys", "rotate", "--config", &config, "no-such"]).bad(1, &["purpose"]);
    let address = anna.address_of("/", &before).await;
    assert!(anna.get(&address).await.text.contains("Text före bytet"), "unreadable after the rotations");
    anna.get("/contacts").await;
    service.stop();
    let service = demo.start();
    let mut anna = Browser::logs_in(&service, ANNA).await;
    assert!(anna.get(&address).await.text.contains("Text före bytet"), "unreadable after a restart");
    assert!(anna.get("/contacts").await.text.contains("anna@example.com"), "contacts cannot be opened");
    service.stop();
}
