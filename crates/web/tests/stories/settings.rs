use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, BO, CLEO, OFFICE, TOWN},
};
use domain::{Clock, Identity};
use serde_json::json;
use std::time::Duration;
use testing::Rows as _;

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
    assert_eq!(world.store.count("SELECT count(*) AS n FROM declined").await, 1);
    let on = anna.does("/senders/on", &[("mailbox", &mailbox), ("sender", TOWN)]).await;
    on.says("Avsändaren är påslagen igen").does_not_say("Avstängd sedan");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM declined").await, 0);
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
    for (number, words) in [("199001012386", "tolv siffror"), (ANNA, "ditt eget personnummer")] {
        let page = anna.post("/helpers", &[("name", "Bo"), ("number", number), until]).await;
        assert_eq!(page.status, 422);
        page.says(words).does_not_say(number);
    }
    anna.post("/helpers", &[("name", "Bo"), ("number", BO), ("until", "2099-01-01")])
        .await
        .says("ett år framåt");
    let page = anna.does("/helpers", &[("name", "Bo, min bror"), ("number", "19900101-2385"), until]).await;
    page.says("Inbjudan är skickad")
        .says("Bo, min bror")
        .says("till och med 31 maj 2027")
        .says("Inget svar än");
    page.does_not_say(BO).does_not_say("Se vem det är").does_not_say(r#"name="number""#);
    let mut bo = Citizen::logs_in(&world, BO).await;
    bo.get("/").await.says("Någon vill att du hjälper till med posten").does_not_say("Beslut om bygglov");
    let page = bo.get("/helpers").await;
    page.says("Inbjudningar till dig").says("Anna Exempel").does_not_say("min bror");
    let accept = page.address("/helpers/");
    bo.get(&accept)
        .await
        .says("Vill du hjälpa Anna Exempel med posten?")
        .says("till och med 31 maj 2027")
        .says("Den som frågar får se ditt namn: Bo Exempel.")
        .says("Ja, tacka ja");
    bo.does(&accept, &[]).await.says("Du har tackat ja").does_not_say("Inbjudningar till dig");
    assert_eq!(bo.post(&accept, &[]).await.status, 404, "once");
    bo.get("/").await.does_not_say("Beslut om bygglov");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE kind = 'helper'").await, 0);

    anna.get("/").await.says("har tackat ja. Se vem det är och bekräfta");
    let confirm = anna.get("/helpers").await.says("Har tackat ja").address("/helpers/");
    anna.get(&confirm).await.says("Är det här rätt person?").says("Bo Exempel (Bo, min bror)");
    let person = world.bo.0.to_string();
    let other = world.anna.0.to_string();
    assert_eq!(anna.post(&confirm, &[("helper", &other)]).await.status, 404, "another than was shown");
    let page = anna.does(&confirm, &[("helper", &person)]).await;
    page.says("Läsrätten är given").says("Bo Exempel (Bo, min bror)").says("till och med 31 maj 2027");
    let revoke = page.address("/helpers/");
    let inbox = bo.get("/").await;
    inbox.says("Beslut om bygglov").says("Anna Exempel").does_not_say("Bara för Anna");
    let at = inbox.address("/letters/").replace("/open", "");
    // What the letter's page has for its owner, in words and in what the forms do.
    let forms = [format!("action=\"{at}/archive\""), format!("action=\"{at}/bin\"")];
    let words = ["Arkivera", "Lägg i papperskorgen", "Vem har öppnat brevet", "class=\"trace\""];
    let owners = || words.into_iter().chain(forms.iter().map(String::as_str));
    let page = bo.does(&format!("{at}/open"), &[]).await;
    page.says("Vi har beviljat");
    for one in owners() {
        page.does_not_say(one);
    }
    for act in ["archive", "bin", "restore", "erase"] {
        assert_eq!(bo.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
    }
    bo.get("/helpers").await.says("Anna Exempel");
    let page = anna.does(&format!("{at}/open"), &[]).await;
    page.says("Bo Exempel (Bo, min bror)").says("som hjälper till");
    for one in owners() {
        page.says(one);
    }
    anna.get("/history").await.says("Bo Exempel (Bo, min bror)").says("Gav någon läsrätt");
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
    let form = "action=\"/helpers\"";
    anna.get("/helpers").await.says("Du har skyddad identitet").does_not_say(form);
    Citizen::logs_in(&world, BO).await.get("/helpers").await.says(form);
    let fields = [("name", "Bo"), ("number", BO), ("until", "2027-05-31")];
    assert_eq!(anna.post("/helpers", &fields).await.status, 404);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE kind = 'helper'").await, 0);
}

#[tokio::test]
async fn whether_a_number_is_known_here_is_told_to_nobody() {
    let (world, _) = world().await;
    let mut pages = Vec::new();
    for number in [BO, CLEO] {
        let mut anna = Citizen::logs_in(&world, ANNA).await;
        anna.get("/helpers").await;
        let fields = [("name", "Hjälp"), ("number", number), ("until", "2027-05-31")];
        let asked = anna.does("/helpers", &fields).await;
        let withdraw = asked.address("/helpers/");
        // Once more, beside the one that waits: M2.
        let again = anna.post("/helpers", &fields).await;
        assert_eq!(again.status, 422);
        again.says("Du kan ha en person åt gången");
        anna.does(&withdraw, &[]).await.says("Inbjudan är tillbakatagen");
        pages.push((without_ids(&asked.text), without_ids(&again.text)));
    }
    assert!(pages[0] == pages[1], "{pages:?}");
}

/// What differs from page to page: tokens and ids.
fn without_ids(text: &str) -> String {
    let parts = text.split('"').enumerate().filter(|(at, part)| at % 2 == 0 || part.len() < 20);
    parts.map(|(_, part)| part).collect()
}

#[tokio::test]
async fn numbers_of_others_cannot_be_tried_one_after_the_other() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    let fields = [("name", "Cleo"), ("number", CLEO), ("until", "2027-05-31")];
    for _ in 0..5 {
        let withdraw = anna.does("/helpers", &fields).await.address("/helpers/");
        anna.does(&withdraw, &[]).await;
    }
    for _ in 5..10 {
        let page = anna.post("/helpers", &fields).await;
        assert_eq!(page.status, 422);
        page.says("många inbjudningar det senaste dygnet");
    }
    let page = anna.post("/helpers", &fields).await;
    assert_eq!(page.status, 429);
    assert!(page.headers.contains_key("retry-after"));
    clock.advance(Duration::from_secs(24 * 3600));
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    anna.does("/helpers", &fields).await.says("Inbjudan är skickad");
}

