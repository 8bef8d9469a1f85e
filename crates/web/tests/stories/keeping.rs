use crate::{
    at_noon, bo_helps,
    citizen::Citizen,
    world,
    world::{ANNA, BO, OFFICE, TOWN, World},
};
use domain::{MandateId, Time};
use serde_json::json;
use store::{args, both, testing::Database};
use testing::Rows as _;
use vault::SystemRandom;

#[tokio::test]
async fn a_letter_is_archived_binned_and_taken_back() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await;
    anna.does(&format!("{at}/archive"), &[])
        .await
        .says("Brevet ligger nu i arkivet")
        .says("Ångra")
        .says("Inkorgen är tom");
    anna.get("/archive").await.says("Beslut om bygglov");
    anna.does("/archive/search", &[("q", "bygglov")]).await.says("Beslut om bygglov");
    anna.does(&format!("{at}/bin"), &[]).await.says("papperskorgen");
    anna.get("/bin").await.says("Beslut om bygglov").says("Inget försvinner av sig självt");
    // Out of the bin it lies where it lay.
    anna.does(&format!("{at}/restore"), &[]).await;
    anna.get("/archive").await.says("Beslut om bygglov");
    anna.does(&format!("{at}/restore"), &[])
        .await
        .says("Brevet ligger nu i inkorgen")
        .says("Beslut om bygglov");
    let page = anna.get(&at).await;
    page.says("Lade brevet i arkivet").says("Lade brevet i papperskorgen").says("Lade tillbaka brevet");
}

#[tokio::test]
async fn erasing_asks_once_and_is_final() {
    let (world, _) = world().await;
    for (n, subject) in ["Ett", "Två", "Tre"].into_iter().enumerate() {
        world.send(OFFICE, &n.to_string(), json!({"subject": format!("Brev {subject}")}), &[]).await;
    }
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    let all: Vec<String> = inbox
        .text
        .split('"')
        .filter(|part| part.starts_with("/letters/"))
        .map(|part| part.replace("/open", ""))
        .collect();
    assert_eq!(all.len(), 3);
    let page = anna.get(&format!("{}/erase", all[0])).await;
    assert_eq!(page.status, 404, "only from the bin");
    anna.get("/").await;
    assert_eq!(anna.post(&format!("{}/erase", all[0]), &[]).await.status, 404);
    for at in &all {
        anna.get("/").await;
        anna.does(&format!("{at}/bin"), &[]).await;
    }
    anna.get(&format!("{}/erase", all[0]))
        .await
        .says("Vill du radera brevet för alltid?")
        .says("Nej, behåll det");
    anna.does(&format!("{}/erase", all[0]), &[]).await.says("Brevet är raderat");
    assert_eq!(anna.get(&all[0]).await.status, 404);
    anna.get("/bin/empty").await.says("Vill du radera 2 brev för alltid?").says("Ja, radera 2 brev");
    anna.does("/bin/empty", &[]).await.says("Papperskorgen är tömd").says("Papperskorgen är tom");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 0);
    assert_eq!(anna.get("/bin/empty").await.location(), "/bin");
}

#[tokio::test]
async fn a_letter_that_must_be_kept_is_not_erased_and_the_page_says_so() {
    let (world, _) = world().await;
    world.send(TOWN, "1", json!({}), &[]).await;
    let hold = Time::parse("2027-11-19T00:00:00Z").unwrap();
    world.sql("UPDATE letter SET hold_until = $1", args![hold]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await;
    anna.does(&format!("{at}/bin"), &[]).await;
    anna.get(&at).await.says("Brevet kan inte raderas än");
    anna.does(&format!("{at}/erase"), &[]).await.says("Vi har beviljat");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 1);
}

both!(a_right_that_nobody_vouches_for_moves_marks_and_erases_nothing);
async fn a_right_that_nobody_vouches_for_moves_marks_and_erases_nothing(database: Database) {
    let (world, _) = at_noon(database).await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/settings").await;
    let grant = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
        VALUES ($1, $2, $3, 'signatory', $4, 0)";
    let mandate = MandateId::new(&SystemRandom);
    world.tamper(grant, args![mandate, world.anna.1, world.bo.0, &[1u8; 40]]).await;
    nothing_is_moved(&world, &mut bo, &at).await;
    world.tamper("DELETE FROM mandate WHERE mandate_id = $1", args![mandate]).await;
    // Neither may a helper more than reading, whatever their row says.
    bo_helps(&world, &mut anna).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/settings").await;
    world.tamper("UPDATE mandate SET kind = 'signatory' WHERE kind = 'helper'", &[]).await;
    nothing_is_moved(&world, &mut bo, &at).await;
    assert_eq!(world.store.count("SELECT count(*) AS n FROM event WHERE type = 'erased'").await, 0);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 1);
}

/// Out of no place into another.
async fn nothing_is_moved(world: &World, thief: &mut Citizen, at: &str) {
    const MOVED: &str =
        "SELECT count(*) AS n FROM letter WHERE archived_at IS NOT NULL OR done_at IS NOT NULL";
    const BINNED: &str = "SELECT count(*) AS n FROM letter WHERE binned_at IS NOT NULL";
    for act in ["archive", "bin", "restore", "done", "erase"] {
        assert_eq!(thief.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
    }
    assert_eq!((world.store.count(MOVED).await, world.store.count(BINNED).await), (0, 0));
    world.tamper("UPDATE letter SET binned_at = 1", &[]).await;
    for act in ["erase", "restore"] {
        assert_eq!(thief.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
    }
    assert_eq!(world.store.count(BINNED).await, 1);
    world.tamper("UPDATE letter SET binned_at = NULL", &[]).await;
}
