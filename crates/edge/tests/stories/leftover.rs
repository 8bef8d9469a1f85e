//! Answers that come before the request is over.

use crate::door::Open;
use axum::{
    Router,
    body::{Body, to_bytes},
    middleware::from_fn,
    routing::post,
};
use domain::Code;
use edge::Problem;

const MEBIBYTE: usize = 1024 * 1024;

/// One route refuses unread, the other says how much it has read.
fn router() -> Router {
    let refuses = |_: Body| async { Problem::from(Code::LetterTooLarge) };
    let reads = |body: Body| async { to_bytes(body, usize::MAX).await.unwrap().len().to_string() };
    Router::new()
        .route("/refuses", post(refuses))
        .route("/reads", post(reads))
        .layer(from_fn(edge::leftover::discard))
}

#[tokio::test]
async fn an_answer_comes_before_the_body_is_over_and_the_connection_goes_on() {
    let door = Open::plain(router()).await;
    let mut client = door.connects().await;
    client
        .writes(format!("POST /refuses HTTP/1.1\r\nhost: door\r\ncontent-length: {MEBIBYTE}\r\n\r\n"))
        .await;
    client.writes(vec![b'x'; 10_000]).await;
    let answer = client.reads().await;
    assert_eq!((answer.status(), answer.header("connection")), (413, None));
    // It writes on before it reads, as many do, and asks again on the same connection.
    client.writes(vec![b'x'; MEBIBYTE - 10_000]).await;
    client.writes("POST /reads HTTP/1.1\r\nhost: door\r\ncontent-length: 5\r\n\r\nhello").await;
    let answer = client.reads().await;
    assert_eq!((answer.status(), answer.body.as_str()), (200, "5"));
}

#[tokio::test]
async fn of_a_body_without_end_no_more_is_read_than_is_reasonable() {
    let door = Open::plain(router()).await;
    for head in [format!("content-length: {}", 9 * MEBIBYTE), "transfer-encoding: chunked".to_owned()] {
        let mut client = door.connects().await;
        client.writes(format!("POST /refuses HTTP/1.1\r\nhost: door\r\n{head}\r\n\r\n")).await;
        let answer = client.reads().await;
        assert_eq!((answer.status(), answer.header("connection")), (413, Some("close")), "{head}");
    }
}

#[tokio::test]
async fn whoever_waits_for_leave_to_send_is_not_asked_to() {
    let door = Open::plain(router()).await;
    let head = "HTTP/1.1\r\nhost: door\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let mut client = door.connects().await;
    client.writes(format!("POST /refuses {head}")).await;
    let answer = client.reads().await;
    // The refusal itself, not the leave, and the end: what it would send is not wanted.
    assert_eq!((answer.status(), answer.header("connection")), (413, Some("close")));
    assert!(client.is_closed().await);
    let mut client = door.connects().await;
    client.writes(format!("POST /reads {head}")).await;
    assert_eq!(client.reads().await.status(), 100);
    client.writes("hello").await;
    assert_eq!(client.reads().await.body, "5");
}
