use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, DAVID},
};
use std::time::Duration;
use testing::Rows as _;

#[tokio::test]
async fn a_person_logs_in_and_out() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await.says("Inkorgen är tom").says("Anna Exempel").says("Logga ut");
    let session = anna.cookies["__Host-kuvert"].clone();
    let page = anna.post("/logout", &[]).await;
    page.says("Du är utloggad");
    assert!(!anna.cookies.contains_key("__Host-kuvert"));
    assert!(page.headers.contains_key("clear-site-data"));
    anna.cookies.insert("__Host-kuvert".into(), session);
    assert_eq!(anna.get("/").await.status, 401, "an ended log-in does not come back with its cookie");
}

#[tokio::test]
async fn the_callback_answers_with_a_page_and_the_cookies_are_as_they_must_be() {
    let (world, _) = world().await;
    let mut anna = Citizen::new(&world);
    let begin = anna.get("/login/demo").await;
    let cookie = begin.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-login=") && cookie.contains("SameSite=Lax"), "{cookie}");
    let page = anna.answers(&begin, &[("person", ANNA)]).await;
    assert_eq!(page.status, 200);
    let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
    let session = cookies.iter().find(|c| c.starts_with("__Host-kuvert=")).unwrap();
    assert!(session.contains("SameSite=Strict") && session.contains("Path=/") && !session.contains("Domain"));
    assert!(!anna.cookies.contains_key("__Host-login"));
}

#[tokio::test]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let (world, clock) = world().await;
    let mut anna = Citizen::new(&world);
    let begin = anna.get("/login/demo").await;
    let held = anna.cookies.clone();
    // Another browser brings the answer.
    let mut thief = Citizen::new(&world);
    let page = thief.answers(&begin, &[("person", ANNA)]).await;
    assert_eq!(page.status, 403);
    assert!(!thief.cookies.contains_key("__Host-kuvert"));
    // The same attempt twice.
    assert_eq!(anna.answers(&begin, &[("person", ANNA)]).await.status, 200);
    anna.cookies = held.clone();
    assert_eq!(anna.answers(&begin, &[("person", ANNA)]).await.status, 403);
    // Too late.
    let begin = anna.get("/login/demo").await;
    clock.advance(Duration::from_secs(11 * 60));
    anna.answers(&begin, &[("person", ANNA)]).await.says("Det tog för lång tid");
    assert!(!anna.cookies.contains_key("__Host-kuvert"));
}

#[tokio::test]
async fn a_changed_mind_at_the_e_id_is_no_error() {
    let (world, _) = world().await;
    let mut anna = Citizen::new(&world);
    let begin = anna.get("/login/demo").await;
    let page = anna.answers(&begin, &[("cancel", "1")]).await;
    assert_eq!(page.status, 200);
    page.says("Inloggningen avbröts").says("/login/demo");
    assert!(!anna.cookies.contains_key("__Host-kuvert"));
}

#[tokio::test]
async fn a_log_in_that_is_not_used_ends_and_says_so() {
    let (world, clock) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    clock.advance(Duration::from_secs(14 * 60));
    assert_eq!(anna.get("/").await.status, 200);
    clock.advance(Duration::from_secs(16 * 60));
    let page = anna.get("/").await;
    assert_eq!(page.status, 401);
    page.says("Du har loggats ut");
    assert!(!anna.cookies.contains_key("__Host-kuvert"));
    anna.get("/").await.says("Logga in med");
}

#[tokio::test]
async fn pages_of_readers_send_others_to_the_first_page() {
    let (world, _) = world().await;
    let mut nobody = Citizen::new(&world);
    for path in [
        "/archive",
        "/bin",
        "/bin/empty",
        "/settings",
        "/senders",
        "/contacts",
        "/helpers",
        "/history",
        "/profile",
    ] {
        let page = nobody.get(path).await;
        assert_eq!(page.status, 303, "{path}");
        assert!(page.location().starts_with("/?back="), "{path}: {}", page.location());
    }
    nobody.cookies.insert("__Host-kuvert".into(), "x".into());
    assert_eq!(nobody.get("/archive").await.status, 401);
    assert_eq!(nobody.get("/login/other").await.status, 404);
}

#[tokio::test]
async fn log_ins_that_begin_too_often_from_one_place_wait() {
    let (world, clock) = world().await;
    let mut anna = Citizen::new(&world);
    for _ in 0..300 {
        assert_eq!(anna.get("/login/demo").await.status, 303);
    }
    let page = anna.get("/login/demo").await;
    assert_eq!((page.status, page.headers["retry-after"].to_str().unwrap()), (429, "60"));
    page.says("Vänta lite").says("många försök").does_not_say("öppnat många brev");
    clock.advance(Duration::from_secs(60));
    assert_eq!(anna.get("/login/demo").await.status, 303);
}

#[tokio::test]
async fn through_a_proxy_elsewhere_each_asker_is_one_and_a_network_has_its_limit() {
    let (world, _) = world().await;
    let mut flood = Citizen::new(&world);
    let mut let_in = 0;
    for n in 0..3_100 {
        flood.forwarded_for = Some(format!("2001:db8:66:{n:x}::1"));
        let_in += u32::from(flood.get("/login/demo").await.status == 303);
    }
    assert_eq!(let_in, 3_000);
    // Who says that they are somebody else is not believed: the proxy has written the last address.
    flood.forwarded_for = Some("198.51.100.7, 2001:db8:66:1::1".into());
    assert_eq!(flood.get("/login/demo").await.status, 429);
    let mut anna = Citizen::new(&world);
    anna.forwarded_for = Some("198.51.100.7".into());
    let begin = anna.get("/login/demo").await;
    assert_eq!(anna.answers(&begin, &[("person", ANNA)]).await.status, 200);
    anna.get("/").await.says("Inkorgen är tom");
}

#[tokio::test]
async fn someone_under_age_is_told_so() {
    let (world, _) = world().await;
    let mut david = Citizen::logs_in(&world, DAVID).await;
    david.get("/").await.says("Du behöver vara 18 år").does_not_say("Öppna min brevlåda");
    david.post("/open-mailbox", &[]).await.says("Du behöver vara 18 år");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, 2);
}
