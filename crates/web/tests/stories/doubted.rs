//! What a citizen sees where somebody else had a hand in the database.

use crate::{
    at_noon,
    citizen::Citizen,
    world::{ANNA, BO, OFFICE, World},
};
use serde_json::json;
use store::{args, both, testing::Database};

both!(a_letter_that_was_sent_to_another_is_not_shown_as_verified, a_history_that_misses_a_line_is_not_shown,);

/// Each of two people's numbers leads to the other's mailbox; done twice, all is as it was.
async fn swap(world: &World) {
    let mut tx = world.store.read("test").await.unwrap();
    let sql = "SELECT mac, owner_id FROM identity WHERE owner_kind = 'person'";
    let rows = tx.query(sql, &[]).await.unwrap();
    drop(tx);
    let [one, other] = &rows[..] else { panic!("{} people", rows.len()) };
    let move_to = "UPDATE identity SET owner_id = $1 WHERE mac = $2";
    world.tamper(move_to, args![other.bytes("owner_id").unwrap(), one.bytes("mac").unwrap()]).await;
    world.sql(move_to, args![one.bytes("owner_id").unwrap(), other.bytes("mac").unwrap()]).await;
}

async fn a_letter_that_was_sent_to_another_is_not_shown_as_verified(database: Database) {
    let (world, _) = at_noon(database).await;
    world.send(OFFICE, "own", json!({"subject": "Till Anna"}), &[]).await;
    swap(&world).await;
    world.send(OFFICE, "strayed", json!({"recipient": BO, "subject": "Till Bo"}), &[]).await;
    swap(&world).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    inbox.says("Till Anna").says("Till Bo");
    for (subject, says, not) in [
        ("Till Anna", "Äkthet kontrollerad", "Äktheten kan inte styrkas"),
        ("Till Bo", "Äktheten kan inte styrkas", "Äkthet kontrollerad"),
    ] {
        let line = inbox.text.split("<li").find(|line| line.contains(subject)).unwrap();
        let open = line.split('"').find(|part| part.starts_with("/letters/")).unwrap();
        anna.does(open, &[]).await.says(subject).says(says).does_not_say(not);
    }
}

async fn a_history_that_misses_a_line_is_not_shown(database: Database) {
    let (world, _) = at_noon(database).await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let open = anna.get("/").await.address("/letters/");
    anna.does(&open, &[]).await.says("Öppnade brevet").does_not_say("Historiken kan inte visas");
    world.service.count_own().await.unwrap();
    world.tamper("DELETE FROM event WHERE type = 'listed'", &[]).await;
    let page = anna.get(open.strip_suffix("/open").unwrap()).await;
    page.says("Historiken kan inte visas").does_not_say("Öppnade brevet");
    // The letter itself is as it was.
    page.says("Vi har beviljat ditt bygglov.");
}
