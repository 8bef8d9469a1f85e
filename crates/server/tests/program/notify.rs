//! `notify` over the real door: who is told, repeats, refusals, and what lies in the outbox afterwards.

use crate::{
    process::{Demo, until},
    sender::{ANNA, BO, CLEO, OFFICE, Sender, TOWN, notice},
};
use delivery::Notice;
use std::path::Path;
use store::{DatabaseKind, Settings, Store};
use testing::DISPATCHER;

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_tells_people_in_its_own_words_on_sqlite() {
    an_agency_tells_people_in_its_own_words(DatabaseKind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_tells_people_in_its_own_words_on_postgres() {
    an_agency_tells_people_in_its_own_words(DatabaseKind::Postgres).await;
}

/// A published test number without a mailbox in the demo.
const NOBODY: &str = "199001022392";
const TEXT: &str = "Vattnet stängs på tisdag kl. 10.";

async fn an_agency_tells_people_in_its_own_words(kind: DatabaseKind) {
    let demo = Demo::on(kind).await;
    let service = demo.start();
    let town = Sender::of(&demo, TOWN);
    let office = Sender::of(&demo, OFFICE);
    let dispatcher = Sender::of(&demo, DISPATCHER);
    let said = &mut Vec::new();
    refusals(&demo, &town, &office).await;

    // A thousand at once, through the dispatcher. Those without a mailbox are no fault.
    let mut crowd = vec![NOBODY; 997];
    crowd.extend([ANNA, BO, CLEO]);
    let all = notice("1", &crowd, "Vattnet", TEXT);
    let first = dispatcher.notifies(&all, said).await.unwrap();
    assert_eq!(texts(&first, "RecipientId"), crowd);
    let flags = texts(&first, "DeliveredFlag");
    assert!(
        flags[..997].iter().all(|flag| flag == "false") && flags[997..].iter().all(|flag| flag == "true")
    );
    assert_eq!(texts(&first, "NotifiedByChannel"), ["SMS", "EMail", "SMS", "EMail", "SMS", "EMail"]);
    assert_eq!(texts(&first, "TransId")[0].len(), 36);
    // The same again, whoever transmits it, is the same answer; another content is none.
    assert_eq!(town.notifies(&all, said).await.unwrap(), first);
    let other = notice("1", &crowd, "Vattnet", "Vattnet stängs inte.");
    assert_eq!(town.notifies(&other, said).await.unwrap_err(), "reference_conflict");

    let outbox = demo.path().join("outbox");
    let sms =
        until("three text messages", || async { Some(messages(&outbox, "sms")).filter(|s| s.len() == 3) });
    for message in sms.await {
        let (to, text) = message.split_once("\n\n").unwrap();
        assert!(
            to.starts_with("To: +467017406") && text == format!("Exempelkommunen via Kuvert: {TEXT}\n"),
            "{message}"
        );
    }
    let mails = until("three e-mails", || async { Some(messages(&outbox, "eml")).filter(|m| m.len() == 3) });
    for mail in mails.await {
        assert!(mail.contains("From: Kuvert <avisering@kuvert.example>\r\n"), "{mail}");
        assert!(!mail.contains("exempelkommunen.example"), "{mail}");
    }
    // Nothing of it is left but tags and counts.
    let left =
        "SELECT count(*) AS n FROM announcement WHERE words IS NULL AND ended_at IS NOT NULL AND sent = 6";
    until("the end of the announcement", || async { (count(&demo, left).await == 1).then_some(()) }).await;
    assert_eq!(count(&demo, "SELECT count(*) AS n FROM announcement_way").await, 0);
    let once = notice("2", &[NOBODY], "Vattnet", TEXT);
    let answer = town.notifies(&once, said).await.unwrap();
    assert_eq!(
        (texts(&answer, "DeliveredFlag"), texts(&answer, "NotifiedByChannel").len()),
        (vec!["false".into()], 0)
    );
    service.stop();
    demo.end().await;
}

async fn refusals(demo: &Demo, town: &Sender, office: &Sender) {
    let said = &mut Vec::new();
    let good = notice("1", &[ANNA], "Vattnet", TEXT);
    assert_eq!(office.notifies(&good, said).await.unwrap_err(), "caller_not_allowed");
    let many = vec![ANNA; 1001];
    for (notice, code) in [
        (notice("1", &[ANNA], "Vattnet", "Läs på https://exempel.example/a"), "link_not_allowed"),
        (notice("1", &[ANNA], "Se exempel.example", TEXT), "link_not_allowed"),
        (notice("1", &[ANNA], "Vattnet\nBcc: bo@example", TEXT), "characters_not_allowed"),
        (notice("1", &[ANNA, "198101052383"], "Vattnet", TEXT), "check_digit_invalid"),
        (notice("1", &many, "Vattnet", TEXT), "delivery_malformed"),
        (notice("1", &[ANNA], "Vattnet", &"a".repeat(161)), "delivery_malformed"),
        (Notice { email: None, sms: None, ..good }, "field_missing"),
    ] {
        assert_eq!(town.notifies(&notice, said).await.unwrap_err(), code);
    }
    for sql in [
        "SELECT count(*) AS n FROM announcement",
        "SELECT count(*) AS n FROM job WHERE kind = 'announcement'",
    ] {
        assert_eq!(count(demo, sql).await, 0, "{sql}");
    }
    let said = String::from_utf8(std::mem::take(said)).unwrap();
    assert!(!said.contains(ANNA) && !said.contains("exempel.example"), "{said}");
}

/// The messages of the announcement: those in the outbox that are no notice of a letter.
fn messages(outbox: &Path, ending: &str) -> Vec<String> {
    let files = std::fs::read_dir(outbox).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|e| e == ending));
    let read = files.map(|path| std::fs::read_to_string(path).unwrap());
    let subject = "\r\nSubject: Exempelkommunen: Vattnet\r\n";
    read.filter(|text| if ending == "eml" { text.contains(subject) } else { text.contains(TEXT) }).collect()
}

fn texts(xml: &str, name: &str) -> Vec<String> {
    let document = delivery::parse(xml.as_bytes()).unwrap();
    let nodes = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    nodes.map(|node| delivery::document::text(node).unwrap().into_owned()).collect()
}

async fn count(demo: &Demo, sql: &'static str) -> i64 {
    let sqlite = format!("sqlite:{}", demo.path().join("kuvert.db").display());
    let url = demo.database.as_ref().map_or(&sqlite, |database| &database.url);
    let store = Store::open(url, &Settings::letters()).await.unwrap();
    let mut tx = store.read("count").await.unwrap();
    let count = tx.one(sql, &[]).await.unwrap().unwrap().int("n").unwrap();
    drop(tx);
    store.close().await;
    count
}
