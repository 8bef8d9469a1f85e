use crate::{
    citizen::Citizen,
    pdf, world,
    world::{ANNA, OFFICE, World},
};
use serde_json::json;
use std::time::Duration;
use testing::Rows as _;

/// Anna with a letter open, and the address of its first file.
async fn opened(world: &World) -> (Citizen, String) {
    let mut anna = Citizen::logs_in(world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    let page = anna.does(&format!("{at}/open"), &[]).await;
    let file = page.address(&format!("{}/c/", world.content_origin));
    (anna, file)
}

#[tokio::test]
async fn a_file_is_read_whole_and_by_ranges() {
    let (world, _) = world().await;
    // Large enough to be an object, of several chunks.
    let large: Vec<u8> = (0..600_000u32).map(|n| b'a' + (n % 23) as u8).collect();
    world.send(OFFICE, "1", json!({}), &[("stor.txt", "text/plain", &large)]).await;
    let (anna, file) = opened(&world).await;
    let (status, headers, bytes) = anna.fetch(&file, &[]).await;
    assert_eq!((status, bytes == large), (200, true));
    assert_eq!(
        (&headers["content-length"], &headers["accept-ranges"]),
        (&"600000".parse().unwrap(), &"bytes".parse().unwrap())
    );
    let tag = headers["etag"].to_str().unwrap().to_owned();
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=100000-400000", 100_000..400_001),
        ("bytes=-5", 599_995..600_000),
        ("bytes=599999-", 599_999..600_000),
    ] {
        let (status, headers, bytes) = anna.fetch(&file, &[("range", range), ("if-range", &tag)]).await;
        assert_eq!((status, bytes == large[expected.clone()]), (206, true), "{range}");
        let told = format!("bytes {}-{}/600000", expected.start, expected.end - 1);
        assert_eq!(headers["content-range"], told.as_str());
    }
    let (status, headers, _) = anna.fetch(&file, &[("range", "bytes=600000-")]).await;
    assert_eq!((status, headers["content-range"].to_str().unwrap()), (416, "bytes */600000"));
    let (status, headers) = anna.head(&file).await;
    assert_eq!((status, headers["content-length"].to_str().unwrap()), (200, "600000"));
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM event WHERE type = 'opened'").await,
        1,
        "one reading"
    );
}

#[tokio::test]
async fn files_are_shown_or_saved_by_their_type_and_never_run() {
    let (world, _) = world().await;
    let pdf = pdf("x");
    let files: [(&str, &str, &[u8]); 3] = [
        ("Beslut åäö.pdf", "application/pdf", &pdf),
        ("lista.csv", "text/csv", b"a;b\n1;2\n"),
        ("data.xml", "application/xml", b"<?xml version=\"1.0\"?><a/>"),
    ];
    world.send(OFFICE, "1", json!({}), &files).await;
    let (anna, file) = opened(&world).await;
    let base = file.rsplit_once('/').unwrap().0;
    for (path, kind, sandbox) in [
        ("1", "inline", false),
        ("1/download", "attachment", false),
        ("2", "attachment", true),
        ("3", "attachment", true),
    ] {
        let (status, headers, _) = anna.fetch(&format!("{base}/{path}"), &[]).await;
        assert_eq!(status, 200);
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
        assert!(header("content-disposition").starts_with(kind), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(header("content-security-policy").starts_with("sandbox"), sandbox, "{path}");
        assert_eq!(header("cache-control"), "no-store");
        assert!(!headers.contains_key("set-cookie"));
    }
    let (_, headers, _) = anna.fetch(&format!("{base}/1"), &[]).await;
    assert!(
        headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("filename*=UTF-8''Beslut%20%C3%A5%C3%A4%C3%B6.pdf")
    );
    assert_eq!(anna.fetch(&format!("{base}/4"), &[]).await.0, 404);
    let (status, headers, jws) = anna.fetch(&format!("{base}/original"), &[]).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "application/jose+json"));
    assert!(serde_json::from_slice::<serde_json::Value>(&jws).unwrap()["signature"].is_string());
}

