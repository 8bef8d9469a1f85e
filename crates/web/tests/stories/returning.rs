//! Back to where one was, through the e-ID.

use crate::{
    citizen::{Citizen, Page},
    world,
    world::{ANNA, BO, OFFICE},
};
use serde_json::json;
use std::time::Duration;
use testing::Rows as _;

const TYPED: [(&str, &str); 3] = [("name", "Bo, min bror"), ("number", BO), ("until", "2027-05-01")];

/// The address that the page after a log-in moves on to.
fn leads_to(page: &Page) -> String {
    let from = page.text.split("url=").nth(1).unwrap_or_else(|| panic!("moves nowhere: {}", page.text));
    from.split('"').next().unwrap().to_owned()
}

/// From a page that asks for a log-in, through the e-ID.
async fn logs_in_from(citizen: &mut Citizen, page: &Page, number: &str) -> Page {
    let begin = citizen.get(&page.address("/login/demo")).await;
    citizen.answers(&begin, &[("person", number)]).await
}

#[tokio::test]
async fn a_letter_asked_for_when_logged_out_is_shown_after_the_log_in() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.cookies.clear();
    let asked = anna.get(&at).await;
    assert_eq!(asked.status, 303);
    assert!(!asked.location().contains("letters"), "sealed: {}", asked.location());
    let welcome = anna.get(asked.location()).await;
    welcome.says("Du behöver logga in för att läsa brevet.");
    // A changed mind at the e-ID forgets nothing.
    let begin = anna.get(&welcome.address("/login/demo")).await;
    let cancelled = anna.answers(&begin, &[("cancel", "1")]).await;
    cancelled.says("Inloggningen avbröts").says("Du behöver logga in för att läsa brevet.");
    let page = logs_in_from(&mut anna, &cancelled, ANNA).await;
    assert_eq!(leads_to(&page), at);
    anna.get(&at).await.says("Beslut om bygglov");
    // Logged in meanwhile in another tab: no second log-in.
    assert_eq!(anna.get(asked.location()).await.location(), at);
    // Another page says another thing, and the bare address nothing.
    let mut nobody = Citizen::new(&world);
    let to = nobody.get("/archive").await.location().to_owned();
    nobody.get(&to).await.says("Du behöver logga in för att se sidan.");
    nobody.get("/").await.does_not_say("Du behöver logga in");
}

#[tokio::test]
async fn nobody_else_chooses_where_a_log_in_leads() {
    let (world, clock) = world().await;
    let mut anna = Citizen::new(&world);
    for back in ["https://evil.example/", "//evil.example", "%2F%2Fevil.example", "L2FyY2hpdmU", "x", ""] {
        let begin = anna.get(&format!("/login/demo?back={back}")).await;
        let page = anna.answers(&begin, &[("person", ANNA)]).await;
        assert_eq!(leads_to(&page), "/", "{back}");
        anna.cookies.clear();
        anna.get(&format!("/?back={back}")).await.does_not_say("Du behöver logga in").does_not_say("evil");
    }
    // Ours, but of another purpose, or too old.
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/").await;
    let sought = bo.post("/search", &[("q", "skatt")]).await.location().replace("/search/", "");
    let begin = anna.get(&format!("/login/demo?back={sought}")).await;
    assert_eq!(leads_to(&anna.answers(&begin, &[("person", ANNA)]).await), "/");
    anna.cookies.clear();
    let old = anna.get("/archive").await.location().to_owned();
    clock.advance(Duration::from_secs(61 * 60));
    anna.get(&old).await.does_not_say("Du behöver logga in");
}

#[tokio::test]
async fn what_was_typed_is_there_after_an_idle_log_out() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    clock.advance(Duration::from_secs(16 * 60));
    let ended = anna.post("/helpers", &TYPED).await;
    assert_eq!(ended.status, 401);
    ended
        .says("Du har loggats ut")
        .says("Det du skrev finns kvar")
        .does_not_say("Bo, min bror")
        .does_not_say(BO);
    let back = ended.address("/?back=");
    let welcome = anna.get(&back).await;
    welcome.says("fortsätta med det du skrev").does_not_say(BO);
    let to = leads_to(&logs_in_from(&mut anna, &welcome, ANNA).await);
    assert!(to.starts_with("/continue/"), "{to}");
    let page = anna.get(&to).await;
    page.says("Det du skrev finns kvar").says("Bo, min bror").says("2027-05-01").says(r#"action="/helpers""#);
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM mandate WHERE kind = 'helper'").await,
        0,
        "only shown"
    );
    anna.does("/helpers", &TYPED).await.says("Bo, min bror");

    // The next person at the same browser sees none of it.
    let mut bo = Citizen::new(&world);
    let welcome = bo.get(&back).await;
    assert_eq!(leads_to(&logs_in_from(&mut bo, &welcome, BO).await), "/");
    assert_eq!(bo.get(&to).await.location(), "/");
    let mut nobody = Citizen::new(&world);
    assert_eq!(nobody.get(&to).await.status, 303);
}

#[tokio::test]
async fn a_form_that_is_not_its_own_is_not_kept() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    clock.advance(Duration::from_secs(16 * 60));
    let cookies = anna.cookies.clone();
    for csrf in ["", "x", "x.y", "AAAA."] {
        let page = anna.post_with("/helpers", csrf, &TYPED).await;
        assert_eq!(page.status, 401);
        page.does_not_say("Det du skrev finns kvar");
        anna.cookies = cookies.clone();
    }
    anna.sends_from = "cross-site";
    assert_eq!(anna.post("/helpers", &TYPED).await.status, 403);
    anna.sends_from = "same-origin";
    // Where nothing is typed the page is come back to.
    anna.post("/helpers/x/revoke", &[]).await.does_not_say("Det du skrev").address("/?back=");
    // Too much to carry: the page, without it.
    anna.cookies = cookies;
    let long = "x".repeat(3000);
    anna.post("/search", &[("q", &long)]).await.does_not_say("Det du skrev finns kvar");
}

#[tokio::test]
async fn it_is_said_when_the_log_in_ends_and_it_can_be_put_off() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await.says(r#"src="/stay""#);
    let stay = anna.get("/stay").await;
    stay.says("Du loggas ut 12.15").says("Fortsätt").says(r#"content="780; url=/stay/soon?at="#);
    assert_eq!(stay.headers["x-frame-options"].to_str().unwrap(), "SAMEORIGIN");
    let policy = stay.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'self'"), "{policy}");
    let soon = stay.text.split("url=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    clock.advance(Duration::from_secs(780));
    anna.get(&soon).await.says("Du loggas snart ut, 12.15").says(r#"role="alert""#).says("Fortsätt");
    // What is said aloud is no use of the log-in; the link is.
    anna.get("/stay").await.says("Du loggas ut 12.28");
    clock.advance(Duration::from_secs(780));
    anna.get(&soon).await.says("Du kan ha loggats ut");
    clock.advance(Duration::from_secs(121));
    let ended = anna.get("/stay").await;
    assert_eq!(ended.status, 200);
    ended.says("Du kan ha loggats ut").says("Logga in").does_not_say("Fortsätt");
    // The last hour cannot be put off, and says so.
    let mut bo = Citizen::logs_in(&world, BO).await;
    for _ in 0..4 {
        bo.get("/stay").await.says("Fortsätt");
        clock.advance(Duration::from_secs(14 * 60));
    }
    bo.get("/stay").await.says("och får då logga in igen").does_not_say("Fortsätt");
    Citizen::new(&world).get("/").await.does_not_say("/stay");
}
