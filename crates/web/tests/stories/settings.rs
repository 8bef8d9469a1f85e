use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, BO, CLEO, OFFICE, TOWN},
};
use domain::Clock;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_sender_is_turned_off_with_its_meaning_told_and_on_again() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let own = world.anna.1;
    anna.get(&format!("/senders?box={own}")).await.says("Exempelkommunen").says("Skickar hit");
    let ask = anna.get(&format!("/senders/off/{own}/{TOWN}")).await;
    ask.says("Vill du stänga av Exempelkommunen?").says("Nya brev därifrån kommer inte hit");
    let mailbox = own.to_string();
    let off = anna.does("/senders/off", &[("mailbox", &mailbox), ("sender", TOWN)]).await;
    off.says("Exempelkommunen är avstängd.").says("Ångra").says("Avstängd sedan 19 november 2026");
    assert_eq!(world.count("SELECT count(*) FROM declined").await, 1);
    let on = anna.does("/senders/on", &[("mailbox", &mailbox), ("sender", TOWN)]).await;
    on.says("Avsändaren är påslagen igen").does_not_say("Avstängd sedan");
    assert_eq!(world.count("SELECT count(*) FROM declined").await, 0);
    anna.get("/history").await.says("Stängde av en avsändare").says("Slog på en avsändare");
    // Not in another's mailbox.
    let other = world.bo.1.to_string();
    assert_eq!(anna.get(&format!("/senders/off/{other}/{TOWN}")).await.status, 404);
    anna.get("/senders").await;
    assert_eq!(anna.post("/senders/off", &[("mailbox", &other), ("sender", TOWN)]).await.status, 404);
}

#[tokio::test]
async fn an_address_counts_once_its_code_is_written() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await.says("Du får inte veta när ett brev kommer");
    anna.get("/contacts").await.says("Lägg till minst en adress");
    let bad = anna.post("/contacts/email", &[("address", "anna@")]).await;
    assert_eq!(bad.status, 422);
    bad.says("Det blev inte rätt").says(r##"href="#email""##).says("aria-invalid").says(r#"value="anna@""#);
    anna.does("/contacts/email", &[("address", "Anna@Example.COM")]).await.says("Inte bekräftad än");
    let again = anna.post("/contacts/email", &[("address", "Anna@example.com")]).await;
    again.says("Vänta en minut");
    let (address, code) = world.codes.0.lock().unwrap()[0].clone();
    assert_eq!(address, "Anna@example.com");
    let page = anna.get("/contacts").await;
    let confirm = page.address("/contacts/");
    let confirm = format!("{}/confirm", confirm.rsplit_once('/').unwrap().0);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let page = anna.post(&confirm, &[("code", wrong)]).await;
    assert_eq!(page.status, 422);
    page.says("Koden stämmer inte");
    anna.does(&confirm, &[("code", &format!("{} {}", &code[..3], &code[3..]))])
        .await
        .says("Adressen är bekräftad");
    anna.get("/").await.does_not_say("Du får inte veta när ett brev kommer");
    let show = confirm.replace("confirm", "sender");
    anna.does(&show, &[("show", "1")]).await.says("checked");
    anna.does(&show, &[]).await.does_not_say(" checked");
    clock.advance(Duration::from_secs(61));
    anna.does("/contacts/phone", &[("address", "070-174 06 08")]).await.says("070-174 06 08");
    anna.get(&confirm.replace("confirm", "remove"))
        .await
        .says("Vill du ta bort adressen?")
        .says("Anna@example.com");
    anna.does(&confirm.replace("confirm", "remove"), &[]).await.does_not_say("Anna@example.com");
    // Another's address is not found.
    let mut bo = Citizen::logs_in(&world, BO).await;
    let others = anna.get("/contacts").await.address("/contacts/");
    assert_eq!(bo.get(&others).await.status, 404);
    bo.get("/contacts").await.does_not_say("070-174 06 08");
    assert_eq!(bo.post(&others, &[]).await.status, 404);
}

#[tokio::test]
async fn a_helper_reads_until_the_right_is_taken_back() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    world.send(OFFICE, "2", json!({"subject": "Bara för Anna", "confidential": true}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await.says("Ingen hjälper dig just nu");
    let until = ("until", "2027-05-31");
    for (number, words) in [
        ("199001012386", "tolv siffror"),
        (CLEO, "Det gick inte att ge läsrätt"),
        (ANNA, "ditt eget personnummer"),
    ] {
        let page = anna.post("/helpers", &[("name", "Bo"), ("number", number), until]).await;
        assert_eq!(page.status, 422);
        page.says(words).does_not_say(number);
    }
    anna.post("/helpers", &[("name", "Bo"), ("number", BO), ("until", "2099-01-01")])
        .await
        .says("ett år framåt");
    let page = anna.does("/helpers", &[("name", "Bo, min bror"), ("number", "19900101-2385"), until]).await;
    page.says("Bo, min bror").says("till och med 31 maj 2027").does_not_say(BO);
    let revoke = page.address("/helpers/");
    let mut bo = Citizen::logs_in(&world, BO).await;
    let inbox = bo.get("/").await;
    inbox.says("Beslut om bygglov").says("Anna Exempel").does_not_say("Bara för Anna");
    let at = inbox.address("/letters/").replace("/open", "");
    bo.does(&format!("{at}/open"), &[])
        .await
        .says("Vi har beviljat")
        .does_not_say("Arkivera")
        .does_not_say("Lägg i papperskorgen")
        .does_not_say("Vem har öppnat brevet");
    for act in ["archive", "bin", "restore", "erase"] {
        assert_eq!(bo.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
    }
    bo.get("/helpers").await.says("Anna Exempel");
    anna.get(&at).await.says("Bo, min bror").says("som hjälper till");
    anna.get("/history").await.says("Bo, min bror").says("Gav någon läsrätt");
    anna.get(&revoke).await.says("Vill du ta tillbaka läsrätten?");
    anna.does(&revoke, &[]).await.says("Läsrätten är tillbakatagen");
    assert_eq!(bo.get(&at).await.status, 404, "at once, also what was open");
    bo.get("/").await.does_not_say("Beslut om bygglov");
}

#[tokio::test]
async fn a_protected_person_has_no_helper_and_no_sender_in_notices() {
    let (world, clock) = world().await;
    world.protect(world.anna.0, clock.now()).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await.says("Du har skyddad identitet").does_not_say("Ge läsrätt");
    let fields = [("name", "Bo"), ("number", BO), ("until", "2027-05-31")];
    assert_eq!(anna.post("/helpers", &fields).await.status, 404);
    assert_eq!(world.count("SELECT count(*) FROM mandate WHERE kind = 'helper'").await, 0);
}

#[tokio::test]
async fn numbers_of_others_cannot_be_tried_one_after_the_other() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    let fields = [("name", "Cleo"), ("number", CLEO), ("until", "2027-05-31")];
    for _ in 0..10 {
        assert_eq!(anna.post("/helpers", &fields).await.status, 422);
    }
    let page = anna.post("/helpers", &fields).await;
    assert_eq!(page.status, 429);
    assert!(page.headers.contains_key("retry-after"));
}