#[tokio::test]
async fn an_invitation_is_declined_or_goes_to_nobody_else() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/helpers").await;
    anna.does("/helpers", &[("name", "Bo"), ("number", BO), ("until", "2027-05-31")]).await;
    let mut bo = Citizen::logs_in(&world, BO).await;
    let accept = bo.get("/helpers").await.address("/helpers/");
    let decline = accept.replace("accept", "decline");
    // Another cannot answer it, nor the one who asks.
    let mut cleo = Citizen::logs_in(&world, CLEO).await;
    cleo.get("/").await;
    cleo.does("/open-mailbox", &[]).await;
    for path in [&accept, &decline, &accept.replace("accept", "withdraw")] {
        assert_eq!(cleo.post(path, &[]).await.status, 404, "{path}");
    }
    anna.get("/helpers").await;
    assert_eq!(anna.post(&accept, &[]).await.status, 404);
    bo.get("/helpers").await;
    bo.does(&decline, &[]).await.says("Du har tackat nej").does_not_say("Inbjudningar till dig");
    anna.get("/helpers").await.says("Ingen hjälper dig just nu").does_not_say("Inget svar än");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE kind = 'helper'").await, 0);
}

#[tokio::test]
async fn the_owner_closes_the_mailbox_and_opens_it_again() {
    let (world, _) = world().await;
    world.send(TOWN, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let ask = anna.get("/profile").await.says("Avsluta brevlådan").address("/close-mailbox");
    anna.get(&ask).await.says("Vill du avsluta din brevlåda?").says("skickar på papper");
    let page = anna.does("/close-mailbox", &[]).await;
    page.says("Din brevlåda är stängd. Du avslutade den 19 november 2026").says("Öppna brevlådan igen");
    page.says("Beslut om bygglov").does_not_say("Det var inte du");
    anna.get("/profile").await.says("Öppna brevlådan igen").does_not_say("/close-mailbox");
    anna.get("/history").await.says("Stängde brevlådan");
    assert_eq!(anna.get("/close-mailbox").await.location(), "/");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox WHERE closed_at IS NOT NULL").await, 1);
    anna.get("/").await;
    anna.does("/open-mailbox", &[]).await.says("Din brevlåda är öppen");
    anna.get("/").await.does_not_say("Din brevlåda är stängd").says("Beslut om bygglov");
    world.send(TOWN, "2", json!({"subject": "Efter paus"}), &[]).await;
    anna.get("/").await.says("Efter paus");
}

#[tokio::test]
async fn a_mailbox_that_the_operator_closed_says_so() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await.does_not_say("stängd");
    // Her own closing, long undone, is not taken for this one.
    anna.get("/close-mailbox").await;
    anna.does("/close-mailbox", &[]).await;
    anna.does("/open-mailbox", &[]).await;
    assert!(world.operator.close_for(&Identity::parse(ANNA).unwrap()).await.unwrap());
    let page = anna.get("/").await;
    page.says("Det var inte du som stängde den här").does_not_say("Du avslutade den");
    anna.does("/open-mailbox", &[]).await.says("Din brevlåda är öppen");
}