#[tokio::test]
async fn a_letter_in_html_stands_in_the_page_and_can_do_nothing() {
    let (world, _) = world().await;
    let html = "<h2>Hej</h2><script>alert(1)</script><style>*{display:none}</style><img src=https://evil.example/x.gif>\
        <p style='position:fixed' class=skip id=main onclick=x()>Text</p><form action=/logout><button>Klicka</button></form>\
        <table><tr><th>Bostadskostnad</th><td>1 850 kr</td></tr></table>";
    world.send(OFFICE, "1", json!({"body": {"media_type": "text/html", "content": html}}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await;
    let page = anna.get(&at).await;
    page.says("<h2>Hej</h2>").says("<p>Text</p>").does_not_say("class=\"framed").does_not_say("/c/letter");
    page.says(r#"<div class="wide" tabindex="0"><table>"#)
        .says("<td class=\"amount\">1\u{A0}850\u{A0}kr</td>");
    for bad in [
        "evil",
        "alert(1)",
        "display:none",
        "position:fixed",
        "onclick",
        "<script",
        "<style",
        "Klicka</button>",
    ] {
        page.does_not_say(bad);
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("img-src 'self';"), "{policy}");
    assert!(!policy.contains("script") && !policy.contains("unsafe"), "{policy}");
    // Of what stands in the page itself there is no other address.
    let base = page.address(&format!("{}/c/", world.content_origin));
    let base = base.rsplit_once('/').unwrap().0.to_owned();
    assert_eq!(anna.fetch(&format!("{base}/letter"), &[]).await.0, 404);
}

#[tokio::test]
async fn pictures_within_a_letter_are_shown_in_its_page_and_on_no_other() {
    let (world, _) = world().await;
    let html = "<p><img alt=Vapen src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></p>";
    world.send(OFFICE, "1", json!({"body": {"media_type": "text/html", "content": html}}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    anna.does(&format!("{at}/open"), &[]).await;
    let page = anna.get(&at).await;
    page.says("src=\"data:image/gif;base64,");
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("img-src 'self' data:;"));
    let policy = anna.get("/").await.headers["content-security-policy"].to_str().unwrap().to_owned();
    assert!(!policy.contains("data:"), "{policy}");
}

#[tokio::test]
async fn a_very_long_letter_in_html_is_shown_apart_and_can_do_nothing() {
    let (world, _) = world().await;
    let html = format!(
        "<h2>Hej</h2><script>alert(1)</script><img src=https://evil.example/x.gif>{}",
        format!("<p>{}</p>", "En rad till av ett mycket långt brev. ".repeat(8)).repeat(550)
    );
    let body = json!({"body": {"media_type": "text/html", "content": html}});
    assert!(html.len() <= 262_144, "the door's limit: {}", html.len());
    world.send(OFFICE, "1", body, &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "");
    let page = anna.does(&format!("{at}/open"), &[]).await;
    page.says("class=\"framed").says("sandbox=").does_not_say("<h2>Hej</h2>");
    let address = page.address(&format!("{}/c/", world.content_origin));
    let (status, headers, body) = anna.fetch(&address, &[]).await;
    let body = String::from_utf8(body).unwrap();
    assert_eq!(status, 200);
    assert!(
        body.contains("<h2>Hej</h2>") && !body.contains("script") && !body.contains("evil"),
        "{}",
        &body[..600]
    );
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox ") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("allow-scripts") && !policy.contains("allow-same-origin"), "{policy}");
    assert!(policy.contains(&format!("frame-ancestors {}", world.origin)), "{policy}");
}

#[tokio::test]
async fn an_address_ends_with_its_minutes_its_log_in_and_its_letter() {
    let (world, clock) = world().await;
    let pdf = pdf("x");
    world.send(OFFICE, "1", json!({}), &[("a.pdf", "application/pdf", &pdf)]).await;
    let (mut anna, file) = opened(&world).await;
    assert_eq!(anna.fetch(&file, &[]).await.0, 200);
    let guessed = format!("{}/c/{}/1", world.content_origin, "A".repeat(43));
    assert_eq!(anna.fetch(&guessed, &[]).await.0, 404);
    // Log-out ends it.
    let mut other = Citizen::logs_in(&world, ANNA).await;
    anna.get("/").await;
    anna.post("/logout", &[]).await;
    assert_eq!(anna.fetch(&file, &[]).await.0, 404);
    // Time ends it.
    let at = other.get("/").await.address("/letters/").replace("/open", "");
    let file = other.get(&at).await.address(&format!("{}/c/", world.content_origin));
    clock.advance(Duration::from_secs(9 * 60));
    assert_eq!(other.fetch(&file, &[]).await.0, 200);
    clock.advance(Duration::from_secs(2 * 60));
    assert_eq!(other.fetch(&file, &[]).await.0, 404);
    // Erasing ends it, by somebody who has identified just now.
    other.identifies(ANNA).await;
    let file = other.get(&at).await.address(&format!("{}/c/", world.content_origin));
    other.does(&format!("{at}/bin"), &[]).await;
    other.does(&format!("{at}/erase"), &[]).await;
    assert_eq!(other.fetch(&file, &[]).await.0, 404);
}
