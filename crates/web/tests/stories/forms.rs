use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, BO, OFFICE},
};
use serde_json::json;
use testing::Rows as _;

const FORMS: &[&str] = &[
    "/logout",
    "/open-mailbox",
    "/search",
    "/archive/search",
    "/bin/empty",
    "/language",
    "/senders/off",
    "/senders/on",
    "/contacts/email",
    "/contacts/phone",
    "/helpers",
];

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_changes_nothing() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    let mut bo = Citizen::logs_in(&world, BO).await;
    let token = |page: crate::citizen::Page| {
        let from = page.text.split(r#"name="csrf" value=""#).nth(1).unwrap().to_owned();
        from.split('"').next().unwrap().to_owned()
    };
    let of_bo = token(bo.get("/").await);
    let own = token(anna.get("/").await);
    let mut forms: Vec<String> = FORMS.iter().map(|f| (*f).to_owned()).collect();
    forms.extend(["open", "archive", "bin", "restore", "erase"].map(|act| format!("{at}/{act}")));
    for form in &forms {
        for csrf in ["", "x", &of_bo] {
            let page = anna.post_with(form, csrf, &[]).await;
            assert_eq!(page.status, 403, "{form} with {csrf:?}");
            page.says("Inget har ändrats");
        }
        for site in ["cross-site", "same-site", "none"] {
            anna.sends_from = site;
            assert_eq!(anna.post_with(form, &own, &[]).await.status, 403, "{form} from {site}");
        }
        anna.sends_from = "same-origin";
        let asked = anna.get(form).await.status;
        assert!(matches!(asked, 405 | 303 | 404 | 200), "GET {form}: {asked}");
    }
    assert_eq!(anna.get("/").await.status, 200, "still logged in");
    assert_eq!(
        world
            .store
            .count("SELECT count(*) AS n FROM letter WHERE opened_at IS NOT NULL OR binned_at IS NOT NULL")
            .await,
        0
    );
}

#[tokio::test]
async fn every_page_carries_the_same_safeguards() {
    let (world, _) = world().await;
    world.send(OFFICE, "1", json!({}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let letter = anna.get("/").await.address("/letters/").replace("/open", "");
    for path in [
        "/",
        "/archive",
        "/bin",
        "/settings",
        "/senders",
        "/contacts",
        "/helpers",
        "/history",
        "/profile",
        "/about",
        "/tillganglighet",
        "/integritet",
        "/developers",
        "/nothing-here",
        "/log/keys",
        &letter,
    ] {
        let page = anna.get(path).await;
        let header = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap());
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{path}");
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!header("permissions-policy").is_empty(), "{path}");
        if path != "/log/keys" {
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert!(!page.text.contains("<script") && !page.text.contains(" style="), "{path}");
            assert!(!page.text.contains(" onclick") && !page.text.contains("javascript:"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_style_sheet_is_kept_for_ever_under_the_name_of_its_content() {
    let (world, _) = world().await;
    let mut nobody = Citizen::new(&world);
    let href = nobody.get("/").await.address("/static/kuvert-");
    let sheet = nobody.get(&href).await;
    assert_eq!(
        (sheet.status, sheet.headers["content-type"].to_str().unwrap()),
        (200, "text/css; charset=utf-8")
    );
    assert!(sheet.headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(nobody.get("/static/kuvert-0000000000000000.css").await.status, 404);
}

#[tokio::test]
async fn too_much_is_not_read() {
    let (world, _) = world().await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await;
    let long = "x".repeat(20_000);
    assert_eq!(anna.post("/search", &[("q", &long)]).await.status, 403);
}
