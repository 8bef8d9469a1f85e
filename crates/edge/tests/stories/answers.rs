//! What an answer looks like, whatever it says.

use crate::door::Open;
use axum::{Router, middleware::from_fn, response::IntoResponse, routing::get};
use domain::{Code, Refusal};
use edge::Problem;
use serde_json::Value;
use std::time::Duration;

fn router() -> Router {
    let field =
        || async { Problem::from(Refusal::new(Code::FieldInvalid).because("too long").at("/subject")) };
    let busy = || async { Problem::from(Code::Overloaded).retry_after(Duration::from_millis(1)) };
    let own = || async { ([("cache-control", "private")], "own").into_response() };
    let other = || async { Problem::from(Code::MethodNotAllowed).allow("GET") };
    Router::new()
        .route("/field", get(field).fallback(other))
        .route("/busy", get(busy))
        .route("/own", get(own))
        .fallback(edge::problem::not_found)
        .layer(from_fn(edge::headers::api))
}

#[tokio::test]
async fn a_refusal_is_a_problem_with_a_stable_code() {
    let door = Open::plain(router()).await;
    let mut client = door.connects().await;
    for (asked, status, code, title) in [
        ("GET /field HTTP/1.1", 400, "field_invalid", Code::FieldInvalid.title()),
        ("PUT /field HTTP/1.1", 405, "method_not_allowed", Code::MethodNotAllowed.title()),
        ("GET /busy HTTP/1.1", 503, "overloaded", Code::Overloaded.title()),
        ("GET /nothing HTTP/1.1", 404, "not_found", Code::NotFound.title()),
    ] {
        let answer = client.asks(asked).await;
        assert_eq!(answer.status(), status, "{asked}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["type"], format!("urn:kuvert:problem:{code}"));
        assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()));
        assert_eq!(problem["title"], title);
        assert!(problem["mend"].is_string());
        let detail = (problem.get("detail"), problem.get("pointer"));
        match code {
            "field_invalid" => assert_eq!(detail, (Some(&"too long".into()), Some(&"/subject".into()))),
            _ => assert_eq!(detail, (None, None), "what is not there is left out"),
        }
        assert_eq!(answer.header("allow"), (status == 405).then_some("get"));
        // Whole seconds, and never none.
        assert_eq!(answer.header("retry-after"), (status == 503).then_some("1"));
    }
}

#[tokio::test]
async fn every_answer_of_an_api_has_its_headers() {
    let door = Open::plain(router()).await;
    let mut client = door.connects().await;
    for path in ["/field", "/nothing", "/own"] {
        let answer = client.asks(&format!("GET {path} HTTP/1.1")).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("strict-transport-security", "max-age=63072000; includesubdomains"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        // A handler may know better.
        let cached = if path == "/own" { "private" } else { "no-store" };
        assert_eq!(answer.header("cache-control"), Some(cached), "{path}");
    }
}
