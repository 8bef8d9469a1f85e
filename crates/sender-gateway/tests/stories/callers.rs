//! Who is let in, and what is at the door at all.

use crate::door::{World, get, json, multipart, post};
use axum::{body::Body, http::Request};
use domain::CertificateDigest;
use edge::peer::PeerCertificate;
use serde_json::json;
use store::{both, testing::Database};
use testing::{NOBODY, OFFICE, Organisation, Rows as _, TOWN, letter, org, with};

both!(
    whoever_has_no_registered_certificate_is_told_nothing,
    what_is_not_there_has_a_code_too,
    a_caller_asks_for_its_own_senders_alone,
    a_revoked_certificate_calls_no_more,
);

async fn whoever_has_no_registered_certificate_is_told_nothing(database: Database) {
    let world = World::new(database).await;
    let certificate = |sha256: CertificateDigest, number: &str| PeerCertificate {
        sha256,
        organisation: Some(org(number)),
        listed: false,
    };
    let own = world.town.certificate.sha256;
    let nameless = PeerCertificate { sha256: own, organisation: None, listed: false };
    let listed = PeerCertificate { listed: true, ..certificate(own, TOWN) };
    for (who, why) in [
        (None, "no client certificate"),
        (Some(nameless), "names no organisation"),
        (Some(listed), "revocation list"),
        (
            Some(certificate(CertificateDigest::from_bytes([7; 32]), TOWN)),
            "not registered for its organisation",
        ),
        (Some(certificate(own, OFFICE)), "not registered for its organisation"),
        (Some(certificate(CertificateDigest::from_bytes([7; 32]), NOBODY)), "organisation is not registered"),
    ] {
        for request in [
            get("/v1/events"),
            get("/v1/letters?reference=a"),
            get("/v1/letters/01a201a2-d340-7e4d-9b52-e249eff27a21"),
            get("/v1/capabilities"),
            get("/v1/openapi.json"),
            get("/v1/nothing"),
            post(&world.town.sign(&letter("a")), &[]),
            json("/v1/reachability", &json!({"sender": TOWN, "recipients": []})),
            Request::delete("/v1/events").body(Body::empty()).unwrap(),
        ] {
            let path = request.uri().path().to_owned();
            let reply = world.asks_from(who.clone(), request).await;
            assert_eq!(reply.refusal(), (403, "certificate_unknown"), "{path}");
            assert!(reply.text("detail").contains(why), "{reply:?}");
        }
    }
    world.nothing_is_stored().await;
}

async fn what_is_not_there_has_a_code_too(database: Database) {
    let world = World::new(database).await;
    let town = &world.town;
    assert_eq!(world.gets(town, "/v1/nothing").await.refusal(), (404, "not_found"));
    for (path, allowed) in [
        ("/v1/letters", "GET, POST"),
        ("/v1/letters/a", "GET"),
        ("/v1/reachability", "POST"),
        ("/v1/events", "GET"),
        ("/v1/capabilities", "GET"),
        ("/v1/openapi.json", "GET"),
    ] {
        let reply = world.asks(town, Request::delete(path).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.refusal(), (405, "method_not_allowed"), "{path}");
        assert_eq!(reply.headers["allow"], allowed);
    }
    let described = world.gets(town, "/v1/openapi.json").await.ok();
    assert!(described.text("openapi").starts_with("3."));
    assert!(described.body["paths"]["/v1/letters"]["post"].is_object());
    let able = world.gets(town, "/v1/capabilities").await.ok();
    assert_eq!(able.body["operator"], "kuvert-test");
    assert_eq!(able.body["forwarding"], json!(null));
}

async fn a_caller_asks_for_its_own_senders_alone(database: Database) {
    let world = World::new(database).await;
    let sent = world.posts(&letter("a"), &[]).await.ok();
    let path = format!("/v1/letters/{}", sent.text("letter_id"));
    // The dispatcher that the town lists sees what the town sent, and may send for it.
    for caller in [&world.town, &world.dispatcher] {
        assert_eq!(world.gets(caller, &path).await.ok().text("reference"), "a");
        let found = world.gets(caller, &format!("/v1/letters?reference=a&sender={TOWN}")).await.ok();
        assert_eq!(found.body["letter_id"], sent.body["letter_id"]);
    }
    // To others it is not there, whether they name the sender or not.
    assert_eq!(world.gets(&world.office, &path).await.refusal(), (404, "letter_not_found"));
    assert_eq!(
        world.gets(&world.office, "/v1/letters?reference=a").await.refusal(),
        (404, "letter_not_found")
    );
    for path in [format!("/v1/letters?reference=a&sender={TOWN}"), format!("/v1/events?sender={TOWN}")] {
        assert_eq!(world.gets(&world.office, &path).await.refusal(), (403, "caller_not_allowed"), "{path}");
    }
    let asked = json("/v1/reachability", &json!({"sender": TOWN, "recipients": []}));
    assert_eq!(world.asks(&world.office, asked).await.refusal(), (403, "caller_not_allowed"));
    let theirs = with(letter("b"), "sender", OFFICE.into());
    assert_eq!(world.posts(&theirs, &[]).await.refusal(), (403, "caller_not_allowed"));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 1);
}

async fn a_revoked_certificate_calls_no_more(database: Database) {
    let world = World::new(database).await;
    let renewed = Organisation::new(TOWN);
    let asks = async || world.gets(&renewed, "/v1/events").await;
    assert_eq!(asks().await.refusal(), (403, "certificate_unknown"));
    world.certify(&renewed).await;
    // Whom the door does not know it looks for once more.
    asks().await.ok();
    world.revoke(&renewed).await;
    world.directory.refresh(&world.store).await.unwrap();
    let reply = asks().await;
    assert_eq!(reply.refusal(), (403, "certificate_unknown"));
    assert!(reply.text("detail").contains("revoked"));
    world.gets(&world.town, "/v1/events").await.ok();
    let letter = multipart(&[("letter", "application/jose+json", &renewed.sign(&letter("a")))]);
    assert_eq!(world.asks(&world.town, letter).await.refusal(), (403, "certificate_revoked"));
}
