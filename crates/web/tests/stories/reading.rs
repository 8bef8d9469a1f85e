use crate::{
    at_noon,
    citizen::Citizen,
    pdf, world,
    world::{ANNA, BO, OFFICE, TOWN},
};
use serde_json::json;
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

both!(a_letter_is_found_opened_and_read);
async fn a_letter_is_found_opened_and_read(database: Database) {
    let (world, _) = at_noon(database).await;
    let pdf = pdf("Beslut");
    let letter = json!({"kind": "decision", "reply_by": "2026-12-05", "matter": {"id": "2026/1482"},
        "support": {"phone": "000-000 00 00"}});
    world.send(OFFICE, "1", letter, &[("Beslut åäö.pdf", "application/pdf", &pdf)]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    inbox.says("Beslut om bygglov").says("Exempelverket").says("Idag").says("(oläst)").says("16 dagar kvar");
    let open = inbox.address("/letters/");
    assert!(open.ends_with("/open"), "opened in one step: {open}");
    let page = anna.does(&open, &[]).await;
    page.says("Vi har beviljat ditt bygglov.")
        .says("Äkthet kontrollerad")
        .says("5 december 2026")
        .says("2026/1482");
    page.says("Beslut åäö.pdf").says("000-000 00 00").says("Öppnade brevet");
    let (status, headers, bytes) =
        anna.fetch(&page.address(&format!("{}/c/", world.content_origin)), &[]).await;
    assert_eq!((status, bytes), (200, pdf));
    assert_eq!(headers["content-type"], "application/pdf");
    anna.get("/").await.does_not_say("(oläst)");
}

#[tokio::test]
async fn looking_never_opens() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    world.send(TOWN, "2", json!({"receipt": "opened", "subject": "Med kvittens"}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    for line in inbox.text.split('"').filter(|part| part.starts_with("/letters/")) {
        let at = line.strip_suffix("/open").unwrap_or(line);
        anna.get(at).await.says("Öppna brevet").does_not_say("Vi har beviljat");
        assert_eq!(anna.get(&format!("{at}/open")).await.status, 405);
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter WHERE opened_at IS NOT NULL").await, 0);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM event WHERE type = 'opened'").await, 0);
}

#[tokio::test]
async fn a_sender_that_will_know_is_told_of_before() {
    let (world, _) = world().await;
    world.send(TOWN, "1", json!({"receipt": "opened"}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/");
    assert!(!at.ends_with("/open"), "no opening in one step: {at}");
    anna.get(&at).await.says("Avsändaren får veta när du öppnar brevet.");
    anna.does(&format!("{at}/open"), &[]).await.says("Vi har beviljat");
    let told = world.store.count("SELECT count(*) AS n FROM feed_waiting WHERE type = 'opened'").await
        + world.store.count("SELECT count(*) AS n FROM feed WHERE type = 'opened'").await;
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_page_shown_again_is_the_same_reading_and_a_later_one_is_another() {
    let (world, clock) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await.says("Vi har beviljat");
    anna.get(&at).await.says("Vi har beviljat");
    let opened = "SELECT count(*) AS n FROM event WHERE type = 'opened'";
    assert_eq!(world.store.count(opened).await, 1);
    clock.advance(Duration::from_secs(6 * 60));
    anna.get(&at).await.says("Vi har beviljat");
    assert_eq!(world.store.count(opened).await, 2);
    let mut again = Citizen::logs_in(&world, ANNA).await;
    again.get(&at).await.says("Vi har beviljat");
    assert_eq!(world.store.count(opened).await, 3);
}

#[tokio::test]
async fn letters_of_others_are_not_found_for_any_act() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/").await.does_not_say("Beslut om bygglov");
    let unknown = at.replace(|c: char| c.is_ascii_digit(), "0");
    for at in [at.as_str(), &unknown, "/letters/x/y"] {
        for path in [at.to_owned(), format!("{at}/erase")] {
            let page = bo.get(&path).await;
            assert_eq!(page.status, 404, "{path}");
            page.says("Sidan finns inte");
        }
        bo.get("/settings").await;
        for act in ["open", "archive", "bin", "restore", "erase"] {
            assert_eq!(bo.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
        }
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM event WHERE type = 'opened'").await, 0);
}

#[tokio::test]
async fn search_finds_by_words_and_no_address_holds_them() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({"subject": "Slutskattebesked"}), &[]).await;
    world.send(TOWN, "2", json!({"subject": "Plats i förskola"}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await.says("method=\"post\" action=\"/search\"");
    let led = anna.post("/search", &[("q", "förskola kommunen")]).await;
    let at = led.location().to_owned();
    assert!(at.starts_with("/search/") && !at.contains("skola"), "{at}");
    let hits = anna.get(&at).await;
    anna.get(&hits.address("/archive/search/")).await.says("Inget brev stämmer").says("Sök i inkorgen");
    hits.says("Plats i förskola").does_not_say("Slutskattebesked").says("1 brev stämmer");
    anna.does("/search", &[("q", "körkort")]).await.says("Inget brev stämmer");
    anna.does("/search", &[("q", "<script>")]).await.does_not_say("<script>");
    assert_eq!(anna.post("/search", &[("q", " "), ("unread", "1")]).await.location(), "/?unread=1");
    // In another log-in the address says nothing.
    let mut again = Citizen::logs_in(&world, ANNA).await;
    assert_eq!(again.get(&at).await.location(), "/");
    assert_eq!(anna.get("/search").await.location(), "/");
}

#[tokio::test]
async fn many_letters_come_a_page_at_a_time() {
    let (world, _) = world().await;
    for n in 0..70 {
        world.send(OFFICE, &n.to_string(), json!({"subject": format!("Brev nummer {n:02}")}), &[]).await;
    }
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let first = anna.get("/").await;
    first.says("Olästa (70)");
    let older = first.address("/?before=");
    let second = anna.get(&older).await;
    let count = |text: &str| text.matches("Brev nummer").count();
    assert_eq!((count(&first.text), count(&second.text)), (50, 20));
    second.says("Till de senaste breven");
    let found = anna.does("/search", &[("q", "nummer 33")]).await;
    assert_eq!((count(&found.text), found.text.contains("Brev nummer 33")), (1, true));
}

#[tokio::test]
async fn the_language_is_switched_and_stays() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/archive").await.says("Arkivet är tomt").says(r#"<html lang="sv">"#);
    let page = anna.post("/language", &[("language", "en"), ("back", "/archive")]).await;
    assert_eq!(page.location(), "/archive");
    anna.get("/archive").await.says("The archive is empty").says(r#"<html lang="en">"#);
    // Another browser, the same person: kept for notices too.
    let mut again = Citizen::logs_in(&world, ANNA).await;
    again.get("/archive").await.says("The archive is empty");
    assert_eq!(
        anna.post("/language", &[("language", "sv"), ("back", "//evil.example")]).await.location(),
        "/"
    );
}
