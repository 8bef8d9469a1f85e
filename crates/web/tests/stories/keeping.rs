use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, OFFICE, TOWN},
};
use domain::Time;
use serde_json::json;
use store::args;

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
    assert_eq!(world.count("SELECT count(*) FROM letter_key").await, 0);
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
    assert_eq!(world.count("SELECT count(*) FROM letter_key").await, 1);
}
