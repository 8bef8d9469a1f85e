//! Whether a connection is used: one on which nothing is asked is closed, though its other end answers every ping.

use axum::{
    body::{Body, Bytes},
    http::Response,
};
use http_body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::Instant;

/// Requests under way on one connection, and when something last moved.
#[derive(Clone)]
pub(crate) struct Activity(Arc<Mutex<State>>);

struct State {
    under_way: usize,
    moved: Instant,
}

/// Of one request, from its head to the last byte of its answer.
pub(crate) struct UnderWay(Activity);

impl Activity {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { under_way: 0, moved: Instant::now() })))
    }

    pub(crate) fn begin(&self) -> UnderWay {
        self.0.lock().under_way += 1;
        self.moved();
        UnderWay(self.clone())
    }

    /// How long the connection may still be left alone; `None` when it has been idle for `idle`, or has a request that
    /// nothing has moved on for five times as long.
    pub(crate) fn left(&self, idle: Duration) -> Option<Duration> {
        let state = self.0.lock();
        let most = if state.under_way == 0 { idle } else { idle * STALLED };
        most.checked_sub(state.moved.elapsed()).filter(|left| !left.is_zero())
    }

    fn moved(&self) {
        self.0.lock().moved = Instant::now();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.lock().under_way -= 1;
        self.0.moved();
    }
}

/// Holds the request as under way while its answer is on its way out.
pub(crate) fn watched(response: Response<Body>, under_way: UnderWay) -> Response<Body> {
    response.map(|body| Body::new(Watched { body, under_way }))
}

/// Notes what comes of a request's body.
pub(crate) fn noted(body: hyper::body::Incoming, activity: &Activity) -> Body {
    if body.is_end_stream() {
        return Body::empty();
    }
    Body::new(Noted { body, activity: activity.clone() })
}

struct Watched {
    body: Body,
    under_way: UnderWay,
}

struct Noted {
    body: hyper::body::Incoming,
    activity: Activity,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.under_way.0.moved();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl http_body::Body for Noted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            self.activity.moved();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request that waits for events waits a minute at most; a body that does not come is given up much sooner.
const STALLED: u32 = 5;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_keeps_a_connection_and_what_is_answered_lets_it_go() {
        let activity = Activity::new();
        let idle = Duration::from_secs(60);
        let passes = |seconds| tokio::time::advance(Duration::from_secs(seconds));
        passes(59).await;
        assert_eq!(activity.left(idle), Some(Duration::from_secs(1)));
        let request = activity.begin();
        passes(299).await;
        assert!(activity.left(idle).is_some(), "it is under way");
        let response = watched(Response::new(Body::from("text")), request);
        passes(1).await;
        assert_eq!(activity.left(idle), None, "nothing moves");
        let whole = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(whole, "text");
        assert_eq!(activity.left(idle), Some(idle), "answered just now");
        passes(60).await;
        assert_eq!(activity.left(idle), None);
    }
}
