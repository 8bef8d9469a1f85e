//! What is left of a request body when the answer is known.
//!
//! The answer goes out at once, and a part of the rest is read and thrown away meanwhile: were the connection closed
//! while bytes still come, a sender that writes before it reads would lose the answer with it.

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use http_body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// How long nothing may come of a request that is not over.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Middleware for every route, those that do not exist among them.
pub async fn discard(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let expects = parts.headers.get(header::EXPECT).is_some();
    let shared = Shared(Arc::new(Mutex::new(State { body, asked: false, ended: false })));
    let mut response = next.run(Request::from_parts(parts, Body::new(shared.clone()))).await;
    if shared.is_end_stream() {
        return response;
    }
    // Who waits for 100 Continue has sent nothing yet, and reading would ask for it. Who has stopped will not go on.
    let hopeless = expects && !shared.0.lock().asked || response.status() == StatusCode::REQUEST_TIMEOUT;
    if hopeless || shared.size_hint().upper().is_none_or(|most| most > DISCARD_BYTES) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if !hopeless {
        tokio::spawn(async move { shared.drain().await });
    }
    response
}

/// The body, for the handler while it runs and for us afterwards.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

struct State {
    body: Body,
    asked: bool,
    ended: bool,
}

impl Shared {
    /// Reads on until there is no more, or enough, or nothing comes.
    async fn drain(&self) {
        let mut discarded = 0;
        while discarded < DISCARD_BYTES {
            let frame = std::future::poll_fn(|cx| self.0.lock().poll(cx));
            match timeout(PATIENCE, frame).await {
                Ok(Some(Ok(frame))) => discarded += frame.data_ref().map_or(0, Bytes::len) as u64,
                Ok(None | Some(Err(_))) | Err(_) => return,
            }
        }
    }
}

impl State {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.ended |= self.body.is_end_stream();
        if self.ended {
            return Poll::Ready(None);
        }
        self.asked = true;
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.ended = matches!(frame, Poll::Ready(None));
        frame
    }
}

impl http_body::Body for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.0.lock().poll(cx)
    }

    fn is_end_stream(&self) -> bool {
        let state = self.0.lock();
        state.ended || state.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().body.size_hint()
    }
}

/// Thrown away at most.
const DISCARD_BYTES: u64 = 8 * 1024 * 1024;
