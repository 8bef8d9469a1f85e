//! What a sender is told of its letters: the state of one, and the feed of all.

use crate::door::{Reply, World};
use std::{sync::Arc, time::Duration};
use store::{both, testing::Database};
use testing::{OFFICE, Organisation, letter, with};

both!(
    an_opening_is_told_where_the_letter_asked_for_it,
    the_feed_is_read_in_pages_without_gaps,
    whoever_waits_is_answered_when_something_comes_or_the_service_stops,
    what_a_feed_cannot_be_asked_is_refused,
);

impl World {
    /// All that waits gets its place.
    async fn places(&self) {
        self.sequencer.drain().await.unwrap();
    }

    async fn feed(&self, caller: &Organisation, query: &str) -> Reply {
        self.gets(caller, &format!("/v1/events?{query}")).await.ok()
    }
}

/// Type and reference of each event: `type reference`.
fn told(page: &Reply) -> Vec<String> {
    let events = page.body["events"].as_array().unwrap();
    let text = |event: &serde_json::Value| {
        format!("{} {}", event["type"].as_str().unwrap(), event["reference"].as_str().unwrap())
    };
    events.iter().map(text).collect()
}

async fn an_opening_is_told_where_the_letter_asked_for_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.actor(world.anna.0).await;
    for (reference, receipt, state) in [("told", "opened", "opened"), ("untold", "none", "available")] {
        let sent = world.posts(&with(letter(reference), "receipt", receipt.into()), &[]).await.ok();
        let id = sent.text("letter_id");
        let path = format!("/v1/letters/{id}");
        assert_eq!(world.gets(&world.town, &path).await.ok().text("state"), "available");
        world.clock.advance(Duration::from_secs(60));
        world.mailboxes.open(&anna, world.anna.1, id.parse().unwrap()).await.unwrap().unwrap();
        let after = world.gets(&world.town, &path).await.ok();
        assert_eq!(after.text("state"), state);
        let history = after.body["history"].as_array().unwrap();
        assert_eq!(history.iter().any(|line| line["type"] == "opened"), receipt == "opened");
        assert!(history.iter().all(|line| line.get("why").is_none()));
    }
}

async fn the_feed_is_read_in_pages_without_gaps(database: Database) {
    let world = World::new(database).await;
    let office = with(letter("office"), "sender", OFFICE.into());
    world.send_as(&world.office.number, world.office.sign(&office), &[]).await.unwrap();
    for n in 0..5 {
        world.clock.advance(Duration::from_millis(1));
        world.posts(&letter(&format!("{n}")), &[]).await.ok();
    }
    assert_eq!(told(&world.feed(&world.town, "").await), [""; 0], "nothing has its place yet");
    world.places().await;
    let mut after = String::new();
    let mut seen = Vec::new();
    loop {
        let page = world.feed(&world.town, &format!("limit=2{after}")).await;
        if told(&page).is_empty() {
            break;
        }
        assert!(told(&page).len() <= 2);
        seen.extend(told(&page));
        after = format!("&after={}", page.text("next"));
    }
    assert_eq!(seen, ["accepted 0", "accepted 1", "accepted 2", "accepted 3", "accepted 4"]);
    // A cursor that was kept goes on where it stood, also when nothing had come after it.
    world.posts(&letter("5"), &[]).await.ok();
    world.places().await;
    assert_eq!(told(&world.feed(&world.town, &after[1..]).await), ["accepted 5"]);
    assert_eq!(told(&world.feed(&world.office, "").await), ["accepted office"]);
    // The dispatcher of both reads both, or one of them.
    assert_eq!(told(&world.feed(&world.dispatcher, "").await).len(), 7);
    let one = world.feed(&world.dispatcher, &format!("sender={OFFICE}")).await;
    assert_eq!(told(&one), ["accepted office"]);
}

async fn whoever_waits_is_answered_when_something_comes_or_the_service_stops(database: Database) {
    let world = Arc::new(World::new(database).await);
    let waits = || {
        let world = world.clone();
        let wait = async move { world.feed(&world.town, "wait=60").await };
        tokio::spawn(wait)
    };
    let waiting = waits();
    world.posts(&letter("a"), &[]).await.ok();
    world.places().await;
    assert_eq!(told(&waiting.await.unwrap()), ["accepted a"]);
    // Nothing comes for the office; it is answered all the same when the service stops.
    let waiting = {
        let world = world.clone();
        tokio::spawn(async move { world.feed(&world.office, "wait=60").await })
    };
    world.stopping.cancel();
    assert_eq!(told(&waiting.await.unwrap()), [""; 0]);
}

async fn what_a_feed_cannot_be_asked_is_refused(database: Database) {
    let world = World::new(database).await;
    world.posts(&letter("a"), &[]).await.ok();
    world.places().await;
    let next = world.feed(&world.town, "").await.text("next").to_owned();
    let forged: String = next.chars().rev().collect();
    for (query, refusal) in [
        ("limit=0".to_owned(), (400, "malformed_request")),
        ("limit=1001".to_owned(), (400, "malformed_request")),
        ("wait=61".to_owned(), (400, "malformed_request")),
        ("wait=soon".to_owned(), (400, "malformed_request")),
        ("colour=red".to_owned(), (400, "malformed_request")),
        ("sender=164020000017".to_owned(), (400, "check_digit_invalid")),
        ("after=abc".to_owned(), (400, "cursor_invalid")),
        (format!("after={forged}"), (400, "cursor_invalid")),
    ] {
        let reply = world.gets(&world.town, &format!("/v1/events?{query}")).await;
        assert_eq!(reply.refusal(), refusal, "{query}");
    }
}
