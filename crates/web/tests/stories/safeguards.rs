//! Every address that there is, as `routes.rs` has it: which headers its answer carries, and how cookies are set.

use crate::{
    citizen::{Citizen, Page},
    world,
    world::ANNA,
};

const ROUTES: &str = include_str!("../../src/routes.rs");

/// The addresses of one router, with something that is nobody's in the place of each name.
fn addresses(router: &str) -> Vec<String> {
    let body = ROUTES.split(router).nth(1).unwrap().split("\n}\n").next().unwrap();
    let body = body.replace(".route(letter,", ".route(\"/letters/{mailbox}/{letter}\",");
    let pieces = body.split(".route(").skip(1);
    pieces
        .map(|piece| {
            let (act, rest) = match piece.strip_prefix("&at(") {
                Some(rest) => ("/letters/{mailbox}/{letter}/", rest),
                None => ("", piece),
            };
            let path = rest.split('"').nth(1).unwrap();
            let named = format!("{act}{path}");
            let parts = named.split('/').map(|part| if part.starts_with('{') { NOBODYS } else { part });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect()
}

const NOBODYS: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn header<'p>(page: &'p Page, name: &str) -> &'p str {
    page.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// What programs of others read in a browser too; it is the same for everybody.
const PUBLIC: &[&str] = &["/log/keys"];

fn is_guarded(page: &Page, what: &str) {
    let is_public = page.status == 200 && PUBLIC.iter().any(|path| what.starts_with(path));
    assert!(header(page, "content-security-policy").starts_with("default-src 'none'"), "{what}");
    let policy = header(page, "content-security-policy");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") || policy.contains("frame-ancestors 'self'"), "{what}");
    for (name, wanted) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", if is_public { "cross-origin" } else { "same-origin" }),
    ] {
        assert_eq!(header(page, name), wanted, "{what}: {name}");
    }
    assert!(
        !header(page, "permissions-policy").is_empty() && !header(page, "cache-control").is_empty(),
        "{what}"
    );
    if !page.text.is_empty() {
        assert!(!header(page, "content-type").is_empty(), "{what}");
    }
    for cookie in page.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        let parts: Vec<_> = cookie.split("; ").collect();
        assert!(parts[0].starts_with("__Host-") && parts.contains(&"Path=/"), "{what}: {cookie}");
        assert!(parts.contains(&"Secure") && parts.contains(&"HttpOnly"), "{what}: {cookie}");
        assert!(
            parts.iter().any(|part| ["SameSite=Strict", "SameSite=Lax"].contains(part)),
            "{what}: {cookie}"
        );
        assert!(
            !cookie.starts_with("__Host-kuvert=") || parts.contains(&"SameSite=Strict"),
            "{what}: {cookie}"
        );
    }
}

#[tokio::test]
async fn every_address_of_the_pages_answers_with_the_safeguards() {
    let (world, _) = world().await;
    let addresses = addresses("pub fn router(");
    assert!(addresses.len() > 50 && addresses.contains(&format!("/letters/{NOBODYS}/{NOBODYS}/open")));
    let mut nobody = Citizen::new(&world);
    for path in addresses.iter().map(String::as_str).chain(["/no-such-page"]) {
        for page in [nobody.get(path).await, nobody.post_with(path, "", &[]).await] {
            is_guarded(&page, &format!("{path} ({})", page.status));
        }
    }
    for path in &addresses {
        // A log-in of its own for each, since some end it.
        let mut anna = Citizen::logs_in(&world, ANNA).await;
        for page in [anna.get(path).await, anna.post_with(path, "", &[]).await] {
            is_guarded(&page, &format!("{path} of Anna's ({})", page.status));
        }
    }
}

#[tokio::test]
async fn every_address_of_the_content_origin_answers_with_its_own() {
    let (world, _) = world().await;
    let addresses = addresses("pub fn content_router(");
    assert!(addresses.len() >= 5, "{addresses:?}");
    let nobody = Citizen::new(&world);
    for path in addresses.iter().map(String::as_str).chain(["/no-such-page"]) {
        let (status, headers, _) = nobody.fetch(&format!("{}{path}", world.content_origin), &[]).await;
        let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
        let what = format!("{path} ({status})");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("script-src"),
            "{what}: {policy}"
        );
        assert!(policy.contains(&format!("frame-ancestors {}", world.origin)), "{what}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
        assert!(headers.get("set-cookie").is_none(), "{what}");
    }
}
