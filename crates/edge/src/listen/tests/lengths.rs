//! A request has one length: what could be read as two requests by one and as one by another is none.

use super::*;

#[tokio::test]
async fn a_request_with_two_lengths_is_answered_once_and_ends_the_connection() {
    let door = Open::new(Door { limits: limits(16), ..Door::plain("p", router(), 16) }).await;
    for headers in [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: 5x",
        "Content-Length : 5",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked\r\n ,identity",
        "Content-Length: 5\r\nX: a\0b",
    ] {
        let hidden = "GET / HTTP/1.1\r\nHost: door\r\n\r\n";
        let request = format!("POST / HTTP/1.1\r\nHost: door\r\n{headers}\r\n\r\nhello{hidden}");
        let mut stream = door.from(1).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.unwrap().unwrap_or_default();
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers:?}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers:?}: {answer}");
    }
}
