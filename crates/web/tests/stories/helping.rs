//! Somebody who helps reads for themselves: the letter stays the owner's to read.

use crate::{
    at_noon, bo_helps,
    citizen::Citizen,
    world::{ANNA, BO, OFFICE, TOWN, World},
};
use serde_json::json;
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

async fn told_opened(world: &World) -> i64 {
    world.store.count("SELECT count(*) AS n FROM feed_waiting WHERE type = 'opened'").await
        + world.store.count("SELECT count(*) AS n FROM feed WHERE type = 'opened'").await
}

both!(what_a_helper_opens_is_still_unread_for_its_owner);
async fn what_a_helper_opens_is_still_unread_for_its_owner(database: Database) {
    let (world, clock) = at_noon(database).await;
    world.send(TOWN, "1", json!({"receipt": "opened", "subject": "Med kvittens"}), &[]).await;
    world.send(OFFICE, "2", json!({"subject": "Utan kvittens"}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    bo_helps(&world, &mut anna).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    let inbox = bo.get("/").await;
    inbox.says("Olästa (2)").does_not_say("/open\"");
    let letters: Vec<String> =
        inbox.text.split('"').filter(|part| part.starts_with("/letters/")).map(str::to_owned).collect();
    assert_eq!(letters.len(), 2);
    for at in &letters {
        // Whose letter it is, and what opening it means, is said before.
        let before = bo.get(at).await;
        before.says("Brevet är till Anna Exempel.").says("fortfarande oläst för den som det är till");
        before.does_not_say("Avsändaren får veta").does_not_say("när du öppnar");
        bo.does(&format!("{at}/open"), &[]).await.says("Vi har beviljat");
    }
    bo.get("/").await.does_not_say("(oläst)").does_not_say("Olästa (");
    bo.get("/?unread=1").await.says("Du har läst allt");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter WHERE opened_at IS NOT NULL").await, 0);
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM event WHERE type = 'opened'").await,
        2,
        "on record"
    );
    assert_eq!(told_opened(&world).await, 0, "the recipient has not opened it");

    let inbox = anna.get("/").await;
    inbox.says("Olästa (2)").says("Bo Exempel (Bo, min bror) läste i dag");
    anna.get("/?unread=1").await.says("Med kvittens").says("Utan kvittens");
    let mut anna = {
        clock.advance(Duration::from_secs(24 * 60 * 60));
        Citizen::logs_in(&world, ANNA).await
    };
    anna.get("/").await.says("Bo Exempel (Bo, min bror) läste i går");
    for at in &letters {
        anna.get(at).await.says("Öppna brevet").says("Bo Exempel (Bo, min bror) läste i går");
        anna.does(&format!("{at}/open"), &[]).await.says("Vi har beviljat").says("Bo, min bror");
    }
    anna.get("/").await.does_not_say("(oläst)").does_not_say("min bror) läste");
    assert_eq!(told_opened(&world).await, 1, "now the sender that asked is told, once");
    // That the owner has read is not told to helpers, and changes nothing for them.
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/").await.does_not_say("läste").does_not_say("(oläst)");
}

both!(what_an_owner_opens_is_still_unread_for_a_helper);
async fn what_an_owner_opens_is_still_unread_for_a_helper(database: Database) {
    let (world, _) = at_noon(database).await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    bo_helps(&world, &mut anna).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/").await.says("(oläst)").does_not_say("läste");
    bo.get("/?unread=1").await.says("Beslut om bygglov");
    bo.get(&at).await.says("Öppna brevet");
    // Erased, nothing is left of who read it.
    bo.does(&format!("{at}/open"), &[]).await;
    anna.get("/").await;
    anna.does(&format!("{at}/bin"), &[]).await;
    anna.does(&format!("{at}/erase"), &[]).await.says("Brevet är raderat.");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM reading").await, 0);
}
