//! What takes a fresh identification, where one is logged in, and what is told of it.

use crate::{
    citizen::{Citizen, Page},
    world,
    world::{ANNA, BO, OFFICE, World},
};
use serde_json::json;
use std::time::Duration;
use testing::Rows as _;
use web::AccountChange;

const FIVE_MINUTES: Duration = Duration::from_secs(300);
const HELPER: [(&str, &str); 3] = [("name", "Bo, min bror"), ("number", BO), ("until", "2027-05-01")];

/// From the page that asks to identify again, to the e-ID.
async fn again(citizen: &mut Citizen, page: &Page) -> Page {
    assert_eq!(page.status, 403);
    page.says("Legitimera dig igen").says("mer än fem minuter");
    citizen.get(&page.address("/login/demo?again=1").replace("&#38;", "&")).await
}

async fn confirmed(world: &World, citizen: &mut Citizen, address: &str) {
    citizen.get("/contacts").await;
    let before = world.codes.0.lock().unwrap().len();
    let page = citizen.does("/contacts/email", &[("address", address)]).await;
    let code = world.codes.0.lock().unwrap()[before].1.clone();
    let at = page.text.split("/confirm\"").next().unwrap();
    let id = at.rsplit_once("/contacts/").unwrap().1;
    citizen.does(&format!("/contacts/{id}/confirm"), &[("code", &code)]).await.says("Adressen är bekräftad");
}

/// What was told since the last time, so many at least. They go out beside the page.
async fn told(world: &World, least: usize) -> Vec<(String, AccountChange)> {
    for _ in 0..1_000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if world.codes.1.lock().unwrap().len() >= least {
            break;
        }
    }
    let mut told = std::mem::take(&mut *world.codes.1.lock().unwrap());
    told.sort_by(|a, b| a.0.cmp(&b.0));
    told
}

#[tokio::test]
async fn who_identified_long_ago_does_so_again_and_comes_back_with_what_they_wrote() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let old = anna.cookies["__Host-kuvert"].clone();
    anna.get("/helpers").await;
    clock.advance(FIVE_MINUTES);
    let asked = anna.post("/helpers", &HELPER).await;
    assert_eq!(world.store.count("SELECT count(*) AS n FROM invitation").await, 0);
    asked.does_not_say(BO).does_not_say("min bror");
    let begin = again(&mut anna, &asked).await;
    assert!(begin.location().contains("prompt=login") && begin.location().contains("max_age=0"));

    // A changed mind: still logged in, and nothing has happened.
    let page = anna.answers(&begin, &[("cancel", "1")]).await;
    page.says(r#"url=/helpers""#);
    anna.get("/helpers").await.says("Skicka inbjudan");
    let begin = again(&mut anna, &asked).await;
    let page = anna.answers(&begin, &[("person", ANNA)]).await;
    assert!(anna.cookies["__Host-kuvert"] != old, "another token");
    let to = page.text.split("url=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    anna.get(&to).await.says("Bo, min bror").says(BO);
    anna.does("/helpers", &HELPER).await.says("Bo, min bror");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM invitation").await, 1);
    // One serves several acts, for five minutes.
    clock.advance(Duration::from_secs(240));
    anna.does("/contacts/email", &[("address", "anna@example.com")]).await;
    clock.advance(Duration::from_secs(60));
    assert_eq!(anna.post("/contacts/phone", &[("address", "070-174 06 05")]).await.status, 403);
    let mut thief = Citizen::new(&world);
    thief.cookies.insert("__Host-kuvert".into(), old);
    assert_eq!(thief.get("/").await.status, 401, "the log-in before has ended");
}

#[tokio::test]
async fn nothing_grave_is_done_without_identifying_again() {
    let (world, clock) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    confirmed(&world, &mut anna, "anna@example.com").await;
    let remove = anna.get("/contacts").await.address("/contacts/");
    let letter = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{letter}/open"), &[]).await;
    anna.does(&format!("{letter}/bin"), &[]).await;
    clock.advance(FIVE_MINUTES);
    anna.get("/settings").await;
    for (path, fields) in [
        ("/helpers", &HELPER[..]),
        ("/contacts/email", &[("address", "thief@example.com")]),
        ("/contacts/phone", &[("address", "070-174 06 05")]),
        (&remove, &[]),
        (&format!("{letter}/erase"), &[]),
        ("/bin/empty", &[]),
        (&format!("/helpers/{}/confirm", world.anna.1), &[]),
        ("/close-mailbox", &[]),
        ("/open-mailbox", &[("move", "yes")]),
    ] {
        let page = anna.post(path, fields).await;
        assert_eq!(page.status, 403, "{path}");
        page.says("Legitimera dig igen");
    }
    // What is not, is.
    anna.does(&format!("{letter}/restore"), &[]).await;
    assert_eq!(world.store.count("SELECT count(*) AS n FROM contact").await, 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM invitation").await, 0);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key").await, 1);
}

