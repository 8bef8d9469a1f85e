use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, CLEO},
};
use testing::Rows as _;

#[tokio::test]
async fn a_mailbox_is_opened_after_its_meaning_was_told() {
    let (world, _) = world().await;
    let mut cleo = Citizen::logs_in(&world, CLEO).await;
    cleo.get("/").await.says("Öppna min brevlåda").says("Det här betyder det").does_not_say("Papperskorg");
    assert_eq!(cleo.get("/archive").await.status, 303);
    let page = cleo.does("/open-mailbox", &[]).await;
    page.says("Din brevlåda är öppen").says("Lägg till minst en adress");
    cleo.get("/").await.says("Inkorgen är tom");
    world.send(world::TOWN, "1", serde_json::json!({"recipient": CLEO}), &[]).await;
    cleo.get("/").await.says("Beslut om bygglov");
    // Once more changes nothing.
    let boxes = world.store.count("SELECT count(*) AS n FROM mailbox").await;
    assert_eq!(cleo.post("/open-mailbox", &[]).await.location(), "/");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox").await, boxes);
    cleo.get("/history").await.says("Öppnade brevlådan");
}

#[tokio::test]
async fn a_signatory_sees_the_company_beside_the_own_mailbox() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    world.send(world::TOWN, "1", serde_json::json!({"subject": "Till dig"}), &[]).await;
    let to_company = serde_json::json!({"subject": "Till bolaget", "recipient": world::COMPANY});
    world.send(world::OFFICE, "2", to_company, &[]).await;
    anna.get("/")
        .await
        .says("Till dig")
        .says("Till bolaget")
        .says("Exempelbolaget AB")
        .says("Alla brevlådor");
    let one = anna.get(&format!("/?box={}", world.company)).await;
    one.says("Till bolaget").does_not_say("Till dig");
    anna.get("/profile").await.says("Exempelbolaget AB").says("Firmatecknare");
}

/// The register is asked at the log-in itself, not minutes later; one that cannot be read says nothing.
#[tokio::test]
async fn who_is_no_longer_a_signatory_finds_out_at_the_log_in() {
    let (world, _) = world().await;
    let path = world.database.dir().join("signatories.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    let sees = async || {
        let mut anna = Citizen::logs_in(&world, ANNA).await;
        let page = anna.get("/profile").await;
        page.text.contains("Firmatecknare")
    };
    assert!(sees().await);
    // Half written, empty, another form, not there.
    for said in [&whole[..whole.len() / 2], "", "{}", "[]"] {
        std::fs::write(&path, said).unwrap();
        assert!(sees().await, "{said:?} says nothing");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(sees().await, "what is not there says nothing");
    // No longer named, and named again; then the whole organisation is gone.
    let mut file: serde_json::Value = serde_json::from_str(&whole).unwrap();
    file["signatories"][world::COMPANY] = serde_json::json!([]);
    std::fs::write(&path, file.to_string()).unwrap();
    assert!(!sees().await);
    std::fs::write(&path, &whole).unwrap();
    assert!(sees().await);
    std::fs::write(&path, r#"{"signatories":{}}"#).unwrap();
    assert!(!sees().await);
}

#[tokio::test]
async fn whoever_has_a_mailbox_elsewhere_is_asked_before_it_moves_here() {
    let (world, _) = world().await;
    world.is_elsewhere(CLEO, world::OFFICE).await;
    let mut cleo = Citizen::logs_in(&world, CLEO).await;
    cleo.get("/").await.says("Öppna min brevlåda");
    let people = world.store.count("SELECT count(*) AS n FROM person").await;
    let boxes = world.store.count("SELECT count(*) AS n FROM mailbox").await;
    let asked = cleo.post("/open-mailbox", &[]).await;
    asked.says("Du har din brevlåda hos Lådan").says("Ja, flytta den hit");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, people, "known for a question");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox").await, boxes);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM registration WHERE ended_at IS NULL").await, 1);
    cleo.does("/open-mailbox", &[("move", "yes")]).await.says("Din brevlåda är öppen");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox").await, boxes + 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM registration WHERE ended_at IS NULL").await, 0);
    // What was said there holds here: one sender is off, the other writes.
    cleo.get("/senders").await.says("Avstängd sedan");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM declined").await, 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM preference").await, 0);
    world.send(world::TOWN, "1", serde_json::json!({"recipient": CLEO}), &[]).await;
    cleo.get("/").await.says("Beslut om bygglov");
    cleo.get("/history").await.says("Stängde av en avsändare");
}
