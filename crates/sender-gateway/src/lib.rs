//! The agency door: REST over mutual TLS.
//!
//! The door reads and answers; what a letter may be, where it goes and what its sender is told of it is decided in `intake`. It
//! has no key that opens letters, and no database.

mod answers;
mod body;
mod caller;
mod capabilities;
mod events;
mod letters;
mod openapi;
mod reachability;
mod upload;

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use domain::{Clock, Code};
use edge::Problem;
use evidence::Sequencer;
use intake::Intake;
use key_client::GatewayKeys;
use registry::Directory;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub use openapi::{describe, document};

/// What the door needs. Cloned for each request.
#[derive(Clone)]
pub struct Gateway {
    pub intake: Intake,
    pub directory: Directory,
    pub gateway_keys: Arc<GatewayKeys>,
    pub clock: Arc<dyn Clock>,
    /// Tells readers of the event feed when events were placed.
    pub sequencer: Sequencer,
    /// Set when the service stops, so that those who wait for events are answered.
    pub stopping: CancellationToken,
}

/// The routes of `/v1`.
pub fn router(gateway: Gateway) -> Router {
    let other =
        |allow: &'static str| move || async move { Problem::from(Code::MethodNotAllowed).allow(allow) };
    Router::new()
        .route("/v1/letters", post(letters::accept).get(letters::find).fallback(other("GET, POST")))
        .route("/v1/letters/{letter_id}", get(letters::show).fallback(other("GET")))
        .route("/v1/reachability", post(reachability::ask).layer(from_fn(in_time)).fallback(other("POST")))
        .route("/v1/events", get(events::read).fallback(other("GET")))
        .route("/v1/capabilities", get(capabilities::show).fallback(other("GET")))
        .route("/v1/openapi.json", get(openapi::show).fallback(other("GET")))
        .route_layer(from_fn_with_state(gateway.clone(), caller::known))
        .route_layer(from_fn(edge::record::requests))
        .fallback(nowhere)
        .layer(from_fn(edge::leftover::discard))
        .layer(from_fn(edge::headers::api))
        .with_state(gateway)
}

async fn nowhere(_: caller::Caller) -> Problem {
    Code::NotFound.into()
}

/// A small body is there soon, or it is not coming.
async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(upload::PATIENCE, next.run(request)).await;
    answer.unwrap_or_else(|_| Problem::from(Code::RequestTimeout).into_response())
}