#[tokio::test]
async fn another_person_s_identification_counts_for_nothing_here() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    clock.advance(FIVE_MINUTES);
    let asked = anna.post("/helpers", &HELPER).await;
    let begin = again(&mut anna, &asked).await;
    let page = anna.answers(&begin, &[("person", BO)]).await;
    assert_eq!(page.status, 403);
    page.says("Det var någon annan").does_not_say("min bror");
    anna.get("/").await.says("Anna Exempel");
    assert_eq!(anna.post("/helpers", &HELPER).await.status, 403, "and Anna has not identified");
}

#[tokio::test]
async fn log_ins_are_listed_and_ended_from_afar() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/log-ins").await.says("Du är inte inloggad någon annanstans.").says("Här är du nu");
    let mut lost = Citizen::logs_in(&world, ANNA).await;
    let mut tablet = Citizen::logs_in(&world, ANNA).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    let page = anna.get("/log-ins").await;
    page.says("Okänd webbläsare").says("Inloggad idag 12.00").says("Låtsas-e-legitimation");
    let end = page.address("/log-ins/");
    assert_eq!(bo.get("/log-ins").await.text.matches("/log-ins/").count(), 0);
    assert_eq!(bo.post(&end, &[]).await.status, 404, "another's");
    anna.get("/log-ins").await;
    anna.does(&end, &[]).await.says("Den inloggningen är avslutad.");
    let left = [lost.get("/archive").await.status, tablet.get("/archive").await.status];
    assert!(left == [401, 200] || left == [200, 401], "{left:?}");
    anna.does("/log-ins/end-others", &[]).await.says("Du är utloggad överallt utom här.");
    let other = if left[0] == 200 { &mut lost } else { &mut tablet };
    assert_eq!(other.get("/archive").await.status, 401);
    anna.get("/log-ins").await.says("Du är inte inloggad någon annanstans.");
    assert_eq!(bo.get("/archive").await.status, 200);
}

#[tokio::test]
async fn a_new_browser_and_a_change_of_addresses_are_told_where_it_was_before() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    assert_eq!(told(&world, 0).await, [], "there is nowhere yet");
    confirmed(&world, &mut anna, "anna@example.com").await;
    assert_eq!(told(&world, 0).await, [], "the first address is told by its code");
    confirmed(&world, &mut anna, "anna@work.example.com").await;
    assert_eq!(told(&world, 1).await, [("anna@example.com".to_owned(), AccountChange::AddressAdded)]);

    // Known here, also for others at the same computer; the cookie tells nobody who.
    let device = anna.cookies["__Host-device"].clone();
    anna.identifies(ANNA).await;
    anna.identifies(BO).await;
    anna.identifies(ANNA).await;
    assert_eq!(told(&world, 0).await, []);
    assert_eq!(anna.cookies["__Host-device"].len(), device.len());
    Citizen::logs_in(&world, ANNA).await;
    let to = told(&world, 2).await;
    let everywhere =
        |what| vec![("anna@example.com".to_owned(), what), ("anna@work.example.com".to_owned(), what)];
    assert_eq!(to, everywhere(AccountChange::NewDevice));
    // A cookie that we did not seal is none.
    let mut forged = Citizen::new(&world);
    forged.cookies.insert("__Host-device".into(), "A".repeat(device.len()));
    forged.identifies(ANNA).await;
    assert_eq!(told(&world, 2).await.len(), 2);

    let remove = anna.get("/contacts").await.address("/contacts/");
    anna.does(&remove, &[]).await;
    let to = told(&world, 2).await;
    assert_eq!(to, everywhere(AccountChange::AddressRemoved), "the removed one above all");
}

#[tokio::test]
async fn a_right_to_read_is_told_to_whoever_gave_it_and_to_whoever_helps() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    confirmed(&world, &mut anna, "anna@example.com").await;
    confirmed(&world, &mut bo, "bo@example.com").await;
    anna.get("/helpers").await;
    anna.does("/helpers", &HELPER).await.says("Inbjudan är skickad");
    assert_eq!(told(&world, 0).await, [], "it gives nobody anything");
    let accept = bo.get("/helpers").await.address("/helpers/");
    bo.get(&accept).await;
    bo.does(&accept, &[]).await.says("Du har tackat ja");
    assert_eq!(told(&world, 1).await, [("bo@example.com".to_owned(), AccountChange::HelpAccepted)]);
    assert_eq!(bo.post(&accept, &[]).await.status, 404);
    let confirm = anna.get("/helpers").await.address("/helpers/");
    anna.get(&confirm).await;
    let other = world.anna.0.to_string();
    assert_eq!(anna.post(&confirm, &[("helper", &other)]).await.status, 404);
    assert_eq!(told(&world, 0).await, [], "nothing has happened");
    let person = world.bo.0.to_string();
    anna.does(&confirm, &[("helper", &person)]).await.says("Läsrätten är given");
    assert_eq!(told(&world, 1).await, [("anna@example.com".to_owned(), AccountChange::HelperGranted)]);
}
