//! Letters on their way in: answers, repeats, and refusals by code.

use crate::door::{World, get, multipart, post};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use store::{both, testing::Database};
use testing::{ANNA, COMPANY, Rows as _, attaching, letter, with};

both!(
    a_letter_is_accepted_once_and_its_receipt_comes_again,
    attachments_stream_into_the_letter,
    each_refusal_has_its_code_and_leaves_nothing,
    a_letter_is_found_by_its_id_and_by_its_reference,
);

const PDF: &[u8] = b"%PDF-1.4\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n";
const JOSE: &str = "application/jose+json";

async fn a_letter_is_accepted_once_and_its_receipt_comes_again(database: Database) {
    let world = World::new(database).await;
    let first = world.posts(&letter("a"), &[]).await;
    assert_eq!(first.status, 201, "{first:?}");
    let id = first.text("letter_id");
    assert_eq!(first.headers["location"], format!("/v1/letters/{id}"));
    assert!(first.text("receipt").split('.').count() == 3, "{first:?}");
    assert_eq!(first.body.get("state"), None, "only of what is handed over");
    // Whatever happens to the letter meanwhile.
    let anna = world.actor(world.anna.0).await;
    world.mailboxes.bin(&anna, world.anna.1, id.parse().unwrap()).await.unwrap();
    let again = world.posts(&letter("a"), &[]).await;
    assert_eq!(again.status, 200);
    assert_eq!((&again.body, &again.headers["location"]), (&first.body, &first.headers["location"]));
    let other = with(letter("a"), "subject", "Ett annat".into());
    let conflict = world.posts(&other, &[]).await;
    assert_eq!(conflict.refusal(), (409, "reference_conflict"));
    assert!(!conflict.body.to_string().contains("Ett annat"));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 1);
}

async fn attachments_stream_into_the_letter(database: Database) {
    let world = World::new(database).await;
    let large: Vec<u8> = [PDF, &vec![b'x'; 600_000], PDF].concat();
    let files = [("a.txt", "text/plain", &b"Bilaga"[..]), ("b.pdf", "application/pdf", &large)];
    let sent = world.posts(&attaching(letter("a"), &files), &[b"Bilaga", &large]).await.ok();
    let id = sent.text("letter_id").parse().unwrap();
    let anna = world.actor(world.anna.0).await;
    for (part_no, (_, _, content)) in (1..).zip(files) {
        let reader = world.mailboxes.attachment(&anna, world.anna.1, id, part_no).await.unwrap().unwrap();
        assert!(reader.read(0..u64::MAX).await.unwrap().as_slice() == content);
    }
    // What is known is answered before its attachments are read.
    let unread = post(&world.town.sign(&attaching(letter("a"), &files)), &[]);
    assert_eq!(world.asks(&world.town, unread).await.status, 200);
}

async fn each_refusal_has_its_code_and_leaves_nothing(database: Database) {
    let world = World::new(database).await;
    let signed = |letter: &Value| world.town.sign(letter);
    let good = signed(&letter("a"));
    let manifest = attaching(letter("a"), &[("a.txt", "text/plain", b"Bilaga")]);
    let attached = |files: &[&[u8]]| post(&signed(&manifest), files);
    let typed = |media_type: &str| {
        let request = Request::post("/v1/letters").header("content-type", media_type);
        request.body(Body::from("{}")).unwrap()
    };
    let mut forged = good.to_vec();
    let at = forged.windows(9).position(|nine| nine == b"signature").unwrap() + 14;
    forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
    let long = "x".repeat(2 * 1024 * 1024);
    let long = with(letter("a"), "body", json!({"media_type": "text/plain", "content": long}));
    let member = |name: &str, value: Value| post(&signed(&with(letter("a"), name, value)), &[]);
    for (what, request, refusal) in [
        ("no multipart", typed("application/json"), (415, "unsupported_media_type")),
        ("no boundary", typed("multipart/form-data"), (400, "multipart_invalid")),
        ("no part", typed("multipart/form-data; boundary=line"), (400, "multipart_invalid")),
        ("another part", multipart(&[("brev", JOSE, &good)]), (400, "letter_part_missing")),
        ("another type", multipart(&[("letter", "text/plain", &good)]), (415, "letter_part_type")),
        ("no JWS", post(b"{}", &[]), (400, "jws_malformed")),
        ("a forged signature", post(&forged, &[]), (403, "signature_invalid")),
        ("too long", post(&signed(&long), &[]), (413, "letter_too_large")),
        ("a strange member", member("colour", "red".into()), (400, "unknown_member")),
        ("a reserved member", member("facts", json!({})), (422, "not_supported")),
        ("no subject", member("subject", "".into()), (400, "field_invalid")),
        ("a wrong number", member("recipient", "198101052383".into()), (400, "check_digit_invalid")),
        ("nobody", member("recipient", "200001012384".into()), (422, "recipient_unknown")),
        ("no attachment", attached(&[]), (400, "attachment_missing")),
        ("two attachments", attached(&[b"Bilaga", b"Bilaga"]), (400, "attachment_extra")),
        ("another size", attached(&[b"Bilagor"]), (400, "attachment_size_mismatch")),
        ("another content", attached(&[b"bilaga"]), (400, "attachment_checksum_mismatch")),
        (
            "a part between",
            multipart(&[("letter", JOSE, &signed(&manifest)), ("bilaga", "text/plain", b"Bilaga")]),
            (400, "attachment_extra"),
        ),
    ] {
        let reply = world.asks(&world.town, request).await;
        assert_eq!(reply.refusal(), refusal, "{what}: {reply:?}");
        let told = reply.body.to_string();
        assert!(!told.contains(ANNA) && !told.contains("Beslut om bygglov"), "{what}: {told}");
    }
    world.nothing_is_stored().await;
    // Nothing of that stands in its way when it comes as it should.
    world.asks(&world.town, attached(&[b"Bilaga"])).await.ok();
}

async fn a_letter_is_found_by_its_id_and_by_its_reference(database: Database) {
    let world = World::new(database).await;
    let to_company = with(letter("ärende 7/2026"), "recipient", COMPANY.into());
    let sent = world.posts(&to_company, &[]).await.ok();
    let path = format!("/v1/letters/{}", sent.text("letter_id"));
    let found = world.gets(&world.town, &path).await.ok();
    assert_eq!((found.text("reference"), found.text("state")), ("ärende 7/2026", "available"));
    let by_reference = "/v1/letters?reference=%C3%A4rende%207%2F2026";
    assert_eq!(world.gets(&world.town, by_reference).await.ok().body, found.body);
    for (path, refusal) in [
        ("/v1/letters", (400, "malformed_request")),
        ("/v1/letters?reference=a&reference=b", (400, "malformed_request")),
        ("/v1/letters?reference=a&colour=red", (400, "malformed_request")),
        ("/v1/letters?reference=a&sender=16402000001", (400, "identity_invalid")),
        ("/v1/letters?reference=a&sender=164020000017", (400, "check_digit_invalid")),
        ("/v1/letters?reference=b", (404, "letter_not_found")),
        ("/v1/letters/abc", (404, "letter_not_found")),
        ("/v1/letters/%FF", (404, "letter_not_found")),
        ("/v1/letters/01a201a2-d340-7e4d-9b52-e249eff27a21", (404, "letter_not_found")),
    ] {
        assert_eq!(world.asks(&world.town, get(path)).await.refusal(), refusal, "{path}");
    }
}
