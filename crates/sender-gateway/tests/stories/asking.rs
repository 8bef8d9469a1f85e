//! Who can be reached, asked before anything is sent.

use crate::door::{World, json};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use store::{both, testing::Database};
use testing::{ANNA, BO, CLEO, COMPANY, TOWN};

both!(each_recipient_is_answered_in_order_and_a_bad_number_is_a_reason, a_question_that_is_none_is_refused,);

async fn each_recipient_is_answered_in_order_and_a_bad_number_is_a_reason(database: Database) {
    let world = World::new(database).await;
    world.moves_away(BO).await;
    world.directory.refresh(&world.store).await.unwrap();
    let asked = [ANNA, CLEO, "198101052383", "1981", COMPANY, BO, ANNA];
    let question = json("/v1/reachability", &json!({"sender": TOWN, "recipients": asked}));
    let reply = world.asks(&world.town, question).await.ok();
    let results = reply.body["results"].as_array().unwrap();
    let recipients: Vec<_> = results.iter().map(|one| one["recipient"].as_str().unwrap()).collect();
    assert_eq!(recipients, asked);
    let answers: Vec<_> = results.iter().map(|one| (&one["reachable"], &one["reason"])).collect();
    let reachable = (&json!(true), &Value::Null);
    let expected = [
        reachable,
        (&json!(false), &json!("recipient_unknown")),
        (&json!(false), &json!("check_digit_invalid")),
        (&json!(false), &json!("identity_invalid")),
        reachable,
        (&json!(false), &json!("recipient_elsewhere")),
        reachable,
    ];
    assert_eq!(answers, expected);
}

async fn a_question_that_is_none_is_refused(database: Database) {
    let world = World::new(database).await;
    let typed = |media_type: &str, body: Vec<u8>| {
        let request = Request::post("/v1/reachability").header("content-type", media_type);
        request.body(Body::from(body)).unwrap()
    };
    let many = json!({"sender": TOWN, "recipients": vec![ANNA; 1001]});
    let good = json!({"sender": TOWN, "recipients": [ANNA]}).to_string();
    let padded = [good.as_bytes(), &vec![b' '; 64 * 1024]].concat();
    for (what, request, refusal) in [
        ("another type", typed("text/plain", good.clone().into()), (415, "unsupported_media_type")),
        ("no JSON", typed("application/json", b"{".to_vec()), (400, "malformed_request")),
        ("another member", json("/v1/reachability", &json!({"colour": 1})), (400, "malformed_request")),
        ("too many", json("/v1/reachability", &many), (400, "malformed_request")),
        ("too large", typed("application/json", padded), (413, "letter_too_large")),
    ] {
        assert_eq!(world.asks(&world.town, request).await.refusal(), refusal, "{what}");
    }
    // A type of its own that is JSON is JSON.
    world.asks(&world.town, typed("application/problem+json; charset=utf-8", good.into())).await.ok();
}
